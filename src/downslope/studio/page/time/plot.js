/** Plots of errors by step: what the plotting library is given. */
import { compact, whole } from "../core/format.js";

let library = null;

/** uPlot, loaded when the first plot is drawn. @returns {Promise<any>} */
export function plotLibrary() {
  library ??= new Promise((resolve, reject) => {
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

/** A colour of the theme. @param {string} name */
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// The library's own logarithmic axes end at 1e-16, and errors do not: logarithms go on linear axes instead.

/** The number of which a place on a logarithmic axis is the logarithm; null where there is none. */
export const raised = (logarithm) => (logarithm === null || logarithm === undefined ? null : 10 ** logarithm);

const logOf = (value) => (value > 0 && Number.isFinite(value) ? Math.log10(value) : null);

/** The multiples of a step from low to high. */
function multiples(step, low, high) {
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/**
 * Where a logarithmic axis is marked: at powers of ten, in between at 1, 2, 5, and closer at round numbers.
 * @param {number} low a logarithm, as are all of these
 * @param {number} high
 * @param {number} most of the powers of ten
 * @returns {number[]}
 */
export function logMarks(low, high, most) {
  const powers = multiples(1, low, high);
  if (powers.length > 2) return multiples(Math.ceil(powers.length / most), low, high);
  const mixed = [Math.floor(low), Math.floor(low) + 1, Math.floor(low) + 2]
    .flatMap((power) => [1, 2, 5].map((digit) => power + Math.log10(digit)))
    .filter((value) => value >= low && value <= high);
  if (mixed.length > 2) return mixed;
  const [from, to] = [raised(low), raised(high)];
  const rough = (to - from) / 4;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * ([1, 2, 5].find((digit) => digit * unit >= rough) ?? 10);
  return multiples(step, from, to).map(Math.log10);
}

/** Room above and below what is drawn, and around a single point. */
function around(_, low, high) {
  if (low === null || high === null) return [-1, 1];
  const edge = Math.max(0.06 * (high - low), high - low < 1e-9 ? 0.6 : 0.01);
  return [low - edge, high + edge];
}

export const SCALES = { x: { time: false }, y: { range: around } };

/** The axes of a plot whose y, and x where `logSteps`, are logarithms. @param {boolean} logSteps */
export function axes(logSteps) {
  const look = {
    stroke: () => colour("muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line") },
  };
  const powers = (most) => ({
    splits: (plot, _, low, high) => logMarks(low, high, most(plot)),
    values: (_, splits) => splits.map((value) => compact(raised(value))),
  });
  const plain = { values: (_, splits) => splits.map((value) => compact(value)) };
  return [
    { ...look, ...(logSteps ? powers((plot) => plot.width / 60) : plain), size: 26 },
    { ...look, ...powers((plot) => Math.min(6, Math.max(2, plot.height / 32))), size: 60 },
  ];
}

/**
 * One column of logarithms for each series over the steps of all, as the library takes them.
 * @param {[number, number][][]} series each of points, step and value
 * @param {boolean} logSteps whether steps are logarithms too
 */
export function merged(series, logSteps) {
  const steps = [...new Set(series.flatMap((points) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const index = new Map(steps.map((step, i) => [step, i]));
  const columns = series.map((points) => {
    const column = new Array(steps.length).fill(undefined);
    for (const [step, value] of points) column[index.get(step)] = logOf(value);
    return column;
  });
  return [logSteps ? steps.map((step) => Math.log10(Math.max(step, 0.5))) : steps, ...columns];
}

/** A step under the pointer, written out. */
export function stepText(value, logSteps) {
  if (value === null || value === undefined) return "–";
  return whole(logSteps ? raised(value) : value);
}
