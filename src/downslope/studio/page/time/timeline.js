/** The saved steps of the run: one slider, buttons, and where in time the page is. */
import { moveInTime } from "../controls/changes.js";
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, settings } from "../core/store.js";
import { html, signal } from "../core/ui.js";

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

const go = (index) => send("go_to", { saved_step: index >= lastOf(frame.value) ? null : index });
const lastOf = (now) => now.timeline.steps.length - 1;
const indexOf = (now) => Math.min(lastOf(now), held.value ?? now.timeline.index);

/** The slider under the curve. */
export function Track() {
  const { timeline } = frame.value;
  const { steps, errors, origins } = timeline;
  const [last, index] = [lastOf(frame.value), indexOf(frame.value)];
  const slide = (event) => {
    hold(Number(event.currentTarget.value));
    go(held.value);
  };
  const text = `step ${whole(steps[index])}, error ${number(errors[index], 4)}, ${ORIGINS[origins[index]]}`;
  return html`<span class="track"><input type="range" min="0" max=${Math.max(1, last)} value=${index}
      disabled=${last === 0} aria-label="Saved step" aria-valuetext=${text}
      onInput=${slide} onChange=${release} />
      <${Marks} origins=${origins} last=${last} /></span>`;
}

export function Steps() {
  const [last, index] = [lastOf(frame.value), indexOf(frame.value)];
  const [first, latest] = [index === 0, index === last];
  return html`<span class="bar">
    <${Button} label="First saved step" disabled=${first} onClick=${() => go(0)}>|◀<//>
    <${Button} label="Previous saved step" disabled=${first} onClick=${() => moveInTime(-1)}>◀<//>
    <${Button} label="Next saved step" disabled=${latest} onClick=${() => moveInTime(1)}>▶<//>
    <${Button} label="Latest saved step" disabled=${latest} onClick=${() => go(last)}>▶|<//></span>`;
}

/** Which run, which step, how fast; in the past, what a change does there. */
export function Where() {
  const now = frame.value;
  const { steps, origins, name } = now.timeline;
  const [last, index] = [lastOf(now), indexOf(now)];
  const past = isPast();
  const where = [
    name,
    past ? `step ${whole(steps[index])} of ${whole(steps[last])}` : stepsOf(now),
    past ? BRANCH : progressOf(now) || ORIGINS[origins[index]],
  ];
  return html`<span class="where" title=${where.join(" · ")}><b>${where[0]}</b> · ${where[1]} · ${
    past ? html`<em>${BRANCH}</em>` : where[2]
  }</span>`;
}

/** Whether an earlier saved step is shown. */
export const isPast = () => indexOf(frame.value) < lastOf(frame.value);

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
