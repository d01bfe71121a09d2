/** Why: the derivation of what was clicked, with the numbers that are shown. */

import { number } from "./format.js";
import { chooseRow, explain, frame, row, table, why } from "./store.js";
import { html, useEffect, useRef } from "./ui.js";

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
  const { step, error } = frame.value;
  const stale = told && (told.step !== step || told.error !== error.value); // moved by hand, the step stays
  const rows = table.value.rows;
  return html`<div class="why-panel">
    <div class="bar">
      <label class="choice"><span>of</span><select value=${row.value === null ? "" : String(row.value)} onChange=${(
        event,
      ) => {
        const chosen = event.currentTarget.value;
        if (chosen === "") {
          row.value = null;
          explain();
        } else if (Number(chosen) !== row.value) chooseRow(Number(chosen));
      }}><option value="">all rows, averaged</option>
        ${Array.from({ length: Math.min(rows, 200) }, (_, i) => html`<option key=${i} value=${i}>row ${i + 1}</option>`)}
        ${row.value !== null && row.value >= 200 && html`<option value=${row.value}>row ${row.value + 1}</option>`}</select></label>
      ${stale && html`<button onClick=${() => explain()}>These are the numbers ${told.step === step ? "before the last change" : `of step ${told.step}`}; write them anew</button>`}
    </div>
    ${!told && html`<p class="muted">Choose a weight (∂ beside its number, or its line), a unit, or a row: here stands the chain rule for it, with its numbers, first for one row and then averaged.</p>`}
    ${told?.sampled && html`<p class="muted">${told.sampled}</p>`}
    ${told?.histogram && html`<${Spread} told=${told.histogram} />`}
    <div ref=${box} class="derivation"></div>
  </div>`;
}

/** How a unit's activation is spread over the rows. */
function Spread({ told }) {
  const { counts, edges } = told;
  const most = Math.max(...counts, 1);
  const [low, high] = [edges[0], edges[edges.length - 1]];
  const words = `its activation over the rows, from ${number(low, 4)} to ${number(high, 4)}`;
  return html`<figure class="spread"><svg viewBox="0 0 240 60" width="240" height="60" role="img" aria-label=${`${words}; counts ${Array.from(counts).join(", ")}`}>
    ${Array.from(counts, (count, i) => html`<rect key=${i} x=${i * 10 + 0.5} width="9" y=${60 - (58 * count) / most} height=${(58 * count) / most}><title>${`${number(edges[i], 4)} to ${number(edges[i + 1], 4)}: ${count} rows`}</title></rect>`)}</svg>
    <figcaption class="muted">${words}</figcaption></figure>`;
}
