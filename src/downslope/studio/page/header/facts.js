/** Beside the table's name: how it was read, and the report on what stands on the page. */
import { Menu } from "../controls/menu.js";
import { overview } from "../core/store.js";
import { html, lazy } from "../core/ui.js";

const waiting = html`<div class="sheet facts"><p class="muted">…</p></div>`;
const Reading = lazy(() => import("./reading.js").then((m) => m.Reading), waiting);
const Report = lazy(() => import("./report.js").then((m) => m.Report), waiting);

export function Facts() {
  return html`<span class="facts-bar">
    ${
      overview.value.reading.read &&
      html`<${Menu} label="Read as ▾" class="quiet">${(close) => html`<${Reading} close=${close} />`}<//>`
    }
    <${Menu} label="Report ▾" class="quiet">${() => html`<${Report} />`}<//></span>`;
}
