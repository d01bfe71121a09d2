/** What ended the run: in the place of what to do next, so that it covers nothing. */
import { frame } from "../core/store.js";
import { computed, html, signal } from "../core/ui.js";
import { apply, doctor, examine, mendable } from "../doctor/ask.js";

/** The message that the reader has closed. */
const read = signal("");

const keyOf = ({ step, text }) => `${step} ${text}`;

/** What ended the run; null while it goes, or once it was read. */
export const stopped = computed(() => {
  const now = frame.value?.stopped;
  return now && read.value !== keyOf(now) ? now : null;
});

/** In two lines; where it failed, with the way to the doctor. */
export function Stopped() {
  const { kind, text } = stopped.value;
  const close = () => {
    read.value = keyOf(stopped.value);
  };
  const finished = kind === "finished";
  return html`<section class=${`stopped ${finished ? "calm" : ""}`} role="alert">
    <p title=${text}><b>${finished ? "Stopped." : "Descent failed:"}</b> <span>${text}</span></p>
    <div class="bar">${!finished && html`<${Doctor} />`}
      <button class="quiet" aria-label="Close this message" onClick=${close}>✕</button></div></section>`;
}

/** The way to the doctor; to its remedy where that was found already. */
function Doctor() {
  const index = mendable.value;
  if (index < 0) return html`<button class="primary" onClick=${examine}>Ask the doctor why</button>`;
  const { remedy } = doctor.value.found.findings[index];
  return html`<button class="primary" title=${remedy} onClick=${() => apply(index)}>
    Apply its remedy</button>`;
}
