/** One row of the table: its cells, what the network predicts for it, and its error. */
import { compact, fitted, inFull, judged, number, parsed, whole } from "../core/format.js";
import { litClass, pointing } from "../core/links.js";
import { selectRow, send } from "../core/session.js";
import { frame, network, row, table } from "../core/store.js";
import { html, useState } from "../core/ui.js";

/** Rows of a table up to which cells can be typed into. */
export const EDITABLE_ROWS = 200;

const SMALL_ERROR = 0.1;
const FEW_ROWS = 20; // that are a challenge

export function Row({ i, shown, values, targets, layout }) {
  const { classes, single, before, after } = layout;
  const index = shown.indices[i];
  const error = classes ? null : shown.residual[i * shown.prediction.shape[1]];
  const rounding = Boolean(shown.rounding?.[i]);
  const isSelected = row.value === index;
  const inBatch = frame.value.batch?.includes(index);
  const isLit = litClass(`row:${index}`);
  const cell = (column) => html`<${Cell} key=${column.name} column=${column} row=${index}
    value=${values[column.index]} lit=${isLit && litClass(keyOf(column))} />`;
  const press = (event) => {
    if (!event.target.closest("input,button")) selectRow(index);
  };
  const marks = [isSelected && "chosen", inBatch && "batch", isLit].filter(Boolean).join(" ");
  return html`<tr class=${marks} onClick=${press} ...${pointing([`row:${index}`])}>
    <${Index} index=${index} isSelected=${isSelected} validates=${shown.validation?.[i]} />
    ${before.map(cell)}
    <${Predicted} i=${i} shown=${shown} layout=${layout} />
    ${targets.map(cell)}
    ${!classes && single && html`<${ErrorCell} error=${error} rounding=${rounding} />`}
    <${LossCell} loss=${shown.loss[i]} error=${error} rounding=${rounding} />
    <${Bar} share=${shown.bar[i]} goal=${shown.goal} negative=${error !== null && error < 0}
      met=${rounding} />
    ${after.map(cell)}
  </tr>`;
}

/** What the numbers of a column are in the drawing. */
const keyOf = ({ name, target }) => (target ? "target" : `unit:0,${network.value.inputs.indexOf(name)}`);

function Index({ index, isSelected, validates }) {
  const hint = validates
    ? "Validation row: used for validation only"
    : "Show its forward pass, and its gradient for every weight";
  return html`<th scope="row" class="count"><button class="quiet" aria-pressed=${isSelected} title=${hint}
    onClick=${() => selectRow(index)}>${whole(index + 1)}${validates ? "ᵛ" : ""}</button></th>`;
}

/** What the network predicts: the likeliest class and its probability, z and a number, or several numbers. */
function Predicted({ i, shown, layout: { classes, single, scaled } }) {
  if (classes) {
    return html`<td class="computed words">${table.value.classes[shown.class[i]]}</td>
      <td class="computed" title="The predicted probability of this class">
        ${number(100 * shown.probability[i], 3)} %</td>`;
  }
  const outputs = shown.prediction.shape[1];
  const predicted = shown.prediction.subarray(i * outputs, (i + 1) * outputs);
  if (!single)
    return html`<td class="computed">${Array.from(predicted, (v) => number(v, 4)).join("; ")}</td>`;
  const z = shown.z[i * outputs];
  const hint = `z, the output of the last layer, = ${number(z, 10)}`;
  return html`<td class="computed" title=${hint}>${number(z, 6)}</td>
    ${scaled && html`<td class="computed">${number(predicted[0], 5)}</td>`}`;
}

function ErrorCell({ error, rounding }) {
  const met = Math.abs(error) < SMALL_ERROR && table.value.rows <= FEW_ROWS;
  const hint = `Target − prediction = ${inFull(error, 10, rounding)}`;
  return html`<td class=${`computed ${met ? "met" : ""}`} title=${hint}>
    ${judged(rounding, fitted(error, 5, 8))}</td>`;
}

/** What the row adds to the error, with its formula. */
function LossCell({ loss, error, rounding }) {
  const { loss: name, loss_formula: formula } = network.value;
  const squares = name === "squared_error" && error !== null && table.value.scale === 1;
  const numbers = squares ? ` = (${number(error, 8)})²` : "";
  const hint = `${formula}${numbers} = ${inFull(loss, 10, rounding)}`;
  return html`<td class="computed" title=${hint}>${judged(rounding, compact(loss, 5))}</td>`;
}

function Bar({ share, goal, negative, met }) {
  const percent = (value) => `${(100 * value).toFixed(1)}%`;
  return html`<td class="barcell"><div class="scale">
    ${
      !met &&
      html`<span class=${`meter ${negative ? "negative" : "positive"}`}
        style=${{ width: percent(share) }}></span>`
    }
    ${goal && html`<i class="goal" style=${{ left: percent(goal) }}></i>`}</div></td>`;
}

function Cell({ column, row: index, value, lit }) {
  const { editable, rows } = table.value;
  const known = value !== null && value !== undefined;
  const text = known ? (column.numeric ? number(value, column.formula ? 4 : 7) : String(value)) : "";
  const words = `${column.numeric ? "" : "words"} ${lit || ""}`;
  if (editable && rows <= EDITABLE_ROWS && !column.formula) {
    return html`<td class=${words}><${Editor} column=${column} index=${index} value=${text} /></td>`;
  }
  return html`<td class=${words} title=${text.length > 16 ? text : undefined}>${text || "–"}</td>`;
}

function Editor({ column, index, value }) {
  const [text, setText] = useState(null);
  const commit = () => {
    if (text !== null && text !== value) {
      const found = column.numeric ? parsed(text) : NaN;
      const sent = Number.isFinite(found) ? String(found) : text;
      send("edit_cell", { row: index, column: column.name, text: sent });
    }
    setText(null);
  };
  const keys = (event) => {
    if (event.key === "Enter") commit();
    if (event.key === "Escape") setText(null);
  };
  const shown = text ?? value;
  const width = `${Math.max(2, Math.min(16, shown.length)) + 2}ch`;
  return html`<input class="cell" style=${{ width }} aria-label=${`${column.name}, row ${index + 1}`}
    value=${shown} spellcheck=${false} onInput=${(event) => setText(event.currentTarget.value)}
    onBlur=${commit} onKeyDown=${keys} />`;
}
