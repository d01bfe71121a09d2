/** One sentence on what to do next, where the hand is needed; and what the last move did. */
import { change } from "../controls/changes.js";
import { number } from "../core/format.js";
import { explanation, frame } from "../core/store.js";
import { effect, html, signal } from "../core/ui.js";
import { examine } from "../doctor/ask.js";
import { style } from "../network/style.js";
import { growing, inWords, nowhere, tip } from "./words.js";

/** What was done since the page was opened, whatever the table. */
const done = signal(new Set());

effect(() => {
  const now = frame.value;
  if (!now) return;
  const found = {
    explained: explanation.value !== null,
    returned: now.timeline.index < now.timeline.steps.length - 1,
  };
  const more = Object.keys(found).filter((deed) => found[deed] && !done.peek().has(deed));
  if (more.length) done.value = new Set([...done.peek(), ...more]);
});

/** The sentence for what is to be done next; while the error grows, that. */
export function Hint() {
  const { growth, stuck } = frame.value;
  if (growth) return html`<${Growth} ...${growth} />`;
  if (stuck) return html`<${Wrong} text=${nowhere(stuck)} />`;
  const next = tip(frame.value, style.value === "numbers", done.value);
  return next && html`<p class="hint">${next}</p>`;
}

/** The error grows: why where that is known, and the rate that helps. */
function Growth({ rate, stable, best }) {
  const take = () => change({ learning_rate: Number(best.toPrecision(4)) });
  return html`<${Wrong} text=${growing(rate, stable)}>${
    best !== null &&
    html`<button class="link" title="The best constant learning rate" onClick=${take}>
      Use ${number(best, 4)}</button>`
  }<//>`;
}

/** What goes wrong, and who knows why. */
function Wrong({ text, children }) {
  return html`<p class="hint growth" role="status"><span>${text}</span>${children}
    <button class="link" title="Ask the doctor" onClick=${examine}>Why?</button></p>`;
}

/** What the last move by hand did. */
export function Move() {
  const { moved } = frame.value;
  if (!moved) return null;
  return html`<p class=${`move ${moved.better ? "better" : "worse"}`}>${inWords(moved)}</p>`;
}
