/** Time: every saved step of the run under one slider; a change to an earlier one starts a branch. */
import { moveInTime } from "../controls/changes.js";
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";

const ORIGINS = { start: "start", descent: "by descent", hand: "by hand", solve: "solved" };
const MOST_MARKS = 120;

export function Timeline() {
  if (!frame.value) return null;
  const { index, steps, errors, origins, name } = frame.value.timeline;
  const last = steps.length - 1;
  const past = index < last;
  const go = (index) => send("go_to", { saved_step: index >= last ? null : index });
  const origin = ORIGINS[origins[index]];
  const text = `step ${whole(steps[index])}, error ${number(errors[index], 4)}, ${origin}`;
  const of = past ? ` of ${whole(steps[last])}` : "";
  return html`<section class=${`timeline card ${past ? "past" : ""}`} aria-label="Time">
    <${Button} label="First saved step" disabled=${index === 0} onClick=${() => go(0)}>|◀<//>
    <${Button} label="Previous saved step" disabled=${index === 0} onClick=${() => moveInTime(-1)}>◀<//>
    <span class="track"><input type="range" min="0" max=${Math.max(1, last)} value=${index}
      disabled=${last === 0} aria-label="Saved step" aria-valuetext=${text}
      onInput=${(event) => go(Number(event.currentTarget.value))} />
      <${Marks} origins=${origins} last=${last} /></span>
    <${Button} label="Next saved step" disabled=${!past} onClick=${() => moveInTime(1)}>▶<//>
    <${Button} label="Latest saved step" disabled=${!past} onClick=${() => go(last)}>▶|<//>
    <span class="where"><b>${name}</b> · step ${whole(steps[index])}${of} · ${origin}
      ${past && html`<em>${" · an earlier saved step: a change here starts a branch"}</em>`}</span>
  </section>`;
}

function Button({ label, disabled, onClick, children }) {
  return html`<button class="quiet" aria-label=${label} disabled=${disabled}
    onClick=${onClick}>${children}</button>`;
}

/** Where the run started, and where weights were set otherwise than by descent. */
function Marks({ origins, last }) {
  const marked = Array.from(origins, (origin, i) => [origin, i]).filter(
    ([origin, i]) => origin === "hand" || origin === "solve" || i === 0,
  );
  const mark = ([origin, i]) =>
    html`<i key=${i} class=${origin} style=${{ left: `${(100 * i) / last}%` }}></i>`;
  return html`<span class="marks" aria-hidden="true">
    ${last > 0 && marked.slice(-MOST_MARKS).map(mark)}</span>`;
}
