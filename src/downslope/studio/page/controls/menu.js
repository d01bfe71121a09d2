/** A button that opens a list; Escape, and a press elsewhere, close it. */
import { html, useEffect, useRef, useState } from "../core/ui.js";

/**
 * @param {{label: string, class?: string, children: (close: () => void) => any}} props what the button says,
 *   and what makes the list
 */
export function Menu({ label, class: look = "", children }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  useEffect(() => {
    if (!open) return undefined;
    const away = (event) => {
      const leaves = event.type === "keydown" ? event.key === "Escape" : !box.current.contains(event.target);
      if (!leaves) return;
      if (event.type === "keydown") box.current.querySelector("button").focus(); // which opened it
      setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  return html`<span class="menu" ref=${box}>
    <button class=${look} aria-expanded=${open} aria-haspopup="true"
      onClick=${() => setOpen(!open)}>${label}</button>
    ${open && children(() => setOpen(false))}</span>`;
}
