/** How the run stands: the total error, the best so far, the challenge, and what ended the run. */
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, settings, table } from "../core/store.js";
import { html, signal, useEffect, useRef, useState } from "../core/ui.js";

/** The error of all rows, what it is a mean of, and how it compares. */
export function TotalError() {
  if (!frame.value) return null;
  const { error, best, challenge } = frame.value;
  const penalties = error.penalties ? " and penalties" : "";
  const over = error.of === "all rows" ? `${whole(error.rows)} rows` : error.of;
  const { scale, classes, targets } = table.value;
  const of = scale === 1 || classes.length ? "" : ` of scaled ${targets}`;
  const name = `E, ${error.measure}${of}${penalties}, ${over}`;
  const validation = error.validation ?? null;
  const validates = settings.value.validation > 0; // its line stays while the error waits for time
  return html`<section class="total card" aria-label="Total error">
    <div class="figure"><span class="muted line" title=${name}>${name}</span>
      <strong class="big" data-error=${error.value}>${number(error.value, 7)}</strong>
      ${validates && html`<span class="line">Validation error: <b>${number(validation, 5)}</b></span>`}</div>
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
  return html`<div class=${`challenge ${done ? "done" : ""}`}>
    <progress max=${rows} value=${met} aria-label="Rows whose error is below the limit"></progress>
    <span>${text}</span></div>`;
}

const [AT_REST, IN_PLAY] = [2000, 10_000]; // milliseconds at least between two announcements

/** The step and its error for those who listen: when something changed, and in play now and then. */
export function Spoken() {
  const [text, setText] = useState("");
  const last = useRef(-Infinity);
  const now = frame.value;
  const { step, error, challenge } = now;
  const met = challenge
    ? `, ${challenge.met} of ${challenge.rows} errors below ${number(challenge.limit)}`
    : "";
  const told = `Step ${whole(step)}, error ${number(error.value, 4)}${met}`;
  useEffect(() => {
    const wait = last.current + (now.playing ? IN_PLAY : AT_REST) - performance.now();
    const timer = setTimeout(
      () => {
        last.current = performance.now();
        setText(told);
      },
      Math.max(0, wait),
    );
    return () => clearTimeout(timer);
  }, [told, now.playing]);
  return html`<p class="unseen" role="status">${text}</p>`;
}

/** The message that the reader has closed. */
const read = signal("");

/** What ended the run, why, and repairs at one click. */
export function Stopped() {
  const stopped = frame.value?.stopped;
  const known = stopped && `${stopped.step} ${stopped.text}`;
  if (!stopped || read.value === known) return null;
  const { kind, text, remedies } = stopped;
  const close = () => {
    read.value = known;
  };
  const finished = kind === "finished";
  const remedy = (label, number) => html`<button key=${label} class=${number ? "" : "primary"}
    onClick=${() => send("apply_remedy", { number })}>Start again with ${label}</button>`;
  return html`<section class=${`stopped ${finished ? "calm" : ""}`} role="alert">
    <div><b>${finished ? "Stopped." : "Descent failed:"}</b> <span>${text}</span></div>
    ${remedies.length > 0 && html`<div class="bar">${remedies.map(remedy)}</div>`}
    <button class="quiet close" aria-label="Close this message" onClick=${close}>✕</button></section>`;
}
