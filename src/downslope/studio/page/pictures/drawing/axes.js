/** Scales, ticks at round numbers, and axes drawn from them on a canvas and as SVG. */
import { compact, number } from "../../core/format.js";
import { html } from "../../core/ui.js";

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";
export const FAMILY = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif";

/**
 * Where a value lies between two places; `back` is its inverse.
 * @param {[number, number]} domain @param {[number, number]} range
 */
export function linear([low, high], [from, to]) {
  const factor = (to - from) / (high - low || 1);
  const scale = (value) => from + (value - low) * factor;
  scale.back = (place) => low + (place - from) / factor;
  scale.domain = [low, high];
  scale.range = [from, to];
  return scale;
}

/** 1, 2 or 5 times a power of ten, at least so large. @param {number} step */
function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 5, 10].map((m) => m * power).find((m) => m >= step * (1 - 1e-9));
}

const FINEST = 1e-13; // of a number, below which round numbers in between cannot be told apart

/**
 * Some round numbers from low to high.
 * @param {number} low @param {number} high @param {number} [count] how many are wanted, about
 * @returns {{value: number, text: string}[]}
 */
export function ticks(low, high, count = 6) {
  const apart = (high - low) / Math.max(Math.abs(low), Math.abs(high));
  if (!(apart > FINEST)) return [{ value: low, text: number(low) }];
  const step = roundStep((high - low) / count);
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high), step) / step)) + 2;
  const found = [];
  for (let k = Math.ceil(low / step - 1e-6); k <= high / step + 1e-6; k++) {
    const value = k === 0 ? 0 : Number((k * step).toPrecision(14));
    found.push({ value, text: compact(value, Math.min(Math.max(digits, 3), 15)) });
  }
  return found;
}

/** Powers of ten, with 2 and 5 times them where they are few. */
export function logTicks(low, high, count = 6) {
  const decades = Math.log10(high / low);
  const stride = Math.max(1, Math.ceil(decades / count));
  const factors = decades > count / 2 ? [1] : decades > count / 3 ? [1, 3] : [1, 2, 5];
  const found = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k++) {
    if (k % stride !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** k;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
        found.push({ value, text: compact(value, 2) });
    }
  }
  return found.length > 1 ? found : ticks(low, high, count);
}

/** The place in an axis of evenly spaced values that is nearest to one. */
export function closest(axis, value) {
  const last = axis.length - 1;
  return Math.min(Math.max(Math.round(((value - axis[0]) / (axis[last] - axis[0])) * last), 0), last);
}

/** The lowest and the highest finite number, with a margin; never the same. */
export function extent(values, margin = 0.05) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (Number.isFinite(value)) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low > high) return [0, 1];
  if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  return [low - margin * (high - low), high + margin * (high - low)];
}

/** Text with a rim in the colour of the paper, so that it can be read on anything. */
export function haloText(context, text, x, y, colours, rim = 3) {
  context.lineJoin = "round";
  context.lineWidth = rim;
  context.strokeStyle = colours.paper;
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/** How wide the ticks of a y axis are written. */
function tickWidth(context, marks) {
  context.font = FONT;
  return Math.max(0, ...marks.map((mark) => context.measureText(mark.text).width));
}

/**
 * The axes of a frame on a canvas: marks, their numbers and what the axes are called.
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, top: number, right: number, bottom: number}} frame
 * @param {{x: Axis, y: Axis}} axes each a scale, ticks as `marks` and a `label`
 * @param {Record<string, string>} colours
 */
export function drawAxes(context, frame, { x, y }, colours, { grid = false } = {}) {
  context.save();
  context.font = FONT;
  context.lineWidth = 1;
  context.strokeStyle = colours.line;
  context.fillStyle = colours.muted;
  context.textBaseline = "top";
  context.textAlign = "center";
  let end = -Infinity;
  for (const { value, text } of x.marks) {
    const at = Math.round(x.scale(value)) + 0.5;
    line(context, at, grid ? frame.top : frame.bottom, at, frame.bottom + 4);
    const half = context.measureText(text).width / 2;
    const middle = Math.min(at, frame.right + frame.after - half);
    if (middle - half > end + 6) {
      context.fillText(text, middle, frame.bottom + 7);
      end = middle + half;
    }
  }
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const { value, text } of y.marks) {
    const at = Math.round(y.scale(value)) + 0.5;
    line(context, frame.left - 4, at, grid ? frame.right : frame.left, at);
    context.fillText(text, frame.left - 7, at);
  }
  context.strokeStyle = colours.muted;
  line(context, frame.left + 0.5, frame.top, frame.left + 0.5, frame.bottom + 0.5);
  line(context, frame.left, frame.bottom + 0.5, frame.right, frame.bottom + 0.5);
  context.fillStyle = colours.ink;
  context.font = `600 ${FONT}`;
  context.textAlign = "right";
  context.textBaseline = "top";
  context.fillText(shortened(context, x.label, frame.right - frame.left), frame.right, frame.bottom + 25);
  context.textAlign = "left";
  context.textBaseline = "bottom";
  context.fillText(shortened(context, y.label, frame.right), 2, frame.top - 8);
  context.restore();
}

/** A text with an ellipsis where it would be too wide. */
export function shortened(context, text, width) {
  let shown = text;
  while (shown.length > 1 && context.measureText(shown).width > width) shown = `${shown.slice(0, -2)}…`;
  return shown;
}

/** A straight line on a canvas. */
export function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/**
 * The frame that axes leave on a canvas: names and numbers take the rest.
 * @returns {{left: number, top: number, right: number, bottom: number, after: number}}
 */
export function frameOf(context, width, height, marks, { after = 12 } = {}) {
  return {
    left: Math.ceil(tickWidth(context, marks)) + 14,
    top: 26,
    right: width - after,
    bottom: height - 44,
    after,
  };
}

/** The x axis of a small SVG picture. */
export function SvgAxis({ scale, marks, y, colours }) {
  return html`<g font-family=${FAMILY} font-size="11" fill=${colours.muted} text-anchor="middle">
    <line x1=${scale.range[0]} x2=${scale.range[1]} y1=${y + 0.5} y2=${y + 0.5} stroke=${colours.muted} />
    ${marks.map(
      ({ value, text }) => html`<g transform=${`translate(${Math.round(scale(value)) + 0.5} ${y})`}>
      <line y2="4" stroke=${colours.muted} /><text y="15">${text}</text></g>`,
    )}
  </g>`;
}
