/** The curve of the error over steps and moves by hand, on which one goes back in time. */
import { drawn } from "./drawing.js";
import { brief, counted } from "./numbers.js";

const LEFT = 64; // pixels for the numbers beside the curve
const EDGE = 10; // above, below and right of it
const STEPS = 12; // for the numbers of steps
const NEAR = 16; // pixels between two lines across, at least
const LINES = 4; // across, at most

/**
 * Draws the moments that are kept, side by side as the slider below has them, and those of the branch that
 * was left in gray. As later ones lie further apart, the steps below grow like powers of ten.
 * @param {SVGSVGElement} svg
 * @param {{moments: import("./descent.js").Moment[], viewing: ?number,
 *   left: {from: number, moments: import("./descent.js").Moment[]}}} descent
 * @param {import("./descent.js").Moment} now what is shown
 * @param {{width: number, height: number}} size in pixels
 */
export function drawCurve(svg, { moments, viewing, left }, now, { width, height }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren();
  const every = [...left.moments, ...moments];
  const errors = every.flatMap(({ error, validation }) => [error, validation]).filter(Number.isFinite);
  if (!errors.length) return;
  const scale = errors.every((error) => error > 0) ? logarithmic(errors) : linear(errors);
  const last = lastOf({ moments, left });
  const bottom = height - EDGE - STEPS;
  const x = (place) => LEFT + (place / last) * (width - LEFT - EDGE);
  const y = (error) => bottom - scale.share(error) * (bottom - EDGE);
  let above = Infinity;
  for (const value of scale.lines) {
    if (above - y(value) < NEAR) continue;
    above = y(value);
    drawn("path", { class: "across", d: `M${LEFT} ${y(value)}H${width - EDGE}` }, svg);
    const text = drawn("text", { x: LEFT - 8, y: y(value), "dominant-baseline": "central" }, svg);
    text.textContent = brief(value);
  }
  for (const { place, steps } of stepsBelow(moments)) {
    const text = drawn("text", { class: "below", x: x(place), y: height - 5 }, svg);
    text.textContent = steps ? brief(steps) : "step 0";
  }
  const line = (errors, from, kind) => {
    const known = errors
      .map((error, i) => ({ error, place: from + i }))
      .filter(({ error }) => isNumber(error));
    if (known.length < 2) return;
    const d = known.map(({ error, place }) => `${x(place).toFixed(1)} ${y(error).toFixed(1)}`).join("L");
    drawn("path", { class: kind, d: `M${d}` }, svg);
  };
  line(
    left.moments.map(({ error }) => error),
    left.from,
    "left",
  );
  line(
    moments.map(({ validation }) => validation),
    0,
    "validating",
  );
  line(
    moments.map(({ error }) => error),
    0,
    "line",
  );
  if (!isNumber(now.error)) return;
  const here = x(viewing ?? moments.length - 1);
  const share = Math.max(0, Math.min(1, scale.share(now.error)));
  drawn("path", { class: "now", d: `M${here} ${EDGE / 2}V${bottom + EDGE / 2}` }, svg);
  drawn("circle", { class: "here", cx: here, cy: bottom - share * (bottom - EDGE), r: 4.5 }, svg);
}

/** The number of the last place of the curve. */
export function lastOf({ moments, left }) {
  return Math.max(1, moments.length - 1, left.from + left.moments.length - 1);
}

/** Which moment is nearest to a place on the curve, as a share of its width. */
export function momentAt(descent, share) {
  const wanted = Math.round(Math.max(0, Math.min(1, share)) * lastOf(descent));
  return Math.min(descent.moments.length - 1, wanted);
}

/** The moments at which the steps are a power of ten, as far as they are kept, apart from each other. */
function stepsBelow(moments) {
  const found = [{ place: 0, steps: 0 }];
  for (let power = 10; power <= moments.at(-1).steps; power *= 10) {
    const place = moments.findIndex(({ steps }) => steps >= power);
    const near = moments[place].steps < 1.1 * power;
    if (near && place - found.at(-1).place > moments.length / 12) found.push({ place, steps: power });
  }
  return found;
}

function isNumber(value) {
  return value !== null && Number.isFinite(value);
}

/** The share of the width of the curve at a pixel. */
export function shareAt(pixel, width) {
  return (pixel - LEFT) / (width - LEFT - EDGE);
}

/** A moment in words. */
export function momentWords({ steps, moves }) {
  const taken = `${counted(steps)} ${steps === 1 ? "step" : "steps"}`;
  return moves ? `${taken}, ${counted(moves)} by hand` : taken;
}

function logarithmic(errors) {
  const logs = errors.map(Math.log10);
  const [low, high] = spread(Math.min(...logs), Math.max(...logs), 0.2);
  const every = Math.max(1, Math.ceil((high - low) / LINES));
  const first = Math.ceil(low / every) * every;
  const powers = Array.from({ length: Math.floor((high - first) / every) + 1 }, (_, i) => first + i * every);
  const lines =
    powers.length > 1 ? powers.map((power) => Number(`1e${power}`)) : inTens(10 ** low, 10 ** high);
  return { lines, share: (error) => (Math.log10(error) - low) / (high - low) };
}

function linear(errors) {
  const [low, high] = spread(Math.min(...errors), Math.max(...errors), 0.02);
  return { lines: inTens(low, high), share: (error) => (error - low) / (high - low) };
}

/** Two ends that lie apart. */
function spread(low, high, least) {
  const more = Math.max(least * Math.max(1, Math.abs(high)) - (high - low), 0) / 2;
  return [low - more, high + more];
}

/** Some round numbers between two. */
function inTens(low, high) {
  const rough = (high - low) / LINES;
  const power = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((m) => m * power).find((size) => size >= rough);
  const first = Math.ceil(low / every);
  return Array.from({ length: Math.floor(high / every) - first + 1 }, (_, i) => (first + i) * every);
}
