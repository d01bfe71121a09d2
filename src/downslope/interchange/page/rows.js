/** The table of rows: inputs, target, prediction, error. */
import { percent, shown } from "./numbers.js";

const FEW_LINES = 20;

/** An element of the page by its id. */
export const byId = (id) => document.getElementById(id);

/**
 * An element with a text and a class.
 * @param {string} tag
 * @param {string} [text]
 * @param {string} [kind]
 * @returns {HTMLElement}
 */
export function element(tag, text = "", kind = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

/** A line of headings. */
export function headings(names) {
  const line = element("tr");
  for (const name of names) {
    const cell = element(name ? "th" : "td", name);
    if (name) cell.scope = "col";
    line.append(cell);
  }
  const head = element("thead");
  head.append(line);
  return head;
}

/** The largest of some numbers, by its place. */
function largest(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

/** What the columns after the inputs are called. */
function resultNames({ kind, results, target, loss }) {
  const named = loss[0].toUpperCase() + loss.slice(1);
  if (kind === "numbers") {
    const one = results.length === 1;
    const pairs = results.flatMap((name) => [name, one ? "Prediction" : `Prediction of ${name}`]);
    return [...pairs, ...(one ? ["Difference"] : []), named];
  }
  return [target, "Prediction", named];
}

/**
 * What is predicted for one row, in words; of a class, which and how sure.
 * @param {object} data of the page
 * @param {number[]} prediction
 * @returns {{answer: string, chosen: number}}
 */
export function decided({ kind, classes, results }, prediction) {
  if (kind !== "numbers") {
    const shares = kind === "binary" ? [1 - prediction[0], prediction[0]] : prediction;
    const chosen = largest(shares);
    return { answer: `${classes[chosen]} (${percent(shares[chosen])})`, chosen };
  }
  const names = results.length > 1 ? results.map((name) => `${name} `) : [""];
  return { answer: prediction.map((value, i) => names[i] + shown(value)).join(", "), chosen: -1 };
}

/**
 * Fills the table once; the function it gives makes it follow what is computed.
 * @param {HTMLTableElement} table
 * @param {object} data of the page, with x and y as arrays
 * @param {number} rows how many it shows, the first ones
 * @returns {(judged: {prediction: Float64Array, errors: Float64Array}) => void}
 */
export function rowTable(table, data, rows) {
  const { kind, outputs, x, y, features, classes } = data;
  const numbers = kind === "numbers";
  const narrow = window.matchMedia("(max-width: 44rem)").matches;
  const last = narrow || features.length > (numbers ? 3 : 2); // results stand where they are seen
  const width = y.length / data.rows;
  const trained = data.descent.training ? new Set(data.descent.training) : null;
  const body = element("tbody");
  const lines = Array.from({ length: rows }, (_, row) => {
    const line = element("tr");
    const number = element("th", String(row + 1));
    number.scope = "row";
    if (trained && !trained.has(row)) {
      line.className = "held-out";
      number.title = "Held out: this row only measures";
    }
    line.append(number);
    const inputs = features.map((_, j) => element("td", shown(x[row * features.length + j], 4), "given"));
    if (!last) line.append(...inputs);
    const cells = [];
    const add = (text, kind) => {
      const cell = element("td", text, kind);
      line.append(cell);
      cells.push(cell);
    };
    for (let k = 0; k < (numbers ? outputs : 1); k++) {
      const value = y[row * width + k];
      line.append(element("td", numbers ? shown(value) : (classes[value] ?? shown(value)), "target"));
      add("", "prediction");
    }
    if (numbers && outputs === 1) add("", "difference");
    const loss = element("td", "", "loss");
    const text = element("span");
    const bar = element("i");
    loss.append(text, bar);
    line.append(loss, ...(last ? inputs : []));
    body.append(line);
    return { line, cells, text, bar };
  });
  const results = resultNames(data);
  const columns = last ? [...results, ...features] : [...features, ...results];
  table.replaceChildren(headings(["", ...columns]), body);

  const show = ({ prediction, errors }, ...which) => {
    const most = errors.reduce((top, e) => (Number.isFinite(e) ? Math.max(top, Math.abs(e)) : top), 0) || 1;
    for (const row of which) {
      const { line, cells, text, bar } = lines[row];
      const said = Array.from(prediction.subarray(row * outputs, (row + 1) * outputs));
      if (numbers) {
        said.forEach((value, k) => {
          cells[k].textContent = shown(value);
        });
        if (outputs === 1) cells[1].textContent = shown(y[row] - said[0]);
      } else {
        const { answer, chosen } = decided(data, said);
        const right = chosen === y[row];
        cells[0].textContent = right ? answer : `✗ ${answer}`;
        line.classList.toggle("wrong", !right);
      }
      text.textContent = shown(errors[row]);
      bar.style.width = `${Math.min(100, (100 * Math.abs(errors[row])) / most) || 0}%`;
    }
  };
  const seen = inSight(lines.map(({ line }) => line));
  let latest = null;
  seen.changed = (row) => latest && show(latest, row);
  return (judged) => {
    latest = judged;
    show(judged, ...seen.rows);
  };
}

/**
 * Which lines of a table are in sight: of few all of them. Many lines take longer to draw than a step.
 * @param {HTMLElement[]} lines
 * @returns {{rows: Set<number>, changed: (row: number) => void}} with what is called when a line comes into
 *   sight
 */
function inSight(lines) {
  const found = { rows: new Set(lines.keys()), changed: () => {} };
  if (lines.length <= FEW_LINES) return found;
  const places = new Map(lines.map((line, row) => [line, row]));
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const row = places.get(target);
      if (!isIntersecting) found.rows.delete(row);
      else if (!found.rows.has(row)) {
        found.rows.add(row);
        found.changed(row);
      }
    }
  });
  for (const line of lines) observer.observe(line);
  return found;
}
