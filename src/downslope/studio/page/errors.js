/** The total error: its number, the best so far by hand and by descent, the challenge, and its curve. */

import { compact, number, whole } from "./format.js";
import { saveFile } from "./save.js";
import { frame, send } from "./store.js";
import { html, useEffect, useRef, useState } from "./ui.js";

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
  const words = !done
    ? `By hand: bring all ${told.rows} errors below ${number(told.limit)}. ${told.met} of ${told.rows} are.`
    : told.by_hand
      ? `All ${told.rows} errors are below ${number(told.limit)}, by hand.`
      : `All ${told.rows} errors are below ${number(told.limit)}, with the help of descent.`;
  return html`<div class=${`challenge ${done ? "done" : ""}`} role="status"><progress max=${told.rows} value=${told.met}
    aria-label="rows whose error is small enough"></progress><span>${words}</span></div>`;
}

const HEIGHT = 158;
let library = null;

/** uPlot, loaded when the first curve is drawn. */
export function plotLibrary() {
  library =
    library ||
    new Promise((resolve, reject) => {
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

/** Where a logarithmic axis is marked: at powers of ten, in between at 1, 2, 5, and closer at round numbers. */
function marks(low, high, most) {
  const whole_ = (every) =>
    Array.from(
      { length: Math.floor(high / every) - Math.ceil(low / every) + 1 },
      (_, i) => (Math.ceil(low / every) + i) * every,
    );
  if (whole_(1).length > 2) return whole_(Math.ceil(whole_(1).length / most));
  const mixed = [Math.floor(low), Math.floor(low) + 1, Math.floor(low) + 2]
    .flatMap((power) => [1, 2, 5].map((digit) => power + Math.log10(digit)))
    .filter((value) => value >= low && value <= high);
  if (mixed.length > 2) return mixed;
  const [from, to] = [raised(low), raised(high)];
  const rough = (to - from) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5].find((digit) => digit * unit >= rough) ?? 10);
  return Array.from({ length: Math.floor(to / step) - Math.ceil(from / step) + 1 }, (_, i) =>
    Math.log10((Math.ceil(from / step) + i) * step),
  );
}

/** Room above and below what is drawn, and around a single point. */
function around(_, low, high) {
  if (low === null || high === null) return [-1, 1];
  const edge = Math.max(0.06 * (high - low), high - low < 1e-9 ? 0.6 : 0.01);
  return [low - edge, high + edge];
}

const SCALES = { x: { time: false }, y: { range: around } };

/** The axes of a plot whose y, and x where `logSteps`, are logarithms. */
function axes(logSteps) {
  const look = {
    stroke: () => colour("muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line") },
  };
  const powers = (most) => ({
    splits: (plot, _, low, high) => marks(low, high, most(plot)),
    values: (_, splits) => splits.map((value) => compact(raised(value))),
  });
  const plain = { values: (_, splits) => splits.map((value) => compact(value)) };
  return [
    { ...look, ...(logSteps ? powers((plot) => plot.width / 60) : plain), size: 26 },
    { ...look, ...powers(() => 6), size: 56 },
  ];
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
  const pairs = (array) =>
    Array.from({ length: array.length / 2 }, (_, i) => [array[2 * i], array[2 * i + 1]]);
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
        width: box.current.clientWidth,
        height: HEIGHT,
        cursor: { points: { size: 7 } },
        legend: { live: true },
        scales: SCALES,
        axes: axes(logSteps),
        series: [
          { label: "step", value: (_, v) => toldStep(v, logSteps) },
          {
            label: "training",
            stroke: () => colour("accent"),
            width: 1.5,
            spanGaps: true,
            value: (_, v) => number(raised(v), 5),
            points: { show: false },
          },
          {
            label: "held out",
            stroke: () => colour("negative"),
            width: 1.5,
            dash: [6, 3],
            spanGaps: true,
            value: (_, v) => number(raised(v), 5),
            points: { show: false },
          },
          {
            label: "by hand",
            stroke: () => colour("hand"),
            width: 1,
            dash: [2, 3],
            spanGaps: true,
            value: (_, v) => number(raised(v), 5),
            points: { show: true, size: 6, fill: () => colour("hand") },
          },
        ],
      };
      plot.current = new UPlot(options, curveData(frame.value.curve, logSteps), box.current);
      watch = new ResizeObserver(() =>
        plot.current.setSize({ width: box.current.clientWidth, height: HEIGHT }),
      );
      watch.observe(box.current);
      const scheme = matchMedia("(prefers-color-scheme: dark)");
      scheme.addEventListener("change", () => plot.current?.redraw());
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

export { axes, colour, merged, raised, SCALES, toldStep };

/** What ended the run, why, and repairs at one click. */
export function Stopped() {
  const now = frame.value;
  if (!now?.stopped) return null;
  const { kind, words, repairs } = now.stopped;
  return html`<section class=${`stopped ${kind === "finished" ? "calm" : ""}`} role="alert">
    <b>${kind === "finished" ? "Stopped." : "Descent failed:"}</b> <span>${words}</span>
    <div class="bar">${repairs.map(
      (
        label,
        place,
      ) => html`<button key=${label} class=${place ? "" : "primary"} onClick=${() => send("repair", { number: place })}>
      Start again with ${label}</button>`,
    )}</div>
  </section>`;
}
