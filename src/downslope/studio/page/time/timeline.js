/** The saved steps of the run: one slider, buttons, and where in time the page is. */
import { moveInTime } from "../controls/changes.js";
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, settings } from "../core/store.js";
import { effect, html, signal, useRef } from "../core/ui.js";
import { Replay } from "./replay.js";
import { shareOf, story } from "./story.js";

const ORIGINS = { start: "start", descent: "by descent", hand: "by hand", solve: "solved" };
const MOST_MARKS = 120;
const BRANCH = "a change here starts a branch";
const PATIENCE = 1000; // milliseconds

/** The saved step under the thumb, from the first move until the session is there. */
const held = signal(null);
let released = false;

/** A saved step that was thinned out meanwhile is never shown: the thumb does not wait for it. */
function release() {
  const index = held.value;
  released = true;
  arrive();
  setTimeout(() => {
    if (held.value === index) held.value = null;
  }, PATIENCE);
}

function arrive() {
  const shown = frame.value?.timeline.index;
  if (shown === held.value && released) held.value = null;
}
effect(arrive); // with each frame

const go = (index) => send("go_to", { saved_step: index >= lastOf(frame.value) ? null : index });
const lastOf = (now) => now.timeline.steps.length - 1;
const indexOf = (now) => Math.min(lastOf(now), held.value ?? now.timeline.index);

/** Show a saved step; until the session is there, its number is held. */
function slideTo(index) {
  if (index === indexOf(frame.value)) return;
  released = false;
  held.value = index;
  go(index);
}

/**
 * The curve as a slider: a press or a drag on it goes to the saved step there. The slider for keys and for
 * screen readers lies under it, unseen; its thumb is drawn where its step is on the curve.
 */
export function Scrubber({ children }) {
  const dragging = useRef(false);
  const area = useRef(null);
  const { steps, errors, origins } = frame.value.timeline;
  const [last, index] = [lastOf(frame.value), indexOf(frame.value)];
  const to = (event) => {
    const { left, width } = area.current.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    const { axis, range } = story.value;
    slideTo(axis.savedAt(range[0] + share * (range[1] - range[0])));
  };
  const down = (event) => {
    if (event.button !== 0 || last === 0) return;
    dragging.current = true;
    event.currentTarget.setPointerCapture(event.pointerId);
    to(event);
  };
  const move = (event) => dragging.current && to(event);
  const up = () => {
    dragging.current = false;
    release();
  };
  const text = `step ${whole(steps[index])}, error ${number(errors[index], 4)}, ${ORIGINS[origins[index]]}`;
  const at = { "--at": shareOf(index) };
  const keyed = (event) => slideTo(Number(event.currentTarget.value));
  return html`<div class="scrubber" onPointerDown=${down} onPointerMove=${move} onPointerUp=${up}
      onPointerCancel=${up}>
    ${children}
    <div class="timetrack" ref=${area}>
      <input type="range" min="0" max=${Math.max(1, last)} value=${index} disabled=${last === 0}
        aria-label="Saved step" aria-valuetext=${text} onInput=${keyed} onChange=${release} />
      <${Marks} origins=${origins} last=${last} />
      ${index < last && html`<i class="later" style=${at}></i>`}
      <i class="thumb" style=${at}></i></div>
  </div>`;
}

export function Steps() {
  const [last, index] = [lastOf(frame.value), indexOf(frame.value)];
  const [first, latest] = [index === 0, index === last];
  return html`<span class="bar">
    <${Button} label="First saved step" disabled=${first} onClick=${() => go(0)}>|◀<//>
    <${Button} label="Previous saved step" disabled=${first} onClick=${() => moveInTime(-1)}>◀<//>
    <${Button} label="Next saved step" disabled=${latest} onClick=${() => moveInTime(1)}>▶<//>
    <${Button} label="Latest saved step" disabled=${latest} onClick=${() => go(last)}>▶|<//>
    <${Replay} /></span>`;
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
  const mark = ([origin, i]) => html`<i key=${i} class=${origin} style=${{ "--at": shareOf(i) }}></i>`;
  return html`<span class="marks" aria-hidden="true">
    ${last > 0 && marked.slice(-MOST_MARKS).map(mark)}</span>`;
}
