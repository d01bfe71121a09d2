/** A pinned unit as a small network: its strongest inputs, what it makes of them, and where that goes. */

import { capitalised, number, whole } from "../core/format.js";
import { html } from "../core/ui.js";
import { useWidth } from "./window.js";

const ROW = 42; // pixels of a line of the drawing
const ROOMY = 620; // pixels from which inputs and outputs have room beside each other

/**
 * @param {{picture: object, onUnpin: () => void}} props `picture` is that of `pinned` in _pinned.py
 */
export function Pinned({ picture, onUnpin }) {
  const [place, width] = useWidth();
  const name = `unit ${whole(picture.unit + 1)} of ${picture.layer}`;
  const { row: one, rows } = picture;
  const all = `mean over ${whole(rows)} rows; gradients of the next step`;
  const over = one === null ? all : `row ${whole(one + 1)}`;
  return html`<section class="wide-pinned" aria-label=${`Pinned: ${name}`}>
    <header>
      <h3>${capitalised(name)}</h3>
      <span class="wide-shape">${picture.activation} · ${over}</span>
      <button type="button" aria-label=${`Unpin ${name}`} onClick=${onUnpin}>Unpin</button>
    </header>
    <div ref=${place}>${width > 0 && html`<${Drawing} ...${{ picture, width, name }} />`}</div>
    <p class="wide-key">
      <span><${Key} sign=${1} /> Positive</span>
      <span><${Key} sign=${-1} /> Negative</span>
      <span>Thicker lines are larger</span>
    </p>
    <details>
      <summary>As a table</summary>
      <${Tables} picture=${picture} />
    </details>
  </section>`;
}

function Key({ sign }) {
  return html`<svg width="34" height="8" aria-hidden="true">
    <path class="wide-edge" data-sign=${sign} stroke-width="3" d="M1 4H33" />
  </svg>`;
}

/** In a row where there is room; otherwise what comes in, and below it what goes out. */
function Drawing({ picture, width, name }) {
  const roomy = width >= ROOMY;
  const [ins, outs] = [incoming(picture, roomy), outgoing(picture, roomy)];
  const label = summary(picture, name);
  if (roomy || !outs.length) return html`<${Part} ...${{ picture, width, roomy, ins, outs, label }} />`;
  return html`<${Part} ...${{ picture, width, roomy, ins, label }} outs=${[]} />
    <${Part} ...${{ picture, width, roomy, outs }} ins=${[]} label=${`Outputs of ${name}`} />`;
}

function Part({ picture, width, roomy, ins, outs, label }) {
  const [left, right] = roomy ? [210, 110] : [112, 92];
  const height = ROW * Math.max(ins.length, outs.length, 3) + 8;
  const box = { width: roomy ? 132 : 104, height: 74 };
  const middle = height / 2;
  const x = boxAt({ width, left, right, box, ins, outs });
  const y = (k, count) => middle + (k - (count - 1) / 2) * ROW;
  const most = roomy ? 26 : 14;
  return html`<svg class="wide-drawing" width=${width} height=${height} role="img" aria-label=${label}>
    ${ins.map(
      (one, k) => html`<${Edge} one=${one} from=${[left, y(k, ins.length)]} to=${[x, middle]} />
      <${Label} one=${one} x=${left - 10} y=${y(k, ins.length)} side="end" most=${most} />`,
    )}
    ${outs.map(
      (one, k) => html`<${Edge} one=${one} from=${[x + box.width, middle]}
        to=${[width - right, y(k, outs.length)]} />
      <${Label} one=${one} x=${width - right + 10} y=${y(k, outs.length)} side="start" most=${most} />`,
    )}
    <g class="wide-unit" transform=${`translate(${x} ${middle - box.height / 2})`}>
      <rect rx="10" ...${box} />
      <text x=${box.width / 2} y="21">unit ${whole(picture.unit + 1)}</text>
      <text class="wide-number" x=${box.width / 2} y="43">z = ${number(picture.z, 4)}</text>
      <text class="wide-number" x=${box.width / 2} y="63">a = ${number(picture.a, 4)}</text>
    </g>
  </svg>`;
}

/** Where the box of the unit begins: between inputs and outputs, or at an end where there are only one. */
function boxAt({ width, left, right, box, ins, outs }) {
  if (!ins.length) return 2;
  if (!outs.length) return Math.min(width - box.width - 2, left + 320);
  return (left + width - right - box.width) / 2;
}

/** The lines at the left: a name, what is under it, and how strong it is. */
function incoming(picture, roomy) {
  const largest = Math.max(...picture.inputs.map((one) => Math.abs(one.product)), 0);
  const lines = picture.inputs.map((one) => ({
    name: one.name,
    under: roomy
      ? `${number(one.value, 3)} × ${number(one.weight, 3)} = ${number(one.product, 3)}`
      : `${number(one.value, 2)} × ${number(one.weight, 2)}`,
    about: `product ${number(one.product)}, gradient ${number(one.gradient)}`,
    size: one.product,
    share: part(one.product, largest),
  }));
  const { count, sum } = picture.others;
  if (count) {
    lines.push({
      name: `${whole(count)} others`,
      under: `sum ${number(sum, 3)}`,
      about: `the sum of ${whole(count)} products`,
      size: sum,
      share: part(sum, largest),
      grey: true,
    });
  }
  if (picture.bias !== null) {
    lines.push({
      name: "Bias",
      under: number(picture.bias, 3),
      about: `gradient ${number(picture.bias_gradient)}`,
      size: picture.bias,
      share: part(picture.bias, largest),
    });
  }
  return lines;
}

/** The lines at the right. */
function outgoing(picture, roomy) {
  const largest = Math.max(...picture.outputs.map((one) => Math.abs(one.weight)), 0);
  const lines = picture.outputs.map((one) => ({
    name: one.name,
    under: `× ${number(one.weight, roomy ? 3 : 2)}`,
    about: `weight ${number(one.weight)}, gradient ${number(one.gradient)}`,
    size: one.weight,
    share: part(one.weight, largest),
  }));
  if (picture.others_next) {
    const rest = { name: `${whole(picture.others_next)} more`, under: `in ${picture.next}` };
    lines.push({ ...rest, share: null, grey: true });
  }
  return lines;
}

function part(size, largest) {
  return largest ? Math.min(1, Math.abs(size) / largest) : 0;
}

function Edge({ one, from, to }) {
  if (one.share === null) return null;
  const bend = (to[0] - from[0]) / 2;
  const path = `M${from}C${from[0] + bend} ${from[1]} ${to[0] - bend} ${to[1]} ${to}`;
  return html`<path class="wide-edge" d=${path} stroke-width=${1 + 5 * one.share}
    data-sign=${Math.sign(one.size)} data-grey=${Boolean(one.grey)}>
    <title>${one.name}: ${one.about}</title>
  </path>`;
}

function Label({ one, x, y, side, most }) {
  return html`<text class="wide-label" data-grey=${Boolean(one.grey)} x=${x} y=${y} text-anchor=${side}>
    <title>${one.name}</title>
    <tspan x=${x} dy="-3">${shortened(one.name, most)}</tspan>
    <tspan class="wide-under" x=${x} dy="16">${one.under}</tspan>
  </text>`;
}

function shortened(name, most) {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}

function summary(picture, name) {
  const [ins, outs] = [picture.inputs.length, picture.outputs.length];
  return (
    `${name}: z = ${number(picture.z)}, a = ${number(picture.a)}; the table below lists its ` +
    `${ins} strongest inputs and ${outs} strongest outputs`
  );
}

function Tables({ picture }) {
  const { others } = picture;
  return html`<div class="wide-tables">
    <table>
      <caption>Inputs</caption>
      <${Heads} names=${["From", "Value", "Weight", "Product", "Gradient"]} />
      <tbody>
        ${picture.inputs.map((one) => row(one.name, [one.value, one.weight, one.product, one.gradient]))}
        ${others.count > 0 && row(`${whole(others.count)} others`, ["", "", others.sum, ""])}
        ${picture.bias !== null && row("Bias", ["", picture.bias, picture.bias, picture.bias_gradient])}
        ${row("z", ["", "", picture.z, ""])}
      </tbody>
    </table>
    ${
      picture.next &&
      html`<table>
      <caption>Outputs in ${picture.next}</caption>
      <${Heads} names=${["To", "Weight", "Gradient"]} />
      <tbody>${picture.outputs.map((one) => row(one.name, [one.weight, one.gradient]))}</tbody>
    </table>`
    }
  </div>`;
}

function Heads({ names }) {
  return html`<thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>`;
}

function row(name, numbers) {
  return html`<tr><th scope="row">${name}</th>${numbers.map(
    (value) => html`<td>${value === "" ? "" : number(value, 5)}</td>`,
  )}</tr>`;
}
