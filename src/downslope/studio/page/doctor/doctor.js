/** The doctor: what is wrong with the run, the numbers that show it, and what mends it. */
import { capitalised, number, whole } from "../core/format.js";
import { notice, table } from "../core/store.js";
import { html } from "../core/ui.js";
import { apply, cancel, doctor, examine, isMoreSteps } from "./ask.js";
import { Proof } from "./proof.js";

const STATED = {
  proven: "Tried over five seeds: the runs with the remedy are better than those without it",
  certain: "What was counted shows it, and nothing had to be tried",
  suspected: "Its sign is there, and it was not tried",
};

export function Doctor() {
  const { busy, found } = doctor.value;
  return html`<div class="doctor">
    <div class="bar">
      <button class=${found || busy ? "" : "primary"} disabled=${busy} onClick=${examine}>${
        found ? "Examine again" : "Examine"
      }</button>
      ${busy && html`<button onClick=${cancel}>Cancel</button>`}
      <span class="muted">${busy ? progress() : found && ofWhich(found)}</span></div>
    <p role="status" class=${found?.healthy ? "healthy" : ""}>${
      busy ? "Examining the run …" : found && html`<b>${found.summary}</b>`
    }</p>
    ${
      !found &&
      !busy &&
      html`<p class="muted">Looks for what is wrong with this run: in its rows, its network and its steps.
      What it suspects it tries, in runs of its own: with the remedy, unchanged, and with an unrelated
      change.</p>`
    }
    ${found?.findings.map((one, i) => html`<${Finding} key=${one.code} index=${i} ...${one} />`)}</div>`;
}

function progress() {
  const { kind, text } = notice.value ?? {};
  return kind === "progress" ? `${capitalised(text)} …` : "";
}

const ofWhich = ({ name, steps }) => `Of ${name}, over ${whole(steps)} steps`;

const titleOf = (code) => capitalised(code.replaceAll("-", " ").replace("relu", "ReLU"));

function Finding({ index, code, stated, severity, where, cause, evidence, remedy, ...rest }) {
  const kind = severity === "note" ? `note, ${stated}` : stated;
  const row = (one) => html`<tr key=${one.quantity} title=${one.source}>
    <th scope="row">${one.quantity}</th>
    <td>${number(one.value, 4)}</td><td>${number(one.bound, 4)}</td></tr>`;
  return html`<article class="finding" aria-labelledby=${code}>
    <h2 id=${code}>${index + 1}. ${titleOf(code)} <span class=${`stated ${stated}`}
      title=${STATED[stated]}>${kind}</span></h2>
    <p>${where && html`<span class="muted">${capitalised(where)}. </span>`}${cause}</p>
    <${Remedy} ...${{ index, code, remedy, severity, ...rest }} />
    <table class="grid"><thead><tr><th scope="col">Evidence</th><th scope="col">Measured</th>
      <th scope="col">Bound</th></tr></thead><tbody>${evidence.map(row)}</tbody></table>
    ${
      rest.proof
        ? html`<${Proof} proof=${rest.proof} scores=${rest.scores} />`
        : rest.expected && html`<p>Expected: ${rest.expected}.</p>`
    }
    <p class="muted source">${rest.source}</p>
  </article>`;
}

function Remedy({ index, code, remedy, changes, severity }) {
  return html`<div class="remedy"><p><b>Remedy:</b> ${remedy}.</p>
    ${
      changes
        ? html`<${Apply} ...${{ index, code, changes, severity }} />`
        : html`<p class="muted">The page has no control for this change. In Python,
            <code>descend(**finding.remedied)</code> is the mended run.</p>`
    }</div>`;
}

function Apply({ index, code, changes, severity }) {
  const applied = doctor.value.applied === index;
  const more = isMoreSteps(changes);
  const look = applied || severity === "note" ? "" : "primary";
  const done = more ? "It goes on." : "It descends now. Both are under Runs.";
  const id = `${code}-sets`;
  return html`<div class="bar">
    <button class=${look} aria-describedby=${id} onClick=${() => apply(index)}>${
      more ? "Descend on" : "Apply"
    }</button>
    <span class="muted" id=${id}>${applied ? done : sets(changes)}</span></div>`;
}

/** What a remedy sets on the page, in words. */
function sets({ settings, scaling, drop, without, fresh }) {
  const said = Object.entries(settings).map(([name, value]) => {
    const words = name.replaceAll("_", " ");
    if (name === "layers") return `layers ${value.map(layer).join(", ")}`;
    return `${words} ${typeof value === "number" ? number(value, 4) : (value ?? "none")}`;
  });
  const target = table.value.classes.length ? "" : ", the target too";
  if (scaling) said.push(`standardised columns${target}`);
  if (drop) said.push(`without ${drop.join(", ")}`);
  if (without?.length) said.push(`without ${whole(without.length)} rows`);
  if (fresh) said.push("new starting values");
  return said.length ? `Sets ${said.join("; ")}.` : "";
}

const layer = ({ units, activation }) => `${units} ${activation}`;
