/** The network on the first screen: as a drawing, or as matrices where it is large. */
import { Parts } from "../controls/parts.js";
import { explanation, lines, overview } from "../core/store.js";
import { html, lazy } from "../core/ui.js";
import { Drawing } from "./drawing.js";
import { shownLines } from "./lines.js";
import { style } from "./style.js";

const LINES = [
  ["weight", "Weights", "Lines show the weights"],
  ["gradient", "Gradients", "Lines show the gradient on the rows of the next step"],
  ["row", "Row gradient", "Lines show the gradient of the selected row alone; select a row first"],
];

const MOST_SIZES = 10; // of layers that are written out

const Matrices = lazy(
  () => import("../matrices/matrices.js").then((m) => m.Matrices),
  html`<p class="muted">…</p>`,
);

const saveDrawing = () => import("./svg_file.js").then((m) => m.saveDrawing());

export function NetworkCard() {
  return html`<section class="network card" aria-label="Network">
    <div class="bar"><h2>Network</h2><span class="muted">${shape()}</span><span class="grow"></span>
      <${Parts} />
      ${
        style.value !== "matrices" &&
        html`<button class="quiet" title="Save the drawing as SVG" onClick=${saveDrawing}>SVG</button>`
      }</div>
    ${style.value === "matrices" ? html`<${Matrices} />` : html`<${Drawing}><${LineChoice} /><//>`}
  </section>`;
}

function LineChoice() {
  if (style.value !== "lines") return null;
  const choice = ([kind, name, hint]) => {
    const choose = () => {
      lines.value = kind;
    };
    const unknown = kind === "row" && !explanation.value?.row_gradients;
    return html`<label key=${kind} title=${hint}><input type="radio" name="lines"
      checked=${shownLines() === kind} disabled=${unknown} onChange=${choose} /> ${name}</label>`;
  };
  return html`<fieldset class="radios">
    <legend class="unseen">Lines show</legend>${LINES.map(choice)}</fieldset>`;
}

function shape() {
  const { network } = overview.value;
  const sizes = [network.inputs.length, ...network.layers.map((layer) => layer.units)];
  const last = sizes.length - 1;
  const few = sizes.length > MOST_SIZES ? `${sizes[0]}-${sizes[1]}-…-${sizes[last]}, ${last} layers` : "";
  return `${few || sizes.join("-")} · ${new Intl.NumberFormat().format(network.weights)} parameters`;
}
