/** The panels below the first screen. Each is loaded when it is first opened. */
import { explanation, panel } from "../core/store.js";
import { html, lazy, useEffect, useState } from "../core/ui.js";

const PANELS = [
  ["derivation", "Derivation", later(() => import("../derivation/derivation.js"), "Derivation")],
  ["pictures", "Pictures", later(() => import("../pictures/gallery.js"), "Gallery")],
  ["network", "Network", later(() => import("../controls/settings.js"), "Settings")],
  ["columns", "Columns", later(() => import("../table/columns.js"), "Columns")],
  ["runs", "Runs", later(() => import("../time/runs.js"), "Runs")],
];
const DIRECTIONS = { ArrowRight: 1, ArrowLeft: -1 };

/** The component of a panel, by its name in its module. */
function later(load, name) {
  return lazy(() => load().then((module) => module[name]), html`<p class="muted">…</p>`);
}

/** A new derivation opens its panel, unless it came quietly. */
function useNewDerivations() {
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    if (!explanation.value || explanation.value === seen) return;
    setSeen(explanation.value);
    if (!explanation.value.quiet) panel.value = "derivation";
  }, [explanation.value]);
}

export function Panels() {
  const name = panel.value;
  useNewDerivations();
  const keys = (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    const index = PANELS.findIndex(([known]) => known === name);
    const [next] = PANELS[(index + direction + PANELS.length) % PANELS.length];
    panel.value = next;
    document.getElementById(`tab-${next}`).focus();
  };
  const [, , Shown] = PANELS.find(([known]) => known === name);
  return html`<section class="panels">
    <div class="tabs" role="tablist" aria-label="Panels" onKeyDown=${keys}>${PANELS.map(tab)}</div>
    <div role="tabpanel" id="panel" aria-labelledby=${`tab-${name}`} class="panel card">
      <${Shown} key=${name} /></div>
  </section>`;
}

function tab([name, title]) {
  const chosen = name === panel.value;
  const open = () => {
    panel.value = name;
  };
  return html`<button key=${name} role="tab" id=${`tab-${name}`} aria-selected=${chosen} aria-controls="panel"
    tabindex=${chosen ? 0 : -1} onClick=${open}>${title}</button>`;
}
