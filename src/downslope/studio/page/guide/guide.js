/** The line below the toolbar: how the run stands, and what to do. Its height is fixed. */
import { html } from "../core/ui.js";
import { Challenge, TotalError } from "./total.js";

export function Guide() {
  return html`<section class="guide card" aria-label="How it stands">
    <${TotalError} /><span class="grow"></span><${Challenge} /></section>`;
}
