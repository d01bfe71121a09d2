/** How the table was read: what was decided, and what to do where that is wrong. */
import { capitalised, whole } from "../core/format.js";
import { ask } from "../core/session.js";
import { overview, panel, table } from "../core/store.js";
import { html, useEffect, useState } from "../core/ui.js";

const MOST = 100; // columns that are listed
const FOUND = "found"; // what the file itself says, which is no value of an option

/** @param {{close: () => void}} props */
export function Reading({ close }) {
  const now = overview.value.reading;
  return html`<div class="sheet facts" role="region" aria-label="How the table was read" tabindex="0">
    <h2>How ${table.value.name} was read</h2>
    ${now.model && html`<p class="muted">The model says how: as the table that it was fitted to.</p>`}
    <${Sentences} title="Left out" texts=${leftOut(now)} />
    ${(now.left_out.length > 0 || now.keep_rows) && html`<${KeepRows} now=${now} />`}
    <${Sentences} title="To know" texts=${now.notes} />
    <${Decided} now=${now} />
    <${Columns} columns=${now.columns} />
    <${Wrong} now=${now} close=${close} />
  </div>`;
}

/** Every row that has as many cells as the others counts, or those that are no rows of data are left out. */
function KeepRows({ now: { again, keep_rows: kept } }) {
  if (!again) {
    return html`<p class="hint"><code>--keep-rows</code> keeps every row that has as many cells as the
      others.</p>`;
  }
  const change = () => ask("read_again", { option: "keep_rows", value: kept ? null : "yes" });
  return html`<label class="choice"><input type="checkbox" checked=${kept} onChange=${change} />
    Keep every row that has as many cells as the others</label>`;
}

function Decided({ now: { decided, again } }) {
  if (!decided.length) return null;
  return html`<table class="facts-table decided"><thead><tr><th scope="col">Text</th>
    <th scope="col">Read as</th><th scope="col">Option</th></tr></thead>
    <tbody>${decided.map(
      (one) => html`<${Decision} key=${one.name} one=${one} again=${again} />`,
    )}</tbody></table>
    ${again && html`<p class="hint">A change reads the file again. Cells are then as in the file.</p>`}`;
}

/** What was decided, and the field that says it otherwise; what cannot be read so is refused there. */
function Decision({ one, again }) {
  const { name, what, answer, option } = one;
  const [refused, setRefused] = useState(null); // {value, text}
  useEffect(() => setRefused(null), [one]); // read by another option meanwhile
  const change = async (event) => {
    const value = event.currentTarget.value;
    const told = await ask("read_again", { option: name, value: value === FOUND ? null : value });
    setRefused(told?.message === "refused" ? { value, text: told.text } : null);
  };
  const shown = refused ? { ...one, given: refused.value } : one;
  const field = { "aria-label": what, "aria-invalid": refused !== null, onChange: change };
  return html`<tr><th scope="row">${what}</th>
    <td>${again ? (one.choices.length ? choices(shown, field) : typed(shown, field)) : answer}
      ${refused && html`<p class="error" role="alert">${capitalised(refused.text)}</p>`}</td>
    <td><code>${option}</code></td></tr>`;
}

function choices({ answer, given, choices: known }, field) {
  const option = ([value, text]) =>
    html`<option key=${value} value=${value} selected=${value === given}>${text}</option>`;
  const other = given !== null && !known.some(([value]) => value === given);
  const first = given === null ? `found: ${answer}` : "as found in the file";
  return html`<select ...${field}><option value=${FOUND} selected=${given === null}>${first}</option>
    ${known.map(option)}${other && option([given, given])}</select>`;
}

function typed({ answer, given, example }, field) {
  const change = (event) => {
    const { value } = event.currentTarget;
    if (value.trim() !== (given ?? "")) field.onChange({ currentTarget: { value: value.trim() || FOUND } });
  };
  return html`<input type="text" autocomplete="off" spellcheck=${false} ...${field} title=${example}
    placeholder=${`found: ${answer}`} value=${given ?? ""} onChange=${change} />`;
}

function leftOut({ left_out: rows, no_target: gaps }) {
  return gaps ? [...rows, `${whole(gaps)} ${gaps === 1 ? "row" : "rows"} without a target`] : rows;
}

function Sentences({ title, texts }) {
  if (!texts.length) return null;
  return html`<h3>${title}</h3><ul>${texts.map((text) => html`<li key=${text}>${text}</li>`)}</ul>`;
}

function Columns({ columns }) {
  const more = columns.length - MOST;
  const row = ({ name, kind, reason, used, written }) => html`<tr key=${name} class=${used ? "" : "muted"}>
    <th scope="row">${name}</th><td>${kind}${used ? "" : ", left out"}</td>
    <td>${[reason, written].filter(Boolean).join(", ")}</td></tr>`;
  return html`<table class="facts-table"><thead><tr><th scope="col">Column</th><th scope="col">Taken for</th>
    <th scope="col">Because</th></tr></thead><tbody>${columns.slice(0, MOST).map(row)}</tbody></table>
    ${more > 0 && html`<p class="muted">${whole(more)} further columns stand under Columns.</p>`}`;
}

function Wrong({ now, close }) {
  const show = () => {
    close();
    panel.value = "columns";
  };
  const file = now.path === null ? "FILE" : table.value.name;
  return html`<p class="hint">${
    !now.model &&
    html`Another kind for a column: <button class="link" onClick=${show}>Columns</button>, or${" "}
      <code>--number</code>, <code>--category</code>, <code>--drop</code> with its name. `
  }On the command line: <code>downslope play ${file} --decimal ,</code></p>`;
}
