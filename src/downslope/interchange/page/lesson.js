/** A lesson: its steps, and whether what a step asks for is done. */
import { element } from "./rows.js";

const PARTS = {
  descend: "play",
  step: "step",
  speed: "speed-setting",
  learning_rate: "rate-setting",
  reset: "reset",
  rows: "row-card",
  error: "error-box",
  curve: "time",
  network: "net",
  chain_rule: "chain",
  picture: "chain",
};
const SERVED = "Only in the page of downslope play";

const SIGNS = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "=": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/**
 * Whether a condition holds: true, false, or a tree of the kinds all, any, not, flag, of and compare.
 * What is not known fulfils no comparison.
 * @param {boolean | any[]} condition
 * @param {{number: (name: string) => number | number[], flag: (name: string) => boolean,
 *   of: (name: string, what: string) => boolean}} facts
 * @returns {boolean}
 */
export function holds(condition, facts) {
  if (typeof condition === "boolean") return condition;
  const [kind, ...parts] = condition;
  if (kind === "all") return parts.every((part) => holds(part, facts));
  if (kind === "any") return parts.some((part) => holds(part, facts));
  if (kind === "not") return !holds(parts[0], facts);
  if (kind === "flag") return facts.flag(parts[0]);
  if (kind === "of") return facts.of(parts[0], parts[1]);
  const [left, sign, right] = parts.map((part, i) => (i === 1 ? part : numbersOf(part, facts)));
  const known = [...left, ...right].every((value) => typeof value === "number" && !Number.isNaN(value));
  return known && left.every((a) => right.every((b) => SIGNS[sign](a, b)));
}

function numbersOf(part, facts) {
  const found = typeof part === "number" ? part : facts.number(part);
  return typeof found === "number" || found === null ? [found] : Array.from(found);
}

/**
 * What conditions ask for of the page.
 * @param {object} data of the page
 * @param {object} now the judgement of the rows, counts since the step began, flags, the selected number
 */
export function factsOf(data, now) {
  const { judged, step, selected, values } = now;
  const numbers = {
    error: () => judged.error,
    validation_error: () => judged.validation,
    "every error": () => rowErrors(data, judged),
    accuracy: () => accuracy(data, judged),
    steps: () => now.steps,
    moves: () => now.moves,
    learning_rate: () => now.rate,
  };
  return {
    number: (name) => {
      if (name in numbers) return numbers[name]();
      const place = step.places[name];
      return place ? values[data.parameters[place[0]].name][place[1]] : NaN;
    },
    flag: (name) => Boolean(now[name]),
    of: (name, what) => {
      if (name === "open") return now.panel === what;
      if (!selected || !what) return selected !== null;
      const place = step.places[what];
      return Boolean(place) && place[0] === selected.parameter && place[1] === selected.index;
    },
  };
}

/** The size of each row's error in the units of the target; of classes, what is missing to 1. */
function rowErrors(data, { prediction }) {
  if (data.kind === "numbers") {
    return data.y.map((y, i) => Math.abs(y - prediction[i]) * data.lesson.scale);
  }
  return Array.from({ length: data.rows }, (_, row) => 1 - sharesOf(data, prediction, row)[data.y[row]]);
}

/** The share of the rows whose class is the likeliest one. */
function accuracy(data, { prediction }) {
  if (data.kind === "numbers") return NaN;
  const right = Array.from({ length: data.rows }, (_, row) => {
    const shares = sharesOf(data, prediction, row);
    return shares.indexOf(Math.max(...shares)) === data.y[row];
  });
  return right.filter(Boolean).length / data.rows;
}

function sharesOf({ outputs, kind }, prediction, row) {
  const own = Array.from(prediction.subarray(row * outputs, (row + 1) * outputs));
  return kind === "binary" ? [1 - own[0], own[0]] : own;
}

/**
 * Shows a lesson; the functions that it gives make it follow the page.
 * @param {Object<string, HTMLElement>} parts count, title, text, hint, state, back, next
 * @param {{steps: object[]}} lesson
 * @param {{begin: (step: object, first: boolean) => void, facts: (step: object) => object,
 *   part: (place: number[]) => ?HTMLElement}} page
 */
export function lessonOn(parts, lesson, page) {
  const begun = new Set();
  const done = new Set();
  let current = 0;

  function show() {
    const step = lesson.steps[current];
    parts.count.textContent = `Step ${current + 1} of ${lesson.steps.length}`;
    parts.title.textContent = step.title;
    parts.text.replaceChildren(...step.text.map(({ kind, spans }) => block(kind, spans)));
    parts.hint.hidden = !step.hint.length;
    parts.hint.open = false;
    parts.hint.lastElementChild.replaceChildren(...step.hint.map(span));
    parts.back.disabled = current === 0;
    for (const ringed of document.querySelectorAll(".ring")) ringed.classList.remove("ring");
    for (const { spans } of step.text) {
      for (const { kind, to } of spans) if (kind === "part") partOf(step, to)?.classList.add("ring");
    }
    state();
  }

  function partOf(step, to) {
    const place = step.places[to];
    return place ? page.part(place) : document.getElementById(PARTS[to] ?? "");
  }

  function state() {
    const step = lesson.steps[current];
    const isDone = done.has(current);
    const last = current === lesson.steps.length - 1;
    parts.next.textContent = isDone || step.until === false ? "Next" : "Skip";
    parts.next.classList.toggle("main", isDone);
    parts.next.hidden = last;
    const words = last ? "✓ Done. That was the last step." : "✓ Done";
    parts.state.classList.toggle("muted", step.until === false);
    parts.state.textContent = step.until === false ? SERVED : isDone && step.until !== true ? words : "";
  }

  function go(to) {
    current = to;
    const first = !begun.has(to);
    begun.add(to);
    page.begin(lesson.steps[to], first);
    show();
    follow();
  }

  /** Looks whether the step is done; one that was done stays done. */
  function follow() {
    const step = lesson.steps[current];
    if (done.has(current) || step.until === false || !holds(step.until, page.facts(step))) return;
    done.add(current);
    state();
  }

  parts.back.addEventListener("click", () => go(current - 1));
  parts.next.addEventListener("click", () => go(current + 1));
  return { go, follow };
}

function block(kind, spans) {
  const made = element("p", "", kind === "point" ? "point" : "");
  made.append(...spans.map(span));
  return made;
}

const TAGS = { code: "code", strong: "strong", emphasis: "em", part: "strong" };

function span({ kind, text, to }) {
  if (kind === "link") {
    const link = element("a", text);
    link.href = to;
    link.rel = "noreferrer";
    return link;
  }
  return kind in TAGS
    ? element(TAGS[kind], text, kind === "part" ? "part" : "")
    : document.createTextNode(text);
}
