/** The units as circles: the stronger their value, the fuller. */
import { breadth, fitted, number } from "../core/format.js";
import { litClass, pointAway, pointed } from "../core/links.js";
import { select } from "../core/session.js";
import { explanation, frame, row, selected } from "../core/store.js";
import { html } from "../core/ui.js";
import { shortNames, sumName } from "./names.js";
import { hideTip, tip } from "./tip.js";

const ROOMY = 18; // pixels of the radius beyond which numbers have their usual size
const [BELOW, LETTER] = [92, 8]; // pixels of a name below its unit, as in network.css, and of a letter
const WITH_NUMBERS = 15; // from which there is room for numbers at all

export function Units({ net, layout }) {
  const now = frame.value;
  const names = shortNames(net.inputs, roomOfNames(layout));
  return layout.columns.map((column, c) => {
    const [values, z] = unitValues(now, net, c);
    const largest = values ? values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12) : 1;
    return column.map(([x, y], i) => {
      const value = values ? values[i] : null;
      const label = c ? unitLabel(net, c, i, value, z?.[i]) : `${net.inputs[i]}: ${number(value, 6)}`;
      const share = value === null ? 0 : Math.min(1, Math.abs(value) / largest);
      const unit = { layer: c ? net.layers[c - 1] : null, c, i, x, y, value, share, label };
      return html`<${Unit} key=${`${c}-${i}`} ...${unit}
        radius=${c ? layout.radius : layout.inputRadius} phase=${now?.phase} />
        ${
          c === 0 &&
          html`<${InputName} key=${`n${i}`} name=${names[i]} full=${net.inputs[i]} ...${{ x, y, layout }} />`
        }`;
    });
  });
}

/** Of the units of a column a, or z where there is no activation; and z: of the selected row, or means. */
export function unitValues(now, net, c) {
  if (!now?.stages) return [null, null];
  if (c === 0) return [now.stages.x, null];
  const { name } = net.layers[c - 1];
  const z = now.stages[`${name}.z`];
  return [now.stages[`${name}.a`] || z, z];
}

function Unit({ layer, c, i, x, y, value, share, label, radius, phase }) {
  const { what, name, index } = selected.value ?? {};
  const isSelected = layer && what === "unit" && name === layer.name && index[0] === i;
  const isHighlighted = explanation.value?.highlighted.units?.includes(`${c},${i}`);
  const classes = ["unit", c ? "" : "input", value < 0 ? "negative" : "positive"];
  if (isHighlighted) classes.push("highlighted");
  if (isSelected) classes.push("selected");
  if (phase === "forward") classes.push("forward");
  const key = `unit:${c},${i}`;
  classes.push(litClass(key));
  const style = {
    left: `${x - radius}px`,
    top: `${y - radius}px`,
    width: `${2 * radius}px`,
    height: `${2 * radius}px`,
    "--strength": share.toFixed(3),
  };
  const point = () => {
    pointed.value = { keys: [key], kind: "activation" };
  };
  const enter = () => {
    tip.value = { x: x + radius, y, text: label };
    point();
  };
  const leave = () => {
    hideTip();
    pointAway();
  };
  return html`<button class=${classes.join(" ")} style=${style} aria-label=${label} disabled=${!c}
    onPointerEnter=${enter} onPointerLeave=${leave} onFocus=${point} onBlur=${pointAway}
    onClick=${() => layer && select("unit", layer.name, [i])}>
    ${radius >= WITH_NUMBERS && html`<${Inside} value=${value} roomy=${radius > ROOMY} />`}</button>`;
}

function Inside({ value, roomy }) {
  const room = roomy ? 6.2 : 4.6; // in the usual size; a third more in the small one
  const text = fitted(value, roomy ? 4 : 2, 1.3 * room);
  return html`<span class=${breadth(text) > room ? "long" : ""}>${text}</span>`;
}

/** How many letters of a name of an input there is room for: below it, or left of it where there are many. */
function roomOfNames({ inputRadius: radius, letters, left }) {
  const pixels = radius > ROOMY ? BELOW / LETTER : (left - radius - 4) / ((letters / 12) * LETTER);
  return Math.max(3, Math.floor(pixels));
}

/** What an input is called; the unit itself says it in full to those who listen. */
function InputName({ name, full, x, y, layout }) {
  const { inputRadius: radius, letters, left } = layout;
  const below = { left: `${x - 46}px`, top: `${y + radius - 1}px` };
  const beside = {
    left: 0,
    top: `${y - letters * 0.7}px`,
    width: `${left - radius - 4}px`,
    textAlign: "right",
    fontSize: `${letters}px`,
  };
  return html`<span class="inputname" style=${radius > ROOMY ? below : beside} title=${full}
    aria-hidden="true">${name}</span>`;
}

function unitLabel(net, c, i, value, z) {
  const layer = net.layers[c - 1];
  const where = row.value === null ? "mean over rows" : `row ${row.value + 1}`;
  const sum = `z = ${sumName(net, c - 1, i)} = ${number(z, 6)}`;
  const after = layer.activation === "identity" ? "" : `\na = ${layer.activation}(z) = ${number(value, 6)}`;
  return `${layer.name}, unit ${i + 1} (${where})\n${sum}${after}`;
}
