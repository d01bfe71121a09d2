/** A pinned unit as a small network: its strongest inputs, what it makes of them, and where that goes. */
import { html } from "./ui.js";
import { number, whole } from "./format.js";
import { useWidth } from "./matrix.js";

const ROW = 42; // pixels of a line of the drawing

/**
 * @param {{picture: object, onUnpin: () => void}} props `picture` is that of `pinned` in _pinned.py
 */
export function Pinned({ picture, onUnpin }) {
  const [place, width] = useWidth();
  const name = `unit ${whole(picture.unit + 1)} of ${picture.layer}`;
  const seen = picture.row === null ? `mean over ${whole(picture.rows)} rows` : `row ${whole(picture.row + 1)}`;
  return html`<section class="wide-pinned" aria-label=${`Pinned: ${name}`}>
    <header>
      <h3>${name[0].toUpperCase()}${name.slice(1)}</h3>
      <span class="wide-shape">${picture.activation} · ${seen}</span>
      <button type="button" aria-label=${`Unpin ${name}`} onClick=${onUnpin}>Unpin</button>
    </header>
    <div ref=${place}>${width > 0 && html`<${Drawing} ...${{ picture, width, name }} />`}</div>
    <p class="wide-key">
      <svg width="34" height="8" aria-hidden="true"><path class="wide-edge" data-sign="1" stroke-width="3" d="M1 4H33" /></svg> positive
      <svg width="34" height="8" aria-hidden="true"><path class="wide-edge" data-sign="-1" stroke-width="3" d="M1 4H33" /></svg> negative;
      the thicker, the larger
    </p>
    <details>
      <summary>As a table</summary>
      <${Tables} picture=${picture} />
    </details>
  </section>`;
}

function Drawing({ picture, width, name }) {
  const roomy = width >= 620;
  const [left, right] = roomy ? [210, 110] : [104, 70];
  const ins = incoming(picture, roomy);
  const outs = outgoing(picture);
  const height = ROW * Math.max(ins.length, outs.length, 3) + 8;
  const box = { width: roomy ? 132 : 104, height: 74 };
  // the unit stands in the middle, or at the right where it leads to nothing
  const middle = outs.length ? (left + width - right) / 2 : Math.min(width - box.width / 2 - 2, left + 260);
  const centre = { x: middle, y: height / 2 };
  const y = (k, count) => height / 2 + (k - (count - 1) / 2) * ROW;
  return html`<svg class="wide-drawing" width=${width} height=${height} role="img" aria-label=${summary(picture, name)}>
    ${ins.map((one, k) => html`<${Edge} one=${one} from=${{ x: left, y: y(k, ins.length) }}
      to=${{ x: centre.x - box.width / 2, y: centre.y }} />`)}
    ${outs.map((one, k) => one.share !== null && html`<${Edge} one=${one}
      from=${{ x: centre.x + box.width / 2, y: centre.y }} to=${{ x: width - right, y: y(k, outs.length) }} />`)}
    ${ins.map((one, k) => html`<${Label} one=${one} x=${left - 10} y=${y(k, ins.length)} side="end" />`)}
    ${outs.map((one, k) => html`<${Label} one=${one} x=${width - right + 10} y=${y(k, outs.length)} side="start" />`)}
    <rect class="wide-unit" x=${centre.x - box.width / 2} y=${centre.y - box.height / 2} rx="10" ...${box} />
    <text class="wide-unit-name" x=${centre.x} y=${centre.y - 16}>unit ${whole(picture.unit + 1)}</text>
    <text class="wide-unit-value" x=${centre.x} y=${centre.y + 6}>z = ${number(picture.z, 4)}</text>
    <text class="wide-unit-value" x=${centre.x} y=${centre.y + 26}>a = ${number(picture.a, 4)}</text>
  </svg>`;
}

/** The lines at the left: a name, what is under it, and how strong it is. */
function incoming(picture, roomy) {
  const largest = Math.max(...picture.inputs.map((one) => Math.abs(one.product)), 0);
  const lines = picture.inputs.map((one) => ({
    name: one.name,
    under: `${number(one.value, 3)} × ${number(one.weight, 3)}${roomy ? ` = ${number(one.product, 3)}` : ""}`,
    about: `product ${number(one.product)}, gradient ${number(one.gradient)}`,
    size: one.product,
    share: part(one.product, largest),
  }));
  const { count, sum } = picture.others;
  if (count) {
    lines.push({ name: `${whole(count)} others`, under: `sum ${number(sum, 3)}`, about: `the sum of ${whole(count)} products`,
      size: sum, share: part(sum, largest), grey: true });
  }
  if (picture.bias !== null) {
    lines.push({ name: "bias", under: number(picture.bias, 3), about: `gradient ${number(picture.bias_gradient)}`,
      size: picture.bias, share: part(picture.bias, largest) });
  }
  return lines;
}

/** The lines at the right. */
function outgoing(picture) {
  const largest = Math.max(...picture.outputs.map((one) => Math.abs(one.weight)), 0);
  const lines = picture.outputs.map((one) => ({
    name: one.name,
    under: `× ${number(one.weight, 3)}`,
    about: `weight ${number(one.weight)}, gradient ${number(one.gradient)}`,
    size: one.weight,
    share: part(one.weight, largest),
  }));
  if (picture.others_next) {
    lines.push({ name: `${whole(picture.others_next)} others`, under: `in ${picture.next}`, share: null, grey: true });
  }
  return lines;
}

function part(size, largest) {
  return largest ? Math.min(1, Math.abs(size) / largest) : 0;
}

function Edge({ one, from, to }) {
  const bend = (to.x - from.x) / 2;
  const path = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
  return html`<path class="wide-edge" d=${path} data-sign=${Math.sign(one.size)} data-grey=${Boolean(one.grey)}
    stroke-width=${1 + 5 * one.share}><title>${one.name}: ${one.about}</title></path>`;
}

function Label({ one, x, y, side }) {
  return html`<text class="wide-label" data-grey=${Boolean(one.grey)} x=${x} y=${y} text-anchor=${side}>
    <title>${one.name}</title>
    <tspan x=${x} dy="-3">${shortened(one.name)}</tspan>
    <tspan class="wide-under" x=${x} dy="16">${one.under}</tspan>
  </text>`;
}

function shortened(name) {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}

function summary(picture, name) {
  return `${name}: z = ${number(picture.z)}, a = ${number(picture.a)}; the table below lists its `
    + `${whole(picture.inputs.length)} strongest inputs and ${whole(picture.outputs.length)} strongest outputs`;
}

function Tables({ picture }) {
  return html`<div class="wide-tables">
    <table>
      <caption>Inputs</caption>
      <thead><tr>${["from", "value", "weight", "product", "gradient"].map((head) =>
        html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>
        ${picture.inputs.map((one) => row(one.name, [one.value, one.weight, one.product, one.gradient]))}
        ${picture.others.count > 0 && row(`${whole(picture.others.count)} others`, ["", "", picture.others.sum, ""])}
        ${picture.bias !== null && row("bias", ["", picture.bias, picture.bias, picture.bias_gradient])}
        ${row("z", ["", "", picture.z, ""])}
      </tbody>
    </table>
    ${picture.next && html`<table>
      <caption>Outputs in ${picture.next}</caption>
      <thead><tr>${["to", "weight", "gradient"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
      <tbody>${picture.outputs.map((one) => row(one.name, [one.weight, one.gradient]))}</tbody>
    </table>`}
  </div>`;
}

function row(name, numbers) {
  return html`<tr><th scope="row">${name}</th>${numbers.map((value) =>
    html`<td>${value === "" ? "" : number(value)}</td>`)}</tr>`;
}
