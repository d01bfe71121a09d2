/** How the table was read: what was decided, and what to do where that is wrong. */
import { whole } from "../core/format.js";
import { overview, panel, table } from "../core/store.js";
import { html } from "../core/ui.js";

const MOST = 100; // columns that are listed

/** @param {{close: () => void}} props */
export function Reading({ close }) {
  const now = overview.value.reading;
  return html`<div class="sheet facts" role="region" aria-label="How the table was read" tabindex="0">
    <h2>How ${table.value.name} was read</h2>
    ${now.model && html`<p class="muted">The model says how: as the table that it was fitted to.</p>`}
    <${Sentences} title="Left out" texts=${leftOut(now)} />
    ${
      now.left_out.length > 0 &&
      html`<p class="hint"><code>--keep-rows</code> keeps every row that has as many cells as the others.</p>`
    }
    <${Sentences} title="To know" texts=${now.notes} />
    <${Columns} columns=${now.columns} />
    <${Decided} decided=${now.decided} />
    <${Wrong} now=${now} close=${close} />
  </div>`;
}

function Decided({ decided }) {
  if (!decided.length) return null;
  const row = ({
    what,
    answer,
    option,
  }) => html`<tr key=${what}><th scope="row">${what}</th><td>${answer}</td>
    <td><code>${option}</code></td></tr>`;
  return html`<table class="facts-table"><thead><tr><th scope="col">Text</th><th scope="col">Decided</th>
    <th scope="col">Otherwise</th></tr></thead><tbody>${decided.map(row)}</tbody></table>`;
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
  }Text read otherwise: open the file with an option, such as${" "}
    <code>downslope play ${file} --decimal ,</code></p>`;
}
