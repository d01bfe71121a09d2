/** How the run stands: the total error, the best so far, the challenge, and what ended the run. */
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";

/** The error of all rows, what it is a mean of, and how it compares. */
export function TotalError() {
  if (!frame.value) return null;
  const { error, best, challenge } = frame.value;
  const penalties = error.penalties ? " and penalties" : "";
  const over = error.of === "all rows" ? `${whole(error.rows)} rows` : error.of;
  const validation = error.validation ?? null;
  return html`<section class="total card" aria-label="Total error">
    <div class="figure"><span class="muted">E, ${error.measure}${penalties}, ${over}</span>
      <output class="big" data-error=${error.value}>${number(error.value, 7)}</output>
      ${validation !== null && html`<span>Validation error: <b>${number(validation, 5)}</b></span>`}</div>
    <dl class="bests">
      <dt>Best by hand</dt><dd><${Best} by="hand" best=${best.hand} /></dd>
      <dt>Best by descent</dt><dd><${Best} by="descent" best=${best.descent} /></dd>
    </dl>
    ${challenge && html`<${Challenge} ...${challenge} />`}
  </section>`;
}

function Best({ by, best }) {
  if (!best) return "–";
  return html`<button class="link" title="Go to these weights" onClick=${() => send("go_to_best", { by })}>
    ${number(best.error, 5)}</button>`;
}

function Challenge({ met, rows, limit, by_hand: byHand }) {
  const done = met === rows;
  const help = byHand ? "by hand" : "with the help of descent";
  const text = done
    ? `All ${rows} errors are below ${number(limit)}, ${help}.`
    : `By hand: bring all ${rows} errors below ${number(limit)}. So far ${met} of ${rows} are.`;
  return html`<div class=${`challenge ${done ? "done" : ""}`} role="status">
    <progress max=${rows} value=${met} aria-label="Rows whose error is below the limit"></progress>
    <span>${text}</span></div>`;
}

/** What ended the run, why, and repairs at one click. */
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
