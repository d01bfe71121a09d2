/** Shortcuts for everything on the toolbar, and the list of them. */
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html, signal, useEffect, useLayoutEffect, useRef } from "../core/ui.js";
import { toggleReplay } from "../time/replay.js";
import { drawNewWeights, moveInTime, togglePlay } from "./changes.js";
import { leavePresentation, togglePresentation } from "./present.js";
import { changeSpeed } from "./speed.js";

/** Whether the list is shown. */
export const shown = signal(false);

const ACTIONS = {
  " ": togglePlay,
  s: () => send("step", { count: 1 }),
  e: () => send("step", { count: 1, unit: "epoch" }),
  r: () => send("reset", {}),
  n: drawNewWeights,
  1: () => send("phase", { part: "forward" }),
  2: () => send("phase", { part: "loss" }),
  3: () => send("phase", { part: "backward" }),
  4: () => send("phase", { part: "update" }),
  "-": () => changeSpeed(-1),
  "+": () => changeSpeed(1),
  "=": () => changeSpeed(1), // on the key of +
  p: toggleReplay,
  f: togglePresentation,
  ArrowLeft: () => moveInTime(-1),
  ArrowRight: () => moveInTime(1),
  "?": () => {
    shown.value = !shown.value;
  },
};
const ON_THE_PAGE = [
  ["Space", "Descend or pause"],
  ["s", "One step"],
  ["e", "One epoch"],
  ["1 2 3 4", "Forward, loss, backward, update"],
  ["r", "Reset to the initial weights"],
  ["n", "New random weights"],
  ["- +", "Slower, faster"],
  ["← →", "One saved step back or forward"],
  ["p", "Replay the saved steps, or pause"],
  ["f", "Presentation: everything large, without toolbar; f or Escape leaves it"],
  ["?", "This list"],
];
const IN_PARTS = [["← → ↑ ↓", "Through the toolbar and the rows, which are one stop of Tab each"]];
const ON_A_NUMBER = [
  ["↑ ↓", "Change the second digit by 1"],
  ["Shift ↑ ↓", "In smaller steps"],
  ["Ctrl ↑ ↓, Page Up, Page Down", "In larger steps"],
  ["Drag", "Left or right changes the number: faster with Shift, finer with Alt"],
];
const TAKES_KEYS = "input:not([type=range]), select, textarea, [role=tab], canvas, dialog";
const SLIDER = "input[type=range]"; // takes the arrow keys only

/** The keys, where the focus is not on something that takes keys itself. */
export function useShortcuts() {
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !frame.value) return;
      if (event.key === "Escape") {
        if (!shown.value) leavePresentation();
        shown.value = false;
      }
      const button = event.target.closest?.("button, summary, a");
      const presses = button && (event.key === " " || event.key === "Enter");
      const slides = event.key.startsWith("Arrow") && event.target.matches?.(SLIDER);
      const action = ACTIONS[event.key];
      if (!action || presses || slides || event.target.closest?.(TAKES_KEYS)) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

/** The list of shortcuts, while it is shown. */
export function Shortcuts() {
  const close = useRef(null);
  useLayoutEffect(() => {
    if (!shown.value) return undefined;
    const before = document.activeElement;
    close.current.focus();
    return () => before?.focus();
  }, [shown.value]);
  if (!shown.value) return null;
  const hide = () => {
    shown.value = false;
  };
  return html`<dialog open class="help" aria-label="Shortcuts">
    <h2>Shortcuts</h2><${Keys} list=${ON_THE_PAGE} />
    <h2>In the toolbar and the rows</h2><${Keys} list=${IN_PARTS} />
    <h2>On a number</h2><${Keys} list=${ON_A_NUMBER} />
    <button ref=${close} onClick=${hide}>Close</button></dialog>`;
}

function Keys({ list }) {
  const entry = ([keys, what]) => html`<dt key=${keys}><kbd>${keys}</kbd></dt><dd>${what}</dd>`;
  return html`<dl>${list.map(entry)}</dl>`;
}
