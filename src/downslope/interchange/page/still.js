/** What is made once: names, layers, pictures, the fields of the weights and of an own row. */
import { numberField } from "./field.js";
import { counted } from "./numbers.js";
import { byId, decided, element, headings } from "./rows.js";

export const ROWS = 200; // of the table, at most
const FEW = { rows: 8, inputs: 5, weights: 24 }; // up to so many they stand side by side

const HINTS_OF = {
  numbers: "Drag a number left or right, type it, or press ↑ and ↓.",
  lines: "Press a line for its chain rule. The numbers are below.",
};

/** Shows what does not change. */
export function showStill(data) {
  const many = (count, one) => `${counted(count)} ${one}${count === 1 ? "" : "s"}`;
  const inputs = data.features.length > 6 ? many(data.features.length, "input") : data.features.join(", ");
  byId("lead").textContent =
    `Predicts ${data.target} from ${inputs}. ${many(data.count, "parameter")}. ${data.note}`;
  byId("error-name").textContent = `E, mean ${data.loss}${data.penalised ? " and penalties" : ""}`;
  const held = data.rows - (data.descent.training?.length ?? data.rows);
  const shownRows = data.rows > ROWS ? `, ${ROWS} of them shown` : "";
  byId("row-note").textContent =
    `${many(data.rows, "row")}${held ? `, ${counted(held)} held out` : ""}${shownRows}`;
  const editable = data.tables.length > 0;
  byId("drawing").hidden = data.drawing === null;
  byId("legend").hidden = data.drawing === null || data.drawing.onLines;
  byId("tables").hidden = !editable || Boolean(data.drawing?.onLines);
  byId("weight-hint").hidden = !editable;
  byId("gradient-choice").hidden = !editable;
  byId("layers").hidden = editable || data.drawing !== null;
  byId("chain-of-layers").textContent = data.drawing ? data.layers.map(({ what }) => what).join(" → ") : "";
  byId("chain").hidden = !editable;
  document.body.classList.toggle("two", !editable);
  byId("lesson").hidden = data.lesson === null;
  byId("row-card").classList.toggle("many", data.rows > FEW.rows);
  if (data.lesson || data.rows > FEW.rows || data.features.length > FEW.inputs)
    byId("more").append(byId("own"));
  byId("more").append(byId("pictures"));
  const wide = data.tables.some(({ columns }) => columns.length > FEW.inputs);
  const below = editable && !data.drawing?.onLines && (wide || data.count > FEW.weights);
  byId("weight-hint").textContent = below ? HINTS_OF.lines : HINTS_OF.numbers;
  if (below) {
    byId("weights").hidden = false;
    byId("weights").append(byId("tables"));
  }
  const body = element("tbody");
  for (const { name, what, count } of data.layers) {
    const line = element("tr");
    const head = element("th", name);
    head.scope = "row";
    line.append(head, element("td", what, "words"), element("td", counted(count)));
    body.append(line);
  }
  byId("layer-table").replaceChildren(headings(["", "Layers", "Parameters"]), body);
  for (const { title, source } of data.pictures) {
    const figure = element("figure", "", "card");
    const image = element("img");
    image.src = source;
    image.alt = title;
    figure.append(element("figcaption", title), image);
    byId("pictures").append(figure);
  }
}

/** A row that the reader fills in; the function it gives predicts it again. */
export function ownInputs(data, predicted) {
  const row = Array.from(data.x.subarray(0, data.features.length));
  const show = () => {
    byId("own-answer").textContent = decided(data, predicted([row])[0]).answer;
  };
  data.features.forEach((name, j) => {
    const label = element("label", name);
    label.append(
      numberField(name, row[j], (value) => {
        row[j] = value;
        show();
      }).input,
    );
    byId("own-fields").append(label);
  });
  const one = data.results.length === 1 || data.kind === "classes";
  byId("own-name").textContent = one ? data.target : "Prediction";
  return show;
}

/** The weights as fields: on the drawing, or in tables. */
export function weightFields(data, values, fields, { move, select }) {
  const onLines = data.drawing?.onLines;
  for (const { title, note, rows, columns, cells } of data.tables) {
    const body = element("tbody");
    cells.forEach((indices, i) => {
      const line = element("tr");
      const head = element("th", rows[i]);
      head.scope = "row";
      line.append(head);
      indices.forEach(([parameter, index], j) => {
        const symbol = data.symbols[parameter][index];
        const label = `${symbol}: ${title}, ${[rows[i], columns[j]].filter(Boolean).join(", ")}`;
        const value = values[data.parameters[parameter].name][index];
        const field = numberField(label, value, (to) => move(parameter, index, to));
        const gradient = element("span", "", "gradient");
        const box = element(onLines ? "div" : "td", "", "weight");
        if (onLines) box.append(element("span", symbol, "symbol"));
        box.append(field.input, gradient);
        field.input.addEventListener("focus", () => select(parameter, index));
        field.input.addEventListener("pointerdown", () => select(parameter, index));
        fields.set(`${parameter} ${index}`, { ...field, box, gradient, parameter, index });
        (onLines ? byId("numbers") : line).append(box);
      });
      body.append(line);
    });
    if (onLines) continue;
    const table = element("table", "", "weights");
    table.replaceChildren(headings(["", ...columns]), body);
    const heading = element("h3", title);
    heading.append(element("span", note, "muted"));
    const box = element("div", "", "scroll");
    box.append(table);
    const group = element("div");
    group.append(heading, box);
    byId("tables").append(group);
  }
}
