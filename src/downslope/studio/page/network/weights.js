/** Weights and biases as numbers on the drawing that can be moved, frozen and derived. */
import { NumberField } from "../controls/fields.js";
import { inFull, judged, number } from "../core/format.js";
import { litClass, pointing } from "../core/links.js";
import { select, send } from "../core/session.js";
import { frame, selected, settings } from "../core/store.js";
import { html } from "../core/ui.js";
import { isFrozen } from "./lines.js";
import { slopeName } from "./names.js";
import { placesOfNumbers } from "./places.js";

/** What sets one number of a parameter, and what adds to it as it is by then. */
export function setter(name, index) {
  return {
    onChange: (value, dragging) => send("set_parameter", { name, index, value, dragging }),
    onNudge: (by) => send("add_to_parameter", { name, index, by }),
  };
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
  return placesOfNumbers(net, layout).map(({ key, k, ...place }) => {
    const { name } = place;
    return html`<${Weight} key=${key} to=${key} ...${place} among=${amongLayer(net, name)}
      value=${now.parameters[name][k]} gradient=${gradients[name]?.[k] ?? null}
      frozen=${isFrozen(net, name, k)} />`;
  });
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
      title=${`${label} = ${number(value, 10)}${derivative}`} ...${setter(name, index)} />
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
  const { rounding } = frame.value.error;
  const hint = `The gradient on the rows of the next step: ${inFull(value, 10, rounding)}`;
  return html`<span class="gradient" title=${hint}>
    ${slopeName(label, settings.value)} ${rounding ? "" : "= "}${judged(rounding, number(value, 5))}</span>`;
}
