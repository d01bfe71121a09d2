/** What a first visitor is offered. */
import { kept } from "../core/kept.js";
import { send } from "../core/session.js";
import { lesson, overview, table } from "../core/store.js";
import { html } from "../core/ui.js";

/** Under which the browser keeps the lesson that was opened last. */
export const LESSONS_KNOWN = "downslope lesson";

/** The first lesson, on the five rows, to those who have opened none. */
export function Invitation() {
  const first = overview.value?.lessons.find(({ number }) => number === 1);
  const known = lesson.value || kept("localStorage", LESSONS_KNOWN);
  if (!first || known || table.value.name !== "five rows") return null;
  const open = () => send("open_lesson", { name: first.name });
  return html`<span class="invitation">New here?${" "}
    <button class="link" onClick=${open}>Lesson 1: ${first.title}</button></span>`;
}
