/** How the run stands for those who listen. */
import { number, whole } from "../core/format.js";
import { frame, moving } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";

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
