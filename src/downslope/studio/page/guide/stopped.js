/** What ended the run, and repairs: in the place of what to do next, so that it covers nothing. */
import { Menu } from "../controls/menu.js";
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { computed, html, signal } from "../core/ui.js";

/** The message that the reader has closed. */
const read = signal("");

const keyOf = ({ step, text }) => `${step} ${text}`;

/** What ended the run; null while it goes, or once it was read. */
export const stopped = computed(() => {
  const now = frame.value?.stopped;
  return now && read.value !== keyOf(now) ? now : null;
});

/** In two lines; all of it, and further repairs, behind a button. */
export function Stopped() {
  const { kind, text, remedies } = stopped.value;
  const close = () => {
    read.value = keyOf(stopped.value);
  };
  const finished = kind === "finished";
  const remedy = (label, number) => html`<button key=${label} class=${number ? "" : "primary"}
    onClick=${() => send("apply_remedy", { number })}>Start again with ${label}</button>`;
  return html`<section class=${`stopped ${finished ? "calm" : ""}`} role="alert">
    <p title=${text}><b>${finished ? "Stopped." : "Descent failed:"}</b> <span>${text}</span></p>
    <div class="bar">${remedies.slice(0, 1).map(remedy)}
      <${Menu} label="More ▾">
        ${() => html`<div class="sheet"><p>${text}</p>
          <div class="bar">${remedies.map((label, n) => n > 0 && remedy(label, n))}</div></div>`}<//>
      <button class="quiet" aria-label="Close this message" onClick=${close}>✕</button></div></section>`;
}
