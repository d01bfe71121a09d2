/** Which two parameters the error surface is over. */
import { Choice } from "../../controls/fields.js";
import { selected } from "../../core/store.js";
import { html, signal } from "../../core/ui.js";
import { biasName, weightName } from "../../network/names.js";

const MOST_LISTED = 300;

/** Both parameters as [name, index, label]; null where the network has only one. */
const axes = signal(null);

/** What is asked for. */
export function options() {
  if (!axes.value) return null;
  const [first, second] = axes.value.map(([name, index]) => [name, index]);
  return { first, second };
}

/** Of a neuron its first and its last parameter, else the first two. */
export function choose(net) {
  const list = parametersOf(net);
  const second = list.length > 2 && net.layers.length === 1 ? list.length - 1 : 1;
  axes.value = list.length > 1 ? [list[0], list[second]] : null;
}

/** The parameters that can be chosen, as [name, index, label]: the first ones, and the selected one. */
function parametersOf(net) {
  const found = net.layers.flatMap((layer, l) => {
    const weight = (_, k) => {
      const [i, j] = [Math.floor(k / layer.inputs), k % layer.inputs];
      return [layer.weight, [i, j], weightName(net, l, i, j)];
    };
    const bias = (_, i) => [layer.bias, [i], biasName(net, l, i)];
    const weights = Math.min(layer.units * layer.inputs, MOST_LISTED);
    return [
      ...Array.from({ length: weights }, weight),
      ...Array.from({ length: layer.bias ? layer.units : 0 }, bias),
    ];
  });
  const listed = found.slice(0, MOST_LISTED);
  const { what, name, index } = selected.value ?? {};
  if (what !== "weight" || listed.some((one) => key(one) === key([name, index]))) return listed;
  return [...listed, [name, index, labelOf(net, name, index)]];
}

function labelOf(net, name, index) {
  const l = net.layers.findIndex((layer) => layer.weight === name || layer.bias === name);
  return index.length === 2 ? weightName(net, l, ...index) : biasName(net, l, index[0]);
}

const key = ([name, index]) => `${name}:${index}`;

export function Choices({ net }) {
  const list = parametersOf(net);
  const axis = (label, place) => {
    const set = (chosen) => {
      const one = list.find((known) => key(known) === chosen);
      axes.value = axes.value.with(place, one);
    };
    return html`<${Choice} hide label=${label} options=${list.map((one) => [key(one), one[2]])}
      value=${key(axes.value[place])} onChange=${set} />`;
  };
  return html`<span class="muted">over</span>${axis("Horizontal axis", 0)}${axis("Vertical axis", 1)}`;
}
