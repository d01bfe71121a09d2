/** The rows of a table as pictures show them: their marks, what they are called, and which one is nearest. */
import { number } from "../../core/format.js";
import { classColour, css, rgb } from "./colours.js";

/** What the target is called. */
export const targetOf = (picture) => picture.target ?? "target";

/** How many classes there are, 0 of a regression. */
export const classCount = (picture) =>
  picture.task === "regression"
    ? 0
    : picture.task === "binary"
      ? 2
      : picture.labels.length === 1
        ? picture.y.shape[1]
        : Math.max(...picture.classes, ...picture.targets) + 1;

/** What a class is called. */
export const nameOf = (picture, k) => String(picture.names?.[k] ?? k);

/** The colour of a class. */
export function markColour(picture, colours, k) {
  if (picture.task === "binary") return rgb(k ? colours.positive : colours.negative);
  return classColour(colours, k);
}

/** How the mark of a row looks that is not trained on: its fill, its rim and how thick that is. */
export const hollow = (colour, colours) => [colours.paper, css(colour), 2];

/** What a row is called where it is pointed at. */
export const rowTitle = (picture, k) =>
  picture.held_out?.[k] ? "A validation row of the table" : "A row of the table";

/** The target of a row in words. */
export function targetText(picture, k) {
  const value = picture.targets[k];
  const text = picture.task === "regression" ? number(value, 5) : nameOf(picture, value);
  return `${targetOf(picture)} = ${text}`;
}

/** The row whose mark is nearest to a place, if one is near. */
export function nearestRow(count, placed, { x, y }, reach = 9) {
  let best = null;
  for (let k = 0; k < count; k++) {
    const [u, v] = placed(k);
    const far = Math.hypot(u - x, v - y);
    if (far < (best?.far ?? reach)) best = { k, far, x: u, y: v };
  }
  return best;
}
