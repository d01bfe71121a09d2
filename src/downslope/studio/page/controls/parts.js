/** The parts of one step, which are taken one by one. */
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html, useRef } from "../core/ui.js";
import { useRoving } from "./roving.js";

const PARTS = [
  ["forward", "Forward", "Compute z and a of every unit"],
  ["loss", "Loss", "Compare the predictions with the targets"],
  ["backward", "Backward", "Compute the gradient of every weight by the chain rule"],
  ["update", "Update", "Move every weight against its gradient"],
];

export function Parts() {
  const box = useRef(null);
  const keys = useRoving(box, "button");
  return html`<span class="parts" role="toolbar" aria-label="The parts of one step" ref=${box} ...${keys}>
    ${PARTS.map(part)}</span>`;
}

function part([name, label, hint], i) {
  const on = frame.value.phase === name;
  return html`<button key=${name} class=${on ? "on" : ""} aria-pressed=${on} title=${`${hint} (${i + 1})`}
    onClick=${() => send("phase", { part: name })}>${label}</button>`;
}
