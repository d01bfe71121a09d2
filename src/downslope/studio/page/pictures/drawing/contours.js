/** Lines of equal height through a grid, and the levels they are drawn at. */
import { logTicks, ticks } from "./axes.js";

const FINE = 150; // places along a side between which straight lines are good enough

/**
 * Rows one after the other; NaN where a value is unknown.
 * @typedef {{width: number, height: number, values: Float64Array}} Grid
 */

/**
 * Heights as they are drawn: the logarithm where the highest is more than 20 times the lowest.
 * @param {Grid} grid
 * @returns {{log: boolean, low: number, high: number, up: (value: number) => number}}
 */
export function heights(grid) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of grid.values) {
    if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  const known = low <= high;
  if (!known) [low, high] = [0, 1];
  const log = known && low >= 0 && high > 20 * low;
  if (log) low = Math.max(low, high * 1e-9);
  if (low === high) [low, high] = [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const up = log ? (value) => Math.log10(Math.max(value, low * 1e-3)) : (value) => value;
  return { log, low, high, up };
}

/** Round levels between the lowest and the highest. */
export function levelsOf({ log, low, high }) {
  const found = log ? logLevels(low, high) : ticks(low, high, 12).map((tick) => tick.value);
  return found.filter((level) => level > low && level < high);
}

function logLevels(low, high) {
  const decades = Math.log10(high / low);
  const factors =
    decades > 6 ? [1] : decades > 3.5 ? [1, 3] : decades > 1.8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 7];
  const found = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k++) {
    found.push(...factors.map((factor) => Number((factor * 10 ** k).toPrecision(12))));
  }
  return found;
}

export const heightTicks = ({ log, low, high }, count) =>
  log ? logTicks(low, high, count) : ticks(low, high, count);

/**
 * A grid with more places in between, on cubic curves. Where the grid is a parabola they are that parabola;
 * elsewhere they are drawn through the heights and stay between their neighbours.
 * @param {Grid} grid @param {ReturnType<typeof heights>} scale
 * @returns {Grid} of heights
 */
export function refined(grid, scale) {
  const exact = scale.log && isParabola(grid);
  const from = exact ? grid.values : grid.values.map(scale.up);
  const factor = Math.max(1, Math.ceil(FINE / (Math.max(grid.width, grid.height) - 1)));
  const wide = alongRows({ ...grid, values: from }, factor, !exact);
  const whole = transposed(alongRows(transposed(wide), factor, !exact));
  return exact ? { ...whole, values: whole.values.map(scale.up) } : whole;
}

function isParabola({ width, height, values }) {
  let largest = 0;
  let bend = 0;
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = i * width + j;
      if (!Number.isFinite(values[at])) return false;
      largest = Math.max(largest, Math.abs(values[at]));
      if (j > 2) bend = Math.max(bend, Math.abs(third(values, at, 1)));
      if (i > 2) bend = Math.max(bend, Math.abs(third(values, at, width)));
    }
  }
  return bend <= 1e-9 * largest;
}

const third = (v, at, step) => v[at] - 3 * v[at - step] + 3 * v[at - 2 * step] - v[at - 3 * step];

function transposed({ width, height, values }) {
  const found = new Float64Array(values.length);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) found[j * height + i] = values[i * width + j];
  return { width: height, height: width, values: found };
}

function alongRows({ width, height, values }, factor, bounded) {
  const long = (width - 1) * factor + 1;
  const found = new Float64Array(long * height);
  for (let i = 0; i < height; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    for (let j = 0; j + 1 < width; j++) {
      const [b, c] = [row[j], row[j + 1]];
      // beyond the ends the parabola through the last three goes on
      const a = j > 0 ? row[j - 1] : width > 2 ? 3 * b - 3 * c + row[j + 2] : 2 * b - c;
      const d = j + 2 < width ? row[j + 2] : width > 2 ? 3 * c - 3 * b + a : 2 * c - b;
      for (let k = 0; k < factor; k++) {
        const value = cubic(a, b, c, d, k / factor);
        found[i * long + j * factor + k] =
          bounded && Number.isFinite(a + d) ? within(value, a, b, c, d) : value;
      }
    }
    found[(i + 1) * long - 1] = row[width - 1];
  }
  return { width: long, height, values: found };
}

/** Catmull and Rom's curve (1974). */
function cubic(a, b, c, d, t) {
  if (!Number.isFinite(a)) a = 2 * b - c;
  if (!Number.isFinite(d)) d = 2 * c - b;
  return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

const within = (value, ...all) => Math.min(Math.max(value, Math.min(...all)), Math.max(...all));

/**
 * The lines along which a grid has a height, by marching squares: each a list of x, y, x, y … in its places.
 * @param {Grid} grid @param {number} level
 * @returns {number[][]}
 */
export function contourLines({ width, height, values }, level) {
  const ends = new Map(); // from an edge of the grid that is crossed to the edges that its lines lead to
  const join = (a, b) => {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ])
      ends.has(from) ? ends.get(from).push(to) : ends.set(from, [to]);
  };
  for (let i = 0; i + 1 < height; i++) {
    for (let j = 0; j + 1 < width; j++) {
      const at = i * width + j;
      const [v0, v1, v2, v3] = [values[at], values[at + 1], values[at + width + 1], values[at + width]];
      if (!Number.isFinite(v0 + v1 + v2 + v3)) continue;
      const kind = (v0 > level) | ((v1 > level) << 1) | ((v2 > level) << 2) | ((v3 > level) << 3);
      if (kind === 0 || kind === 15) continue;
      const edges = [2 * at, 2 * (at + 1) + 1, 2 * (at + width), 2 * at + 1]; // top, right, bottom, left
      const middle = (v0 + v1 + v2 + v3) / 4 > level;
      for (const [a, b] of crossings(kind, middle)) join(edges[a], edges[b]);
    }
  }
  const place = (edge) => {
    const at = edge >> 1;
    const other = edge & 1 ? at + width : at + 1;
    const share = (level - values[at]) / (values[other] - values[at]);
    const [x, y] = [at % width, Math.floor(at / width)];
    return edge & 1 ? [x, y + share] : [x + share, y];
  };
  return chained(ends).map((chain) => chain.flatMap(place));
}

const ONCE = {
  1: [3, 0],
  2: [0, 1],
  3: [3, 1],
  4: [1, 2],
  6: [0, 2],
  7: [3, 2],
  8: [2, 3],
  9: [2, 0],
  11: [2, 1],
  12: [1, 3],
  13: [1, 0],
  14: [0, 3],
};

function crossings(kind, middle) {
  if (kind === 5)
    return middle
      ? [
          [0, 1],
          [2, 3],
        ]
      : [
          [3, 0],
          [1, 2],
        ];
  if (kind === 10)
    return middle
      ? [
          [3, 0],
          [1, 2],
        ]
      : [
          [0, 1],
          [2, 3],
        ];
  return [ONCE[kind]];
}

/** Edges one after the other, open lines first. */
function chained(ends) {
  const chains = [];
  const seen = new Set();
  const follow = (start) => {
    const chain = [start];
    seen.add(start);
    for (let at = start; ; ) {
      const next = ends.get(at).find((edge) => !seen.has(edge));
      if (next === undefined) {
        if (chain.length > 2 && ends.get(at).includes(start)) chain.push(start);
        return chain;
      }
      seen.add(next);
      chain.push(next);
      at = next;
    }
  };
  for (const [edge, next] of ends) if (next.length === 1 && !seen.has(edge)) chains.push(follow(edge));
  for (const edge of ends.keys()) if (!seen.has(edge)) chains.push(follow(edge));
  return chains;
}

/**
 * Paints a grid into a frame: the colour of each place by its height.
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, top: number, right: number, bottom: number}} frame
 * @param {Grid} grid its first row at the bottom
 * @param {(height: number, x: number, y: number) => number} colour as `packed` writes it; 0 leaves the paper
 */
export function paintGrid(context, frame, { width, height, values }, colour) {
  const [w, h] = [frame.right - frame.left, frame.bottom - frame.top].map((size) =>
    Math.max(Math.round(size), 1),
  );
  const pixels = new Uint32Array(w * h);
  for (let i = 0, k = 0; i < h; i++) {
    const y = (1 - (i + 0.5) / h) * (height - 1);
    const y0 = Math.min(Math.floor(y), height - 2);
    const v = y - y0;
    for (let j = 0; j < w; j++, k++) {
      const x = ((j + 0.5) / w) * (width - 1);
      const x0 = Math.min(Math.floor(x), width - 2);
      const u = x - x0;
      const at = y0 * width + x0;
      const below = values[at] + u * (values[at + 1] - values[at]);
      const above = values[at + width] + u * (values[at + width + 1] - values[at + width]);
      pixels[k] = colour(below + v * (above - below), x, y);
    }
  }
  const sheet = new OffscreenCanvas(w, h);
  sheet.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), w, h), 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(sheet, frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
}

/** Contour lines on a canvas. */
export function strokeLines(context, lines, place) {
  context.beginPath();
  for (const points of lines) {
    for (let k = 0; k < points.length; k += 2)
      context[k ? "lineTo" : "moveTo"](...place(points[k], points[k + 1]));
  }
  context.stroke();
}

/**
 * Where a label fits along lines: on the straightest stretch of the longest one, away from the taken places.
 * @returns {null | {x: number, y: number, angle: number}}
 */
export function labelPlace(lines, place, frame, taken, length) {
  let best = null;
  for (const points of lines) {
    const at = [];
    for (let k = 0; k < points.length; k += 2) at.push(place(points[k], points[k + 1]));
    const along = [0];
    for (let k = 1; k < at.length; k++)
      along.push(along[k - 1] + Math.hypot(at[k][0] - at[k - 1][0], at[k][1] - at[k - 1][1]));
    if (along.at(-1) < 1.8 * length) continue;
    for (let a = 0, b = 0; a < at.length; a += 3) {
      while (b < at.length && along[b] - along[a] < length) b++;
      if (b >= at.length) break;
      const [[x1, y1], [x2, y2]] = [at[a], at[b]];
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const [wide, high] = [Math.abs(x2 - x1) / 2 + 8, Math.abs(y2 - y1) / 2 + 8];
      if (x < frame.left + wide || x > frame.right - wide || y < frame.top + high || y > frame.bottom - high)
        continue;
      const near = Math.min(200, ...taken.map(([tx, ty]) => Math.hypot(tx - x, ty - y)));
      if (near < 46) continue;
      const straight = Math.hypot(x2 - x1, y2 - y1) / (along[b] - along[a]);
      const score = straight * 200 + near;
      if (!best || score > best.score) best = { x, y, score, angle: Math.atan2(y2 - y1, x2 - x1) };
    }
  }
  if (best && Math.abs(best.angle) > Math.PI / 2) best.angle -= Math.sign(best.angle) * Math.PI;
  return best;
}
