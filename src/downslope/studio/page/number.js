/** A number that can be dragged, typed and nudged by keys, in steps that follow its magnitude. */

import { fitted, number, parsed } from "./format.js";
import { html, useLayoutEffect, useRef, useState } from "./ui.js";

const RATE = 0.02; // of the magnitude, for each pixel

/** The number at a distance in pixels: relative far from 0, straight near it, and back to the same at the same place. */
export function dragged(start, pixels, rate = RATE) {
  const scale = start === 0 ? 0.05 : Math.min(0.25, Math.abs(start) / 4);
  const moved = scale * Math.sinh(Math.asinh(start / scale) + pixels * rate);
  return rounded(moved, rate * Math.hypot(moved, scale));
}

/** A number rounded to what a step of this size can tell. */
function rounded(value, step) {
  const unit = 10 ** Math.floor(Math.log10(step));
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}

/** The number after a key: a tenth of its leading digit's unit, ten times as much or a tenth of that. */
export function nudged(value, direction, factor) {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))) - 1) * factor;
  return Number((value + direction * unit).toPrecision(12));
}

/**
 * @param {{value: number, label: string, onChange: (value: number, moving: boolean) => void, digits?: number,
 *   room?: number, disabled?: boolean, sign?: boolean, title?: string}} props
 */
export function Num({
  value,
  label,
  onChange,
  digits = 5,
  room = Infinity,
  disabled = false,
  signed = false,
  title = "",
  onFocus,
}) {
  const [text, setText] = useState(null); // what is being typed
  const [open, setOpen] = useState(false);
  const drag = useRef(null);
  const field = useRef(null);

  const down = (event) => {
    if (disabled || event.button !== 0 || document.activeElement === event.currentTarget) return;
    event.preventDefault(); // or the browser selects the text, and drags that
    document.activeElement.blur(); // what is typed elsewhere counts
    drag.current = { x: event.clientX, from: value, moved: false, last: value };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  // focus would select the digits, and the browser would then drag these away instead: it comes with the release
  const still = (event) => {
    if (event.type === "dragstart" || document.activeElement !== event.currentTarget) event.preventDefault();
  };
  // raw updates come at once, moves only with the next picture; a browser without them has the moves
  const move = (event) => {
    const held = drag.current;
    if (!held) return;
    const pixels = event.clientX - held.x;
    if (!held.moved && Math.abs(pixels) < 3) return;
    held.moved = true;
    event.preventDefault();
    const rate = event.shiftKey ? RATE * 5 : event.altKey || event.ctrlKey ? RATE / 10 : RATE;
    const next = dragged(held.from, pixels, rate);
    if (next === held.last) return;
    held.last = next;
    onChange(next, true);
  };
  const up = (event) => {
    const held = drag.current;
    drag.current = null;
    if (!held) return;
    if (held.moved) onChange(held.last, false);
    else if (event.type === "pointerup") event.currentTarget.focus();
  };
  const keys = (event) => {
    const factor = event.shiftKey ? 0.1 : event.ctrlKey || event.metaKey ? 10 : 1;
    const direction = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (direction) {
      event.preventDefault();
      setText(null);
      onChange(nudged(value, direction, factor), false);
    } else if (event.key === "Enter") {
      commit(event.currentTarget.value);
    } else if (event.key === "Escape") {
      setText(null);
      event.currentTarget.blur();
    }
  };
  const commit = (typed) => {
    const found = parsed(typed);
    setText(null);
    if (Number.isFinite(found) && found !== value && typed !== number(value, 15)) onChange(found, false);
  };
  const shown = text ?? (open ? number(value, 15) : fitted(value, digits, room));
  useLayoutEffect(() => {
    if (open && text === null) field.current.select(); // what is typed takes its place
  }, [open, shown]);
  return html`<input ref=${field} class=${`num ${signed ? (value < 0 ? "negative" : "positive") : ""}`} type="text"
    inputmode="decimal" role="spinbutton" autocomplete="off" spellcheck=${false} aria-label=${label}
    aria-valuenow=${Number.isFinite(value) ? value : 0} aria-valuetext=${number(value, 8)} title=${title} disabled=${disabled}
    value=${shown} onMouseDown=${still} onDragStart=${still} onPointerDown=${down} onPointerMove=${move} onpointerrawupdate=${move} onPointerUp=${up} onPointerCancel=${up}
    onKeyDown=${keys} onInput=${(event) => setText(event.currentTarget.value)}
    onFocus=${() => {
      setOpen(true);
      if (onFocus) onFocus();
    }}
    onBlur=${(event) => {
      setOpen(false);
      if (text !== null) commit(event.currentTarget.value);
    }} />`;
}

/** A field for a number that is a setting: typed, or changed by the browser's own arrows. */
export function Field({
  label,
  value,
  onChange,
  step = "any",
  min,
  max,
  empty = "",
  width = "6rem",
  hint = "",
}) {
  const [text, setText] = useState(null);
  const commit = () => {
    if (text === null) return;
    const found = text.trim() === "" ? null : parsed(text);
    setText(null);
    if (found === null ? empty !== "" : Number.isFinite(found)) onChange(found);
  };
  return html`<label class="field"><span title=${hint}>${label}</span>
    <input type="text" inputmode="decimal" data-step=${step} data-min=${min} data-max=${max} placeholder=${empty}
      style=${{ width }} value=${text ?? (value === null || value === undefined ? "" : number(value, 10))}
      onInput=${(event) => setText(event.currentTarget.value)} onBlur=${commit}
      onKeyDown=${(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setText(null);
      }} />
  </label>`;
}
