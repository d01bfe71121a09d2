/** How the run stands for those who listen, and what ended it. */
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, moving } from "../core/store.js";
import { html, signal, useEffect, useRef, useState } from "../core/ui.js";

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
    const wait = last.current + (moving.value ? IN_PLAY : AT_REST) - performance.now();
    const timer = setTimeout(
      () => {
        last.current = performance.now();
        setText(told);
      },
      Math.max(0, wait),
    );
    return () => clearTimeout(timer);
  }, [told, moving.value]);
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
