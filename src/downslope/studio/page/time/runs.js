/** The runs: side by side in a picture and a table, named, noted, kept, opened, removed. */
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, overview } from "../core/store.js";
import { html, signal } from "../core/ui.js";
import { Compared, Swatch } from "./compared.js";

const MOST_CURVES = 10;
const FIGURES = [
  ["best", "Best error"],
  ["validation", "Validation"],
];
const STEPS = ["step", "Steps"];
const DIGITS = 4;

/** By what the runs are sorted: a column, and 1 or −1; null for the order in which they began. */
const sorted = signal(null);

/** The runs as they are now: the overview has the open one as it was when it was opened. */
function runsNow() {
  const { curve, error, step, timeline } = frame.value;
  const latest = { step, error: error.value, validation: error.validation, steps: curve.steps };
  const here = { ...latest, errors: curve.errors, best: timeline.best, diverged: timeline.diverged };
  const atPresent = timeline.index === timeline.steps.length - 1;
  return overview.value.runs.map((run) => (run.open && atPresent ? { ...run, ...here } : run));
}

export function Runs() {
  const runs = runsNow();
  const settings = Object.keys(runs[0].settings);
  const figures = FIGURES.filter(([key]) => runs.some((run) => run[key] !== null));
  const drawn = curvesOf(runs);
  const row = (run) => html`<${Run} key=${run.number} run=${run} runs=${runs} drawn=${drawn.includes(run)}
    settings=${settings} figures=${figures} />`;
  return html`<div class="runs-panel">
    ${
      runs.length < 2 &&
      html`<p class="muted">A new start, and a change to an earlier step, begins a new run. They
      are compared here.</p>`
    }
    <${Compared} runs=${drawn} />
    <div class="runs-scroll" tabindex="0" role="region" aria-label="Table of runs (scrolls)">
    <table class="grid runs-table">
      <thead><tr><${Head} name="name" words>Run<//>
        ${[...figures, STEPS].map(([name, text]) => html`<${Head} key=${name} name=${name}>${text}<//>`)}
        ${settings.map((name) => html`<${Head} key=${name} name=${name} setting>${name}<//>`)}
        <th class="setting words" scope="col">Note</th></tr></thead>
      ${ordered(runs).map(row)}</table></div></div>`;
}

/** Those whose curves are drawn: the open one, those that are kept, and the latest that compare with it. */
function curvesOf(runs) {
  const { group } = runs.find((run) => run.open);
  const near = runs.filter((run) => !run.open && !run.kept && run.group === group).reverse();
  const chosen = [...runs.filter((run) => run.open || run.kept), ...near].slice(0, MOST_CURVES);
  return runs.filter((run) => chosen.includes(run));
}

const cellOf = (run, name) => (name in run.settings ? run.settings[name] : run[name]);

function ordered(runs) {
  if (!sorted.value) return runs;
  const { name, way } = sorted.value;
  const compare = (a, b) => {
    const [u, v] = [cellOf(a, name), cellOf(b, name)];
    if (typeof u === "number" && typeof v === "number") return u - v;
    if (typeof u === "number" || typeof v === "number") return typeof u === "number" ? -1 : 1;
    return String(u ?? "").localeCompare(String(v ?? ""), undefined, { numeric: true });
  };
  return [...runs].sort((a, b) => way * compare(a, b));
}

function Head({ name, words, setting, children }) {
  const way = sorted.value?.name === name ? sorted.value.way : 0;
  const sort = () => {
    sorted.value = way === -1 ? null : { name, way: way === 1 ? -1 : 1 };
  };
  const direction = { 1: "ascending", "-1": "descending" }[way] ?? "none";
  const look = `${words ? "words" : ""} ${setting ? "setting" : ""}`;
  return html`<th scope="col" aria-sort=${direction} class=${look}>
    <button class="quiet" title="Sort" onClick=${sort}>${children}<span aria-hidden="true">${
      { 1: " ▴", "-1": " ▾" }[way] ?? ""
    }</span></button></th>`;
}

/** Whether no run that is measured by the same error is lower. */
function isBest(run, runs, name) {
  const others = runs.filter(({ group }) => group === run.group);
  return (
    run[name] !== null &&
    others.length > 1 &&
    others.every((one) => one[name] === null || one[name] >= run[name])
  );
}

function Run({ run, runs, drawn, settings, figures }) {
  const { number: id, name } = run;
  const rename = (event) => send("name_run", { run: id, name: event.currentTarget.value });
  const keep = () => send("name_run", { run: id, kept: !run.kept });
  const chip = (one) =>
    html`<span key=${one} class="chip">${one} <b>${written(run.settings[one])}</b></span>`;
  const figure = ([key]) => {
    const best = isBest(run, runs, key);
    return html`<td key=${key} class=${best ? "best" : ""} title=${best ? "The lowest of these runs" : ""}>
      ${number(run[key], DIGITS)}${best && html`<span class="unseen"> lowest</span>`}</td>`;
  };
  return html`<tbody class=${run.open ? "chosen" : ""}>
    <tr><td class="words name"><span>${drawn ? html`<${Swatch} run=${run} />` : html`<i class="swatch"></i>`}
      <input type="text" aria-label=${`Name of run ${id}`} value=${name} onChange=${rename} /></span></td>
      ${figures.map(figure)}<td>${whole(run.step)}</td>
      ${settings.map((one) => html`<td key=${one} class="setting">${written(run.settings[one])}</td>`)}
      <td class="setting words"><${Note} run=${run} /></td></tr>
    <tr class="about"><td colspan=${figures.length + settings.length + 3}>
      <div class="bar chips">
        ${run.diverged && html`<b class="diverged">diverged</b>`}
        ${run.parent !== null && html`<span class="muted">from ${nameOf(runs, run.parent)}</span>`}
        ${settings.map(chip)}
      </div>
      <div class="bar acts"><span class="narrow-note"><${Note} run=${run} /></span>
        <label class="check"><input type="checkbox" aria-label=${`Keep ${name}`} checked=${run.kept}
          onChange=${keep} /> Keep</label>
        ${run.open ? html`<span class="muted">Open now</span>` : html`<${Actions} run=${run} />`}
      </div></td></tr></tbody>`;
}

const written = (value) => (typeof value === "number" ? number(value, DIGITS) : (value ?? "–"));

const nameOf = (runs, id) => runs.find((run) => run.number === id)?.name ?? `run ${id}, which is removed`;

function Note({ run }) {
  const write = (event) => send("name_run", { run: run.number, note: event.currentTarget.value });
  return html`<input type="text" class="note" aria-label=${`Note on ${run.name}`} placeholder="Add a note"
    title=${run.note} value=${run.note} onChange=${write} />`;
}

function Actions({ run: { number: id, name } }) {
  const open = () => send("go_to", { saved_step: null, run: id });
  const remove = () => send("remove_run", { run: id });
  return html`<button class="quiet" aria-label=${`Open ${name}`} onClick=${open}>Open</button>
    <button class="quiet" aria-label=${`Remove ${name}`} onClick=${remove}>Remove</button>`;
}
