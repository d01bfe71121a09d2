/** The page: its data, what a change does, and the controls. */
import { showChain } from "./chain.js";
import { rateControls, speedSlider } from "./controls.js";
import { drawCurve, lastOf, momentAt, momentWords, shareAt } from "./curve.js";
import { descentOn } from "./descent.js";
import { heightOf, networkDrawing } from "./drawing.js";
import { numberField } from "./field.js";
import { factsOf, lessonOn } from "./lesson.js";
import { counted, shown } from "./numbers.js";
import { decided, element, headings, rowTable } from "./rows.js";

const FRAME = 12; // milliseconds of computing in one frame
const ONE_MOVE = 700; // milliseconds in which further changes of a number belong to the same move
const ROWS = 200; // of the table, at most
const FEW = { rows: 8, inputs: 5, weights: 24 }; // up to so many they stand side by side
const QUIET = 2000; // milliseconds between two announcements

const TROUBLE = "The next step would not be finite: lower the learning rate, or reset.";
const HINTS = {
  drag: "Drag a number of the network and watch the errors, or press Descend.",
  large: "Press Descend and watch the errors fall.",
  numbers: "Drag a number left or right, type it, or press ↑ and ↓.",
  lines: "Press a line for its chain rule. The numbers are below.",
  at: "Nothing changes any more.",
  past: "This is the past. Change something or descend: it goes on from here.",
};

const byId = (id) => document.getElementById(id);

/** The numbers of an array from its bytes. */
function unpacked({ type, bytes }) {
  const raw = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0)).buffer;
  return Float64Array.from(type === "f4" ? new Float32Array(raw) : new Float64Array(raw));
}

function readData() {
  const packed = JSON.parse(byId("data").textContent);
  const parameters = packed.parameters.map(({ name, values }) => ({ name, values: unpacked(values) }));
  return { ...packed, x: unpacked(packed.x), y: unpacked(packed.y), parameters };
}

/**
 * Starts the page on the functions that were written from the graph of the network.
 * @param {{predict: Function, judge: Function, descend: Function, trace: Function, shuffled: Function}} program
 */
export function start(program) {
  const data = readData();
  const descent = descentOn(data, program);
  const names = data.parameters.map(({ name }) => name);
  const fields = new Map();
  const state = { playing: false, waiting: false, selected: null, moved: null, judged: null, saidAt: 0 };
  const hint = data.tables.length ? HINTS.drag : HINTS.large;

  const predicted = (rows) => {
    const x = Float64Array.from(rows.flat());
    const { prediction } = program.predict({ ...descent.values(), rows: rows.length, x });
    return rows.map((_, i) => Array.from(prediction.subarray(i * data.outputs, (i + 1) * data.outputs)));
  };
  const weights = () => names.map((name) => descent.values()[name]);

  const showRows = rowTable(byId("rows"), data, Math.min(data.rows, ROWS));
  const showOwn = ownInputs(data, predicted);
  const atStart = descent.judge().error;
  const since = { steps: 0, moves: 0 }; // what was done since the step of the lesson began
  let lesson = null;
  const curveSize = { width: 0, height: 0 };
  let drawing = null;

  function select(parameter, index) {
    if (!fields.has(`${parameter} ${index}`)) return;
    state.selected = { parameter, index };
    state.chosen = state.selected;
    for (const [key, { input }] of fields) {
      input.classList.toggle("selected", key === `${parameter} ${index}`);
    }
    drawing?.mark(parameter, index);
    byId("chain-name").textContent = data.symbols[parameter][index];
    chain();
    lesson?.follow();
  }

  function chain() {
    if (state.selected) showChain(byId("chain-body"), data, { ...state.selected, descent });
  }

  /** Everything that follows the values. */
  function refresh() {
    const judged = descent.judge();
    state.judged = judged;
    showRows(judged);
    drawing?.follow(weights());
    showOwn();
    chain();
    if (byId("gradients").checked) showGradients();
    byId("error").textContent = shown(judged.error);
    byId("validation").hidden = judged.validation === null;
    if (judged.validation !== null)
      byId("validation").textContent = `${shown(judged.validation)} on the rows held out`;
    showTime();
    lesson?.follow();
    return judged;
  }

  function showGradients() {
    const next = descent.next();
    for (const { gradient, parameter, index } of fields.values()) {
      const slope = next[`gradient of ${names[parameter]}`][index];
      gradient.textContent = `∂ ${shown(slope, 4)}`;
    }
  }

  function showTime() {
    const now = { ...descent, ...state.judged };
    const { viewing, moments } = descent;
    drawCurve(byId("curve"), descent, now, curveSize);
    const last = moments.at(-1);
    const past = viewing === null || !last ? "" : ` of ${momentWords(last)}`;
    byId("curve-note").textContent = `${momentWords(now)}${past}`;
    const slider = byId("moment");
    slider.max = String(lastOf(descent));
    slider.value = String(viewing ?? moments.length - 1);
    slider.setAttribute("aria-valuetext", `${momentWords(now)}: error ${shown(now.error)}`);
    byId("latest").hidden = viewing === null;
  }

  function keep() {
    descent.keep(descent.judge());
  }

  function showValues() {
    for (const field of fields.values()) {
      field.show(descent.values()[names[field.parameter]][field.index]);
    }
  }

  function say(text, now = true) {
    clearTimeout(state.later);
    if (!now && performance.now() - state.saidAt < QUIET) return;
    state.saidAt = performance.now();
    byId("said").textContent = text;
  }

  /** A number was changed by hand. */
  function move(parameter, index, value) {
    if (state.playing) pause();
    descent.goOn();
    const key = `${parameter} ${index}`;
    const goesOn = state.moved?.key === key && performance.now() - state.moved.last < ONE_MOVE;
    const before = goesOn ? state.moved.before : descent.judge().error;
    state.moved = { key, last: performance.now(), before };
    descent.set(names[parameter], index, value, goesOn);
    if (!goesOn) since.moves += 1;
    byId("trouble").hidden = true;
    if (state.waiting) return;
    state.waiting = true;
    queueMicrotask(() => {
      state.waiting = false;
      keep();
      const { error } = refresh();
      const words = compared(state.moved.before, error);
      say(words, !goesOn);
      state.later = setTimeout(() => say(words), ONE_MOVE);
    });
  }

  function compared(before, after) {
    if (after === before) return "The error is the same.";
    return `${after < before ? "Better" : "Worse"}: from ${shown(before)} to ${shown(after)}.`;
  }

  /** Up to so many steps, or as many as there is time for; what stopped them, or "". */
  function advance(count, until = Infinity) {
    if (descent.viewing !== null) since.steps = 0;
    descent.goOn();
    const before = descent.values();
    for (let i = 0; i < count && performance.now() < until; i++) {
      if (!descent.step()) return TROUBLE;
      since.steps += 1;
      if (descent.due()) keep();
    }
    return count > 0 && descent.values() !== before && !descent.differsFrom(before) ? HINTS.at : "";
  }

  function walk(count, until) {
    const ended = advance(count, until);
    showValues();
    const notFinite = ended === TROUBLE;
    byId("trouble").hidden = !notFinite;
    byId("trouble").textContent = notFinite ? ended : "";
    refresh();
    return ended;
  }

  /** Says where steps led. */
  function taken(ended = "") {
    keep();
    showTime();
    say(`${progress()} ${ended}`.trim());
  }

  function progress() {
    const steps = descent.steps === 1 ? "1 step" : `${counted(descent.steps)} steps`;
    return `After ${steps} the error is ${shown(state.judged.error)}, at the start ${shown(atStart)}.`;
  }

  function pause(ended = "") {
    state.playing = false;
    byId("play").textContent = "▶ Descend";
    taken(ended);
  }

  const speed = speedSlider(byId("speed"), byId("speed-words"));
  let owed = 0; // steps that are due, and parts of one
  let last = 0;

  function frame(time) {
    if (!state.playing) return;
    const seconds = Math.min(0.25, (time - last) / 1000);
    last = time;
    owed = Number.isFinite(speed()) ? owed + seconds * speed() : Infinity;
    const count = Math.floor(owed);
    if (count > 0) {
      const before = descent.steps;
      const ended = walk(count, performance.now() + FRAME);
      owed = Number.isFinite(owed) ? Math.min(count, owed - (descent.steps - before)) : 0;
      if (ended) return pause(ended === HINTS.at ? ended : "");
      say(progress(), false);
    }
    requestAnimationFrame(frame);
  }

  byId("play").addEventListener("click", () => {
    if (state.playing) return pause();
    state.playing = true;
    byId("play").textContent = "❚❚ Pause";
    owed = 1;
    last = performance.now();
    requestAnimationFrame(frame);
  });
  for (const [id, count] of [
    ["step", 1],
    ["steps", 10],
  ]) {
    byId(id).addEventListener("click", () => {
      if (state.playing) pause();
      taken(walk(count) === HINTS.at ? HINTS.at : "");
    });
  }
  byId("reset").addEventListener("click", () => {
    if (state.playing) pause();
    begin();
    say(hint);
  });

  /** Descent from its start, or from other weights. */
  function begin(weightsOf = null) {
    descent.reset(weightsOf);
    since.steps = 0;
    byId("trouble").hidden = true;
    showValues();
    keep();
    refresh();
  }

  const view = (index) => {
    if (state.playing) pause();
    if (descent.viewing === null && !descent.moments.length) return;
    descent.view(index);
    showValues();
    refresh();
    say(descent.viewing === null ? hint : HINTS.past);
  };
  byId("moment").addEventListener("input", (event) => {
    view(Math.min(Number(event.target.value), descent.moments.length - 1));
  });
  byId("latest").addEventListener("click", () => {
    view(descent.moments.length - 1);
    byId("moment").focus();
  });
  dragged(byId("curve"), (share) => view(momentAt(descent, share)));

  const setRate = rateControls(
    {
      slider: byId("rate-slider"),
      field: byId("rate"),
      stable: byId("stable"),
      below: byId("stable-below"),
      best: byId("stable-best"),
    },
    data.descent,
    (rate) => {
      descent.rate = rate;
      since.steps = 0;
      chain();
      lesson?.follow();
    },
  );
  byId("gradients").addEventListener("change", (event) => {
    byId("net").classList.toggle("with-gradients", event.target.checked);
    refresh();
  });

  showStill(data);
  weightFields(data, descent.values(), fields, { move, select });
  if (data.drawing) {
    byId("drawing").style.minHeight = `${heightOf(data.drawing)}px`;
    onSize(byId("drawing"), (size) => {
      const focus = (parameter, index) =>
        fields.get(`${parameter} ${index}`)?.input.focus({ preventScroll: true });
      const em = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      drawing = networkDrawing(byId("network"), data.drawing, { ...size, em }, focus);
      for (const { parameter, index, x, y } of drawing.places) {
        const { box } = fields.get(`${parameter} ${index}`);
        Object.assign(box.style, { left: `${x}px`, top: `${y}px` });
      }
      drawing.follow(weights());
      if (state.selected) drawing.mark(state.selected.parameter, state.selected.index);
    });
  }
  onSize(byId("plot"), (size) => {
    Object.assign(curveSize, size);
    showTime();
  });
  keep();
  refresh();
  if (fields.size) select(...[...fields.keys()][0].split(" ").map(Number));
  state.chosen = null; // by the reader
  say(hint);
  if (data.lesson) {
    const parts = ["count", "title", "text", "hint", "state", "back", "next"];
    lesson = lessonOn(Object.fromEntries(parts.map((name) => [name, byId(`lesson-${name}`)])), data.lesson, {
      begin: ({ start }, first) => {
        Object.assign(since, { steps: 0, moves: 0 });
        state.moved = null;
        if (!first) return;
        if (state.playing) pause();
        if (start.learningRate) setRate(start.learningRate);
        if (start.weights) begin(unflattened(start.weights));
      },
      facts: (step) =>
        factsOf(data, {
          ...since,
          step,
          judged: state.judged,
          values: descent.values(),
          rate: descent.rate,
          selected: state.chosen,
          playing: state.playing,
          diverged: !byId("trouble").hidden,
          moved_by_hand: since.moves > 0,
          looking_back: descent.viewing !== null,
        }),
      part: ([parameter, index]) => fields.get(`${parameter} ${index}`)?.box,
    });
    lesson.go(0);
    for (const id of ["lesson-back", "lesson-next"]) {
      byId(id).addEventListener("click", () => byId("lesson-title").focus());
    }
  }
  window.downslope = Object.freeze({
    predict: predicted,
    judge: descent.judge,
    next: descent.next,
    trace: descent.trace,
    step: (count) => walk(count) === "",
    parameters: () => Object.fromEntries(names.map((name) => [name, Array.from(descent.values()[name])])),
  });
}

function unflattened(weights) {
  return Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, Float64Array.from(w)]));
}

/** Calls a function with the size of a box, at once and whenever it changes. */
function onSize(box, changed) {
  let before = "";
  new ResizeObserver(([{ contentRect }]) => {
    const size = { width: Math.max(240, contentRect.width), height: contentRect.height };
    if (`${size.width} ${size.height}` === before) return;
    before = `${size.width} ${size.height}`;
    changed(size);
  }).observe(box);
}

/** Gives the share of the width of a curve at which it is pressed or dragged. */
function dragged(svg, moved) {
  const send = (event) => {
    const { left, width } = svg.getBoundingClientRect();
    moved(shareAt(event.clientX - left, width));
  };
  svg.addEventListener("pointerdown", (event) => {
    svg.setPointerCapture(event.pointerId);
    send(event);
  });
  svg.addEventListener("pointermove", (event) => {
    if (svg.hasPointerCapture(event.pointerId)) send(event);
  });
}

/** What does not change: names, layers, pictures. */
function showStill(data) {
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
  const below = editable && data.count > FEW.weights && !data.drawing?.onLines;
  byId("weight-hint").textContent = below ? HINTS.lines : HINTS.numbers;
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

/** The weights as fields: on the drawing, or in tables. */
function weightFields(data, values, fields, { move, select }) {
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
