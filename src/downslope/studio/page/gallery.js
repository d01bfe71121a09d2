/** Pictures of what the network does. */
import { html } from "./ui.js";

export function Gallery() {
  return html`<p class="muted">…</p>`;
}
