/** A step of the passes on the drawing: its values at their places, flowing along the edges. */
import { fitted } from "../core/format.js";
import { passStep, stepAt } from "../core/links.js";
import { explanation } from "../core/store.js";
import { html, useMemo } from "../core/ui.js";
import { placesOfNumbers } from "./places.js";
import { valuesAt } from "./values.js";

const MOST_DROPS = 40; // edges along which something is seen to move
const BESIDE = 66; // pixels from the middle of a weight's box to where its buttons are
const BOX = 90; // pixels from one weight to the next between which a value has a place of its own
const ABOVE = 11; // pixels above a unit or a weight at which a gradient stands

/** Whether the units of a column stand so many pixels apart. */
const apart = (column, pixels) => column.length < 2 || column[1][1] - column[0][1] > pixels;

/** Whether a gradient fits above a unit, beside what the one above it holds. */
const roomyIn =
  ({ columns, radius }) =>
  (key) =>
    apart(columns[Number(key.slice("unit:".length).split(",")[0])], 2 * (radius + 2 * ABOVE));

/** Where an edge is: from its source to its unit. */
function edge(key, columns) {
  const [l, i, j] = key.slice("weight:".length).split(",").map(Number);
  return [columns[l][j], columns[l + 1][i]];
}

const placesByKey = (net, layout) =>
  new Map(placesOfNumbers(net, layout).map(({ key, x, y }) => [key, [x, y]]));

export function Flow({ net, layout, width }) {
  const { steps } = explanation.value.chain;
  const at = Math.min(stepAt.value, steps.length - 1);
  const step = passStep.value;
  const weights = useMemo(() => placesByKey(net, layout), [net, layout.height, width]);
  const back = step.phase === "backward";
  const edges = step.flows.map((key) => edge(key, layout.columns));
  const drops = edges.length <= MOST_DROPS ? edges : [];
  return html`<div class=${`flow q-${step.kind}`} key=${at} aria-hidden="true">
    <svg width=${width} height=${layout.height}>
      ${edges.map(([from, to], k) => html`<${Edge} key=${k} from=${from} to=${to} back=${back} />`)}
      ${drops.map(([from, to], k) =>
        back
          ? html`<${Drop} key=${k} from=${to} to=${from} />`
          : html`<${Drop} key=${k} from=${from} to=${to} />`,
      )}
    </svg>
    ${Array.from(
      valuesAt(steps, at, roomyIn(layout)),
      ([key, one]) => html`<${Value} key=${key} ...${one} layout=${layout} weights=${weights} />`,
    )}</div>`;
}

function Edge({ from: [x1, y1], to: [x2, y2], back }) {
  return html`<line class=${back ? "back" : ""} x1=${x1} y1=${y1} x2=${x2} y2=${y2} />`;
}

/** Something that moves along an edge. */
function Drop({ from: [x, y], to }) {
  const style = { "--dx": `${to[0] - x}px`, "--dy": `${to[1] - y}px` };
  return html`<circle class="drop" cx=${x} cy=${y} r="4" style=${style} />`;
}

/** A value at its place: what a unit holds in it, a gradient above it. */
function Value({ place, kind, value, above, isNew, layout, weights }) {
  const found = placeOf(place, above, layout, weights);
  if (!found) return null;
  const [left, top] = found.map((pixels) => `${pixels}px`);
  return html`<span class=${`at q-${kind} ${isNew ? "new" : ""}`} style=${{ left, top }}
    data-at=${place}>${fitted(value, 4, 6.5)}</span>`;
}

function placeOf(key, above, layout, weights) {
  const { columns, names, radius } = layout;
  const [what, numbers] = key.split(":");
  if (what === "unit") {
    const [c, i] = numbers.split(",").map(Number);
    const [x, y] = columns[c][i];
    return [x, above ? y - radius - ABOVE : y];
  }
  if (what === "error") {
    const outputs = columns[columns.length - 1];
    const y = (outputs[0][1] + outputs[outputs.length - 1][1]) / 2;
    return [outputs[0][0] + radius + names + 40, y + 22 + ABOVE];
  }
  const place = weights.get(key);
  if (!place) return null;
  const [x, y] = place;
  // or over the end of its box
  return columns.every((column) => apart(column, BOX)) ? [x, y - 16 - ABOVE] : [x + BESIDE, y];
}
