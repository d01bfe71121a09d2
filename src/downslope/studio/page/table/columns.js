/** The reader's own table: dropped, pasted or chosen; its columns, their kinds, the target, formulas. */
import { Choice } from "../controls/fields.js";
import { capitalised, number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { overview, table } from "../core/store.js";
import { html, useEffect, useState } from "../core/ui.js";
import { openChosen } from "../header/drop.js";
import { Facts } from "../header/facts.js";

const AUTOMATIC = "automatic";
const EXCLUDE = "exclude";
const KINDS = [AUTOMATIC, "number", "category", EXCLUDE];
const SCALINGS = [
  ["raw", "Unscaled"],
  ["standard", "Standardised"],
];
const [WIDTH, HEIGHT] = [120, 26]; // of a histogram

export function Columns() {
  const now = table.value;
  return html`<div class="columns-panel">
    <${Facts} />
    <${OwnTable} />
    <${About} now=${now} />
    <div class="columns-list" role="list">
      ${now.columns.map((column) => html`<${Column} key=${column.name} column=${column} now=${now} />`)}</div>
    ${now.chosen && html`<${NewFormula} formulas=${now.formulas} />`}
  </div>`;
}

function OwnTable() {
  const [text, setText] = useState("");
  const limit = overview.value.limits.upload / 1048576;
  return html`<div class="dropzone">
    <span><b>Your own table</b>: drop a file anywhere on this page (CSV, TSV, JSON lines, Parquet, Arrow,
      Excel; at most ${limit} MiB), paste cells, or choose a file:</span>
    <label class="choice"><span class="unseen">Choose a file</span>
      <input type="file" onChange=${openChosen} /></label>
    <details><summary>Type or paste it here</summary>
      <textarea rows="6" cols="40" aria-label="Table as text" value=${text} placeholder=${"x,y\n1,2\n2,4"}
        onInput=${(event) => setText(event.currentTarget.value)}></textarea>
      <div><button onClick=${() => text.trim() && send("paste", { text })}>Open this table</button></div>
    </details></div>`;
}

function About({ now }) {
  const left = now.left_out ? `; ${whole(now.left_out)} rows without a target are left out` : "";
  const scale = (scaling) => send("choose_columns", { scaling });
  return html`<div class="bar"><h2>${now.name}</h2>
    <span class="muted">${whole(now.rows)} rows; ${now.task}${left}</span><span class="grow"></span>
    ${
      now.chosen
        ? html`<${Choice} label="Numbers" value=${now.scaling} options=${SCALINGS} onChange=${scale} />`
        : html`<span class="muted">The columns are those of the model.</span>`
    }</div>`;
}

function NewFormula({ formulas }) {
  const [formula, setFormula] = useState("");
  const wanted = formula.trim();
  useEffect(() => {
    if (formulas.includes(wanted)) setFormula(""); // a refused one stays, to be mended
  }, [formulas]);
  const add = () => {
    if (wanted) send("switch_input", { name: wanted, on: true });
  };
  return html`<div class="bar new-formula">
    <label class="field"><span>New column from a formula</span>
      <input type="text" size="26" placeholder="x1*x2, pow(x1, 2), sin(x1)" value=${formula}
        onInput=${(event) => setFormula(event.currentTarget.value)}
        onKeyDown=${(event) => event.key === "Enter" && add()} /></label>
    <button onClick=${add}>Add</button></div>`;
}

function Column({ column, now }) {
  const { name, target, formula, used, reason } = column;
  const kept = used || target;
  if (!now.chosen) return html`<${ModelColumn} ...${column} />`;
  return html`<div role="listitem" class=${`column ${kept ? "" : "out"}`}>
    <b>${name}</b><${Histogram} ...${column.histogram} name=${name} />
    ${
      target
        ? html`<span>Target</span>`
        : formula
          ? html`<${RemoveFormula} name=${name} />`
          : html`<${Kind} column=${column} />`
    }
    <span class="muted">${kept ? "" : "Left out: "}${reason}</span>
    ${target ? html`<span class="muted">To be predicted</span>` : html`<${SetTarget} name=${name} />`}
  </div>`;
}

/** A column on the page of a model, which has decided what it is taken for. */
function ModelColumn({ name, histogram, target, used, kind, reason }) {
  return html`<div role="listitem" class=${`column ${used || target ? "" : "out"}`}>
    <b>${name}</b><${Histogram} ...${histogram} name=${name} />
    <span>${capitalised(kind)}</span><span class="muted">${reason}</span></div>`;
}

function RemoveFormula({ name }) {
  const remove = () => send("switch_input", { name, on: false });
  return html`<button class="quiet" onClick=${remove}>Remove</button>`;
}

function SetTarget({ name }) {
  const fields = { targets: [name], task: "auto", drop: [] };
  return html`<button class="quiet" onClick=${() => send("choose_columns", fields)}>Set as target</button>`;
}

const kindOf = (column) => (column.kind === "dropped" ? EXCLUDE : AUTOMATIC);

/** What a column is taken for. */
function Kind({ column }) {
  const now = kindOf(column);
  const shown = (kind) => capitalised(kind === AUTOMATIC && now === kind ? column.kind : kind);
  const options = KINDS.map((kind) => [kind, shown(kind)]);
  return html`<${Choice} hide label=${`Kind of ${column.name}`} value=${now} options=${options}
    onChange=${(kind) => send("choose_kind", { column: column.name, kind })} />`;
}

function Histogram({ counts, labels, low, high, name }) {
  if (!counts.length) return html`<span></span>`;
  const most = Math.max(...counts);
  const width = WIDTH / counts.length;
  const text = labels
    ? labels.map((label, i) => `${label}: ${counts[i]}`).join(", ")
    : `from ${number(low, 4)} to ${number(high, 4)}`;
  const bar = (count, i) => {
    const height = ((HEIGHT - 1) * count) / most;
    return html`<rect key=${i} x=${i * width + 0.5} width=${Math.max(1, width - 1)} y=${HEIGHT - height}
      height=${height} />`;
  };
  return html`<svg width=${WIDTH} height=${HEIGHT} role="img" aria-label=${`${name}: ${text}`}>
    <title>${text}</title>${counts.map(bar)}</svg>`;
}
