/** Pictures of what the network does: the error's surface, the fitted function, residuals, histograms. */
import { look } from "../core/session.js";
import { asked, network, pictures, selected, settings, table } from "../core/store.js";
import { html, signal, useEffect } from "../core/ui.js";
import { biasName, weightName } from "../network/names.js";
import { Fitted } from "./fitted.js";
import { Histograms } from "./histograms.js";
import { Residuals } from "./residuals.js";
import { Surface } from "./surface.js";

const MOST_LISTED = 300;
const TRAINING = "training";
const VALIDATION = "validation";

const axes = signal(null); // the two parameters of the surface, as [name, index, label]
const columns = signal(null); // the inputs over which the fitted function is drawn
const rows = signal(TRAINING);

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

/** Ask for the pictures as they are chosen now. */
function request() {
  const wanted = { residuals: rows.value === VALIDATION ? { rows: VALIDATION } : {}, histograms: {} };
  if (axes.value) {
    const [first, second] = axes.value.map(([name, index]) => [name, index]);
    wanted.surface = { first, second };
  }
  if (columns.value) wanted.fitted = { columns: columns.value };
  asked.value = { ...asked.value, pictures: wanted };
  look(true);
}

/** A choice among several places of a signal; the pictures follow. */
const setAt = (choices, place) => (value) => {
  const next = [...choices.value];
  if (value === null) next.length = place;
  else next[place] = value;
  choices.value = next;
  request();
};

/** What is drawn at first of a network, and of another one. */
function useFirstChoice(net, list) {
  const shape = JSON.stringify([net.shapes, net.inputs, table.value.targets]);
  useEffect(() => {
    const second = list.length > 2 && net.layers.length === 1 ? list.length - 1 : 1;
    axes.value = list.length > 1 ? [list[0], list[second]] : null;
    columns.value = net.inputs.length > 1 ? [0, 1] : [0];
    pictures.value = {};
    request();
  }, [shape]);
  useEffect(
    () => () => {
      asked.value = { ...asked.value, pictures: null };
      pictures.value = {};
    },
    [],
  );
}

export function Gallery() {
  const net = network.value;
  const list = parametersOf(net);
  useFirstChoice(net, list);
  const made = pictures.value;
  return html`<div class="gallery">
    <div data-figure="Error surface">${axes.value && html`<${AxisChoices} list=${list} />`}
      <${Shown} picture=${made.surface} component=${Surface} /></div>
    <div data-figure="Fitted function">${columns.value && html`<${ColumnChoices} inputs=${net.inputs} />`}
      <${Shown} picture=${made.fitted} component=${Fitted} /></div>
    <div data-figure=${table.value.classes.length ? "Classes" : "Residuals"}>
      ${settings.value.validation > 0 && html`<${RowChoice} />`}
      <${Shown} picture=${made.residuals} component=${Residuals} /></div>
    <div data-figure="Histograms"><${Shown} picture=${made.histograms} component=${Histograms} /></div>
  </div>`;
}

function Shown({ picture, component: Component }) {
  if (!picture) return html`<p class="muted">…</p>`;
  if (picture.refused) return html`<p class="muted">${picture.refused}</p>`;
  return html`<${Component} picture=${picture} />`;
}

function AxisChoices({ list }) {
  const options = list.map((one) => [key(one), one[2]]);
  const set = (place) => (text) => setAt(axes, place)(list.find((one) => key(one) === text));
  return html`<div class="bar">
    <${Select} label="Horizontal axis" options=${options} value=${key(axes.value[0])} onChange=${set(0)} />
    <${Select} label="Vertical axis" options=${options} value=${key(axes.value[1])}
      onChange=${set(1)} /></div>`;
}

function ColumnChoices({ inputs }) {
  const options = inputs.map((name, i) => [String(i), name]);
  const set = (place) => (text) => setAt(columns, place)(text === "" ? null : Number(text));
  const second = String(columns.value[1] ?? "");
  return html`<div class="bar">
    <${Select} label="Column" options=${options} value=${String(columns.value[0])} onChange=${set(0)} />
    ${
      inputs.length > 1 &&
      html`<${Select} label="Second column" options=${[["", "None"], ...options]} value=${second}
        onChange=${set(1)} />`
    }</div>`;
}

function RowChoice() {
  const set = (which) => {
    rows.value = which;
    request();
  };
  const options = [
    [TRAINING, "Training"],
    [VALIDATION, "Validation"],
  ];
  return html`<div class="bar">
    <${Select} label="Rows" options=${options} value=${rows.value} onChange=${set} /></div>`;
}

function Select({ label, options, value, onChange }) {
  const option = ([known, text]) =>
    html`<option key=${known} value=${known} selected=${known === value}>${text}</option>`;
  return html`<label class="choice"><span>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
      ${options.map(option)}</select></label>`;
}
