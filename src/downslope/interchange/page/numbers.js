/** Numbers as the reader writes them, and the steps in which they are moved. */

const plain = new Map();
const inDigits = new Intl.NumberFormat(undefined, { numberingSystem: "latn" });
const inPercent = new Intl.NumberFormat(undefined, {
  style: "percent",
  numberingSystem: "latn",
  maximumFractionDigits: 1,
});
const RAISED = Object.fromEntries([..."-0123456789"].map((c, i) => [c, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[i]]));

/**
 * A number in the reader's notation with so many digits that count; up to five, and at most five decimals.
 * Its digits are those that can be typed.
 */
function written(value, digits, grouped, large = 1e9) {
  const size = Math.abs(value);
  const far = size !== 0 && (size >= large || size < 1e-3);
  const key = `${digits} ${far} ${grouped}`;
  if (!plain.has(key)) {
    plain.set(
      key,
      new Intl.NumberFormat(undefined, {
        numberingSystem: "latn",
        maximumSignificantDigits: digits,
        ...(far || digits > 5 ? {} : { maximumFractionDigits: 5, roundingPriority: "lessPrecision" }),
        useGrouping: grouped && !far,
        notation: far ? "scientific" : "standard",
      }),
    );
  }
  return plain.get(key).format(value || 0);
}

/**
 * For reading.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function shown(value, digits = 5) {
  return withRaised(value, digits, 1e9);
}

/**
 * For the side of a curve: short, with powers of ten from a hundred thousand on.
 * @param {number} value
 * @returns {string}
 */
export function brief(value) {
  return withRaised(value, 3, 1e5).replace(/^1·/, "");
}

function withRaised(value, digits, large) {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return written(value, digits, Math.abs(value) >= 1e4, large)
    .replace(/E(-?\d+)$/, (_, power) => `·10${[...power].map((c) => RAISED[c]).join("")}`)
    .replace("-", "−");
}

/**
 * For a field: without marks between thousands.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function typed(value, digits = 4) {
  return Number.isFinite(value) ? written(value, digits, false) : shown(value);
}

/**
 * How many there are of something, every digit of it.
 * @param {number} count
 * @returns {string}
 */
export function counted(count) {
  return inDigits.format(count);
}

/**
 * A share of 1 in percent.
 * @param {number} share
 * @returns {string}
 */
export function percent(share) {
  return inPercent.format(share);
}

/**
 * The number that a text stands for, with a decimal point or a comma; NaN where it is none.
 * @param {string} text
 * @returns {number}
 */
export function parsed(text) {
  const bare = text.replace(/[\s'’\u00a0\u202f\u200e\u200f\u061c]/g, "").replace(/[−–]/g, "-");
  const marks = bare.replace(/[^.,]/g, "");
  const last = marks.at(-1);
  // one mark is a decimal mark, of two kinds the last one; several of a kind stand between thousands
  const alike = marks.length > 1 && [...marks].every((mark) => mark === last);
  const between = alike ? /[.,]/g : last === "," ? /\./g : /,/g;
  const whole = bare.replace(between, "").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(whole) ? Number(whole) : NaN;
}

/**
 * How far one press of a key moves a number: a hundredth of its order of magnitude.
 * @param {number} value
 * @param {number} [usual] gives the order of magnitude where the value is 0
 * @returns {number}
 */
export function stepOf(value, usual = 1) {
  const size = Math.abs(value) || Math.abs(usual) || 1;
  return Number(`1e${Math.floor(Math.log10(size) + 1e-9) - 2}`);
}

/**
 * A number moved by a multiple of a step, without the dust of binary fractions.
 * @param {number} value
 * @param {number} by
 * @param {number} step
 * @returns {number}
 */
export function moved(value, by, step) {
  const digits = Math.min(100, Math.max(0, 12 - Math.floor(Math.log10(step))));
  return Number((value + by * step).toFixed(Math.min(digits, 100)));
}
