/** Over which one or two columns the fitted function is drawn, and what the others are held at. */
import { Choice } from "../../controls/fields.js";
import { row } from "../../core/store.js";
import { html, signal } from "../../core/ui.js";

const columns = signal(null); // one or two indices of inputs

const atRow = signal(false); // whether the others are those of the selected row, not typical ones

/** What is asked for. */
export const options = () => columns.value && { columns: columns.value, row: atRow.value ? row.value : null };

export function choose(_, proposed) {
  columns.value = proposed.columns;
}

export function Choices({ net }) {
  const list = net.inputs.map((name, i) => [String(i), name]);
  const [first, second] = columns.value;
  const setFirst = (text) => {
    columns.value = columns.value.with(0, Number(text));
  };
  const setSecond = (text) => {
    columns.value = text === "" ? [first] : [first, Number(text)];
  };
  return html`<span class="muted">over</span>
    <${Choice} hide label="Column" options=${list} value=${String(first)} onChange=${setFirst} />
    ${
      list.length > 1 &&
      html`<${Choice} hide label="Second column" options=${[["", "None"], ...list]}
        value=${String(second ?? "")}
        onChange=${setSecond} />`
    }${row.value !== null && html`<${AtRow} />`}`;
}

/** Whether the columns that are not drawn over have the values of the selected row. */
function AtRow() {
  const toggle = () => {
    atRow.value = !atRow.value;
  };
  return html`<button type="button" class="toggle" aria-pressed=${atRow.value} onClick=${toggle}
    title="Hold the other columns at the values of this row, or at typical ones">
    Row ${row.value + 1}</button>`;
}
