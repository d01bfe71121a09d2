/** Wide networks. */
import { html } from "./ui.js";

export function Matrices() {
  return html`<p class="muted">…</p>`;
}
