/** The reader's own table: chosen by a button, or dropped or pasted anywhere on the page. */
import { send, upload } from "../core/session.js";
import { notice } from "../core/store.js";
import { html, signal, useEffect, useRef } from "../core/ui.js";

const NO_TABLE =
  "The pasted text is not a table. A table has a line of column names and a line of cells for each row.";

const dragged = signal(false); // a file is over the page

/** Open what is chosen in a field for files. */
export function openChosen({ currentTarget }) {
  const [file] = currentTarget.files;
  if (file) upload(file);
  currentTarget.value = ""; // so that the same file can be opened again
}

/** The button that opens a file, and, while one is dragged over the page, where it can go. */
export function OpenTable() {
  const input = useRef(null);
  return html`<button class="quiet open-table" title="Your own table: a file, or cells pasted on the page"
      onClick=${() => input.current.click()}>Open …</button>
    <input type="file" hidden ref=${input} aria-label="Your own table" onChange=${openChosen} />
    ${dragged.value && html`<div class="drop-here">Drop the file anywhere to open it as a table</div>`}`;
}

function over(event) {
  event.preventDefault();
  dragged.value = event.dataTransfer.types.includes("Files");
}

/** Out of the window, not from one part of the page to another. */
function leave(event) {
  if (!event.relatedTarget) dragged.value = false;
}

function drop(event) {
  event.preventDefault();
  dragged.value = false;
  const file = event.dataTransfer.files[0];
  if (file) upload(file);
}

function paste(event) {
  if (event.target.closest("input, textarea, select")) return;
  const text = event.clipboardData.getData("text/plain");
  if (text.includes("\n") && /[,;\t|]/.test(text)) send("paste", { text });
  else if (text.trim()) notice.value = { text: NO_TABLE, kind: "refused" };
}

export function useDrop() {
  useEffect(() => {
    const handlers = { dragover: over, dragleave: leave, drop, paste };
    const entries = Object.entries(handlers);
    entries.forEach(([name, handler]) => document.addEventListener(name, handler));
    return () => entries.forEach(([name, handler]) => document.removeEventListener(name, handler));
  }, []);
}
