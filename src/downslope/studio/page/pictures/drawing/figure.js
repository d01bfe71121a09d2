/** What every picture has: a heading, a description, its numbers as a table, and ways to save it. */
import { number } from "../../core/format.js";
import { saveFile } from "../../core/save.js";
import { html, useEffect, useLayoutEffect, useState } from "../../core/ui.js";
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

/** The width and the height of an element, 0 until they are known. @param {{current: Element | null}} ref */
export function useSize(ref) {
  const [size, set] = useState([0, 0]);
  useLayoutEffect(() => {
    const element = ref.current; // the observer can call once more when the ref is empty again
    const measured = () => set([Math.floor(element.clientWidth), Math.floor(element.clientHeight)]);
    const watched = new ResizeObserver(measured);
    watched.observe(element);
    measured();
    return () => watched.disconnect();
  }, []);
  return size;
}

/** The width of an element, 0 until it is known. @param {{current: Element | null}} ref */
export const useWidth = (ref) => useSize(ref)[0];

/**
 * A canvas as sharp as the screen, drawn again for another size or another `draw`.
 * @param {object} props
 * @param {(context: CanvasRenderingContext2D) => void} props.draw
 * @param {{current: any}} props.canvas
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
    draw(context);
  }, [width, height, draw]);
  const style = { width: `${width}px`, height: `${height}px` };
  return html`<canvas ref=${canvas} role="img" aria-label=${label} style=${style} ...${handlers}></canvas>`;
}

/**
 * The frame of a picture.
 * @param {object} props
 * @param {string} props.title
 * @param {any} [props.note] what is to be known to read it
 * @param {object} props.picture what is saved: its `file` name without an ending, the `canvas` or the `svg`,
 *   and `table`, a function that gives the numbers as `{columns: string[], rows: (string | number)[][]}`
 */
export function Figure({ title, note, picture, actions, children }) {
  const [open, setOpen] = useState(false);
  return html`<figure class="picture">
    <div class="picture-head">
      <h3>${title}</h3>
      <div class="picture-actions">
        ${actions}
        ${
          picture.canvas &&
          html`<button type="button" title="Save this picture as PNG"
          onClick=${() => savePng(picture)}>PNG</button>`
        }
        ${
          picture.svg &&
          html`<button type="button" title="Save this picture as SVG"
          onClick=${() => saveSvg(picture)}>SVG</button>`
        }
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
const cell = (value) => html`<td>${typeof value === "number" ? number(value) : value}</td>`;

function Numbers({ table, file, title }) {
  const { columns, rows } = table();
  const more = rows.length - SHOWN;
  return html`<div class="picture-numbers" tabindex="0" role="region" aria-label=${`Numbers: ${title}`}>
    <table>
      <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>
        ${rows.slice(0, SHOWN).map((cells) => html`<tr>${cells.map(cell)}</tr>`)}
      </tbody>
    </table>
    ${more > 0 && html`<p>The file has ${more} more rows.</p>`}
    <button type="button" onClick=${() => saveTable(columns, rows, file)}>Save as CSV</button>
  </div>`;
}

/**
 * A canvas that says what the pointer points at.
 * @param {object} props those of a canvas, and
 * @param {(place: {x: number, y: number}) => object | null} props.at what lies at a place: where it is,
 *   x and y, and what is said of it, `lines`
 */
export function Plot({ at, ...rest }) {
  const [place, setPlace] = useState(null);
  const moved = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    setPlace({ x: event.clientX - box.left, y: event.clientY - box.top });
  };
  const left = () => setPlace(null);
  const found = place && at(place);
  return html`
    <${Canvas} ...${rest} onPointerMove=${moved} onPointerDown=${moved} onPointerLeave=${left} />
    ${found && html`<${Tip} ...${found} width=${rest.width} />`}`;
}

function Tip({ x, y, lines, width }) {
  const side = x > width / 2 ? { right: `${width - x + 14}px` } : { left: `${x + 14}px` };
  return html`
    <div class="picture-ring" style=${{ left: `${x}px`, top: `${y}px` }}></div>
    <div class="picture-tip" style=${{ top: `${y}px`, ...side }} aria-hidden="true">
      ${lines.map((text, k) => html`<div class=${k ? "" : "strong"}>${text}</div>`)}
    </div>`;
}

/** A picture as SVG. @param {{svg: {current: any}, width: number, height: number, label: string}} props */
export function Svg({ svg, width, height, label, children }) {
  const box = `0 0 ${width} ${height}`;
  return html`<svg ref=${svg} width=${width} height=${height} viewBox=${box} role="img" aria-label=${label}>
    ${children}
  </svg>`;
}

function savePng({ canvas, file }) {
  const whole = document.createElement("canvas");
  Object.assign(whole, { width: canvas.current.width, height: canvas.current.height });
  const context = whole.getContext("2d");
  context.fillStyle = pageColours().paper;
  context.fillRect(0, 0, whole.width, whole.height);
  context.drawImage(canvas.current, 0, 0);
  whole.toBlob((blob) => saveFile(`${file}.png`, blob, "image/png"));
}

function saveSvg({ svg, file }) {
  const copy = svg.current.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  saveFile(`${file}.svg`, new XMLSerializer().serializeToString(copy), "image/svg+xml");
}

function saveTable(columns, rows, file) {
  const quoted = (cell) => (/[",\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell);
  const text = [columns, ...rows].map((row) => row.map(quoted).join(",")).join("\n");
  saveFile(`${file}.csv`, `${text}\n`, "text/csv");
}
