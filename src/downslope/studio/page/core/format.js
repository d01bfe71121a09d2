/** Numbers in the reader's locale, written and read. */

const plain = new Map();
const grouped = new Intl.NumberFormat();

function formatter(digits) {
  if (!plain.has(digits)) {
    plain.set(
      digits,
      new Intl.NumberFormat(undefined, { maximumSignificantDigits: digits, useGrouping: "min2" }),
    );
  }
  return plain.get(digits);
}

/**
 * A number in so many significant digits; very large and very small ones with a power of ten.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 * @returns {string}
 */
export function number(value, digits = 6) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-5)) return powered(value, digits);
  return formatter(digits).format(value).replace("-", "−");
}

function powered(value, digits) {
  const [digit, power] = value.toExponential(digits - 1).split("e");
  return `${formatter(digits).format(Number(digit))}·10${superscript(Number(power))}`.replace("-", "−");
}

/** A number as the session judges it: 0 where it is no more than rounding, which its title says in full. */
export const judged = (rounding, written) => (rounding ? "≈ 0" : written);

/** A number in full, and whether it is no more than rounding. */
export const inFull = (value, digits, rounding) => `${number(value, digits)}${rounding ? " (rounding)" : ""}`;

/** About how wide a number is, in digits. */
export function breadth(text) {
  return [...text].reduce((sum, c) => sum + (/[.,·]/.test(c) ? 0.5 : /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(c) ? 0.75 : 1), 0);
}

/**
 * A number in as many digits as a place has room for: one that is cut off would be read as another.
 * @param {number} value
 * @param {number} digits at most
 * @param {number} room in digits
 * @returns {string}
 */
export function fitted(value, digits, room) {
  const plainly = number(value, digits);
  if (!Number.isFinite(value) || breadth(plainly) <= room) return plainly;
  const fewer = Array.from({ length: digits }, (_, i) => digits - i);
  const ways = [
    ...fewer.slice(0, digits > 2 ? -2 : digits).map((d) => number(value, d)),
    ...fewer.map((d) => powered(value, d)),
  ];
  return ways.find((text) => breadth(text) <= room) ?? ways[ways.length - 1];
}

/**
 * A number for an axis: as short as can be, with a power of ten from a hundred thousand on.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function compact(value, digits = 3) {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size === 0 || (size < 1e5 && size >= 1e-3)) return number(value, digits);
  const [digit, power] = value.toExponential(digits - 1).split("e");
  const factor = Number(digit) === 1 ? "" : `${number(Number(digit), digits)}·`;
  return `${factor}10${superscript(Number(power))}`;
}

/** @param {number} value @returns {string} a whole number with marks for thousands */
export function whole(value) {
  return grouped.format(Math.round(value));
}

const FILE = /^[^\s.]+\.[a-z]/i; // at the beginning of a text: its name keeps its letters

/** @param {string} text @returns {string} the text with a capital first letter */
export function capitalised(text) {
  if (FILE.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {number} power @returns {string} a whole number, raised */
export function superscript(power) {
  return [...String(power)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)])).join("");
}

/** @param {number} index @returns {string} a whole number from 0 on, lowered */
export function subscript(index) {
  return [...String(index)].map((c) => "₀₁₂₃₄₅₆₇₈₉"[Number(c)]).join("");
}

const decimal = new Intl.NumberFormat().formatToParts(1.5).find((part) => part.type === "decimal").value;

/**
 * The number in a text as the reader types it, or NaN: with the locale's decimal mark or a point, with e or
 * ·10ⁿ.
 * @param {string} text
 * @returns {number}
 */
export function parsed(text) {
  let plainText = text
    .trim()
    .replace(/\s| | /g, "")
    .replace("−", "-");
  plainText = plainText.replace(
    /·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/,
    (_, power) => `e${[...power].map((c) => (c === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))).join("")}`,
  );
  if (decimal === ",") {
    if (plainText.includes(",")) plainText = plainText.replace(/\./g, "").replace(",", ".");
  } else {
    plainText =
      /^[^,.]*,[^,.]*$/.test(plainText) && !/^-?\d{1,3},\d{3}$/.test(plainText)
        ? plainText.replace(",", ".")
        : plainText.replace(/,/g, "");
  }
  return plainText === "" ? NaN : Number(plainText);
}
