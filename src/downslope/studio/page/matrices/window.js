/** A matrix on the page: its picture, and the window in which it is looked at closely. */

import { number, whole as wholeNumber } from "../core/format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../core/ui.js";
import { draw, NOT_A_NUMBER } from "./raster.js";
import { cell, enlarged, frame, mostZoom, moved, placeAt, showing, whole, within } from "./zoom.js";

const STEP = 1.6; // by which a button or a key enlarges
const LEAP = 16; // places that an arrow key with Shift goes
const help =
  "Arrow keys move the cursor, with Shift by sixteen places. Plus and minus zoom, 0 shows all, " +
  "Enter pins the unit, Escape closes.";

/**
 * The width of an element in pixels, 0 before it is known.
 * @returns {[object, number]} a ref and the width
 */
export function useWidth() {
  const place = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}

/**
 * A canvas with a pixel a number, drawn only while it can be seen.
 * @param {{levels: Int8Array, colours: Uint32Array, label: string, style?: object}} props
 */
export function Raster({ levels, colours, label, style }) {
  const canvas = useRef(null);
  const state = useRef({ seen: false, drawn: [] });
  const renew = () => {
    const { seen, wanted, drawn } = state.current;
    if (!seen || (drawn[0] === wanted[0] && drawn[1] === wanted[1])) return;
    draw(canvas.current, ...wanted);
    state.current.drawn = wanted;
  };
  useLayoutEffect(() => {
    state.current.wanted = [levels, colours];
    renew();
  }, [levels, colours]);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => {
      state.current.seen = entry.isIntersecting;
      renew();
    });
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);
  return html`<canvas ref=${canvas} class="wide-raster" role="img" aria-label=${label} style=${style} />`;
}

/**
 * A matrix in a window: zoom, pan, a cursor that reads numbers, and a click that pins a unit.
 * @param {{
 *   matrix: object, colours: Uint32Array, label: string, symbol: string,
 *   unit: (row: number) => string, input: (column: number) => string,
 *   readValue: (row: number, column: number) => Promise<number>, pin: (row: number) => void,
 *   close: () => void,
 * }} props
 */
export function Window({ matrix, colours, label, symbol, unit, input, readValue, pin, close }) {
  const [place, room] = useWidth();
  const [view, setView] = useState(whole);
  const [cursor, setCursor] = useState(null);
  const [spoken, setSpoken] = useState("");
  const shape = matrix.levels.shape;
  const size = frame(shape, { width: Math.max(room, 1), height: Math.max(320, 0.72 * innerHeight) });
  const value = useValue(matrix, cursor, symbol, readValue);
  const text = cursor ? reading(matrix, cursor, value, { symbol, unit, input }) : null;

  useEffect(() => setView(whole), [shape[0], shape[1], size.width]);
  // a screen reader hears what the keys reached, once its number is there, and not each change of the number
  const read = useRef(null);
  useEffect(() => {
    if (!cursor?.byKey || read.current === cursor || value === null) return;
    read.current = cursor;
    setSpoken(`${text.place} ${text.value}`);
  }, [cursor, value]);

  const zoomBy = (factor, x, y) => setView(enlarged(view, shape, size, factor, x, y));
  const zoomHere = (factor) => {
    const { width, height } = cell(shape, size, view.zoom);
    if (!cursor) return zoomBy(factor);
    return zoomBy(factor, view.left + (cursor.column + 0.5) * width, view.top + (cursor.row + 0.5) * height);
  };
  const go = (row, column) => {
    const next = { row: within(row, shape[0]), column: within(column, shape[1]), byKey: true };
    setCursor(next);
    setView(showing(view, shape, size, next));
  };
  const pick = (at) => pin(matrix.rows[at.row]);
  const pointer = usePointer({ view, setView, shape, size, setCursor, pick, zoomBy });
  const onKeyDown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = !cursor ? 0 : event.shiftKey ? LEAP : 1;
    const { row, column } = cursor ?? { row: 0, column: 0 };
    const actions = {
      ArrowUp: () => go(row - step, column),
      ArrowDown: () => go(row + step, column),
      ArrowLeft: () => go(row, column - step),
      ArrowRight: () => go(row, column + step),
      "+": () => zoomHere(STEP),
      "=": () => zoomHere(STEP),
      "-": () => zoomHere(1 / STEP),
      0: () => setView(whole),
      Enter: () => cursor && pin(matrix.rows[row]),
      Escape: close,
    };
    if (!Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  };
  const most = mostZoom(shape, size);
  return html`<div class="wide-window" ref=${place}>
    <div class="wide-readout">
      <div>
        <span class="wide-place">${text ? text.place : "Point at a number to read it."}</span>
        <span class="wide-value">${text ? text.value : "Click to pin its unit."}</span>
      </div>
      <span class="wide-tools">
        <button type="button" aria-label="Zoom out" disabled=${view.zoom <= 1}
          onClick=${() => zoomBy(1 / STEP)}>−</button>
        <button type="button" aria-label="Zoom in" disabled=${view.zoom >= most}
          onClick=${() => zoomBy(STEP)}>+</button>
        <button type="button" disabled=${view.zoom <= 1} onClick=${() => setView(whole)}>Show all</button>
      </span>
    </div>
    <div class="wide-view" tabindex="0" role="application" aria-label=${`${label}. ${help}`}
      onKeyDown=${onKeyDown} onBlur=${() => setCursor(null)} data-moves=${view.zoom > 1}
      style=${{ width: `${size.width}px`, height: `${size.height}px` }} ...${pointer}>
      <${Raster} levels=${matrix.levels} colours=${colours} label=${label}
        style=${placed(view, shape, size)} />
      ${cursor && html`<${Cross} ...${{ view, shape, size, cursor }} />`}
    </div>
    <p class="wide-spoken" aria-live="polite">${spoken}</p>
  </div>`;
}

/** What the pointer does: hovering reads, dragging moves, a click picks, the wheel zooms. */
function usePointer({ view, setView, shape, size, setCursor, pick, zoomBy }) {
  const drag = useRef(null);
  const at = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const over = (event) => placeAt(view, shape, size, ...at(event));
  return {
    onPointerDown: (event) => {
      if (event.button !== 0) return;
      drag.current = { x: event.clientX, y: event.clientY, view, far: false };
      setCursor(over(event));
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onPointerMove: (event) => {
      const start = drag.current;
      if (start) {
        const [x, y] = [event.clientX - start.x, event.clientY - start.y];
        start.far ||= Math.hypot(x, y) > 4;
        if (start.far) setView(moved(start.view, shape, size, x, y)); // and the cursor goes along
      }
      if (!start?.far) setCursor(over(event));
    },
    onPointerUp: (event) => {
      if (drag.current && !drag.current.far) pick(over(event));
      drag.current = null;
    },
    onPointerCancel: () => {
      drag.current = null;
    },
    onPointerLeave: (event) => {
      if (event.pointerType === "mouse") setCursor((cursor) => (cursor?.byKey ? cursor : null));
    },
    onWheel: (event) => {
      if (view.zoom <= 1 && event.deltaY > 0) return; // nothing to make smaller: the page scrolls
      event.preventDefault();
      const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
      zoomBy(Math.exp(-0.003 * pixels), ...at(event));
    },
  };
}

/**
 * The number at the cursor, asked for again when the matrix changes: null until it is there, undefined where
 * there is none, as for blocks of several.
 */
function useValue(matrix, cursor, symbol, readValue) {
  const [found, setFound] = useState({});
  const single = matrix.block[0] * matrix.block[1] === 1;
  const at = cursor && [matrix.rows[cursor.row], matrix.columns[cursor.column]];
  const key = `${symbol} ${at}`;
  const latest = useRef(key);
  latest.current = key;
  useEffect(() => {
    if (!at || !single) return;
    const answer = (value) => latest.current === key && setFound({ key, value });
    readValue(...at).then(answer, () => answer(undefined));
  }, [matrix, key]);
  if (!single) return undefined;
  return found.key === key ? found.value : null;
}

/** Which place the cursor is at and what is there, in words. */
function reading(matrix, cursor, value, { symbol, unit, input }) {
  const many = matrix.block[0] * matrix.block[1];
  const [row, column] = [matrix.rows[cursor.row], matrix.columns[cursor.column]];
  const exact = value !== null && value !== undefined;
  const around = many > 1 ? ` and its neighbours: largest of ${wholeNumber(many)}` : "";
  return {
    place: `${unit(row)} ← ${input(column)}${around}`,
    value: `${symbol} ${exact ? `= ${number(value)}` : about(matrix, cursor)}`,
  };
}

/** What the level of a place says of its number; the last level is that of all beyond the scale. */
function about(matrix, { row, column }) {
  const level = matrix.levels[row * matrix.levels.shape[1] + column];
  if (level === NOT_A_NUMBER) return "is not a number";
  const relation = { 127: "≥", "-127": "≤" }[level] ?? "≈";
  return `${relation} ${number((level / 127) * matrix.scale, 2)}`;
}

/** The canvas enlarged and moved, so that it is never drawn again for it. */
function placed(view, shape, size) {
  const { width, height } = cell(shape, size, view.zoom);
  return {
    width: `${shape[1]}px`,
    height: `${shape[0]}px`,
    transform: `translate(${view.left}px, ${view.top}px) scale(${width}, ${height})`,
    imageRendering: Math.min(width, height) * devicePixelRatio >= 1 ? "pixelated" : "auto",
  };
}

/** The cursor: its row, its column, and the number where they meet. */
function Cross({ view, shape, size, cursor }) {
  const { width, height } = cell(shape, size, view.zoom);
  const [left, top] = [view.left + cursor.column * width, view.top + cursor.row * height];
  const box = (x, y, w, h) => ({ left: `${x}px`, top: `${y}px`, width: `${w}px`, height: `${h}px` });
  return html`<span class="wide-line" style=${box(0, top, size.width, height)} />
    <span class="wide-line" style=${box(left, 0, width, size.height)} />
    <span class="wide-cell" style=${box(left, top, Math.max(width, 3), Math.max(height, 3))} />`;
}
