/** The sentences of the guide. */
import { number, whole } from "../core/format.js";

const MOVES = 3; // by hand, after which descent is proposed where there is no goal
const SAVED = 3; // saved steps, from which there is a time to go back to

const IN_WORDS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/**
 * What is to be done next, as things are; nothing when all was done.
 * @param {{timeline: {origins: string[]}, best: {descent?: object},
 *   challenge: {met: number, rows: number} | null}} now the frame
 * @param {boolean} drags whether numbers are on the drawing
 * @param {Set<string>} deeds what was done before
 * @returns {string | null}
 */
export function tip({ timeline: { origins }, best, challenge }, drags, deeds) {
  if (!best.descent) {
    const moves = origins.filter((origin) => origin === "hand").length;
    const byHand = challenge ? challenge.met < challenge.rows : moves < MOVES;
    const errors = challenge ? `the ${IN_WORDS[challenge.rows] ?? challenge.rows} errors` : "the errors";
    if (drags && byHand) return `Drag a number, or click and type one, and watch ${errors}.`;
    return "Press Descend: it moves every number downhill, step by step.";
  }
  const chain = drags ? "Press ∂ beside a number" : "Click a line or a unit";
  if (!deeds.has("explained")) return `${chain}: the chain rule says where its gradient comes from.`;
  if (deeds.has("returned") || origins.length < SAVED) return null;
  return "Drag on the curve to go back in time. A change there starts a branch.";
}

/** @param {number} rate @param {number | null} stable the end of the stable range */
export function growing(rate, stable) {
  if (stable === null) return "The error is growing: try a smaller learning rate.";
  return `The error is growing: η = ${number(rate, 4)} is above the stable range (${number(stable, 4)}).`;
}

/** @param {{steps: number, above: boolean}} stuck */
export function nowhere({ steps, above }) {
  const than = above ? "Worse than the start" : "No better than one constant answer";
  return `${than} after ${whole(steps)} steps.`;
}

/** Better or worse, by how much. @param {{better: boolean, times: number | null}} move */
export function inWords({ better, times }) {
  if (times === 1) return "The error is the same.";
  const size = better ? "smaller" : "larger";
  if (times === null) return `${better ? "Better" : "Worse"}: much ${size}.`;
  if (times < 1.995)
    return `${better ? "Better" : "Worse"}: the error is ${percent(better, times)} % ${size}.`;
  return `${better ? "Better" : "Worse"}: the error is ${number(times, 3)} times ${size}.`;
}

const percent = (better, times) => number(100 * (better ? 1 - 1 / times : times - 1), 2);
