/** The panels below the first screen: why, pictures, network, columns, runs. Each is loaded when first opened. */

import { why } from "./store.js";
import { html, signal, useEffect, useState } from "./ui.js";

const PANELS = [
  ["why", "Why", () => import("./why.js").then((m) => m.Why)],
  ["pictures", "Pictures", () => import("./gallery.js").then((m) => m.Gallery)],
  ["network", "Network", () => import("./settings.js").then((m) => m.Settings)],
  ["columns", "Columns", () => import("./columns.js").then((m) => m.Columns)],
  ["runs", "Runs", () => import("./runs.js").then((m) => m.Runs)],
];

export const panel = signal("why");
const loaded = signal({});

function load(name) {
  if (loaded.value[name]) return;
  const loader = PANELS.find(([known]) => known === name)[2];
  loader().then((component) => {
    loaded.value = { ...loaded.value, [name]: component };
  });
}

export function Panels() {
  const name = panel.value;
  useEffect(() => load(name), [name]);
  const [seen, setSeen] = useState(null);
  useEffect(() => {
    if (why.value && why.value !== seen) {
      setSeen(why.value);
      if (!why.value.quiet) panel.value = "why";
    }
  }, [why.value]);
  const keys = (event) => {
    const place = PANELS.findIndex(([known]) => known === name);
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = PANELS[(place + by + PANELS.length) % PANELS.length][0];
    panel.value = next;
    document.getElementById(`tab-${next}`).focus();
  };
  const Shown = loaded.value[name];
  return html`<section class="panels">
    <div class="tabs" role="tablist" aria-label="More" onKeyDown=${keys}>${PANELS.map(
      ([known, title]) => html`<button key=${known} role="tab" id=${`tab-${known}`}
      aria-selected=${known === name} aria-controls="panel" tabindex=${known === name ? 0 : -1} onClick=${() => {
        panel.value = known;
      }}>${title}</button>`,
    )}</div>
    <div role="tabpanel" id="panel" aria-labelledby=${`tab-${name}`} class="panel card">${Shown ? html`<${Shown} />` : html`<p class="muted">…</p>`}</div>
  </section>`;
}
