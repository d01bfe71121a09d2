/** The column beside the network: one of its panels at a time. Each is loaded when it is first opened. */

import { COLUMNS, explanation, panel, wide } from "../core/store.js";
import { html, lazy, useEffect, useState } from "../core/ui.js";

const gallery = import("../pictures/gallery.js"); // it opens first: loaded while the session is asked

const PANELS = [
  ["picture", "Picture", later(() => gallery, "Gallery")],
  ["chain rule", "Chain rule", later(() => import("../derivation/derivation.js"), "Derivation")],
  ["settings", "Settings", later(() => import("../controls/settings.js"), "Settings")],
  ["columns", "Columns", later(() => import("../table/columns.js"), "Columns")],
  ["runs", "Runs", later(() => import("../time/runs.js"), "Runs")],
  ["doctor", "Doctor", later(() => import("../doctor/doctor.js"), "Doctor")],
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
    if (explanation.value.quiet) return;
    panel.value = "chain rule";
    if (innerWidth < COLUMNS) document.querySelector(".side").scrollIntoView(); // it is further down
  }, [explanation.value]);
}

export function Side() {
  const name = panel.value;
  useNewDerivations();
  const keys = (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    const index = PANELS.findIndex(([known]) => known === name);
    const [next] = PANELS[(index + direction + PANELS.length) % PANELS.length];
    panel.value = next;
    document.getElementById(idOf(next)).focus();
  };
  const [, , Shown] = PANELS.find(([known]) => known === name);
  return html`<section class="side card" aria-label="Beside the network">
    <div class="bar">
      <div class="tabs" role="tablist" aria-label="Panels" onKeyDown=${keys}>${PANELS.map(tab)}</div>
      <span class="grow"></span><${Widen} /></div>
    <div key=${name} role="tabpanel" id="panel" aria-labelledby=${idOf(name)} class="panel"
      data-panel=${name}>
      <${Shown} /></div>
  </section>`;
}

const idOf = (name) => `tab-${name.replace(" ", "-")}`;

function tab([name, title]) {
  const chosen = name === panel.value;
  const open = () => {
    panel.value = name;
  };
  return html`<button key=${name} role="tab" id=${idOf(name)} aria-selected=${chosen} aria-controls="panel"
    tabindex=${chosen ? 0 : -1} onClick=${open}>${title}</button>`;
}

/** Over the network too, for a wide table or a long formula. */
function Widen() {
  const toggle = () => {
    wide.value = !wide.value;
  };
  const hint = wide.value ? "Back beside the network" : "Larger, in place of the network";
  return html`<button class="quiet widen" aria-pressed=${wide.value} title=${hint} onClick=${toggle}>
    <span aria-hidden="true">${wide.value ? "⇥" : "⇤"}</span><span class="unseen">Larger</span></button>`;
}
