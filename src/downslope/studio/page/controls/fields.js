/** Fields: numbers that are dragged, typed and changed by keys, numbers that are settings, and choices. */
import { fitted, number, parsed } from "../core/format.js";
import { refuseNumber } from "../core/store.js";
import { html, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { dragged, nudged, RATE } from "./drag.js";

const DIRECTIONS = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
const SHOWN_IN_FULL = 15; // digits while it is edited
const STARTS = 3; // pixels after which a press is a drag

/**
 * @param {{value: number, label: string, onChange: (value: number, dragging: boolean) => void,
 *   onNudge: (by: number) => void,
 *   digits?: number, room?: number, among?: () => ArrayLike<number>, disabled?: boolean, signed?: boolean,
 *   title?: string, onFocus?: () => void}} props `among`: the numbers of its layer, see drag.js
 */
export function NumberField(props) {
  const { value, label, onChange, digits = 5, room = Infinity, disabled = false, signed = false } = props;
  const [text, setText] = useState(null); // what is being typed
  const [open, setOpen] = useState(false);
  const field = useRef(null);
  const pointer = usePointer(value, onChange, disabled, props.among);

  const commit = (typed) => {
    const found = parsed(typed);
    setText(null);
    if (!Number.isFinite(found)) {
      if (typed.trim() !== "") refuseNumber(label.split(",")[0], typed);
    } else if (found !== value && typed !== number(value, SHOWN_IN_FULL)) {
      onChange(found, false);
    }
  };
  const keys = (event) => {
    const direction = DIRECTIONS[event.key];
    if (direction) {
      event.preventDefault();
      setText(null);
      const factor = event.shiftKey ? 0.1 : event.ctrlKey || event.metaKey ? 10 : 1;
      props.onNudge(nudged(value, direction, factor, props.among?.()) - value);
    } else if (event.key === "Enter") {
      commit(event.currentTarget.value);
    } else if (event.key === "Escape") {
      setText(null);
      event.currentTarget.blur();
    }
  };
  const focused = () => {
    setOpen(true);
    props.onFocus?.();
  };
  const left = (event) => {
    setOpen(false);
    if (text !== null) commit(event.currentTarget.value);
  };
  const shown = text ?? (open ? number(value, SHOWN_IN_FULL) : fitted(value, digits, room));
  useLayoutEffect(() => {
    if (open && text === null) field.current.select(); // what is typed takes its place
  }, [open, shown]);
  const sign = signed ? (value < 0 ? "negative" : "positive") : "";
  return html`<input ref=${field} class=${`num ${sign}`} type="text" inputmode="decimal" role="spinbutton"
    autocomplete="off" spellcheck=${false} aria-label=${label} title=${props.title ?? ""} disabled=${disabled}
    aria-valuenow=${Number.isFinite(value) ? value : 0} aria-valuetext=${number(value, 8)} value=${shown}
    ...${pointer} onKeyDown=${keys} onInput=${(event) => setText(event.currentTarget.value)}
    onFocus=${focused} onBlur=${left} />`;
}

/** The handlers of the pointer on a number: a drag changes it, a press puts the focus on it. */
function usePointer(value, onChange, disabled, among) {
  const drag = useRef(null);
  const down = (event) => {
    if (disabled || event.button !== 0 || document.activeElement === event.currentTarget) return;
    event.preventDefault(); // or the browser selects the text, and drags that
    document.activeElement.blur(); // what is typed elsewhere counts
    drag.current = { x: event.clientX, from: value, among: among?.(), moved: false, last: value };
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  // focus would select the digits, and the browser would then drag these away: it comes with the release
  const still = (event) => {
    if (event.type === "dragstart" || document.activeElement !== event.currentTarget) event.preventDefault();
  };
  const move = (event) => {
    const start = drag.current;
    if (!start) return;
    const pixels = event.clientX - start.x;
    if (!start.moved && Math.abs(pixels) < STARTS) return;
    start.moved = true;
    event.preventDefault();
    const rate = event.shiftKey ? RATE * 5 : event.altKey || event.ctrlKey ? RATE / 10 : RATE;
    const next = dragged(start.from, pixels, rate, start.among);
    if (next === start.last) return;
    start.last = next;
    onChange(next, true);
  };
  const up = (event) => {
    const start = drag.current;
    drag.current = null;
    if (!start) return;
    if (start.moved) onChange(start.last, false);
    else if (event.type === "pointerup") event.currentTarget.focus();
  };
  return {
    onMouseDown: still,
    onDragStart: still,
    onPointerDown: down,
    onPointerMove: move,
    onpointerrawupdate: move, // comes at once, a move with the next picture; not every browser has it
    onPointerUp: up,
    onPointerCancel: up,
  };
}

/**
 * A field for a number that is a setting.
 * @param {{label: string, value: number | null, onChange: (value: number | null) => void, empty?: string,
 *   width?: string, hint?: string}} props `empty`: what no number means; without it there has to be one
 */
export function Field({ label, value, onChange, empty = "", width = "6rem", hint = "" }) {
  const [text, setText] = useState(null);
  const commit = () => {
    if (text === null) return;
    const found = text.trim() === "" ? null : parsed(text);
    setText(null);
    if (found !== null && !Number.isFinite(found)) refuseNumber(label, text);
    else if (found !== null || empty !== "") onChange(found);
  };
  const keys = (event) => {
    if (event.key === "Enter") commit();
    if (event.key === "Escape") setText(null);
  };
  return html`<label class="field"><span title=${hint}>${label}</span>
    <input type="text" inputmode="decimal" placeholder=${empty} style=${{ width }}
      value=${text ?? (value === null || value === undefined ? "" : number(value, 10))}
      onInput=${(event) => setText(event.currentTarget.value)} onBlur=${commit} onKeyDown=${keys} /></label>`;
}

/**
 * A choice among names.
 * @param {{label: string, value: string, options: (string | [string, string])[],
 *   onChange: (value: string) => void, hide?: boolean}} props `options`: values, or values and what is
 *   written for them; `hide`: whether the label is for screen readers only
 */
export function Choice({ label, value, options, onChange, hide = false }) {
  const option = (one) => {
    const [known, text] = Array.isArray(one) ? one : [one, one.replace(/_/g, " ")];
    return html`<option key=${known} value=${known} selected=${known === value}>${text}</option>`;
  };
  return html`<label class="choice"><span class=${hide ? "unseen" : ""}>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
      ${options.map(option)}
    </select></label>`;
}
