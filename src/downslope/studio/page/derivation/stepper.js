/** The passes, factor by factor: forward to the error, back to the gradient, and the update. */
import { goToStep, stepAt } from "../core/links.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";

const PACE = 1800; // milliseconds that a step is shown where they go by themselves
const PHASES = {
  forward: "Forward",
  error: "Error",
  backward: "Backward",
  gradient: "Gradient",
  update: "Update",
};
const KEYS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

/**
 * The step after another.
 * @param {number | null} now null before the first
 * @param {number} by 1 or −1, or ±Infinity for the ends
 * @param {number} count of steps
 * @returns {number | null}
 */
export function stepAfter(now, by, count) {
  const next = (now ?? -1) + by;
  return next < 0 && by !== -Infinity ? null : Math.max(0, Math.min(count - 1, next));
}

/** The step in which a quantity appears, or -1. */
export const stepOf = (steps, key, kind) =>
  steps.findLastIndex((step) => step.kind === kind && step.values.some(([place]) => place === key));

/** Arrow keys step, wherever the focus is in the sheet but in a field. */
export function stepKeys(event, count) {
  const by = KEYS[event.key];
  if (by === undefined || event.target.closest("select, input, [tabindex='0'].formula")) return;
  event.preventDefault();
  event.stopPropagation();
  goToStep(stepAfter(stepAt.value, by, count));
}

/** On a phone the drawing stands still above: what is stepped comes right below it. */
function belowTheDrawing(box) {
  const drawing = document.querySelector(".network");
  if (getComputedStyle(drawing).position !== "sticky") return;
  scrollBy(0, box.getBoundingClientRect().top - drawing.getBoundingClientRect().bottom);
}

export function Stepper({ steps }) {
  const [goes, setGoes] = useState(false);
  const now = stepAt.value === null ? null : Math.min(stepAt.value, steps.length - 1);
  const last = now === steps.length - 1;
  useEffect(() => {
    if (!goes) return undefined;
    const timer = setTimeout(() => {
      if (last) setGoes(false);
      else goToStep(stepAfter(now, 1, steps.length));
    }, PACE);
    return () => clearTimeout(timer);
  }, [goes, now, steps]);
  const box = useRef(null);
  useLayoutEffect(() => {
    if (now !== null) requestAnimationFrame(() => box.current && belowTheDrawing(box.current));
  }, [now === null]);
  const to = (by) => () => {
    setGoes(false);
    goToStep(stepAfter(now, by, steps.length));
  };
  const go = () => {
    setGoes(!goes);
    if (!goes) goToStep(now === null || last ? 0 : now);
  };
  const step = now === null ? null : steps[now];
  // a button that were disabled would lose the focus, and with it the arrow keys
  return html`<div class="stepper" ref=${box} role="group" aria-label="Step through the passes">
    <div class="bar">
      <button onClick=${to(-1)} aria-disabled=${now === null} aria-label="Factor before" title="←">◂</button>
      <button class=${now === null ? "primary" : ""} onClick=${to(1)} aria-disabled=${last}
        aria-label="Next factor" title="→">▸</button>
      <button class="quiet" aria-pressed=${goes} onClick=${go}>${goes ? "Pause" : "Play"}</button>
      <span class="where" role="status" aria-live=${goes ? "off" : "polite"}>${
        step
          ? `${PHASES[step.phase]}, ${now + 1} of ${steps.length}`
          : `${steps.length} steps, there and back`
      }</span></div>
    <${Track} steps=${steps} now=${now} />
    <div class="step" dangerouslySetInnerHTML=${{ __html: step ? step.html : "" }} />
  </div>`;
}

/** A mark for each step, in the colour of its kind. */
function Track({ steps, now }) {
  const mark = ({ kind, phase }, i) =>
    html`<i key=${i} class=${`q-${kind} ${i === now ? "now" : ""} ${
      now !== null && i < now ? "past" : ""
    }`} title=${PHASES[phase]} onClick=${() => goToStep(i)}></i>`;
  return html`<div class="passes" aria-hidden="true">${steps.map(mark)}</div>`;
}
