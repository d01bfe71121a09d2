/** The page: its data, what a change does, and the controls. */
import { errorCurve, networkDrawing } from "./drawing.js";
import { numberField } from "./field.js";
import { counted, parsed, shown, typed } from "./numbers.js";
import { decided, element, headings, rowTable } from "./rows.js";

const CURVE = 400; // points of the curve before every other one is left out
const FRAME = 12; // milliseconds of computing in one frame

const TROUBLE = "The next step would not be finite: lower the learning rate, or reset.";

const byId = (id) => document.getElementById(id);

/** The numbers of an array from its bytes. */
function unpacked({ type, bytes }) {
  const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer;
  return Float64Array.from(type === "f4" ? new Float32Array(raw) : new Float64Array(raw));
}

/**
 * Starts the page on the functions that were written from the graph of the network.
 * @param {{predict: Function, judge: Function, descend: Function}} program
 */
export function start({ predict, judge, descend }) {
  const packed = JSON.parse(byId("data").textContent);
  const data = { ...packed, x: unpacked(packed.x), y: unpacked(packed.y) };
  const names = data.parameters.map(({ name }) => name);
  const initial = data.parameters.map(({ values }) => unpacked(values));
  const weights = initial.map((values) => values.slice());
  const rowWeights = new Float64Array(data.rowWeights).fill(1);
  const given = { rows: data.rows, x: data.x, y: data.y, row_weights: rowWeights };
  const state = {
    rate: data.learningRate,
    steps: 0,
    error: NaN,
    history: [],
    playing: false,
    waiting: false,
  };
  const fields = new Map();

  const values = () => ({
    ...given,
    learning_rate: state.rate,
    ...Object.fromEntries(names.map((name, i) => [name, weights[i]])),
  });

  const predicted = (rows) => {
    const x = Float64Array.from(rows.flat());
    const { prediction } = predict({ ...values(), rows: rows.length, x });
    return rows.map((_, i) => Array.from(prediction.subarray(i * data.outputs, (i + 1) * data.outputs)));
  };

  const showRows = rowTable(byId("rows"), data);
  const focus = (parameter, index) => fields.get(`${parameter} ${index}`)?.input.focus();
  let showEdges = () => {};
  const showOwn = ownInputs(data, predicted);
  const gradients = weightTables(data, weights, fields, () => changed());

  /** Everything that follows the weights. */
  function refresh() {
    const judged = judge(values());
    state.error = judged.error;
    remember(state, judged.error);
    showRows(judged);
    showEdges(weights);
    showOwn();
    if (byId("gradients").checked) gradients(descend(values()));
    showTotal(state);
    return judged;
  }

  function changed() {
    if (state.waiting) return;
    state.waiting = true;
    queueMicrotask(() => {
      state.waiting = false;
      refresh();
    });
  }

  function advance(count, until = Infinity) {
    for (let i = 0; i < count && performance.now() < until; i++) {
      const next = descend(values());
      if (!names.every((name) => next[name].every(Number.isFinite))) return false;
      remember(state, next.error);
      names.forEach((name, k) => weights[k].set(next[name]));
      state.steps += 1;
    }
    return true;
  }

  function showWeights() {
    for (const [key, field] of fields) {
      const [parameter, index] = key.split(" ").map(Number);
      field.show(weights[parameter][index]);
    }
  }

  function walk(count, until) {
    const finite = advance(count, until);
    showWeights();
    refresh();
    byId("trouble").hidden = finite;
    byId("trouble").textContent = finite ? "" : TROUBLE;
    return finite;
  }

  function say() {
    byId("said").textContent = `After ${counted(state.steps)} steps the error is ${shown(state.error)}.`;
  }

  function pause() {
    state.playing = false;
    byId("play").textContent = "Play";
    say();
  }

  function frame() {
    if (!state.playing) return;
    if (walk(Number(byId("speed").value), performance.now() + FRAME)) requestAnimationFrame(frame);
    else pause();
  }

  byId("play").addEventListener("click", () => {
    if (state.playing) return pause();
    state.playing = true;
    byId("play").textContent = "Pause";
    requestAnimationFrame(frame);
  });
  for (const [id, count] of [
    ["step", 1],
    ["steps", 10],
  ]) {
    byId(id).addEventListener("click", () => {
      walk(count);
      say();
    });
  }
  byId("reset").addEventListener("click", () => {
    if (state.playing) pause();
    weights.forEach((w, i) => w.set(initial[i]));
    Object.assign(state, { steps: 0, history: [] });
    byId("trouble").hidden = true;
    showWeights();
    refresh();
    say();
  });
  byId("rate").value = typed(state.rate, 8);
  byId("rate").addEventListener("input", (event) => {
    const rate = parsed(event.target.value);
    event.target.setAttribute("aria-invalid", String(!(rate > 0)));
    if (rate > 0) state.rate = rate;
  });
  byId("gradients").addEventListener("change", (event) => {
    byId("tables").classList.toggle("with-gradients", event.target.checked);
    refresh();
  });

  showStill(data);
  if (data.drawing) {
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === width) return;
      width = contentRect.width;
      showEdges = networkDrawing(byId("network"), data.drawing, focus);
      showEdges(weights);
    }).observe(byId("drawing"));
  }
  refresh();
  window.downslope = Object.freeze({
    predict: predicted,
    judge: () => judge(values()),
    descend: () => descend(values()),
    parameters: () => Object.fromEntries(names.map((name, i) => [name, Array.from(weights[i])])),
  });
}

/** One point of the curve for each step; a change by hand moves the last. */
function remember(state, error) {
  const { history, steps } = state;
  if (history.at(-1)?.step === steps) history.pop();
  history.push({ step: steps, error });
  if (history.length <= CURVE) return;
  state.history = history.filter((_, i) => i % 2 === 0 || i === history.length - 1);
}

/** The error of all rows and its curve. */
function showTotal({ error, history, steps }) {
  byId("error").textContent = shown(error);
  const first = history[0].error;
  byId("change").textContent = steps ? `${shown(first)} at the start` : "";
  const scale = errorCurve(byId("curve"), history) ? ", log" : "";
  const taken = `${steps === 1 ? "1 step" : `${counted(steps)} steps`}${scale}`;
  byId("curve-note").textContent = steps ? taken : "Play: gradient descent on these rows, step by step";
  byId("curve").classList.toggle("empty", steps === 0);
}

/** What does not change: names, layers, pictures. */
function showStill(data) {
  const many = (count, one) => `${counted(count)} ${one}${count === 1 ? "" : "s"}`;
  const inputs = data.features.length > 6 ? many(data.features.length, "input") : data.features.join(", ");
  byId("lead").textContent = `Predicts ${data.target} from ${inputs}. ${many(data.count, "parameter")}.`;
  byId("error-name").textContent = `Mean ${data.loss}${data.penalised ? " and penalties" : ""}`;
  byId("row-note").textContent = many(data.rows, "row");
  byId("drawing").hidden = data.drawing === null;
  byId("weights").hidden = data.tables.length === 0;
  byId("layers").hidden = data.tables.length > 0;
  if (data.tables.some(({ columns }) => columns.length > 6)) {
    byId("pictures").before(byId("weights"));
    document.body.classList.add("broad");
  }
  if (data.features.length > 6) byId("pictures").before(byId("row-card"));
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
function ownInputs(data, predicted) {
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

/** The weights as fields in tables; the function it gives shows the derivatives under them. */
function weightTables(data, weights, fields, changed) {
  const under = [];
  for (const { title, note, rows, columns, cells } of data.tables) {
    const table = element("table", "", "weights");
    const body = element("tbody");
    cells.forEach((indices, i) => {
      const line = element("tr");
      const head = element("th", rows[i]);
      head.scope = "row";
      line.append(head);
      indices.forEach(([parameter, index], j) => {
        const label = `${title}, ${[rows[i], columns[j]].filter(Boolean).join(", ")}`;
        const field = numberField(label, weights[parameter][index], (value) => {
          weights[parameter][index] = value;
          changed();
        });
        fields.set(`${parameter} ${index}`, field);
        const cell = element("td");
        const gradient = element("span", "", "gradient");
        under.push({ gradient, name: `gradient of ${data.parameters[parameter].name}`, index });
        cell.append(field.input, gradient);
        line.append(cell);
      });
      body.append(line);
    });
    table.replaceChildren(headings(["", ...columns]), body);
    const heading = element("h3", title);
    heading.append(element("span", note, "muted"));
    const box = element("div", "", "scroll");
    box.append(table);
    const group = element("div");
    group.append(heading, box);
    byId("tables").append(group);
  }
  return (found) =>
    under.forEach(({ gradient, name, index }) => {
      gradient.textContent = shown(found[name][index], 4);
    });
}
