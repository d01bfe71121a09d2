/** Histograms of weights, activations and gradients, layer by layer. */
import { capitalised, number, whole } from "../core/format.js";
import { html, useRef } from "../core/ui.js";
import { FAMILY } from "./drawing/axes.js";
import { Bars } from "./drawing/bars.js";
import { Figure, Svg, useColours, useWidth } from "./drawing/figure.js";

const KINDS = ["weights", "activations", "gradients"];
const HEIGHT = 122;
const HEAD = 24;
const NARROW = 520;
const ROOMY = 560; // a layer's three histograms side by side

/** @param {{picture: object}} props what `histograms` of _histograms.py gives */
function Histograms({ picture }) {
  const colours = useColours();
  const [stage, svg] = [useRef(), useRef()];
  const width = useWidth(stage);
  const across = Math.max(1, Math.min(picture.layers.length, Math.floor(width / ROOMY)));
  const layerWidth = width / across;
  const columns = layerWidth < NARROW ? 1 : 3;
  const layerHeight = HEAD + HEIGHT * (3 / columns) + 10;
  const height = Math.ceil(picture.layers.length / across) * layerHeight;
  const saved = { svg, file: "histograms", table: () => table(picture) };
  const sampled = picture.sampled
    ? `Activations are of ${whole(picture.rows)} rows, evenly spaced in the table. `
    : "";
  const note = `${sampled}Gradients are those of the next step, of ${picture.gradient_rows}.`;
  const drawn = { svg, width, height, label: described(picture) };
  const layer = (one, k) => {
    const [x, y] = [(k % across) * layerWidth, Math.floor(k / across) * layerHeight];
    return html`<g key=${one.name} transform=${`translate(${x} ${y})`}>
      <${Layer} ...${{ layer: one, colours, columns, width: layerWidth }} /></g>`;
  };
  return html`<${Figure} title="Weights, activations and gradients" note=${note} picture=${saved}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<${Svg} ...${drawn}>${picture.layers.map(layer)}<//>`}
    </div>
  <//>`;
}

function Layer({ layer, colours, columns, width }) {
  const wide = width / columns;
  const { ink, muted } = colours;
  const after =
    layer.activation && html`<tspan fill=${muted} font-weight="400"> · ${layer.activation}</tspan>`;
  const panel = (kind, k) => {
    const place = `translate(${(k % columns) * wide} ${HEAD + Math.floor(k / columns) * HEIGHT})`;
    const bars = {
      ...layer[kind],
      colours,
      width: wide,
      height: HEIGHT,
      heading: heading(kind, layer[kind]),
    };
    return html`<g key=${kind} transform=${place}><${Bars} ...${bars} /></g>`;
  };
  return html`
    <text x="10" y="15" font-family=${FAMILY} font-size="13" font-weight="600" fill=${ink}>
      ${layer.name}${after}
    </text>
    ${KINDS.map(panel)}`;
}

function heading(kind, { zeros, unbounded }) {
  const parts = [capitalised(kind)];
  if (unbounded) parts.push(`${whole(unbounded)} not finite`);
  if (zeros > 0) parts.push(`${number(100 * zeros, 2)} % are 0`);
  return parts.join(" · ");
}

function described({ layers }) {
  const values = (kind, { min, max, mean, zeros }) =>
    `${kind} from ${number(min, 3)} to ${number(max, 3)}, mean ${number(mean, 3)}` +
    (zeros > 0 ? `, ${number(100 * zeros, 2)} % of them 0` : "");
  return layers
    .map(({ name, ...layer }) => `${name}: ${KINDS.map((kind) => values(kind, layer[kind])).join("; ")}.`)
    .join(" ");
}

function table({ layers }) {
  const rows = layers.flatMap((layer) =>
    KINDS.flatMap((kind) =>
      Array.from(layer[kind].counts, (count, k) => [
        layer.name,
        kind,
        layer[kind].edges[k],
        layer[kind].edges[k + 1],
        count,
      ]),
    ),
  );
  return { columns: ["layer", "what", "from", "to", "count"], rows };
}

export const histograms = {
  kind: "histograms",
  name: () => "Histograms",
  options: () => ({}),
  Picture: Histograms,
};
