/** The network as a drawing: units as circles, weights as lines or as numbers that can be moved by hand. */

import { breadth, fitted, number, subscript as sub, superscript } from "./format.js";
import { Num } from "./number.js";
import { choose, frame, lines, manner, network, row, selected, send, why } from "./store.js";
import { html, signal, useLayoutEffect, useRef, useState } from "./ui.js";

const tip = signal(null);
const GAP = { numbers: 116, lines: 46 };

/** Where every unit stands: columns of [x, y], the inputs first. */
function layout(net, width, kind) {
  const sizes = [net.inputs.length, ...net.layers.map((layer) => layer.units)];
  const most = Math.max(...sizes);
  const height = Math.max(220, Math.min(kind === "numbers" ? 480 : 460, most * GAP[kind] + 22));
  const left = kind === "numbers" ? 46 : width < 440 ? 80 : 128;
  const right = width - (kind === "numbers" ? 118 : 104);
  return {
    height,
    left,
    narrow: width < 440,
    columns: sizes.map((count, c) => {
      const x = left + ((right - left) * c) / (sizes.length - 1);
      const gap = Math.min(GAP[kind] + 14, (height - 40) / count);
      return Array.from({ length: count }, (_, i) => [x, height / 2 + (i - (count - 1) / 2) * gap]);
    }),
    letters: Math.max(7, Math.min(12, (height - 40) / sizes[0] / 1.25)), // names of many inputs would lie on each other
    radius: Math.max(5, Math.min(kind === "numbers" ? 24 : 18, (height - 40) / most / 2.4)),
  };
}

/** The drawing with everything that belongs to it. */
export function Drawing() {
  const net = network.value;
  const box = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const watch = new ResizeObserver(() => setWidth(box.current.clientWidth - 12));
    watch.observe(box.current);
    setWidth(box.current.clientWidth - 12);
    return () => watch.disconnect();
  }, [net === null]);
  if (!net) return null;
  const kind = manner.value;
  const place = width ? layout(net, Math.max(width, 300), kind) : null;
  return html`<div class="drawing" ref=${box} data-manner=${kind} data-phase=${frame.value ? frame.value.phase : ""}>
    ${
      place &&
      html`<div class="canvas" style=${{ height: `${place.height}px` }}>
      <${Lines} net=${net} place=${place} kind=${kind} width=${Math.max(width, 300)} />
      <${Units} net=${net} place=${place} />
      <${ErrorBox} place=${place} width=${Math.max(width, 300)} />
      ${kind === "numbers" && html`<${Numbers} net=${net} place=${place} />`}
      <${Tip} />
    </div>`
    }
    <${Inspector} net=${net} />
    <${AsTable} net=${net} />
  </div>`;
}

/** What the lines show: gradients while a step's backward pass is shown, else what was chosen. */
export function shownLines() {
  return manner.value === "lines" && frame.value && frame.value.phase === "backward"
    ? "gradient"
    : lines.value;
}

function shownValues(now, layer) {
  const pulls = why.value?.pulls;
  const fits = pulls?.[layer.weight] && pulls[layer.weight].length === now.parameters[layer.weight].length;
  const from =
    { weight: now.parameters, gradient: now.gradients, pull: fits ? pulls : null }[shownLines()] ||
    now.parameters;
  return from[layer.weight] || now.parameters[layer.weight];
}

function Lines({ net, place, kind, width }) {
  const svg = useRef(null);
  const held = useRef([]);
  useLayoutEffect(() => {
    const made = [];
    const group = svg.current.querySelector("g");
    group.textContent = "";
    net.layers.forEach((layer, l) => {
      for (let i = 0; i < layer.units; i += 1) {
        for (let j = 0; j < layer.inputs; j += 1) {
          const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
          const [x1, y1] = place.columns[l][j];
          const [x2, y2] = place.columns[l + 1][i];
          for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(name, value);
          line.dataset.weight = `${l},${i},${j}`;
          group.append(line);
          made.push(line);
        }
      }
    });
    held.current = made;
  }, [net, place.height, width, kind]);
  const now = frame.value;
  const chosen = selected.value;
  const lit = why.value?.lit ? new Set(why.value.lit.weights || []) : new Set();
  useLayoutEffect(() => {
    if (!now?.parameters) return;
    let place_ = 0;
    net.layers.forEach((layer, l) => {
      const values = shownValues(now, layer);
      if (!values) {
        place_ += layer.units * layer.inputs;
        return;
      }
      let most = 1e-300;
      for (const value of values) most = Math.max(most, Math.abs(value));
      for (let k = 0; k < values.length; k += 1) {
        const line = held.current[place_ + k];
        if (!line) continue;
        const share = Math.abs(values[k]) / most;
        line.style.strokeWidth = (0.5 + 4 * share).toFixed(2);
        line.style.strokeOpacity = (0.15 + 0.85 * share).toFixed(2);
        const i = Math.floor(k / layer.inputs);
        const j = k % layer.inputs;
        const is =
          chosen &&
          chosen.what === "weight" &&
          chosen.name === layer.weight &&
          chosen.index[0] === i &&
          chosen.index[1] === j;
        line.setAttribute(
          "class",
          `${values[k] < 0 ? "negative" : "positive"}${is ? " selected" : ""}${lit.has(`${l},${i},${j}`) ? " lit" : ""}`,
        );
      }
      place_ += layer.units * layer.inputs;
    });
  });
  const found = (event) => event.target.dataset?.weight;
  return html`<svg ref=${svg} class="lines" width=${width} height=${place.height} aria-hidden="true"
    onClick=${(event) => {
      const at = found(event);
      if (!at) return;
      const [l, i, j] = at.split(",").map(Number);
      choose("weight", net.layers[l].weight, [i, j]);
    }}
    onPointerMove=${(event) => showWeight(event, found(event), net)} onPointerLeave=${() => {
      tip.value = null;
    }}><g></g></svg>`;
}

function showWeight(event, at, net) {
  if (!at) {
    tip.value = null;
    return;
  }
  const [l, i, j] = at.split(",").map(Number);
  const layer = net.layers[l];
  const k = i * layer.inputs + j;
  const now = frame.value;
  const slope = now.gradients
    ? `\n∂E/∂w = average of δ·${l ? "a" : "x"} = ${number(now.gradients[layer.weight][k], 6)}`
    : "";
  tip.value = {
    x: event.offsetX,
    y: event.offsetY,
    text: `${weightName(net, l, i, j)} = ${number(now.parameters[layer.weight][k], 8)}${slope}`,
  };
}

/** The number of a layer among all of the network, those without weights too: as derivations count. */
const layerNumber = (net, l) => Number(net.layers[l].name.replace(/\D/g, "")) || l + 1;

/** w₁ of a single neuron, W⁽²⁾₃,₁ of layers. */
export function weightName(net, l, i, j) {
  if (net.layers.length === 1 && net.layers[0].units === 1) return `w${sub(j + 1)}`;
  return `W${sup(layerNumber(net, l))}${sub(i + 1)},${sub(j + 1)}`;
}

export function biasName(net, l, i) {
  return net.layers.length === 1 && net.layers[0].units === 1
    ? "b"
    : `b${sup(layerNumber(net, l))}${sub(i + 1)}`;
}

const sup = (n) => `⁽${superscript(n)}⁾`;

/** The activation of each unit, of the chosen row or as a mean, and z. */
function unitValues(now, net, c) {
  if (!now?.stages) return [null, null];
  if (c === 0) return [now.stages.x, null];
  const name = net.layers[c - 1].name;
  const z = now.stages[`${name}.z`];
  return [now.stages[`${name}.a`] || z, z];
}

function Units({ net, place }) {
  const now = frame.value;
  const lit = why.value?.lit ? new Set(why.value.lit.units || []) : new Set();
  const chosen = selected.value;
  const phase = now ? now.phase : "";
  return html`${place.columns.map((column, c) => {
    const [values, z] = unitValues(now, net, c);
    const most = values ? values.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-12) : 1;
    return column.map(([x, y], i) => {
      const value = values ? values[i] : null;
      const layer = c ? net.layers[c - 1] : null;
      const is =
        layer && chosen && chosen.what === "unit" && chosen.name === layer.name && chosen.index[0] === i;
      const strength = value === null ? 0 : Math.min(1, Math.abs(value) / most);
      const label = c ? unitLabel(net, c, i, value, z?.[i]) : `${net.inputs[i]}: ${number(value, 6)}`;
      return html`<button key=${`${c}-${i}`} class=${`unit ${c ? "" : "input"} ${value < 0 ? "negative" : "positive"} ${lit.has(`${c},${i}`) ? "lit" : ""} ${is ? "selected" : ""} ${phase === "forward" ? "forward" : ""}`}
        style=${{ left: `${x - place.radius}px`, top: `${y - place.radius}px`, width: `${2 * place.radius}px`, height: `${2 * place.radius}px`, "--strength": strength.toFixed(3) }}
        aria-label=${label} disabled=${!c}
        onPointerEnter=${() => {
          tip.value = { x: x + place.radius, y, text: label };
        }} onPointerLeave=${() => {
          tip.value = null;
        }}
        onClick=${() => layer && choose("unit", layer.name, [i])}>
        ${place.radius >= 15 && html`<${Inside} value=${value} digits=${place.radius > 18 ? 4 : 2} />`}
      </button>
      ${c === 0 && html`<span key=${`n${i}`} class="inputname" style=${place.radius > 18 ? { left: `${x - 46}px`, top: `${y + place.radius - 1}px` } : { left: 0, top: `${y - place.letters * 0.7}px`, width: `${place.left - place.radius - 4}px`, textAlign: "right", fontSize: `${place.letters}px` }} title=${net.inputs[i]}>${net.inputs[i]}</span>`}`;
    });
  })}`;
}

function Inside({ value, digits }) {
  const room = digits > 2 ? 6.2 : 4.6; // in the usual size; a third more in the small one
  const text = fitted(value, digits, 1.3 * room);
  return html`<span class=${breadth(text) > room ? "long" : ""}>${text}</span>`;
}

function unitLabel(net, c, i, value, z) {
  const layer = net.layers[c - 1];
  const where = row.value === null ? "mean over rows" : `row ${row.value + 1}`;
  const inner = `z = Σⱼ ${net.layers.length === 1 && layer.units === 1 ? "wⱼ" : `W${sub(i + 1)},ⱼ`}·${c === 1 ? "xⱼ" : "aⱼ"}${layer.bias ? " + b" : ""}`;
  const after = layer.activation === "identity" ? "" : `\na = ${layer.activation}(z) = ${number(value, 6)}`;
  return `${layer.name}, unit ${i + 1} (${where})\n${inner} = ${number(z, 6)}${after}`;
}

function ErrorBox({ place, width }) {
  const now = frame.value;
  if (!now) return null;
  const ends = place.columns[place.columns.length - 1];
  const y = (ends[0][1] + ends[ends.length - 1][1]) / 2;
  const x = ends[0][0] + place.radius;
  const box = Math.max(60, width - x - 26);
  return html`<div class=${`errorbox ${now.phase === "loss" ? "lit" : ""}`} style=${{ left: `${x + 10}px`, top: `${y - 22}px`, width: `${box}px` }}
    title=${`E, the ${now.error.convention}`}><b>E</b><span>${fitted(now.error.value, 3, (box - 20) / 7)}</span></div>`;
}

/** Weights and biases as numbers on the lines. */
function Numbers({ net, place }) {
  const now = frame.value;
  if (!now?.parameters) return null;
  const single = net.layers.length === 1 && net.layers[0].units === 1;
  const revealed = now.gradients && now.phase !== "forward" && now.phase !== "loss";
  const made = [];
  net.layers.forEach((layer, l) => {
    const values = now.parameters[layer.weight];
    const slopes = revealed ? now.gradients[layer.weight] : null;
    for (let i = 0; i < layer.units; i += 1) {
      for (let j = 0; j < layer.inputs; j += 1) {
        const k = i * layer.inputs + j;
        const [x1, y1] = place.columns[l][j];
        const [x2, y2] = place.columns[l + 1][i];
        const t = single ? (place.narrow ? 0.52 : 0.36) : 0.24 + (0.52 * (i + 0.5)) / layer.units;
        made.push(html`<${Weight} key=${`${l}-${k}`} name=${layer.weight} index=${[i, j]} value=${values[k]}
          slope=${slopes ? slopes[k] : null} label=${weightName(net, l, i, j)} x=${x1 + t * (x2 - x1)} y=${y1 + t * (y2 - y1)}
          roomy=${single} narrow=${place.narrow} frozen=${isFrozen(net, layer.weight, k)} />`);
      }
      if (layer.bias) {
        const [x, y] = place.columns[l + 1][i];
        made.push(html`<${Weight} key=${`${l}-b${i}`} name=${layer.bias} index=${[i]} value=${now.parameters[layer.bias][i]}
          slope=${revealed ? now.gradients[layer.bias][i] : null} label=${biasName(net, l, i)} x=${x} y=${y + place.radius + 15}
          frozen=${isFrozen(net, layer.bias, i)} bias />`);
      }
    }
  });
  return made;
}

export function isFrozen(net, name, k) {
  return Boolean(net.frozen[name]?.[k]);
}

function Weight({ name, index, value, slope, label, x, y, roomy, narrow, frozen, bias }) {
  const is =
    selected.value &&
    selected.value.what === "weight" &&
    selected.value.name === name &&
    String(selected.value.index) === String(index);
  const changed = (after, moving) => send("set_parameter", { name, index, value: after, moving });
  return html`<div class=${`weight ${is ? "selected" : ""} ${frozen ? "frozen" : ""} ${roomy ? "roomy" : ""} ${bias ? "bias" : ""}`} style=${{ left: `${x}px`, top: `${y}px` }}>
    <span class="name">${label}</span>
    <${Num} value=${value} label=${`${label}, weight; drag, type, or use the arrow keys`} digits=${roomy ? 6 : 4} room=${roomy ? (narrow ? 6.5 : 9.5) : 7.5} signed
      title=${`${label} = ${number(value, 10)}${slope === null ? "" : `\n∂E/∂${label} = ${number(slope, 6)}`}`} onChange=${changed} />
    <button class="quiet mini" aria-pressed=${frozen} aria-label=${`freeze ${label}`} title=${frozen ? "frozen: descent leaves it; press to let it go" : "freeze: descent will leave it"}
      onClick=${() => send("freeze", { name, index, frozen: !frozen })}>${frozen ? "■" : "□"}</button>
    ${
      roomy &&
      html`<button class="quiet mini why" aria-label=${`why ${label}: the chain rule`} title="why: the chain rule with these numbers"
      onClick=${() => choose("weight", name, index)}>∂</button>`
    }
    ${roomy && slope !== null && html`<span class="slope" title="the gradient on the rows of the next step">∂E/∂${label} = ${number(slope, 5)}</span>`}
  </div>`;
}

/** The weight or unit that is chosen, with its number to move. */
function Inspector({ net }) {
  const chosen = selected.value;
  const now = frame.value;
  if (!chosen || !now?.parameters || manner.value === "matrices") return null;
  const l = net.layers.findIndex((layer) => [layer.weight, layer.bias, layer.name].includes(chosen.name));
  if (l < 0) return null;
  const layer = net.layers[l];
  const entries =
    chosen.what === "unit"
      ? layer.bias
        ? [[layer.bias, [chosen.index[0]], biasName(net, l, chosen.index[0])]]
        : []
      : [
          [
            chosen.name,
            chosen.index,
            chosen.index.length === 2
              ? weightName(net, l, ...chosen.index)
              : biasName(net, l, chosen.index[0]),
          ],
        ];
  const what = chosen.what === "unit" ? `Unit ${chosen.index[0] + 1} of ${layer.name}` : "";
  return html`<div class="inspector" role="group" aria-label="What is chosen">${what && html`<b>${what}</b>`}
    ${entries.map(([name, index, label]) => {
      const k = index.length === 2 ? index[0] * layer.inputs + index[1] : index[0];
      const frozen = isFrozen(net, name, k);
      return html`<label key=${label}>${label} <${Num} value=${now.parameters[name][k]} label=${label} digits=${8} signed
      onChange=${(value, moving) => send("set_parameter", { name, index, value, moving })} /></label>
      ${now.gradients && html`<span class="muted">∂E/∂${label} = ${number(now.gradients[name][k], 6)}</span>`}
      <label class="check"><input type="checkbox" checked=${frozen} onChange=${() => send("freeze", { name, index, frozen: !frozen })} /> frozen</label>`;
    })}
    <span class="grow"></span>
    <button class="link" onClick=${() => document.getElementById("panel").scrollIntoView({ block: "start" })}>the chain rule ↓</button>
    <button class="quiet" onClick=${() => {
      selected.value = null;
      why.value = null;
    }}>close</button></div>`;
}

/** The same network as tables: for those who would rather read, or listen. */
function AsTable({ net }) {
  const [open, setOpen] = useState(false);
  const now = frame.value;
  return html`<details class="astable" open=${open} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>The drawing as a table</summary>
    ${
      open &&
      now?.parameters &&
      net.layers.map(
        (layer, l) => html`<table class="grid" key=${layer.name}>
      <caption>${layer.name}: ${layer.inputs} inputs, ${layer.units} units, ${layer.activation}</caption>
      <thead><tr><th scope="col">unit</th>${Array.from({ length: layer.inputs }, (_, j) => html`<th scope="col" key=${j}>${l ? `a${sub(j + 1)}` : net.inputs[j]}</th>`)}
        ${layer.bias && html`<th scope="col">bias</th>`}<th scope="col">output</th></tr></thead>
      <tbody>${Array.from(
        { length: layer.units },
        (_, i) => html`<tr key=${i}><th scope="row">${i + 1}</th>
        ${Array.from(
          { length: layer.inputs },
          (
            _,
            j,
          ) => html`<td key=${j}><${Num} value=${now.parameters[layer.weight][i * layer.inputs + j]} label=${weightName(net, l, i, j)} digits=${4} signed
          onChange=${(value, moving) => send("set_parameter", { name: layer.weight, index: [i, j], value, moving })} /></td>`,
        )}
        ${
          layer.bias &&
          html`<td><${Num} value=${now.parameters[layer.bias][i]} label=${biasName(net, l, i)} digits=${4} signed
          onChange=${(value, moving) => send("set_parameter", { name: layer.bias, index: [i], value, moving })} /></td>`
        }
        <td>${number((unitValues(now, net, l + 1)[0] || [])[i], 5)}</td></tr>`,
      )}</tbody></table>`,
      )
    }
  </details>`;
}

function Tip() {
  const told = tip.value;
  if (!told) return null;
  return html`<div class="tip" role="status" style=${{ left: `${told.x + 14}px`, top: `${told.y + 10}px` }}>${told.text}</div>`;
}
