/** The page: the first screen without scrolling, the panels below. */

import { Controls, Help, Quick, useKeys } from "./controls.js";
import { Drawing, shownLines } from "./drawing.js";
import { saveDrawing } from "./drawing_file.js";
import { Curve, Stopped, TotalError } from "./errors.js";
import { Header, Notice, takeAddress } from "./header.js";
import { Panels } from "./panels.js";
import { Rows } from "./rows.js";
import { connect, frame, lines, link, manner, notice, send, state, upload, why } from "./store.js";
import { Timeline } from "./timeline.js";
import { effect, html, render, signal, useEffect } from "./ui.js";

const wide = signal(null);

effect(() => {
  if (state.value && manner.value === "matrices" && !wide.value)
    import("./matrices.js").then((m) => {
      wide.value = m.Matrices;
    });
});

const LINES = [
  ["weight", "weights", "lines show weights"],
  ["gradient", "gradients", "lines show the gradient on the rows of the next step"],
  ["pull", "row's pull", "lines show the gradient of the chosen row alone; choose a row first"],
];

function NetworkCard() {
  const pulled = why.value?.pulls;
  const Wide = wide.value;
  const matrices = manner.value === "matrices";
  return html`<section class="network card" aria-label="Network">
    <div class="bar"><h2>Network</h2><span class="muted">${shape()}</span><span class="grow"></span>
      ${
        manner.value === "lines" &&
        html`<fieldset class="radios"><legend class="unseen">lines show</legend>${LINES.map(
          ([kind, name, hint]) => html`<label key=${kind} title=${hint}>
        <input type="radio" name="lines" checked=${shownLines() === kind} disabled=${kind === "pull" && !pulled} onChange=${() => {
          lines.value = kind;
        }} /> ${name}</label>`,
        )}</fieldset>`
      }
      ${!matrices && html`<button class="quiet" title="save the drawing" onClick=${saveDrawing}>SVG</button>`}</div>
    ${matrices ? (Wide ? html`<${Wide} />` : html`<p class="muted">…</p>`) : html`<${Drawing} />`}
  </section>`;
}

function shape() {
  const { network } = state.value;
  const sizes = [network.inputs.length, ...network.layers.map((layer) => layer.units)];
  return `${sizes.join(" – ")} · ${new Intl.NumberFormat().format(network.weights)} parameters`;
}

const LOST = {
  refused: "This page needs the address that the terminal printed last, with its token. Open that one.",
  closed: "The session has ended or cannot be reached; the terminal says why. Start it again there.",
};

function Page() {
  useKeys();
  useDrop();
  const lost = LOST[link.value];
  if (!state.value || !frame.value) {
    return lost
      ? html`<main class="alone"><h1>Downslope</h1><p role="alert">${lost}</p></main>`
      : html`<${Header} /><main class="alone" aria-busy="true"><p class="muted">Reading the table …</p></main>`;
  }
  return html`<${Header} />
    ${lost && html`<div class="notice refused" role="alert">${lost}</div>`}
    <main>
      <div class="strip card"><${Controls} /><${Quick} /></div>
      <${Stopped} />
      <div class="first">
        <div class="left"><${Rows} /><${TotalError} /><${Curve} /></div>
        <div class="right"><${NetworkCard} /></div>
      </div>
      <${Timeline} />
      <${Panels} />
    </main>
    <${Notice} /><${Help} />`;
}

/** A table that is dropped or pasted anywhere on the page. */
function useDrop() {
  useEffect(() => {
    const over = (event) => event.preventDefault();
    const drop = (event) => {
      event.preventDefault();
      const file = event.dataTransfer.files[0];
      if (file) upload(file);
    };
    const paste = (event) => {
      if (event.target.closest("input, textarea, select")) return;
      const text = event.clipboardData.getData("text/plain");
      if (text.includes("\n") && /[,;\t|]/.test(text)) send("paste", { text });
      else if (text.trim())
        notice.value = {
          text: "What was pasted is no table: it needs a line of names and lines of cells.",
          kind: "refused",
        };
    };
    document.addEventListener("dragover", over);
    document.addEventListener("drop", drop);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("drop", drop);
      document.removeEventListener("paste", paste);
    };
  }, []);
}

const stop = effect(() => {
  if (!state.value) return;
  queueMicrotask(() => {
    stop();
    takeAddress();
  });
});
connect();
render(html`<${Page} />`, document.getElementById("app"));
