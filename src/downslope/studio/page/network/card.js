/** The network on the first screen: as a drawing, or as matrices where it is large. */
import { explanation, lines, overview, style } from "../core/store.js";
import { effect, html, signal } from "../core/ui.js";
import { Drawing } from "./drawing.js";
import { shownLines } from "./lines.js";
import { saveDrawing } from "./svg_file.js";

const LINES = [
  ["weight", "weights", "lines show weights"],
  ["gradient", "gradients", "lines show the gradient on the rows of the next step"],
  ["row", "row gradient", "lines show the gradient of the selected row alone; select a row first"],
];

const matrices = signal(null); // the component, once it is loaded

effect(() => {
  if (!overview.value || style.value !== "matrices" || matrices.value) return;
  import("../matrices/matrices.js").then((m) => {
    matrices.value = m.Matrices;
  });
});

export function NetworkCard() {
  return html`<section class="network card" aria-label="Network">
    <div class="bar"><h2>Network</h2><span class="muted">${shape()}</span><span class="grow"></span>
      ${style.value === "lines" && html`<${LineChoice} />`}
      ${
        style.value !== "matrices" &&
        html`<button class="quiet" title="save the drawing" onClick=${saveDrawing}>SVG</button>`
      }</div>
    ${style.value === "matrices" ? html`<${LargeNetwork} />` : html`<${Drawing} />`}
  </section>`;
}

function LargeNetwork() {
  const Matrices = matrices.value;
  return Matrices ? html`<${Matrices} />` : html`<p class="muted">…</p>`;
}

function LineChoice() {
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
  return `${sizes.join(" – ")} · ${new Intl.NumberFormat().format(network.weights)} parameters`;
}
