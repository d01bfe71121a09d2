/** The inputs as buttons: columns and usual formulas, switched on and off by a press. */
import { Menu } from "../controls/menu.js";
import { useRoving } from "../controls/roving.js";
import { send } from "../core/session.js";
import { table } from "../core/store.js";
import { html, useRef } from "../core/ui.js";

const INLINE = 8; // buttons that stand above the rows; more are behind a button

/** The buttons above the rows, where they are few. */
export function Inputs() {
  const { inputs } = table.value;
  const box = useRef(null);
  const keys = useRoving(box, "button");
  if (inputs.length < 2 || inputs.length > INLINE) return null;
  return html`<div class="bar inputs" ref=${box} ...${keys} role="group" aria-label="Inputs">
    <span class="muted heading">Inputs</span>
    ${inputs.map(button)}</div>`;
}

/** Behind a button, where they are many. */
export function InputsMenu() {
  const { inputs } = table.value;
  if (inputs.length <= INLINE) return null;
  const on = inputs.filter((one) => one.on).length;
  return html`<${Menu} label=${`Inputs ${on} ▾`} class="quiet">
    ${() => html`<div class="sheet inputs" role="group" aria-label="Inputs">
      <p class="muted">A press switches an input off or on. The layers stay, with new random weights.</p>
      <div class="bar">${inputs.map(button)}</div></div>`}<//>`;
}

function button(one) {
  const { name, label, on, formula } = one;
  const last = on && table.value.inputs.filter((other) => other.on).length === 1;
  const hint = last ? "A network needs an input" : formula ? name : `Column ${name}`;
  return html`<button key=${name} class="toggle" aria-pressed=${on} disabled=${last} title=${hint}
    onClick=${() => send("switch_input", { name, on: !on })}>${label}</button>`;
}
