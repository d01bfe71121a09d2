/** A number that can be dragged, typed and nudged. */
import { moved, parsed, stepOf, typed } from "./numbers.js";

const STARTS = 3; // pixels after which a press is a drag
const WHOLE = 6; // digits where a number is typed or read out

/**
 * @typedef {object} Field
 * @property {HTMLInputElement} input
 * @property {(value: number) => void} show puts a value that came from elsewhere
 *
 * @param {string} label what the number is, for a screen reader
 * @param {number} value
 * @param {(value: number) => void} changed gets each new value
 * @returns {Field}
 */
export function numberField(label, value, changed) {
  const input = document.createElement("input");
  const usual = value;
  let current = value;
  let before = value;
  let pressed = null;

  const write = (text) => {
    input.value = text;
    input.classList.toggle("below", current < 0);
    input.setAttribute("aria-invalid", "false");
    input.setAttribute("aria-valuenow", String(current));
    input.setAttribute("aria-valuetext", typed(current, WHOLE));
  };
  const editing = () => document.activeElement === input;
  const show = (next) => {
    current = next;
    write(typed(current, editing() ? WHOLE : 4));
  };
  const set = (next) => {
    if (next === current || !Number.isFinite(next)) return;
    show(next);
    changed(next);
  };

  input.type = "text";
  input.className = "number";
  input.inputMode = "decimal";
  input.autocomplete = "off";
  input.spellcheck = false;
  input.setAttribute("role", "spinbutton");
  input.setAttribute("aria-label", label);
  input.title = label;

  input.addEventListener("pointerdown", (event) => {
    if (editing() || event.button !== 0) return;
    pressed = { x: event.clientX, from: current, step: stepOf(current, usual), dragged: false };
    input.setPointerCapture(event.pointerId);
    event.preventDefault(); // the focus comes with the release, unless it was a drag
  });
  input.addEventListener("pointermove", (event) => {
    if (pressed === null) return;
    const across = event.clientX - pressed.x;
    if (!pressed.dragged && Math.abs(across) < STARTS) return;
    pressed.dragged = true;
    input.classList.add("dragged");
    const far = Math.sign(across) * Math.max(0, Math.abs(across) - STARTS + 1);
    set(moved(pressed.from, Math.round(far * (1 + Math.abs(far) / 60)), pressed.step));
  });
  const release = (event) => {
    if (pressed === null) return;
    const { dragged } = pressed;
    pressed = null;
    input.classList.remove("dragged");
    if (!dragged && event.type === "pointerup") input.focus();
  };
  input.addEventListener("pointerup", release);
  input.addEventListener("pointercancel", release);
  input.addEventListener("click", (event) => {
    if (!editing()) event.preventDefault();
  });

  input.addEventListener("focus", () => {
    before = current;
    write(typed(current, WHOLE));
    input.select();
  });
  input.addEventListener("blur", () => write(typed(current)));
  input.addEventListener("input", () => {
    const next = parsed(input.value);
    if (!Number.isFinite(next)) {
      input.setAttribute("aria-invalid", "true");
      return;
    }
    const text = input.value;
    if (next !== current) {
      current = next;
      changed(next);
    }
    write(text);
  });
  input.addEventListener("keydown", (event) => {
    const turns = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (turns !== undefined) {
      event.preventDefault();
      set(moved(current, turns * (event.shiftKey ? 10 : 1), stepOf(current, usual)));
    } else if (event.key === "Enter") {
      input.blur();
    } else if (event.key === "Escape") {
      set(before);
      input.blur();
    }
  });
  write(typed(current));
  return { input, show };
}
