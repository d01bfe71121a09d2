/** The page: everything in the window, without scrolling where it is large enough. */
import { Leave } from "./controls/present.js";
import { Shortcuts, useShortcuts } from "./controls/shortcuts.js";
import { Toolbar } from "./controls/toolbar.js";
import { stepping } from "./core/links.js";
import { connect } from "./core/session.js";
import { connection, frame, overview, wide } from "./core/store.js";
import { effect, html, render } from "./core/ui.js";
import { Guide } from "./guide/guide.js";
import { useDrop } from "./header/drop.js";
import { Header, Notice } from "./header/header.js";
import { NetworkCard } from "./network/card.js";
import { allowed } from "./network/style.js";
import { Side } from "./side/side.js";
import { Rows } from "./table/rows.js";
import { Spoken } from "./time/status.js";
import { Time } from "./time/time.js";

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
    <main data-style=${allowed.value} data-wide=${wide.value} data-stepping=${stepping.value}>
      <${Toolbar} />
      <${Guide} />
      <${Rows} />
      <${NetworkCard} />
      <${Side} />
      <${Time} />
      <${Spoken} /><${Leave} /><${Notice} />
    </main>
    <${Shortcuts} />`;
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
