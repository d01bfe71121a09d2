/** Weights and biases as numbers on the drawing that can be moved, frozen and derived. */
import { NumberField } from "../controls/fields.js";
import { number } from "../core/format.js";
import { litClass, pointing } from "../core/links.js";
import { select, send } from "../core/session.js";
import { frame, selected, settings } from "../core/store.js";
import { html } from "../core/ui.js";
import { isFrozen } from "./lines.js";
import { biasName, isNeuron, slopeName, weightName } from "./names.js";

const APART = 0.3; // how far down to the output numbers stand that would lie on each other on their lines

/** The handler that sets one number of a parameter. */
export function setter(name, index) {
  return (value, dragging) => send("set_parameter", { name, index, value, dragging });
}

/** What tells the numbers of a parameter: those of its layer. */
export const amongLayer = (net, name) => () => {
  const { weight, bias } = net.layers.find((layer) => layer.weight === name || layer.bias === name);
  const { parameters } = frame.value;
  return [...parameters[weight], ...(bias ? parameters[bias] : [])];
};

export function Weights({ net, layout }) {
  const now = frame.value;
  if (!now?.parameters) return null;
  const showsGradients = now.gradients && now.phase !== "forward" && now.phase !== "loss";
  const gradients = showsGradients ? now.gradients : {};
  return net.layers
    .flatMap((layer, l) => [
      ...weightsOf(net, l, layout).map((one) => ({ ...one, name: layer.weight })),
      ...(layer.bias ? biasesOf(net, l, layout).map((one) => ({ ...one, name: layer.bias })) : []),
    ])
    .map(
      ({
        key,
        k,
        ...place
      }) => html`<${Weight} key=${key} to=${key} among=${amongLayer(net, place.name)} ...${place} value=${now.parameters[place.name][k]}
    gradient=${gradients[place.name]?.[k] ?? null} frozen=${isFrozen(net, place.name, k)} />`,
    );
}

/** Where every weight and bias stands, by its key. */
export function placesOfWeights(net, layout) {
  const all = net.layers.flatMap((layer, l) => [
    ...weightsOf(net, l, layout),
    ...(layer.bias ? biasesOf(net, l, layout) : []),
  ]);
  return new Map(all.map(({ key, x, y }) => [key, [x, y]]));
}

/** Where the weights of a layer stand: on their lines, apart from each other. */
function weightsOf(net, l, layout) {
  const layer = net.layers[l];
  const roomy = isNeuron(net);
  return Array.from({ length: layer.units * layer.inputs }, (_, k) => {
    const [i, j] = [Math.floor(k / layer.inputs), k % layer.inputs];
    const [[x1, y1], [x2, y2]] = [layout.columns[l][j], layout.columns[l + 1][i]];
    const share = roomy ? (layout.narrow ? 0.52 : 0.36) : 0.24 + (0.52 * (i + 0.5)) / layer.units;
    return {
      key: `weight:${l},${i},${j}`,
      k,
      index: [i, j],
      label: weightName(net, l, i, j),
      x: x1 + share * (x2 - x1),
      y: y1 + (roomy && layout.narrow ? APART : share) * (y2 - y1),
      roomy,
      narrow: layout.narrow,
    };
  });
}

/** Where the biases of a layer stand: below their units. */
function biasesOf(net, l, layout) {
  return layout.columns[l + 1].map(([x, y], i) => ({
    key: `bias:${l},${i}`,
    k: i,
    index: [i],
    label: biasName(net, l, i),
    x,
    y: y + layout.radius + 15,
    bias: true,
  }));
}

function Weight({ to, name, among, index, value, gradient, label, x, y, roomy, narrow, frozen, bias }) {
  const chosen = selected.value;
  const isSelected =
    chosen?.what === "weight" && chosen.name === name && String(chosen.index) === String(index);
  const marks = { selected: isSelected, frozen, roomy, narrow, bias };
  const classes = Object.keys(marks).filter((mark) => marks[mark]);
  const help = `${label}, ${bias ? "bias" : "weight"}; drag, type, or use the arrow keys`;
  const derivative =
    gradient === null ? "" : `\n${slopeName(label, settings.value)} = ${number(gradient, 6)}`;
  const style = { left: `${x}px`, top: `${y}px` };
  return html`<div class=${["weight", ...classes, litClass(to)].join(" ")} style=${style}
    data-position=${`${name}[${index.map((i) => i + 1)}]`} ...${pointing([to], "weight")}>
    <span class="name">${label}</span>
    <${NumberField} value=${value} label=${help}
      digits=${roomy ? 6 : 4} room=${roomy ? (narrow ? 6 : 9.5) : 7.5} signed among=${among}
      title=${`${label} = ${number(value, 10)}${derivative}`} onChange=${setter(name, index)} />
    <${Freeze} name=${name} index=${index} label=${label} frozen=${frozen} />
    ${roomy && html`<${Derive} name=${name} index=${index} label=${label} />`}
    ${roomy && gradient !== null && html`<${Gradient} label=${label} value=${gradient} />`}
  </div>`;
}

function Freeze({ name, index, label, frozen }) {
  const toggle = () => send("freeze", { name, index, frozen: !frozen });
  const hint = frozen
    ? "Frozen: descent does not change it; press to release it"
    : "Freeze: descent does not change it";
  return html`<button class="quiet mini" aria-pressed=${frozen} aria-label=${`Freeze ${label}`} title=${hint}
    onClick=${toggle}>${frozen ? "■" : "□"}</button>`;
}

function Derive({ name, index, label }) {
  return html`<button class="quiet mini why" aria-label=${`Chain rule for ${label}`}
    title="The chain rule with these numbers" onClick=${() => select("weight", name, index)}>∂</button>`;
}

function Gradient({ label, value }) {
  return html`<span class="gradient" title="The gradient on the rows of the next step">
    ${slopeName(label, settings.value)} = ${number(value, 5)}</span>`;
}
