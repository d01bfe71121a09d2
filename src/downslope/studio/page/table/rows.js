/** The table of rows: cells, what the network predicts for each row, its error as a number and as a bar. */

import { useRoving } from "../controls/roving.js";
import { number, whole } from "../core/format.js";
import { wantedRow } from "../core/links.js";
import { look, send } from "../core/session.js";
import { cells, frame, order, row, settings, shownRows, table } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { Inputs, InputsMenu } from "./inputs.js";
import { Recipe, SampleRows } from "./recipe.js";
import { EDITABLE_ROWS, Row } from "./row.js";

const HEIGHT = 30; // pixels of a row
const FEW = 8; // rows, which stand apart where there is room
const NARROW = 521; // pixels of a window in which not all columns have room
const MOST_COLUMNS = 8;
const INPUTS_BEFORE = 4; // columns beyond which the inputs stand behind the errors

/** The rows in view: a window of the table that follows the scrolling. */
export function Rows() {
  const now = table.value;
  const box = useRef(null);
  const [all, setAll] = useState(false);
  const keys = useRoving(box, "tbody :is(button, input)", true);
  useWindow(box, now?.rows);
  useEffect(() => box.current?.scrollTo(0, 0), [now?.name]); // another table starts at its first row
  useWantedRow(box);
  useEdge(box, Boolean(now));
  if (!now) return null;
  const columns = now.columns.map((column, index) => ({ ...column, index }));
  const inputs = columns.filter((column) => !column.target && column.used);
  const shown = all ? inputs : inputs.slice(0, MOST_COLUMNS);
  const targets = columns.filter((column) => column.target);
  const left = now.left_out ? `, ${whole(now.left_out)} without a target left out` : "";
  const count = `${whole(now.rows)} rows${left}`;
  const few = all ? "Fewer columns" : `All ${inputs.length} columns`;
  return html`<section class=${`rows card ${now.rows <= FEW ? "few" : ""}`} style=${{ "--rows": now.rows }}
    aria-label="Rows" data-phase=${frame.value ? frame.value.phase : ""}>
    <div class="bar">
      <h2>${now.name}</h2>
      ${now.recipe ? html`<${SampleRows} />` : html`<span class="muted">${count}</span>`}
      <span class="grow"></span>
      ${
        inputs.length > MOST_COLUMNS &&
        html`<button class="quiet" onClick=${() => setAll(!all)}>${few}</button>`
      }
      ${now.rows > 12 && html`<${LargestFirst} box=${box} />`}
      ${now.editable && now.rows <= EDITABLE_ROWS && html`<${EditRows} rows=${now.rows} />`}
      <${InputsMenu} />
    </div>
    <${Recipe} />
    <${Inputs} />
    <div class="scroll" ref=${box} ...${keys} tabindex="0" role="region" aria-label="Table of rows (scrolls)">
      <${Grid} now=${now} inputs=${shown} targets=${targets} />
    </div>
  </section>`;
}

/** A row more, or the selected one less. */
function EditRows({ rows }) {
  const selected = row.value;
  const remove = html`<button class="quiet" title="Remove the selected row from the table"
    onClick=${() => send("edit_rows", { remove: selected })}>Remove row ${whole(selected + 1)}</button>`;
  return html`${selected !== null && rows > 1 && remove}
    <button class="quiet" title="Add a row like the last one"
      onClick=${() => send("edit_rows", {})}>Add row</button>`;
}

/** Ask for the rows that are in view, whenever those are others. */
function useWindow(box, rows) {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const scrolled = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / HEIGHT) - 4);
      const count = Math.min(150, Math.ceil(element.clientHeight / HEIGHT) + 10);
      if (String([first, count]) === String(shownRows.value)) return;
      shownRows.value = [first, count];
      look(true);
    };
    scrolled();
    const watch = new ResizeObserver(scrolled);
    watch.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [rows]);
}

/** Say where columns are out of sight to the right. */
function useEdge(box, known) {
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const seen = () => {
      const beyond = element.scrollWidth - element.offsetWidth - element.scrollLeft;
      element.toggleAttribute("data-more", beyond > 1);
    };
    const watch = new ResizeObserver(seen);
    for (const one of [element, element.firstElementChild]) watch.observe(one);
    element.addEventListener("scroll", seen, { passive: true });
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", seen);
    };
  }, [known]);
}

/** Bring the row that is wanted into view, where it stands at its place in the table. */
function useWantedRow(box) {
  const wanted = wantedRow.value;
  useEffect(() => {
    if (!wanted || !box.current || order.value !== "table") return;
    const top = wanted.index * HEIGHT;
    const { scrollTop, clientHeight } = box.current;
    const seen = top >= scrollTop && top + 2 * HEIGHT <= scrollTop + clientHeight;
    if (!seen) box.current.scrollTop = Math.max(0, top - clientHeight / 3);
  }, [wanted]);
}

function LargestFirst({ box }) {
  const choose = (event) => {
    order.value = event.currentTarget.checked ? "error" : "table";
    box.current.scrollTop = 0;
    look(true);
  };
  const byError = order.value === "error";
  return html`<label class="check">
    <input type="checkbox" checked=${byError} onChange=${choose} />
    <span>Largest <span class="wide-only">errors </span>first</span></label>`;
}

function Grid({ now, inputs, targets }) {
  const rows = frame.value?.rows;
  const known = rows && cells.value.indices.length === rows.indices.length;
  const shown = known ? rows : null;
  const count = shown ? shown.indices.length : 0;
  const classes = now.classes.length > 0;
  const scaled = now.scaling === "standard" && !classes; // one column more
  const single = targets.length === 1;
  const own = inputs.filter(({ formula }) => !formula); // formulas follow from them
  const room = innerWidth < NARROW ? 0 : INPUTS_BEFORE - (scaled ? 2 : 0); // errors are what is to be seen
  const before = own.length > room ? [] : own;
  const layout = { classes, single, scaled, before, after: inputs.filter((one) => !before.includes(one)) };
  const first = rows ? rows.first : 0;
  const line = (
    _,
    i,
  ) => html`<${Row} key=${shown.indices[i]} i=${i} shown=${shown} values=${cells.value.cells[i]}
    targets=${targets} layout=${layout} />`;
  return html`<table class="grid">
    <${Heads} targets=${targets} layout=${layout} />
    <tbody>
      <${Space} rows=${first} />
      ${Array.from({ length: count }, line)}
      <${Space} rows=${shown ? now.rows - first - count : 0} />
    </tbody></table>`;
}

/** The room of the rows that are not in view. */
function Space({ rows }) {
  if (rows <= 0) return null;
  return html`<tr class="space" aria-hidden="true" style=${{ height: `${rows * HEIGHT}px` }}><td></td></tr>`;
}

function Heads({ targets, layout: { classes, single, scaled, before, after } }) {
  const { loss } = settings.value;
  const computed = classes
    ? ["Predicted", "Probability"]
    : single
      ? ["z", scaled && "Prediction"]
      : ["Prediction"];
  const plainName = loss === "squared_error" ? (single ? "Squared" : "Mean square") : "Loss";
  const lossName = scaled ? `${plainName}, scaled` : plainName;
  const units = scaled ? ` of targets and predictions divided by ${number(table.value.scale, 5)}` : "";
  const lossHint = `What this row adds to the mean: ${loss.replace(/_/g, " ")}${units}`;
  const input = (column) => html`<th scope="col" key=${column.name} class=${column.numeric ? "" : "words"}
    title=${`${column.name}. ${column.kind}: ${column.reason}`}>${column.name}</th>`;
  const output = (name) => html`<th scope="col" class="computed forward" key=${name}>${name}</th>`;
  const target = ({ name, numeric, reason }) =>
    html`<th scope="col" key=${name} class=${numeric && !classes ? "" : "words"}
      title=${`${name}. ${reason}`}>${name}</th>`;
  return html`<thead><tr><th scope="col" class="count">Row</th>
    ${before.map(input)}
    ${computed.filter(Boolean).map(output)}
    ${targets.map(target)}
    ${
      !classes && single && html`<th scope="col" class="computed loss" title="Target − prediction">Error</th>`
    }
    <th scope="col" class="computed loss" title=${lossHint}>${lossName}</th>
    <th scope="col" class="barhead"><span class="unseen">Loss as a bar</span></th>
    ${after.map(input)}</tr></thead>`;
}
