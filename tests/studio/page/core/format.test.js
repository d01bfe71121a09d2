import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  breadth,
  capitalised,
  compact,
  fitted,
  number,
  parsed,
  subscript,
  superscript,
  whole,
} from "../../../../src/downslope/studio/page/core/format.js";

const FORMAT = new URL("../../../../src/downslope/studio/page/core/format.js", import.meta.url);

/** What expressions over the module give in a locale: it is taken when a process starts. */
function inLocale(locale, expressions) {
  const read = `import * as m from ${JSON.stringify(FORMAT.href)};`;
  const script = `${read} console.log(JSON.stringify([${expressions}]))`;
  const arguments_ = ["--input-type=module", "--eval", script];
  const done = spawnSync(process.execPath, arguments_, {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: locale },
  });
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}

test("a number has so many significant digits", () => {
  assert.equal(number(0.123456789, 3), "0.123");
  assert.equal(number(1234.5678, 6), "1234.57");
  assert.equal(number(12345.678, 3), "12,300");
  assert.equal(number(-1.5), "−1.5");
  assert.equal(number(0), "0");
});

test("very large and very small numbers have a power of ten", () => {
  assert.equal(number(1.5e9), "1.5·10⁹");
  assert.equal(number(-2.5e-7, 2), "−2.5·10⁻⁷");
  assert.equal(number(1e-5), "0.00001");
});

test("what is no number is a dash, what is not finite a sign", () => {
  assert.deepEqual(
    [null, undefined, NaN].map((v) => number(v)),
    ["–", "–", "–"],
  );
  assert.deepEqual(
    [Infinity, -Infinity].map((v) => number(v)),
    ["∞", "−∞"],
  );
});

test("a number on an axis is as short as can be", () => {
  assert.deepEqual(
    [1e5, 1e6, 2e-4, 0.02, 99999].map((v) => compact(v, 2)),
    ["10⁵", "10⁶", "2·10⁻⁴", "0.02", "100,000"],
  );
});

test("raised and lowered digits", () => {
  assert.equal(superscript(-1203456789), "⁻¹²⁰³⁴⁵⁶⁷⁸⁹");
  assert.equal(subscript(9876543210), "₉₈₇₆₅₄₃₂₁₀");
});

test("a number is never wider than its room, and what is written is near it", () => {
  for (const value of [3456, -0.000123456, 123456.789, 1e12, -9.87654e-12, 1 / 3]) {
    for (const room of [7, 7.5, 9.5]) {
      const text = fitted(value, 6, room);
      assert.ok(breadth(text) <= room, `${text} has ${breadth(text)} digits in a room of ${room}`);
      assert.ok(Math.abs(parsed(text) - value) <= 0.2 * Math.abs(value), `${text} for ${value}`);
    }
  }
});

test("what is written is read again", () => {
  for (const value of [0, 1, -1, 0.1, -1234.5, 1e-12, 6.02214076e23, 12345678.9]) {
    assert.equal(parsed(number(value, 15)), value);
  }
  assert.equal(whole(1234567.4), "1,234,567");
  assert.equal(parsed(whole(1234567.4)), 1234567);
});

test("a comma is a decimal mark where it cannot stand between thousands", () => {
  assert.deepEqual(
    ["1,5", "1,500", "1,500,000.25", "-0,25", " 2 000 ", "−3", "1e-3", "2·10³"].map(parsed),
    [1.5, 1500, 1500000.25, -0.25, 2000, -3, 0.001, 2000],
  );
  assert.deepEqual(
    ["", " ", "abc", "1.2.3", "--1"].map((text) => Number.isNaN(parsed(text))),
    Array(5).fill(true),
  );
});

test("a text begins with a capital", () => {
  assert.deepEqual(["yes-no", "élan", "Number", ""].map(capitalised), ["Yes-no", "Élan", "Number", ""]);
  assert.equal(capitalised("the end. houses.csv is next"), "The end. houses.csv is next");
  assert.equal(capitalised("houses.csv, line 2: no number"), "houses.csv, line 2: no number");
});

test("in the locale of the reader, with its decimal mark or a point", () => {
  const [written, ...read] = inLocale(
    "de_DE.UTF-8",
    `m.number(1234.5), m.parsed("1234,5"), m.parsed("1.234,5"), m.parsed("0.5")`,
  );
  assert.deepEqual([written, read], ["1234,5", [1234.5, 1234.5, 0.5]]);
});
