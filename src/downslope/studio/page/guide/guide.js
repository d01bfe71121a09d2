/** The line below the toolbar: how the run stands, and what to do. Its height is fixed. */
import { lesson } from "../core/store.js";
import { html, lazy } from "../core/ui.js";
import { Hint, Move } from "./hint.js";
import { Stopped, stopped } from "./stopped.js";
import { Challenge, TotalError } from "./total.js";

const LessonStep = lazy(() => import("../lessons/step.js").then((m) => m.LessonStep));

export function Guide() {
  if (lesson.value) {
    return html`<section class="guide card in-lesson" aria-label="The lesson">
      <${TotalError} /><${LessonStep} /></section>`;
  }
  return html`<section class="guide card" aria-label="How it stands">
    <${TotalError} />
    <div class="say">${
      stopped.value
        ? html`<${Stopped} />`
        : html`<${Hint} /><div class="bar"><${Challenge} /><${Move} /></div>`
    }</div></section>`;
}
