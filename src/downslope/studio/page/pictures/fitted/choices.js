/** Over which one or two columns the fitted function is drawn. */
import { Choice } from "../../controls/fields.js";
import { html, signal } from "../../core/ui.js";

const columns = signal(null); // one or two indices of inputs

/** What is asked for. */
export const options = () => columns.value && { columns: columns.value };

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
    }`;
}
