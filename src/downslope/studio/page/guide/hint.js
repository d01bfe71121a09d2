/** One sentence on what to do next, where the hand is needed; and what the last move did. */
import { number } from "../core/format.js";
import { explanation, frame, style } from "../core/store.js";
import { effect, html, signal } from "../core/ui.js";

const MOVES = 3; // by hand, after which descent is proposed

/** What was done since the page was opened. */
const done = signal(new Set());

effect(() => {
  const now = frame.value;
  if (!now) return;
  const { timeline, best } = now;
  const found = {
    moved: timeline.origins.filter((origin) => origin === "hand").length >= MOVES,
    descended: best.descent !== undefined,
    explained: explanation.value !== null,
    returned: timeline.index < timeline.steps.length - 1,
  };
  const more = Object.keys(found).filter((deed) => found[deed] && !done.peek().has(deed));
  if (more.length) done.value = new Set([...done.peek(), ...more]);
});

/**
 * The sentences in their order; each goes when its deed is done.
 * @param {{rows: number | null, drags: boolean}} now of how many rows the errors are to be watched, if they
 *   are few; whether numbers are on the drawing
 * @returns {[string, string][]} deeds and sentences
 */
export function sentences({ rows, drags }) {
  const watched = rows ? `the ${IN_WORDS[rows] ?? rows} errors` : "the errors";
  const first = [["moved", `Drag a number on the drawing and watch ${watched}.`]];
  const chain = drags ? "Press ∂ beside a number" : "Click a line or a unit";
  return [
    ...(drags ? first : []),
    ["descended", "Press Descend: it moves every number downhill, step by step."],
    ["explained", `${chain}: the chain rule says where its gradient comes from.`],
    ["returned", "Drag on the curve to go back in time. A change there starts a branch."],
  ];
}

const IN_WORDS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/** The sentence for what is to be done next; nothing when all was done once. */
export function Hint() {
  const now = { rows: frame.value.challenge?.rows, drags: style.value === "numbers" };
  const next = sentences(now).find(([deed]) => !done.value.has(deed));
  return next ? html`<p class="hint">${next[1]}</p>` : null;
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

/** What the last move by hand did. */
export function Move() {
  const { moved } = frame.value;
  if (!moved) return null;
  return html`<p class=${`move ${moved.better ? "better" : "worse"}`}>${inWords(moved)}</p>`;
}
