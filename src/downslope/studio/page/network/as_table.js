/** The network as tables, a layer each. */
import { NumberField } from "../controls/fields.js";
import { number, subscript } from "../core/format.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";
import { biasName, weightName } from "./names.js";
import { unitValues } from "./units.js";
import { amongLayer, setter } from "./weights.js";

const range = (length) => Array.from({ length }, (_, k) => k);

export function Tables({ net }) {
  if (!frame.value?.parameters) return null;
  return net.layers.map(({ name }, l) => html`<${LayerTable} key=${name} net=${net} l=${l} />`);
}

function LayerTable({ net, l }) {
  const { name, inputs, units, activation, bias } = net.layers[l];
  const head = (j) => html`<th scope="col" key=${j}>${l ? `a${subscript(j + 1)}` : net.inputs[j]}</th>`;
  return html`<table class="grid">
    <caption>${name}: ${inputs} inputs, ${units} units, ${activation}</caption>
    <thead><tr><th scope="col">Unit</th>${range(inputs).map(head)}
      ${bias && html`<th scope="col">Bias</th>`}<th scope="col">Output</th></tr></thead>
    <tbody>
      ${range(units).map((i) => html`<${UnitRow} key=${i} net=${net} l=${l} i=${i} />`)}</tbody></table>`;
}

function UnitRow({ net, l, i }) {
  const { inputs, weight, bias } = net.layers[l];
  const [values] = unitValues(frame.value, net, l + 1);
  return html`<tr><th scope="row">${i + 1}</th>
    ${range(inputs).map(
      (j) => html`<${Cell} key=${j} net=${net} name=${weight} index=${[i, j]} k=${i * inputs + j}
        label=${weightName(net, l, i, j)} />`,
    )}
    ${
      bias &&
      html`<${Cell} net=${net}
      name=${bias} index=${[i]} k=${i} label=${biasName(net, l, i)} />`
    }
    <td>${number(values?.[i], 5)}</td></tr>`;
}

function Cell({ net, name, index, k, label }) {
  const value = frame.value.parameters[name][k];
  return html`<td><${NumberField} value=${value} label=${label} digits=${4} signed
    among=${amongLayer(net, name)} ...${setter(name, index)} /></td>`;
}
