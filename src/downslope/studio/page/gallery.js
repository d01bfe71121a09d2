/** Pictures of what the network does: the error's surface, the fitted function, residuals, histograms. */

import { Choice } from "./controls.js";
import { biasName, weightName } from "./drawing.js";
import { Fitted } from "./pictures/fitted.js";
import { Histograms } from "./pictures/histograms.js";
import { Residuals } from "./pictures/residuals.js";
import { Surface } from "./pictures/surface.js";
import { asked, look, network, pictures, selected, settings, table } from "./store.js";
import { html, signal, useEffect } from "./ui.js";

const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = "pictures/pictures.css";
document.head.append(sheet);

const axes = signal(null); // the two parameters of the surface, as [name, index]
const columns = signal(null);
const heldOut = signal(false);
const MOST_LISTED = 300;

/** Every parameter that can be chosen, as [name, index, label]. */
function places(net) {
  const found = [];
  net.layers.forEach((layer, l) => {
    for (let i = 0; i < layer.units && found.length < MOST_LISTED; i += 1) {
      for (let j = 0; j < layer.inputs && found.length < MOST_LISTED; j += 1)
        found.push([layer.weight, [i, j], weightName(net, l, i, j)]);
    }
    if (layer.bias)
      for (let i = 0; i < layer.units && found.length < MOST_LISTED; i += 1)
        found.push([layer.bias, [i], biasName(net, l, i)]);
  });
  const chosen = selected.value;
  if (
    chosen &&
    chosen.what === "weight" &&
    !found.some(([name, index]) => name === chosen.name && String(index) === String(chosen.index))
  ) {
    found.push([chosen.name, chosen.index, named(net, chosen)]);
  }
  return found;
}

function named(net, { name, index }) {
  const l = net.layers.findIndex((layer) => layer.weight === name || layer.bias === name);
  return index.length === 2 ? weightName(net, l, ...index) : biasName(net, l, index[0]);
}

const key = ([name, index]) => `${name}:${index}`;

function want() {
  const told = { residuals: heldOut.value ? { rows: "held out" } : {}, histograms: {} };
  if (axes.value) told.surface = { first: axes.value[0].slice(0, 2), second: axes.value[1].slice(0, 2) };
  if (columns.value) told.fitted = { columns: columns.value };
  asked.value = { ...asked.value, pictures: told };
  look(true);
}

export function Gallery() {
  const net = network.value;
  const list = places(net);
  const shape = JSON.stringify([net.shapes, net.inputs, table.value.targets]);
  useEffect(() => {
    axes.value =
      list.length > 1
        ? [list[0], list[list.length > 2 && net.layers.length === 1 ? list.length - 1 : 1]]
        : null;
    columns.value = net.inputs.length > 1 ? [0, 1] : [0];
    pictures.value = {};
    want();
  }, [shape]);
  useEffect(
    () => () => {
      asked.value = { ...asked.value, pictures: null };
      pictures.value = {};
    },
    [],
  );
  const told = pictures.value;
  const choosePlace = (which) => (text) => {
    const found = list.find((place) => key(place) === text);
    const now = [...axes.value];
    now[which] = found;
    axes.value = now;
    want();
  };
  const chooseColumn = (which) => (text) => {
    const now = [...columns.value];
    if (text === "") now.length = 1;
    else now[which] = Number(text);
    columns.value = now;
    want();
  };
  return html`<div class="gallery">
    <div data-figure="Error surface">${
      axes.value &&
      html`<div class="bar">
      <${Places} label="across" list=${list} value=${axes.value[0]} onChange=${choosePlace(0)} /><${Places} label="up" list=${list} value=${axes.value[1]} onChange=${choosePlace(1)} /></div>`
    }
      <${Shown} picture=${told.surface} component=${Surface} /></div>
    <div data-figure="Fitted function">${
      columns.value &&
      html`<div class="bar">
      <${Inputs} label="over" net=${net} value=${columns.value[0]} onChange=${chooseColumn(0)} />
      ${net.inputs.length > 1 && html`<${Inputs} label="and" net=${net} value=${columns.value[1]} empty="(one column only)" onChange=${chooseColumn(1)} />`}</div>`
    }
      <${Shown} picture=${told.fitted} component=${Fitted} /></div>
    <div data-figure=${table.value.classes.length ? "Classes" : "Residuals"}>${
      settings.value.validation > 0 &&
      html`<div class="bar"><${Choice} label="rows" value=${heldOut.value ? "held out" : "trained on"} options=${["trained on", "held out"]}
      onChange=${(which) => {
        heldOut.value = which === "held out";
        want();
      }} /></div>`
    }<${Shown} picture=${told.residuals} component=${Residuals} /></div>
    <div data-figure="Histograms"><${Shown} picture=${told.histograms} component=${Histograms} /></div>
  </div>`;
}

function Shown({ picture, component: Component }) {
  if (!picture) return html`<p class="muted">…</p>`;
  if (picture.refused) return html`<p class="muted">${picture.refused}</p>`;
  return html`<${Component} picture=${picture} />`;
}

function Places({ label, list, value, onChange }) {
  return html`<label class="choice"><span>${label}</span><select value=${key(value)} onChange=${(event) => onChange(event.currentTarget.value)}>
    ${list.map((place) => html`<option key=${key(place)} value=${key(place)} selected=${key(place) === key(value)}>${place[2]}</option>`)}</select></label>`;
}

function Inputs({ label, net, value, onChange, empty = null }) {
  return html`<label class="choice"><span>${label}</span><select value=${value ?? ""} onChange=${(event) => onChange(event.currentTarget.value)}>
    ${empty && html`<option value="" selected=${value === undefined}>${empty}</option>`}
    ${net.inputs.map((name, i) => html`<option key=${name} value=${i} selected=${i === value}>${name}</option>`)}</select></label>`;
}
