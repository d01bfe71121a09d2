/** The total error: its number, the best so far by hand and by descent, the challenge, and its curve. */
import { html, useEffect, useRef, useState } from "./ui.js";
import { compact, number, whole } from "./format.js";
import { saveFile } from "./save.js";
import { frame, send, settings } from "./store.js";

/** The error of all rows, what it is a mean of, and how it compares. */
export function TotalError() {
  const now = frame.value;
  if (!now) return null;
  const { error, best, challenge } = now;
  return html`<section class="total card" aria-label="Total error">
    <div class="figure"><span class="muted">E, ${error.convention}${error.penalised ? " and penalties" : ""}, ${error.of === "all rows" ? `${whole(error.rows)} rows` : error.of}</span>
      <output class="big" data-error=${error.value}>${number(error.value, 7)}</output>
      ${error.validation !== null && error.validation !== undefined && html`<span>held-out rows: <b>${number(error.validation, 5)}</b></span>`}</div>
    <dl class="bests">
      <dt>best by hand</dt><dd>${best.hand ? html`<button class="link" title="go to it" onClick=${() => send("best", { how: "hand" })}>${number(best.hand.error, 5)}</button>` : "–"}</dd>
      <dt>best by descent</dt><dd>${best.descent ? html`<button class="link" title="go to it" onClick=${() => send("best", { how: "descent" })}>${number(best.descent.error, 5)}</button>` : "–"}</dd>
    </dl>
    ${challenge && html`<${Challenge} told=${challenge} />`}
  </section>`;
}

function Challenge({ told }) {
  const done = told.met === told.rows;
  const words = !done ? `By hand: bring all ${told.rows} errors below ${number(told.limit)}. ${told.met} of ${told.rows} are.`
    : told.by_hand ? `All ${told.rows} errors are below ${number(told.limit)}, by hand.`
      : `All ${told.rows} errors are below ${number(told.limit)}, with the help of descent.`;
  return html`<div class=${`challenge ${done ? "done" : ""}`} role="status"><progress max=${told.rows} value=${told.met}
    aria-label="rows whose error is small enough"></progress><span>${words}</span></div>`;
}

const HEIGHT = 158;
let library = null;

/** uPlot, loaded when the first curve is drawn. */
export function plotLibrary() {
  library = library || new Promise((resolve, reject) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = "vendor/uPlot.min.css";
    const script = document.createElement("script");
    script.src = "vendor/uPlot.iife.min.js";
    script.onload = () => resolve(window.uPlot);
    script.onerror = () => reject(new Error("the plotting library did not load"));
    document.head.append(style, script);
  });
  return library;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The library's own logarithmic axes end at 1e-16, and errors do not: logarithms go on linear axes instead.
const raised = (value) => (value === null || value === undefined ? null : 10 ** value);

/** Marks on an axis of logarithms: powers of ten, of which a few are left out; 1, 2, 5 between two of them. */
function powers(_, axis, low, high) {
  const first = Math.floor(low);
  const decades = Array.from({ length: Math.ceil(high) - first + 1 }, (__, i) => first + i);
  const within = (marks) => marks.filter((mark) => mark >= low && mark <= high);
  const every = Math.ceil((high - low) / 6);
  if (high - low > 2) return within(decades).filter((mark) => mark % every === 0);
  const steps = high - low > 1 ? [1, 2, 5] : high - low > 0.3 ? [1, 1.5, 2, 3, 4, 5, 7] : null;
  if (steps) return within(decades.flatMap((mark) => steps.map((step) => mark + Math.log10(step))));
  return Array.from({ length: 4 }, (__, i) => low + ((high - low) * (i + 0.5)) / 4);
}

/** The axes of a plot whose y, and x where `logSteps`, are logarithms. */
function axes(logSteps) {
  const look = {
    stroke: () => colour("muted"), font: "11px system-ui, sans-serif",
    grid: { stroke: () => colour("line"), width: 1 }, ticks: { stroke: () => colour("line") },
  };
  const raisedMarks = { splits: powers, values: (_, splits) => splits.map((value) => compact(raised(value))) };
  const plain = { values: (_, splits) => splits.map(compact) };
  return [{ ...look, ...(logSteps ? raisedMarks : plain), size: 26 }, { ...look, ...raisedMarks, size: 52 }];
}

const logged = (value) => (value > 0 && Number.isFinite(value) ? Math.log10(value) : null);

/** One column of numbers for each series over the steps of all. */
function merged(series, logSteps) {
  const steps = [...new Set(series.flatMap((points) => points.map((p) => p[0])))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, i) => [step, i]));
  const columns = series.map((points) => {
    const column = new Array(steps.length).fill(undefined);
    for (const [step, value] of points) column[place.get(step)] = logged(value);
    return column;
  });
  return [logSteps ? steps.map((step) => Math.log10(Math.max(step, 0.5))) : steps, ...columns];
}

function curveData(curve, logSteps) {
  const line = Array.from(curve.steps, (step, i) => [step, curve.errors[i]]);
  line.push(curve.latest);
  const pairs = (array) => Array.from({ length: array.length / 2 }, (_, i) => [array[2 * i], array[2 * i + 1]]);
  return merged([line, pairs(curve.validation), pairs(curve.hand)], logSteps);
}

/** The curve of the run: log axis, values under the pointer, moves by hand as points of their own. */
export function Curve() {
  const box = useRef(null);
  const plot = useRef(null);
  const drawn = useRef(0);
  const [logSteps, setLogSteps] = useState(false);
  useEffect(() => {
    let gone = false;
    let watch = null;
    plotLibrary().then((UPlot) => {
      if (gone || !box.current) return;
      const options = {
        width: box.current.clientWidth, height: HEIGHT, cursor: { points: { size: 7 } }, legend: { live: true },
        scales: { x: { time: false } }, axes: axes(logSteps),
        series: [
          { label: "step", value: (_, v) => toldStep(v, logSteps) },
          { label: "training", stroke: () => colour("accent"), width: 1.5, spanGaps: true, value: (_, v) => number(raised(v), 5), points: { show: false } },
          { label: "held out", stroke: () => colour("negative"), width: 1.5, dash: [6, 3], spanGaps: true, value: (_, v) => number(raised(v), 5), points: { show: false } },
          { label: "by hand", stroke: () => colour("hand"), width: 1, dash: [2, 3], spanGaps: true, value: (_, v) => number(raised(v), 5), points: { show: true, size: 6, fill: () => colour("hand") } },
        ],
      };
      plot.current = new UPlot(options, curveData(frame.value.curve, logSteps), box.current);
      watch = new ResizeObserver(() => plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT }));
      watch.observe(box.current);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      scheme.addEventListener("change", () => plot.current && plot.current.redraw());
    });
    return () => {
      gone = true;
      if (watch) watch.disconnect();
      if (plot.current) plot.current.destroy();
      plot.current = null;
    };
  }, [logSteps]);
  const now = frame.value;
  useEffect(() => {
    const moment = performance.now();
    if (!plot.current || !now || (now.playing && moment - drawn.current < 100)) return;
    drawn.current = moment;
    plot.current.setData(curveData(now.curve, logSteps));
  }, [now]);
  return html`<section class="curve card" aria-label="Curve of the error">
    <div class="bar"><h2>Error by step</h2><span class="grow"></span>
      <button class="quiet" title="save the curve" onClick=${() => box.current.querySelector("canvas").toBlob((blob) => saveFile("error.png", blob, "image/png"))}>PNG</button>
      <label class="check"><input type="checkbox" checked=${logSteps} onChange=${() => setLogSteps(!logSteps)} /> logarithmic steps</label></div>
    <div ref=${box} class="plot" role="img" aria-label=${now ? `Error after ${whole(now.step)} steps: ${number(now.error.value, 5)}` : "no steps yet"}></div>
  </section>`;
}

/** A step under the pointer. */
function toldStep(value, logSteps) {
  if (value === null || value === undefined) return "–";
  return whole(logSteps ? raised(value) : value);
}

export { axes, colour, merged, raised, toldStep };

/** What ended the run, why, and repairs at one click. */
export function Stopped() {
  const now = frame.value;
  if (!now || !now.stopped) return null;
  const { kind, words, repairs } = now.stopped;
  return html`<section class=${`stopped ${kind === "finished" ? "calm" : ""}`} role="alert">
    <b>${kind === "finished" ? "Stopped." : "Descent failed."}</b> <span>${words}</span>
    <div class="bar">${repairs.map((label, place) => html`<button key=${label} class=${place ? "" : "primary"} onClick=${() => send("repair", { number: place })}>
      Start again with ${label}</button>`)}</div>
  </section>`;
}

export { settings };
