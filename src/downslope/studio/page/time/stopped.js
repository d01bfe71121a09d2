/** What ended the run, why, and remedies at one click. */
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";

export function Stopped() {
  if (!frame.value?.stopped) return null;
  const { kind, text, remedies } = frame.value.stopped;
  const finished = kind === "finished";
  const remedy = (label, number) => html`<button key=${label} class=${number ? "" : "primary"}
    onClick=${() => send("apply_remedy", { number })}>Start again with ${label}</button>`;
  return html`<section class=${`stopped ${finished ? "calm" : ""}`} role="alert">
    <b>${finished ? "Stopped." : "Descent failed:"}</b> <span>${text}</span>
    <div class="bar">${remedies.map(remedy)}</div></section>`;
}
