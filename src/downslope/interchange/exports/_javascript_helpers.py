"""What the JavaScript of a graph calls. Matrices are flat, row after row.

Browsers compile small functions well and one large function not at all, so every loop stands in one of these.
"""

from __future__ import annotations

__all__ = ["HELPERS"]

HELPERS: dict[str, str] = {
    "each": """\
function each(size, value) {
  const out = new Float64Array(size);
  for (let i = 0; i < size; i++) out[i] = value(i);
  return out;
}
""",
    "grid": """\
function grid(rows, columns, value) {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[i * columns + j] = value(i, j);
  return out;
}
""",
    "matmul": """\
function matmul(a, b, rows, inner, columns) {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const from = i * inner, to = i * columns;
    let j = 0;
    for (; j + 3 < columns; j += 4) { // four sums at a time stay in registers
      let first = 0, second = 0, third = 0, fourth = 0;
      for (let k = 0, at = j; k < inner; k++, at += columns) {
        const factor = a[from + k];
        first += factor * b[at];
        second += factor * b[at + 1];
        third += factor * b[at + 2];
        fourth += factor * b[at + 3];
      }
      out[to + j] = first;
      out[to + j + 1] = second;
      out[to + j + 2] = third;
      out[to + j + 3] = fourth;
    }
    for (; j < columns; j++) {
      let sum = 0;
      for (let k = 0, at = j; k < inner; k++, at += columns) sum += a[from + k] * b[at];
      out[to + j] = sum;
    }
  }
  return out;
}
""",
    "transpose": """\
function transpose(a, rows, columns) {
  return grid(columns, rows, (i, j) => a[j * columns + i]);
}
""",
    "total": """\
function total(a) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i];
  return sum;
}
""",
    "sumDown": """\
function sumDown(a, rows, columns) {
  const out = new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j] += a[i * columns + j];
  return out;
}
""",
    "sumAcross": """\
function sumAcross(a, rows, columns) {
  const out = new Float64Array(rows);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[i] += a[i * columns + j];
  return out;
}
""",
    "largest": """\
function largest(a, from, to) {
  let found = -Infinity;
  for (let i = from; i < to; i++) found = Math.max(found, a[i]);
  return found;
}
""",
    "softmax": """\
function softmax(z, rows, columns) {
  const top = each(rows, (i) => largest(z, i * columns, (i + 1) * columns));
  const e = grid(rows, columns, (i, j) => Math.exp(z[i * columns + j] - top[i]));
  const sums = sumAcross(e, rows, columns);
  return grid(rows, columns, (i, j) => e[i * columns + j] / sums[i]);
}
""",
    "crossEntropy": """\
function crossEntropy(z, y, rows, columns) {
  return each(rows, (i) => {
    let top = 0;
    for (let j = 1; j < columns; j++) if (z[i * columns + j] > z[i * columns + top]) top = j;
    const shifted = (j) => z[i * columns + j] - z[i * columns + top];
    let others = 0; // ln(1 + others) keeps its digits where one score is by far the largest
    for (let j = 0; j < columns; j++) if (j !== top) others += Math.exp(shifted(j));
    return Math.log1p(others) - shifted(y[i]);
  });
}
""",
    "take": """\
function take(table, index, columns) {
  return grid(index.length, columns, (i, j) => table[index[i] * columns + j]);
}
""",
    "addRows": """\
function addRows(a, index, rows, columns) {
  const out = new Float64Array(rows * columns);
  index.forEach((row, i) => {
    for (let j = 0; j < columns; j++) out[row * columns + j] += a[i * columns + j];
  });
  return out;
}
""",
    "columns": """\
function columns(a, rows, width, indices) {
  return grid(rows, indices.length, (i, j) => a[i * width + indices[j]]);
}
""",
    "placeColumns": """\
function placeColumns(a, rows, width, indices) {
  const out = new Float64Array(rows * width);
  indices.forEach((at, j) => {
    for (let i = 0; i < rows; i++) out[i * width + at] = a[i * indices.length + j];
  });
  return out;
}
""",
    "concatenate": """\
function concatenate(parts, widths, rows) {
  const width = widths.reduce((a, b) => a + b);
  const out = new Float64Array(rows * width);
  let start = 0;
  parts.forEach((part, k) => {
    const own = widths[k];
    for (let i = 0; i < rows; i++) out.set(part.subarray(i * own, (i + 1) * own), i * width + start);
    start += own;
  });
  return out;
}
""",
    "lines": """\
function lines(a, slopes, offsets) {
  return a.map((value, i) => value * slopes[i % slopes.length] + offsets[i % offsets.length]);
}
""",
    "oneHot": """\
function oneHot(y, rows, classes) {
  return grid(rows, classes, (i, j) => (y[i] === j ? 1 : 0));
}
""",
    "sigmoid": """\
function sigmoid(z) {
  const e = Math.exp(-Math.abs(z)); // never overflows, and keeps full precision in both tails
  return (z >= 0 ? 1 : e) / (1 + e);
}
""",
    "softplus": """\
function softplus(z) {
  return Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
}
""",
    "huber": """\
function huber(r, delta) {
  const size = Math.abs(r);
  const inner = size <= delta ? size : delta;
  return inner * (size - 0.5 * inner);
}
""",
    "pinball": """\
function pinball(r, level) {
  return (r > 0 ? level : level - 1) * r;
}
""",
    "normalCdf": """\
function normalCdf(z) {
  return 0.5 * erfc(-z * Math.SQRT1_2);
}
""",
    "erfc": """\
function erfc(x) {
  if (x < 0) return 2 - erfc(-x);
  const density = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x < 1.5) { // the power series of erf, all terms above 0 (Abramowitz and Stegun 7.1.6)
    let term = x, sum = x;
    for (let k = 1; k < 40; k++) {
      term *= 2 * x * x / (2 * k + 1);
      sum += term;
    }
    return 1 - 2 * density * sum;
  }
  let fraction = x; // the continued fraction, from its end (Abramowitz and Stegun 7.1.14)
  for (let k = 100; k > 0; k--) fraction = x + 0.5 * k / fraction;
  return density / fraction;
}
""",
    "keepMask": """\
function keepMask(rows, columns, seed, stream, step, rate) {
  const wide = 4 * Math.ceil(columns / 4); // each row takes whole blocks of four words
  const words = randomWords(rows * wide, seed, stream, step);
  const limit = Math.floor(rate * 2 ** 32);
  return grid(rows, columns, (i, j) => (words[i * wide + j] >= limit ? 1 : 0));
}
""",
    "shuffled": """\
function shuffled(count, seed, stream, step) {
  const words = randomWords(2 * Math.max(count - 1, 0), seed, stream, step);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1, t = 0; i > 0; i--, t += 2) {
    // of the product with the 64 bits of two words the upper half: each part stays below 2 ** 53
    const low = Math.floor((words[t] * (i + 1)) / 2 ** 32);
    const place = Math.floor((words[t + 1] * (i + 1) + low) / 2 ** 32);
    [order[i], order[place]] = [order[place], order[i]];
  }
  return order;
}
""",
    "randomWords": """\
function randomWords(count, seed, stream, step) { // Philox4x32-10 (Salmon et al. 2011)
  const words = new Uint32Array(4 * Math.ceil(count / 4));
  const keys = Uint32Array.of(seed, seed / 2 ** 32);
  for (let block = 0; 4 * block < words.length; block++) {
    const c = words.subarray(4 * block, 4 * block + 4), k = keys.slice();
    c.set([block, stream, step, step / 2 ** 32]);
    for (let round = 0; round < 10; round++) {
      const [c0, c1, c2, c3] = c;
      c[0] = upperHalf(0xcd9e8d57, c2) ^ c1 ^ k[0];
      c[1] = Math.imul(0xcd9e8d57, c2);
      c[2] = upperHalf(0xd2511f53, c0) ^ c3 ^ k[1];
      c[3] = Math.imul(0xd2511f53, c0);
      k[0] += 0x9e3779b9;
      k[1] += 0xbb67ae85;
    }
  }
  return words.subarray(0, count);
}
""",
    "upperHalf": """\
function upperHalf(a, b) { // of the 64 bits of a product
  const low = (a & 0xffff) * (b & 0xffff);
  const first = (a >>> 16) * (b & 0xffff) + (low >>> 16);
  const second = (a & 0xffff) * (b >>> 16) + (first & 0xffff);
  return (a >>> 16) * (b >>> 16) + (first >>> 16) + (second >>> 16);
}
""",
}
"""Each by its name; it is written where it is used."""
