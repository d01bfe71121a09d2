/** The panels below the first screen. Each is loaded when it is first opened. */
import { explanation } from "../core/store.js";
import { html, signal, useEffect, useState } from "../core/ui.js";

const PANELS = [
  ["derivation", "Derivation", () => import("../derivation/derivation.js").then((m) => m.Derivation)],
  ["pictures", "Pictures", () => import("../pictures/gallery.js").then((m) => m.Gallery)],
  ["network", "Network", () => import("../controls/settings.js").then((m) => m.Settings)],
  ["columns", "Columns", () => import("../table/columns.js").then((m) => m.Columns)],
  ["runs", "Runs", () => import("../time/runs.js").then((m) => m.Runs)],
];
const DIRECTIONS = { ArrowRight: 1, ArrowLeft: -1 };

const panel = signal("derivation");
const loaded = signal({});

function load(name) {
  if (loaded.value[name]) return;
  const [, , loader] = PANELS.find(([known]) => known === name);
  loader().then((component) => {
    loaded.value = { ...loaded.value, [name]: component };
  });
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
  useEffect(() => load(name), [name]);
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
  const Shown = loaded.value[name];
  return html`<section class="panels">
    <div class="tabs" role="tablist" aria-label="More" onKeyDown=${keys}>${PANELS.map(tab)}</div>
    <div role="tabpanel" id="panel" aria-labelledby=${`tab-${name}`} class="panel card">
      ${Shown ? html`<${Shown} />` : html`<p class="muted">…</p>`}</div>
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
