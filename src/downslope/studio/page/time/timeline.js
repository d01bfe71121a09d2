/** Time: every saved step of the run under one slider; a change to an earlier one starts a branch. */
import { moveInTime } from "../controls/changes.js";
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, settings } from "../core/store.js";
import { html, signal } from "../core/ui.js";
import { Stopped } from "./status.js";

const ORIGINS = { start: "start", descent: "by descent", hand: "by hand", solve: "solved" };
const MOST_MARKS = 120;
const BRANCH = "a change here starts a branch";
const PATIENCE = 1000; // milliseconds

/** The saved step under the slider's thumb, from the first move until the session is there. */
const held = signal(null);

function hold(index) {
  held.value = index;
}

/** A saved step that was thinned out meanwhile is never shown: the thumb does not wait for it. */
function release() {
  const index = held.value;
  setTimeout(() => {
    if (held.value === index) held.value = null;
  }, PATIENCE);
}

export function Timeline() {
  const now = frame.value;
  if (!now) return null;
  const { steps, errors, origins, name } = now.timeline;
  const last = steps.length - 1;
  const index = Math.min(last, held.value ?? now.timeline.index);
  const past = index < last;
  const go = (index) => send("go_to", { saved_step: index >= last ? null : index });
  const slide = (event) => {
    hold(Number(event.currentTarget.value));
    go(held.value);
  };
  const origin = ORIGINS[origins[index]];
  const text = `step ${whole(steps[index])}, error ${number(errors[index], 4)}, ${origin}`;
  const where = [
    name,
    past ? `step ${whole(steps[index])} of ${whole(now.timeline.steps[last])}` : stepsOf(now),
  ];
  where.push(past ? BRANCH : progressOf(now) || origin);
  return html`<section class=${`timeline card ${past ? "past" : ""}`} aria-label="Time">
    <${Button} label="First saved step" disabled=${index === 0} onClick=${() => go(0)}>|◀<//>
    <${Button} label="Previous saved step" disabled=${index === 0} onClick=${() => moveInTime(-1)}>◀<//>
    <span class="track"><input type="range" min="0" max=${Math.max(1, last)} value=${index}
      disabled=${last === 0} aria-label="Saved step" aria-valuetext=${text}
      onInput=${slide} onChange=${release} />
      <${Marks} origins=${origins} last=${last} /></span>
    <${Button} label="Next saved step" disabled=${!past} onClick=${() => moveInTime(1)}>▶<//>
    <${Button} label="Latest saved step" disabled=${!past} onClick=${() => go(last)}>▶|<//>
    <span class="where" title=${where.join(" · ")}><b>${where[0]}</b> · ${where[1]} · ${
      past ? html`<em>${BRANCH}</em>` : where[2]
    }</span>
    <${Stopped} />
  </section>`;
}

/** Steps are counted on while they are taken; saved are only some of them. */
const stepsOf = ({ step }) => `step ${whole(step)}`;

function progressOf({ epoch, speed }) {
  const epochs = settings.value.steps_per_epoch > 1 ? [`epoch ${number(epoch, 4)}`] : [];
  return [...epochs, ...(speed ? [`${number(speed, 2)} steps/s`] : [])].join(" · ");
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
