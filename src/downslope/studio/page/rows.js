/** The table of rows: cells, what the network says of each row, its error as a number and as a bar. */

import { number, parsed, whole } from "./format.js";
import { cells, chooseRow, frame, look, order, row, send, settings, shownRows, table } from "./store.js";
import { html, useEffect, useRef, useState } from "./ui.js";

const HEIGHT = 30; // pixels of a row
const MOST_COLUMNS = 8;

/** The rows in view: a window of the table that follows the scrolling. */
export function Rows() {
  const told = table.value;
  const box = useRef(null);
  const [all, setAll] = useState(false);
  useEffect(() => {
    if (!box.current) return undefined;
    const seen = () => {
      const first = Math.max(0, Math.floor(box.current.scrollTop / HEIGHT) - 4);
      const count = Math.min(150, Math.ceil(box.current.clientHeight / HEIGHT) + 10);
      const [was, had] = shownRows.value;
      if (first !== was || count !== had) {
        shownRows.value = [first, count];
        look(true);
      }
    };
    seen();
    const element = box.current;
    element.addEventListener("scroll", seen, { passive: true });
    return () => element.removeEventListener("scroll", seen);
  }, [told?.rows]);
  if (!told) return null;
  const used = told.columns.map((column, place) => ({ ...column, place })).filter((c) => !c.target && c.used);
  const columns = all ? used : used.slice(0, MOST_COLUMNS);
  const targets = told.columns.map((column, place) => ({ ...column, place })).filter((c) => c.target);
  return html`<section class="rows card" aria-label="Rows" data-phase=${frame.value ? frame.value.phase : ""}>
    <div class="bar">
      <h2>${told.name}</h2><span class="muted">${whole(told.rows)} rows${told.left_out ? `, ${whole(told.left_out)} without a target left out` : ""}</span>
      <span class="grow"></span>
      ${
        used.length > MOST_COLUMNS &&
        html`<button class="quiet" onClick=${() => setAll(!all)}>
        ${all ? "fewer columns" : `all ${used.length} columns`}</button>`
      }
      ${
        told.rows > 12 &&
        html`<label class="check"><input type="checkbox" checked=${order.value === "error"}
        onChange=${(event) => {
          order.value = event.currentTarget.checked ? "error" : "table";
          box.current.scrollTop = 0;
          look(true);
        }} />
        largest errors first</label>`
      }
      ${
        told.editable &&
        told.rows <= 200 &&
        html`<button class="quiet" title="Add a row like the last one"
        onClick=${() => send("edit_rows", {})}>+ row</button>`
      }
    </div>
    <div class="scroll" ref=${box} tabindex="0" role="region" aria-label="Table of rows, scrolls">
      <${Grid} told=${told} columns=${columns} targets=${targets} />
    </div>
  </section>`;
}

function Grid({ told, columns, targets }) {
  const now = frame.value;
  const held = cells.value;
  const classes = told.classes.length > 0;
  const one = targets.length === 1;
  const loss = settings.value.loss;
  const squared = loss === "squared_error";
  const first = now ? now.rows.first : 0;
  const shown = now && held.of.length === now.rows.of.length ? now.rows : null;
  const count = shown ? shown.of.length : 0;
  const most = shown ? Math.max(...shown.loss, 1e-300) : 1;
  const scaled = told.scaling === "standard" && !classes;
  const heads = classes
    ? ["predicted", "probability"]
    : one
      ? ["z", ...(scaled ? ["prediction"] : [])]
      : ["prediction"];
  const lossName = squared ? (one ? "squared" : "mean square") : "loss";
  const late = columns.length > 4;
  const inputs = columns.map(
    (c) =>
      html`<th scope="col" key=${c.name} class=${c.number ? "" : "words"} title=${`${c.kind}: ${c.reason}`}>${c.name}</th>`,
  );
  return html`<table class="grid">
    <thead><tr><th scope="col" class="count">row</th>
      ${!late && inputs}
      ${heads.map((name) => html`<th scope="col" class="says forward" key=${name}>${name}</th>`)}
      ${targets.map((c) => html`<th scope="col" class=${c.number && !classes ? "" : "words"} key=${c.name} title=${c.reason}>${c.name}</th>`)}
      ${!classes && one && html`<th scope="col" class="says loss" title="target − prediction">error</th>`}
      <th scope="col" class="says loss" title=${`what this row adds to the mean: ${loss}`}>${lossName}</th>
      <th scope="col" class="barhead"><span class="unseen">as a bar</span></th>${late && inputs}</tr></thead>
    <tbody>
      ${first > 0 && html`<tr class="space" aria-hidden="true" style=${{ height: `${first * HEIGHT}px` }}><td></td></tr>`}
      ${Array.from(
        { length: count },
        (_, i) => html`<${Row} key=${shown.of[i]} i=${i} shown=${shown} held=${held}
        columns=${columns} targets=${targets} told=${told} classes=${classes} one=${one} scaled=${scaled} most=${most} late=${late} />`,
      )}
      ${
        shown &&
        first + count < told.rows &&
        html`<tr class="space" aria-hidden="true"
        style=${{ height: `${(told.rows - first - count) * HEIGHT}px` }}><td></td></tr>`
      }
    </tbody></table>`;
}

function Row({ i, shown, held, columns, targets, told, classes, one, scaled, most, late }) {
  const place = shown.of[i];
  const outputs = shown.prediction.shape[1];
  const said = shown.prediction.subarray(i * outputs, (i + 1) * outputs);
  const z = shown.z[i * outputs];
  const error = classes ? null : shown.missed[i * outputs];
  const inBatch = frame.value.batch?.includes(place);
  const measured = shown.measured?.[i];
  const chosen = row.value === place;
  const inputs = columns.map(
    (c) =>
      html`<${Cell} key=${c.name} told=${told} column=${c} row=${place} value=${held.cells[i][c.place]} />`,
  );
  return html`<tr class=${`${chosen ? "chosen" : ""} ${inBatch ? "batch" : ""}`} onClick=${(event) => {
    if (!event.target.closest("input,button")) chooseRow(place);
  }}>
    <th scope="row" class="count"><button class="quiet" aria-pressed=${chosen} title=${measured ? "held out: it only measures" : "its forward pass, and its pull on every weight"}
      onClick=${() => chooseRow(place)}>${whole(place + 1)}${measured ? "ᵛ" : ""}</button></th>
    ${!late && inputs}
    ${
      classes
        ? html`<td class="says words">${told.classes[shown.chosen[i]]}</td><td class="says" title="of what the last layer gives, the probability of that class">${number(100 * shown.share[i], 3)} %</td>`
        : one
          ? html`<td class="says" title=${`z, what the last layer gives, = ${number(z, 10)}`}>${number(z, 6)}</td>${scaled && html`<td class="says">${number(said[0], 5)}</td>`}`
          : html`<td class="says">${Array.from(said, (v) => number(v, 4)).join("; ")}</td>`
    }
    ${targets.map((c) => html`<${Cell} key=${c.name} told=${told} column=${c} row=${place} value=${held.cells[i][c.place]} />`)}
    ${!classes && one && html`<td class=${`says ${Math.abs(error) < 0.1 && told.rows <= 20 ? "met" : ""}`} title=${`target − prediction = ${number(error, 10)}`}>${number(error, 5)}</td>`}
    <td class="says" title=${lossTip(settings.value.loss, shown.loss[i], error)}>${number(shown.loss[i], 5)}</td>
    <td class="barcell"><span class=${`meter ${error !== null && error < 0 ? "negative" : "positive"}`}
      style=${{ width: `${(100 * Math.min(1, shown.loss[i] / most)).toFixed(1)}%` }}></span></td>
    ${late && inputs}
  </tr>`;
}

/** What a row adds to the error, with its formula. */
function lossTip(loss, value, error) {
  const known = {
    squared_error: "(y − z)²",
    absolute_error: "|y − z|",
    cross_entropy: "−ln p(target)",
    binary_cross_entropy: "−ln p(target)",
  };
  const numbers =
    loss === "squared_error" && error !== null && table.value.scale === 1 ? ` = (${number(error, 8)})²` : "";
  return `${known[loss] || loss.replace(/_/g, " ")}${numbers} = ${number(value, 10)}`;
}

function Cell({ told, column, row: place, value }) {
  const [text, setText] = useState(null);
  const shown = value === null || value === undefined ? "" : column.number ? number(value, 7) : String(value);
  if (!told.editable || told.rows > 200 || column.formula) {
    return html`<td class=${column.number ? "" : "words"} title=${shown.length > 16 ? shown : undefined}>${shown === "" ? "–" : shown}</td>`;
  }
  const commit = () => {
    if (text !== null && text !== shown) {
      const found = column.number ? parsed(text) : NaN;
      send("edit_cell", {
        row: place,
        column: column.name,
        text: Number.isFinite(found) ? String(found) : text,
      });
    }
    setText(null);
  };
  return html`<td class=${column.number ? "" : "words"}><input class="cell" style=${{ width: `${Math.max(3, Math.min(16, (text ?? shown).length)) + 2}ch` }} aria-label=${`${column.name}, row ${place + 1}`}
    value=${text ?? shown} onInput=${(event) => setText(event.currentTarget.value)} onBlur=${commit} spellcheck=${false}
    onKeyDown=${(event) => {
      if (event.key === "Enter") event.currentTarget.blur();
      if (event.key === "Escape") setText(null);
    }} /></td>`;
}
