/** The weight or unit that is selected, with its numbers to move. */
import { NumberField } from "../controls/fields.js";
import { number } from "../core/format.js";
import { send, unselect } from "../core/session.js";
import { frame, panel, selected, settings } from "../core/store.js";
import { html } from "../core/ui.js";
import { isFrozen } from "./lines.js";
import { biasName, slopeName, weightName } from "./names.js";
import { style } from "./style.js";
import { amongLayer, setter } from "./weights.js";

const STEP = "The gradient on the rows of the next step";

export function Inspector({ net }) {
  const chosen = selected.value;
  if (!chosen || !frame.value?.parameters || style.value === "matrices") return null;
  const l = net.layers.findIndex(({ weight, bias, name }) => [weight, bias, name].includes(chosen.name));
  if (l < 0) return null;
  const title = chosen.what === "unit" ? `Unit ${chosen.index[0] + 1} of ${net.layers[l].name}` : "";
  const toPanel = () => {
    panel.value = "chain rule";
    document.getElementById("panel").scrollIntoView({ block: "nearest" });
  };
  return html`<div class="inspector" role="group" aria-label="Selection">
    ${title && html`<b>${title}</b>`}
    ${numbersOf(net, l, chosen).map((one) => html`<${Entry} key=${one.label} net=${net} ...${one} />`)}
    <span class="grow"></span>
    <button class=${panel.value === "chain rule" ? "link open" : "link"}
      onClick=${toPanel}>Chain rule</button>
    <button class="quiet" aria-label="Close" title="Close" onClick=${unselect}>×</button></div>`;
}

/** The selected weight, or the bias of the selected unit. */
function numbersOf(net, l, { what, name, index }) {
  const { bias, inputs } = net.layers[l];
  if (what === "weight" && index.length === 2) {
    const [i, j] = index;
    return [{ name, index, k: i * inputs + j, label: weightName(net, l, i, j) }];
  }
  const [i] = index;
  return bias ? [{ name: bias, index, k: i, label: biasName(net, l, i) }] : [];
}

function Entry({ net, name, index, k, label }) {
  const { parameters, gradients } = frame.value;
  const frozen = isFrozen(net, name, k);
  const toggle = () => send("freeze", { name, index, frozen: !frozen });
  const slope = slopeName(label, settings.value);
  return html`<label>${label}${" "}
    <${NumberField} value=${parameters[name][k]} label=${label} digits=${8} signed
      among=${amongLayer(net, name)}
      room=${style.value === "numbers" ? 8.5 : undefined} ...${setter(name, index)} /></label>
    ${
      gradients &&
      html`<span class="slope muted" title=${STEP}>${slope} = ${number(gradients[name][k], 6)}</span>`
    }
    <label class="check"><input type="checkbox" checked=${frozen} onChange=${toggle} /> Frozen</label>`;
}
