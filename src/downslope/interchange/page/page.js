/** The page: its data, and what belongs together. */
import { actsOn } from "./acts.js";
import { descentOn } from "./descent.js";
import { factsOf, lessonOn } from "./lesson.js";
import { byId } from "./rows.js";
import { showStill } from "./still.js";
import { viewOn } from "./view.js";

const HINTS = {
  drag: "Drag a number of the network and watch the errors, or press Descend.",
  large: "Press Descend and watch the errors fall.",
};

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
 * @param {{predict: Function, judge: Function, descend: Function, trace: Function,
 *   shuffled: Function}} program
 */
export function start(program) {
  const data = readData();
  const descent = descentOn(data, program);
  const hint = data.tables.length ? HINTS.drag : HINTS.large;
  const predicted = (rows) => {
    const x = Float64Array.from(rows.flat());
    const { prediction } = program.predict({ ...descent.values(), rows: rows.length, x });
    return rows.map((_, i) => Array.from(prediction.subarray(i * data.outputs, (i + 1) * data.outputs)));
  };
  showStill(data);
  const view = viewOn(data, descent, predicted);
  const acts = actsOn(data, descent, view, hint);
  descent.keep(descent.judge());
  view.refresh();
  view.open(acts.move);
  view.say(hint);
  if (data.lesson) walkThrough(data, descent, view, acts);
  window.downslope = Object.freeze({
    predict: predicted,
    judge: descent.judge,
    next: descent.next,
    trace: descent.trace,
    step: (count) => acts.walk(count) === "",
    parameters: () =>
      Object.fromEntries(data.parameters.map(({ name }) => [name, Array.from(descent.values()[name])])),
  });
}

/** Makes the page go through its lesson. */
function walkThrough(data, descent, view, acts) {
  const parts = ["count", "title", "text", "hint", "state", "back", "next"];
  const elements = Object.fromEntries(parts.map((name) => [name, byId(`lesson-${name}`)]));
  const lesson = lessonOn(elements, data.lesson, {
    begin: ({ start }, first) => {
      acts.recount();
      if (!first) return;
      acts.pause();
      if (start.learningRate) acts.setRate(start.learningRate);
      if (start.weights) acts.begin(unflattened(start.weights));
    },
    facts: (step) =>
      factsOf(data, {
        ...acts.since,
        step,
        judged: view.judged,
        values: descent.values(),
        rate: descent.rate,
        selected: view.chosen,
        panel: view.panel,
        playing: acts.playing(),
        diverged: !byId("trouble").hidden,
        moved_by_hand: acts.since.moves > 0,
        looking_back: descent.viewing !== null,
      }),
    part: ([parameter, index]) => view.fields.get(`${parameter} ${index}`)?.box,
  });
  view.followed = lesson.follow;
  lesson.go(0);
  for (const id of ["lesson-back", "lesson-next"]) {
    byId(id).addEventListener("click", () => byId("lesson-title").focus());
  }
}

function unflattened(weights) {
  return Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, Float64Array.from(w)]));
}
