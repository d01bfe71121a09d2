/** Why: the derivation of what was clicked, with the numbers that are shown. */
import { html, useEffect, useRef } from "./ui.js";
import { chooseRow, explain, frame, row, selected, table, why } from "./store.js";

export function Why() {
  const told = why.value;
  const box = useRef(null);
  useEffect(() => {
    // the session writes this text itself, from numbers and escaped names
    box.current.innerHTML = told ? told.html : "";
    for (const formula of box.current.querySelectorAll(".formula")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0; // scrolled by keys too
    }
  }, [told]);
  const step = frame.value ? frame.value.step : 0;
  const rows = table.value.rows;
  return html`<div class="why-panel">
    <div class="bar">
      <label class="choice"><span>of</span><select value=${row.value === null ? "" : String(row.value)} onChange=${(event) => {
    const chosen = event.currentTarget.value;
    if (chosen === "") { row.value = null; explain(); } else if (Number(chosen) !== row.value) chooseRow(Number(chosen));
  }}><option value="">all rows, averaged</option>
        ${Array.from({ length: Math.min(rows, 200) }, (_, i) => html`<option key=${i} value=${i}>row ${i + 1}</option>`)}
        ${row.value !== null && row.value >= 200 && html`<option value=${row.value}>row ${row.value + 1}</option>`}</select></label>
      ${told && told.step !== step && html`<button onClick=${explain}>These are the numbers of step ${told.step}; write them anew</button>`}
    </div>
    ${!told && html`<p class="muted">Choose a weight (∂ beside its number, or its line), a unit, or a row: here stands the chain rule for it, with its numbers, first for one row and then averaged.</p>`}
    <div ref=${box} class="derivation"></div>
    ${selected.value === null && told === null ? null : null}
  </div>`;
}
