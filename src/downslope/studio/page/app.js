/** The page: the first screen without scrolling, the panels below. */
import { Shortcuts, useShortcuts } from "./controls/shortcuts.js";
import { Quick, Toolbar } from "./controls/toolbar.js";
import { connect } from "./core/session.js";
import { connection, frame, overview } from "./core/store.js";
import { effect, html, render } from "./core/ui.js";
import { useDrop } from "./header/drop.js";
import { Header, Notice } from "./header/header.js";
import { Panels } from "./header/panels.js";
import { NetworkCard } from "./network/card.js";
import { Rows } from "./table/rows.js";
import { Curve } from "./time/curve.js";
import { Spoken, TotalError } from "./time/status.js";
import { Timeline } from "./time/timeline.js";

const LOST = {
  refused: "This page needs the token in the address that the terminal printed last. Open that address.",
  full: "As many pages as can be open are open already. Close one; this page then opens by itself.",
  closed: "The session has ended or cannot be reached. The terminal says why. Start it again there.",
};

function Page() {
  useShortcuts();
  useDrop();
  const lost = LOST[connection.value];
  if (!overview.value || !frame.value) {
    return lost
      ? html`<main class="alone"><h1>Downslope</h1><p role="alert">${lost}</p></main>`
      : html`<${Header} />
          <main class="alone" aria-busy="true"><p class="muted">Reading the table …</p></main>`;
  }
  return html`<${Header} />
    ${lost && html`<div class="notice refused" role="alert">${lost}</div>`}
    <main>
      <div class="strip card"><${Toolbar} /><${Quick} /></div>
      <div class="first">
        <div class="left"><${Rows} /><${TotalError} /><${Curve} /></div>
        <div class="right"><${NetworkCard} /></div>
      </div>
      <${Timeline} />
      <${Panels} />
      <${Spoken} />
    </main>
    <${Notice} /><${Shortcuts} />`;
}

function readAddress() {
  if (location.hash.length > 2) import("./header/share.js").then((m) => m.readAddress());
}

const stop = effect(() => {
  if (!overview.value) return;
  queueMicrotask(() => {
    stop();
    readAddress();
  });
});
addEventListener("hashchange", readAddress); // an address that is put into the bar of an open page
connect();
render(html`<${Page} />`, document.getElementById("app"));
