/** Time: every kept moment of the run under one slider; a change in the past begins a branch. */

import { moveInTime } from "./controls.js";
import { number, whole } from "./format.js";
import { frame, send } from "./store.js";
import { html } from "./ui.js";

const HOW = { start: "start", descent: "by descent", hand: "by hand", solve: "solved" };

export function Timeline() {
  const now = frame.value;
  if (!now) return null;
  const { at, steps, errors, how, name } = now.timeline;
  const last = steps.length - 1;
  const past = at < last;
  const go = (moment) => send("scrub", { moment: moment >= last ? null : moment });
  const marks = Array.from(how, (h, i) => [h, i])
    .filter(([h, i]) => h === "hand" || h === "solve" || i === 0)
    .slice(-120);
  return html`<section class=${`timeline card ${past ? "past" : ""}`} aria-label="Time">
    <button class="quiet" aria-label="first moment" onClick=${() => go(0)} disabled=${at === 0}>|◀</button>
    <button class="quiet" aria-label="a moment back" onClick=${() => moveInTime(-1)} disabled=${at === 0}>◀</button>
    <span class="track"><input type="range" min="0" max=${Math.max(1, last)} value=${at} disabled=${last === 0}
      aria-label="moment" aria-valuetext=${`step ${whole(steps[at])}, error ${number(errors[at], 4)}, ${HOW[how[at]]}`} onInput=${(event) => go(Number(event.currentTarget.value))} />
      <span class="marks" aria-hidden="true">${last > 0 && marks.map(([h, i]) => html`<i key=${i} class=${h} style=${{ left: `${(100 * i) / last}%` }}></i>`)}</span></span>
    <button class="quiet" aria-label="a moment forth" onClick=${() => moveInTime(1)} disabled=${!past}>▶</button>
    <button class="quiet" aria-label="the present" onClick=${() => go(last)} disabled=${!past}>▶|</button>
    <span class="where"><b>${name}</b> · step ${whole(steps[at])}${past ? ` of ${whole(steps[last])}` : ""} · ${HOW[how[at]]}${past ? html`<em> · the past: a change here begins a branch</em>` : ""}</span>
  </section>`;
}
