/** Numbers moved by the pointer and by keys, in steps that follow their magnitude. */

/** Of the magnitude, for each pixel. */
export const RATE = 0.02;

/**
 * The number at a distance in pixels: relative far from 0, straight near it, and back to the same at the same
 * position.
 * @param {number} start
 * @param {number} pixels
 * @param {number} [rate]
 * @returns {number}
 */
export function dragged(start, pixels, rate = RATE) {
  const scale = start === 0 ? 0.05 : Math.min(0.25, Math.abs(start) / 4);
  const moved = scale * Math.sinh(Math.asinh(start / scale) + pixels * rate);
  return rounded(moved, rate * Math.hypot(moved, scale));
}

/** A number rounded to what a step of this size can tell apart. */
function rounded(value, step) {
  const unit = 10 ** Math.floor(Math.log10(step));
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}

/**
 * The number after a key: moved by a tenth of the unit of its leading digit, times a factor.
 * @param {number} value
 * @param {number} direction
 * @param {number} factor
 * @returns {number}
 */
export function nudged(value, direction, factor) {
  const unit = 10 ** (Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))) - 1) * factor;
  return Number((value + direction * unit).toPrecision(12));
}
