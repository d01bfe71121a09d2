/** Which two parameters the error surface is over, and how much of the path it shows. */
import { Choice } from "../../controls/fields.js";
import { pictures, selected } from "../../core/store.js";
import { batch, html, signal } from "../../core/ui.js";
import { biasName, weightName } from "../../network/names.js";

const MOST_LISTED = 300;

const SMALL = 0.06; // share of the path: where its later part is smaller, the picture goes near to it
const LARGE = 0.25; // and where it is larger again, back to the whole

/** Both parameters as [name, index], as the reader chose them; null leaves the choice to the session. */
const axes = signal(null);
const possible = signal(false); // a network with one parameter has no surface
const near = signal(false);
const follows = signal(true); // whether `near` follows the path; not once the reader has chosen

/** What is asked for. */
export function options() {
  if (!possible.value) return null;
  const [first, second] = axes.value ?? [null, null];
  return { first, second, near: near.value };
}

export function choose(net) {
  batch(() => {
    possible.value = parametersOf(net).length > 1;
    axes.value = null;
    near.value = false;
    follows.value = true;
  });
}

/** Go near where the later part of the path is small, and back: not to and fro between the two. */
export function follow({ recent }) {
  if (follows.peek()) near.value = recent < (near.peek() ? LARGE : SMALL);
}

function NearHere() {
  const toggle = () => {
    follows.value = false;
    near.value = !near.value;
  };
  return html`<button type="button" class="toggle" aria-pressed=${near.value} onClick=${toggle}
    title="Where the path was of late, or all of it">Near here</button>`;
}

/** The parameters that can be chosen, as [name, index, label]: the first ones, the shown and the selected. */
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
  for (const one of [...shown(net), ...(what === "weight" ? [[name, index]] : [])]) {
    if (!listed.some((other) => key(other) === key(one))) listed.push([...one, labelOf(net, ...one)]);
  }
  return listed;
}

/** The two that are on the axes now: the session may have chosen them, of a network before this one too. */
function shown(net) {
  const both = axes.value ?? pictures.value.surface?.axes ?? [];
  const fits = ([name, [i, j = 0]]) =>
    net.layers.some(
      (l) => (l.weight === name && i < l.units && j < l.inputs) || (l.bias === name && i < l.units),
    );
  return both.every(fits) ? both : [];
}

function labelOf(net, name, index) {
  const l = net.layers.findIndex((layer) => layer.weight === name || layer.bias === name);
  return index.length === 2 ? weightName(net, l, ...index) : biasName(net, l, index[0]);
}

const key = ([name, index]) => `${name}:${index}`;

export function Choices({ net }) {
  const list = parametersOf(net);
  const both = shown(net);
  if (!both.length) return null;
  const axis = (label, place) => {
    const set = (chosen) => {
      const [name, index] = list.find((known) => key(known) === chosen);
      axes.value = both.with(place, [name, index]);
    };
    return html`<${Choice} hide label=${label} options=${list.map((one) => [key(one), one[2]])}
      value=${key(both[place])} onChange=${set} />`;
  };
  return html`${axis("Horizontal axis", 0)}${axis("Vertical axis", 1)}<${NearHere} />`;
}
