/** Presentation: large type, no toolbar and no tabs; everything goes on by keys. */
import { presenting } from "../core/store.js";
import { effect, html } from "../core/ui.js";

effect(() => {
  document.documentElement.toggleAttribute("data-presenting", presenting.value);
});

export function togglePresentation() {
  presenting.value = !presenting.value;
}

export function leavePresentation() {
  presenting.value = false;
}

const CORNERS = "M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10";

/** In the header. */
export function Present() {
  return html`<button class="quiet present" title="Presentation: large, without toolbar (f)"
    onClick=${togglePresentation}>
    <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true"><path d=${CORNERS} /></svg>
    <span class="unseen">Presentation</span></button>`;
}

/** Where the header was. */
export function Leave() {
  if (!presenting.value) return null;
  return html`<button class="quiet leave" title="Leave the presentation (f or Escape)"
    onClick=${leavePresentation}>
    <span aria-hidden="true">✕</span><span class="unseen">Leave the presentation</span></button>`;
}
