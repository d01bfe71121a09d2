/** One's own table: dropped, pasted or chosen; its columns, their kinds, the target, formulas. */

import { number, whole } from "./format.js";
import { send, state, table, upload } from "./store.js";
import { html, useState } from "./ui.js";

const KINDS = ["as found", "number", "category", "leave out"];

export function Columns() {
  const told = table.value;
  const [formula, setFormula] = useState("");
  const [text, setText] = useState("");
  const add = () => {
    if (formula.trim()) send("columns", { formulas: [...told.formulas, formula.trim()] });
    setFormula("");
  };
  const limit = state.value.limits.upload / 1048576;
  return html`<div class="columns-panel">
    <div class="dropzone"><span><b>Your own table</b>: drop a file anywhere on this page (CSV, TSV, JSON lines, Parquet, Arrow, Excel; at most ${limit} MiB), paste cells, or</span>
      <label class="choice"><span class="unseen">choose a file</span><input type="file" onChange=${(event) => event.currentTarget.files[0] && upload(event.currentTarget.files[0])} /></label>
      <details><summary>type or paste it here</summary><textarea rows="6" cols="40" aria-label="table as text" value=${text} onInput=${(event) => setText(event.currentTarget.value)} placeholder=${"x,y\n1,2\n2,4"}></textarea>
        <div><button onClick=${() => text.trim() && send("paste", { text })}>Take this table</button></div></details></div>
    <div class="bar"><h2>${told.name}</h2><span class="muted">${whole(told.rows)} rows; ${told.task}${told.left_out ? `; ${whole(told.left_out)} rows without a target are left out` : ""}</span><span class="grow"></span>
      <label class="choice"><span>numbers</span><select value=${told.scaling} onChange=${(event) => send("columns", { scaling: event.currentTarget.value })}>
        <option value="raw">as they are</option><option value="standard">centred and scaled</option></select></label></div>
    <div class="columns-list" role="list">${told.columns.map((column) => html`<${Column} key=${column.name} column=${column} told=${told} />`)}</div>
    <div class="bar" style=${{ marginTop: "10px" }}><label class="field"><span>a column from others</span><input type="text" size="26" placeholder="x1*x2, pow(x1, 2), sin(x1)" value=${formula}
      onInput=${(event) => setFormula(event.currentTarget.value)} onKeyDown=${(event) => event.key === "Enter" && add()} /></label><button onClick=${add}>Add</button></div>
  </div>`;
}

function Column({ column, told }) {
  return html`<div role="listitem" class=${`column ${column.used || column.target ? "" : "out"}`}>
    <b>${column.name}</b><${Bars} told=${column.histogram} name=${column.name} />
    ${
      column.target
        ? html`<span>target</span>`
        : column.formula
          ? html`<button class="quiet" onClick=${() => send("columns", { formulas: told.formulas.filter((f) => f !== column.name) })}>take away</button>`
          : html`<label class="choice"><span class="unseen">kind of ${column.name}</span><select onChange=${(event) => choose(column, event.currentTarget.value, told)}>
        ${KINDS.map((kind) => html`<option key=${kind} selected=${kind === chosen(column)}>${kind === "as found" && chosen(column) === kind ? column.kind : kind}</option>`)}</select></label>`
    }
    <span class="muted">${column.used || column.target ? "" : "left out: "}${column.reason}</span>
    ${column.target ? html`<span class="muted">to predict</span>` : html`<button class="quiet" onClick=${() => send("columns", { targets: [column.name], task: "auto", drop: [], formulas: told.formulas })}>predict this</button>`}
  </div>`;
}

function chosen(column) {
  return column.kind === "dropped" ? "leave out" : "as found";
}

function choose(column, kind, told) {
  const name = column.name;
  const out = told.columns.filter((c) => c.kind === "dropped" && c.name !== name).map((c) => c.name);
  const asked = (wanted) =>
    told.columns
      .filter((c) => c.kind === wanted && c.reason === "asked for" && c.name !== name)
      .map((c) => c.name);
  send("columns", {
    drop: kind === "leave out" ? [...out, name] : out,
    category: kind === "category" ? [...asked("category"), name] : asked("category"),
    number: kind === "number" ? [...asked("number"), name] : asked("number"),
  });
}

function Bars({ told, name }) {
  if (!told.counts.length) return html`<span></span>`;
  const most = Math.max(...told.counts);
  const width = 120 / told.counts.length;
  const words = told.labels
    ? told.labels.map((label, i) => `${label}: ${told.counts[i]}`).join(", ")
    : `from ${number(told.low, 4)} to ${number(told.high, 4)}`;
  return html`<svg width="120" height="26" role="img" aria-label=${`${name}: ${words}`}><title>${words}</title>
    ${told.counts.map((count, i) => html`<rect key=${i} x=${i * width + 0.5} width=${Math.max(1, width - 1)} y=${26 - (25 * count) / most} height=${(25 * count) / most} />`)}</svg>`;
}
