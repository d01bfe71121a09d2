/** A table that is dropped or pasted anywhere on the page. */
import { send, upload } from "../core/session.js";
import { notice } from "../core/store.js";
import { useEffect } from "../core/ui.js";

const NO_TABLE =
  "The pasted text is not a table. A table has a line of column names and a line of cells for each row.";

const over = (event) => event.preventDefault();

function drop(event) {
  event.preventDefault();
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
    const handlers = { dragover: over, drop, paste };
    const entries = Object.entries(handlers);
    entries.forEach(([name, handler]) => document.addEventListener(name, handler));
    return () => entries.forEach(([name, handler]) => document.removeEventListener(name, handler));
  }, []);
}
