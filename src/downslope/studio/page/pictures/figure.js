/** What every picture has: a heading, a description, its numbers as a table, and ways to save it. */
import { html, useEffect, useLayoutEffect, useRef, useState } from "../ui.js";
import { pageColours } from "./colours.js";

/** The colours of the page, again when its theme changes. */
export function useColours() {
  const [colours, set] = useState(pageColours);
  useEffect(() => {
    const again = () => set(pageColours());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const watched = new MutationObserver(again);
    watched.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    dark.addEventListener("change", again);
    again();
    return () => {
      watched.disconnect();
      dark.removeEventListener("change", again);
    };
  }, []);
  return colours;
}

/** The width of an element, 0 until it is known. @param {{current: Element | null}} ref */
export function useWidth(ref) {
  const [width, set] = useState(0);
  useLayoutEffect(() => {
    const measured = () => set(Math.floor(ref.current.clientWidth));
    const watched = new ResizeObserver(measured);
    watched.observe(ref.current);
    measured();
    return () => watched.disconnect();
  }, []);
  return width;
}

/**
 * A canvas as sharp as the screen, drawn again whenever it is rendered.
 * @param {{width: number, height: number, draw: (context: CanvasRenderingContext2D) => void, canvas: {current: any}}} props
 */
export function Canvas({ width, height, draw, canvas, label, ...handlers }) {
  useLayoutEffect(() => {
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.current.width !== w) canvas.current.width = w;
    if (canvas.current.height !== h) canvas.current.height = h;
    const context = canvas.current.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (width > 0) draw(context);
  });
  return html`<canvas ref=${canvas} role="img" aria-label=${label} style=${{ width: `${width}px`, height: `${height}px` }}
    ...${handlers}></canvas>`;
}

/**
 * The frame of a picture.
 * @param {object} props
 * @param {string} props.title
 * @param {any} [props.note] what is to be known to read it
 * @param {{file: string, canvas?: {current: HTMLCanvasElement}, svg?: {current: SVGElement}, table: () => Table}} props.picture
 *   what is saved and under which name; the numbers behind it as `{columns: string[], rows: (string | number)[][]}`
 */
export function Figure({ title, note, picture, actions, children }) {
  const [open, setOpen] = useState(false);
  return html`<figure class="picture">
    <div class="picture-head">
      <h3>${title}</h3>
      <div class="picture-actions">
        ${actions}
        ${picture.canvas && html`<button type="button" title="Save this picture as PNG"
          onClick=${() => savePng(picture)}>PNG</button>`}
        ${picture.svg && html`<button type="button" title="Save this picture as SVG"
          onClick=${() => saveSvg(picture)}>SVG</button>`}
      </div>
    </div>
    ${children}
    ${note && html`<figcaption>${note}</figcaption>`}
    <details onToggle=${(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers</summary>
      ${open && html`<${Numbers} ...${picture} title=${title} />`}
    </details>
  </figure>`;
}

const SHOWN = 200;

function Numbers({ table, file, title }) {
  const { columns, rows } = table();
  const more = rows.length - SHOWN;
  return html`<div class="picture-numbers" tabindex="0" role="region" aria-label=${`Numbers: ${title}`}>
    <table>
      <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows.slice(0, SHOWN).map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
    </table>
    ${more > 0 && html`<p>${more} more rows are in the file.</p>`}
    <button type="button" onClick=${() => saveTable(columns, rows, file)}>Save as CSV</button>
  </div>`;
}

/** What floats beside the pointer. @param {{at: null | {x: number, y: number}, width: number}} props */
export function Tip({ at, width, children }) {
  if (!at) return null;
  const left = at.x > width / 2;
  const style = { top: `${at.y}px`, [left ? "right" : "left"]: `${(left ? width - at.x : at.x) + 14}px` };
  return html`<div class="picture-tip" style=${style} aria-hidden="true">${children}</div>`;
}

/** Where a pointer is in the element that hears of it. @param {PointerEvent} event */
export function placeOf(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function savePng({ canvas, file }) {
  const whole = document.createElement("canvas");
  Object.assign(whole, { width: canvas.current.width, height: canvas.current.height });
  const context = whole.getContext("2d");
  context.fillStyle = pageColours().paper;
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(canvas.current, 0, 0);
  whole.toBlob((blob) => download(blob, `${file}.png`));
}

function saveSvg({ svg, file }) {
  const copy = svg.current.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  download(new Blob([new XMLSerializer().serializeToString(copy)], { type: "image/svg+xml" }), `${file}.svg`);
}

function saveTable(columns, rows, file) {
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell);
  const text = [columns, ...rows].map((row) => row.map(quoted).join(",")).join("\n");
  download(new Blob([`${text}\n`], { type: "text/csv" }), `${file}.csv`);
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
