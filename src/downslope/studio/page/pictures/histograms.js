/** How weights, activations and gradients are spread, layer by layer. */
import { number, whole } from "../format.js";
import { html, useRef } from "../ui.js";
import { FAMILY, brief } from "./axes.js";
import { Bars } from "./bars.js";
import { Figure, useColours, useWidth } from "./figure.js";

const KINDS = ["weights", "activations", "gradients"];
const HEIGHT = 122;
const HEAD = 24;
const NARROW = 520;

/** @param {{picture: object}} props what `histograms` of _pictures.py gives */
export function Histograms({ picture }) {
  const colours = useColours();
  const [stage, svg] = [useRef(), useRef()];
  const width = useWidth(stage);
  const columns = width < NARROW ? 1 : 3;
  const layerHeight = HEAD + HEIGHT * (3 / columns) + 10;
  const height = picture.layers.length * layerHeight;
  const saved = { svg, file: "histograms", table: () => table(picture) };
  const note = picture.sampled ? `Activations and gradients are those of ${whole(picture.rows)} rows, spread evenly over the table.` : "";
  return html`<${Figure} title="Weights, activations and gradients" note=${note} picture=${saved}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<svg ref=${svg} width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img"
        aria-label=${described(picture)}>
        ${picture.layers.map((layer, k) => html`<g key=${layer.name} transform=${`translate(0 ${k * layerHeight})`}>
          <${Layer} ...${{ layer, colours, columns, width }} /></g>`)}
      </svg>`}
    </div>
  <//>`;
}

function Layer({ layer, colours, columns, width }) {
  const wide = width / columns;
  return html`
    <text x="10" y="15" font-family=${FAMILY} font-size="13" font-weight="600" fill=${colours.ink}>${layer.name}
      ${layer.activation && html`<tspan fill=${colours.muted} font-weight="400"> · ${layer.activation}</tspan>`}</text>
    ${KINDS.map((kind, k) => html`
      <g key=${kind} transform=${`translate(${(k % columns) * wide} ${HEAD + Math.floor(k / columns) * HEIGHT})`}>
        <${Bars} ...${layer[kind]} colours=${colours} width=${wide} height=${HEIGHT}
          heading=${heading(kind, layer[kind])} /></g>`)}`;
}

function heading(kind, { zeros, unbounded }) {
  const parts = [kind];
  if (unbounded) parts.push(`${whole(unbounded)} not finite`);
  if (zeros > 0) parts.push(`${number(100 * zeros, 2)} % are 0`);
  return parts.join(" · ");
}

function described({ layers }) {
  const told = (kind, { min, max, mean, zeros }) => `${kind} from ${number(min, 3)} to ${number(max, 3)}, mean ${number(mean, 3)}`
    + (zeros > 0 ? `, ${number(100 * zeros, 2)} % of them 0` : "");
  return layers.map((layer) => `${layer.name}: ${KINDS.map((kind) => told(kind, layer[kind])).join("; ")}.`).join(" ");
}

function table({ layers }) {
  const rows = layers.flatMap((layer) => KINDS.flatMap((kind) => Array.from(layer[kind].counts, (count, k) =>
    [layer.name, kind, brief(layer[kind].edges[k], 5), brief(layer[kind].edges[k + 1], 5), number(count)])));
  return { columns: ["layer", "what", "from", "to", "count"], rows };
}
