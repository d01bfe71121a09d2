/** Numbers moved by the pointer and by keys, in steps that follow their magnitude. */

/** Of the magnitude, for each pixel. */
export const RATE = 0.02;

const USUAL = 0.2; // the magnitude that 0 is moved with where nothing tells another
const SHARE = 0.2; // of the largest number around: the magnitude that a smaller one is moved with
const NOTHING = 1e-4; // what descent leaves of numbers that go to 0 tells no magnitude

/** The least magnitude that a number is moved with, by those that it stands among. */
function least(value, among) {
  if (!among) return value === 0 ? USUAL : 0;
  const largest = among.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  return largest < NOTHING ? USUAL : Math.min(USUAL, SHARE * largest);
}

/**
 * The number at a distance in pixels: relative far from 0, straight near it, and back to the same at the same
 * position.
 * @param {number} start
 * @param {number} pixels
 * @param {number} [rate]
 * @param {ArrayLike<number>} [among] the numbers of its layer, beside which a step is to count
 * @returns {number}
 */
export function dragged(start, pixels, rate = RATE, among = undefined) {
  const scale = Math.min(0.25, Math.max(Math.abs(start), least(start, among)) / 4);
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
 * @param {ArrayLike<number>} [among] the numbers of its layer
 * @returns {number}
 */
export function nudged(value, direction, factor, among = undefined) {
  const size = Math.max(Math.abs(value), least(value, among) / 10);
  const unit = 10 ** (Math.floor(Math.log10(size)) - 1) * factor;
  return Number((value + direction * unit).toPrecision(12));
}
