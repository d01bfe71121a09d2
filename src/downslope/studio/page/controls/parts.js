/** The parts of one step, which are taken one by one. */
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";

const PARTS = [
  ["forward", "Forward", "Compute z and a of every unit"],
  ["loss", "Loss", "Compare the predictions with the targets"],
  ["backward", "Backward", "Compute the gradient of every weight by the chain rule"],
  ["update", "Update", "Move every weight against its gradient"],
];

export function Parts() {
  return html`<span class="parts" role="group" aria-label="The parts of one step">${PARTS.map(part)}</span>`;
}

function part([name, label, hint], i) {
  const on = frame.value.phase === name;
  return html`<button key=${name} class=${on ? "on" : ""} aria-pressed=${on} title=${`${hint} (${i + 1})`}
    onClick=${() => send("phase", { part: name })}>${label}</button>`;
}
