/** The step of a lesson: what is to be done, whether it is done, and the way on. */
import { keep } from "../core/kept.js";
import { send } from "../core/session.js";
import { frame, lesson, panel, selected } from "../core/store.js";
import { html, useEffect, useLayoutEffect, useState } from "../core/ui.js";
import { LESSONS_KNOWN } from "../header/invitation.js";
import { placeOf } from "./places.js";
import { Blocks, partsOf, Spans, spoken } from "./text.js";

const HINT_AFTER = 45_000; // milliseconds

/** The step of the open lesson. */
export function LessonStep() {
  const { name, title, at, steps, heading, text, done, asks, hint } = lesson.value;
  useView();
  usePointing(done && asks ? [] : partsOf(text));
  const step = `Step ${at + 1} of ${steps}. ${heading}. ${spoken(text)}`;
  const isDone = done && asks;
  return html`<div class=${isDone ? "lesson done" : "lesson"} role="group" aria-label=${`Lesson: ${title}`}>
    <${Task} key=${`${name} ${at}`} heading=${heading} text=${text} hint=${hint} />
    <div class="ways"><${Marks} at=${at} steps=${steps} /><${Ways} /></div>
    <p class="unseen" role="status">${isDone ? "Done." : step}</p></div>`;
}

/** What is to be done, and what helps: when it is asked for; after a time the page offers it. */
function Task({ heading, text, hint }) {
  const [open, setOpen] = useState(false);
  const [offered, setOffered] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOffered(true), HINT_AFTER);
    return () => clearTimeout(timer);
  }, []);
  const toggle = () => setOpen(!open);
  const look = `link hint-button ${offered && !open && !lesson.value.done ? "offered" : ""}`;
  return html`<div class="task">
    <div class="head"><h2>${heading}</h2>
      ${hint.length > 0 && html`<button class=${look} aria-expanded=${open} onClick=${toggle}>Hint</button>`}
      <b class="mark" aria-hidden="true">✓ Done</b></div>
    <${Blocks} blocks=${text} />
    ${open && html`<p class="hint" role="status"><${Spans} spans=${hint} /></p>`}</div>`;
}

/** How far the lesson is. */
function Marks({ at, steps }) {
  const { number, title } = lesson.value;
  const mark = (_, i) => html`<i key=${i} class=${i < at ? "past" : i === at ? "here" : ""}></i>`;
  return html`<span class="about muted" title=${title}>
    <span>${number ? `Lesson ${number}` : title}</span>
    <span class="marks" role="img" aria-label=${`Step ${at + 1} of ${steps}`}>
      ${Array.from({ length: steps }, mark)}</span></span>`;
}

/** Back, past what is not done, and on. */
function Ways() {
  const { at, steps, done, following } = lesson.value;
  const last = at === steps - 1;
  const to = (where) => () => send("lesson_step", { to: where });
  const open = () => send("open_lesson", { name: following });
  const leave = () => send("leave_lesson");
  const [label, on] = last ? (following ? ["Next lesson", open] : ["End", leave]) : ["Next", to("next")];
  return html`<div class="bar">
    <${Way} name="Back" off=${at === 0} go=${to("previous")}>◂<//>
    <${Way} name="Begin this step again" go=${to("again")}>↺<//>
    ${!last && html`<${Way} name="Skip" off=${done} go=${to("next")}>Skip<//>`}
    <${Way} name=${label} look="primary" off=${!done} go=${on}>${label} ▸<//>
    <${Way} name="Leave the lesson" go=${leave}>✕<//></div>`;
}

/** A button that keeps the focus when it cannot be pressed: the next step may let it again. */
function Way({ name, look = "quiet", off = false, go, children }) {
  return html`<button class=${look} aria-label=${name} title=${name} aria-disabled=${off}
    onClick=${() => off || go()}>${children}</button>`;
}

/** Tell the session what conditions may ask of the page. */
function useView() {
  const { name } = lesson.value;
  const [chosen, open] = [selected.value, panel.value];
  useEffect(() => keep("localStorage", LESSONS_KNOWN, name), [name]);
  useEffect(() => {
    send("lesson_view", { selected: chosen, panel: open.replace(" ", "_") });
  }, [name, chosen, open]);
}

/** Rings around the parts that the step speaks of; the page draws them anew, so they are looked for again. */
function usePointing(parts) {
  const now = frame.value;
  useLayoutEffect(() => {
    const places = parts.map(placeOf).filter(Boolean);
    for (const place of places) place.dataset.pointed = "";
    return () => {
      for (const place of places) delete place.dataset.pointed;
    };
  }, [parts.join(), now]);
}
