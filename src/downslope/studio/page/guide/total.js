/** The error now, the best so far, and the challenge. */
import { inFull, judged, number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, lesson, settings, table } from "../core/store.js";
import { html } from "../core/ui.js";
import { Stopped, stopped } from "./stopped.js";

const FEW = 20; // rows, all of which are always measured

/** The error of all rows, what it is a mean of, and how it compares. */
export function TotalError() {
  if (!frame.value) return null;
  const { error, best } = frame.value;
  const penalties = error.penalties ? " and penalties" : "";
  const over = error.of === "all rows" ? `${whole(error.rows)} rows` : error.of;
  const { scale, classes, targets } = table.value;
  const of = scale === 1 || classes.length ? "" : ` of scaled ${targets}`;
  const name = `E, ${error.measure}${of}${penalties}, ${over}`;
  const short = error.measure.replace(/^mean /, "");
  return html`<div class="total" role="group" aria-label="Total error">
    <div class=${`figure ${table.value.rows > FEW ? "changes" : ""}`}>
      <span class="muted line" title=${name}><span aria-hidden="true">E, ${short}<span
        class="over">, ${over}</span></span><span class="unseen">${name}</span></span>
      <strong class="big" data-error=${error.value} title=${inFull(error.value, 10, error.rounding)}>
        ${judged(error.rounding, number(error.value, 7))}</strong></div>
    ${
      lesson.value && stopped.value
        ? html`<${Stopped} />`
        : html`<${Bests} best=${best} validation=${error.validation ?? null} />`
    }
  </div>`;
}

function Bests({ best, validation }) {
  const validates = settings.value.validation > 0; // its line stays while the error waits for time
  return html`<dl class="bests">
      ${validates && html`<div><dt>Validation error</dt><dd>${number(validation, 5)}</dd></div>`}
      <div><dt>Best by hand</dt><dd><${Best} by="hand" best=${best.hand} /></dd></div>
      <div><dt>Best by descent</dt><dd><${Best} by="descent" best=${best.descent} /></dd></div>
    </dl>`;
}

function Best({ by, best }) {
  if (!best) return "–";
  return html`<button class="link" title=${`${inFull(best.error, 10, best.rounding)}. Go to these weights`}
    onClick=${() => send("go_to_best", { by })}>
    ${judged(best.rounding, number(best.error, 5))}</button>`;
}

/** How many of a few rows have an error below the limit; nothing where they cannot. */
export function Challenge() {
  if (!frame.value?.challenge) return null;
  const { met, rows, limit, by_hand: byHand } = frame.value.challenge;
  const done = met === rows;
  const help = byHand ? "by hand" : "with the help of descent";
  const text = done
    ? `All ${rows} errors are below ${number(limit)}, ${help}.`
    : `Goal: ${rows} errors below ${number(limit)}, by hand. So far ${met}.`;
  return html`<div class=${`challenge ${done ? "done" : ""}`}>
    <progress max=${rows} value=${met} aria-label="Rows whose error is below the limit"></progress>
    <span>${text}</span></div>`;
}
