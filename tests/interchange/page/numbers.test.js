import assert from "node:assert/strict";
import { test } from "node:test";
import {
  brief,
  counted,
  moved,
  parsed,
  percent,
  shown,
  stepOf,
  typed,
} from "../../../src/downslope/interchange/page/numbers.js";

test("a number for reading has five digits and at most five decimals", () => {
  assert.deepEqual(
    [1.23456789, 12345.678, 0.00123456, -2].map((v) => shown(v)),
    ["1.2346", "12,346", "0.00123", "−2"],
  );
  assert.deepEqual(
    [1.5e-7, -2e12].map((v) => shown(v)),
    ["1.5·10⁻⁷", "−2·10¹²"],
  );
  assert.deepEqual(
    [NaN, Infinity, -Infinity].map((v) => shown(v)),
    ["not a number", "∞", "−∞"],
  );
});

test("a number in a field has no marks between thousands", () => {
  assert.equal(typed(12345.678, 6), "12345.7");
  assert.equal(counted(1234567), "1,234,567");
  assert.equal(percent(0.1234), "12.3%");
});

test("what is typed is read with a point or a comma", () => {
  assert.deepEqual(
    ["1,5", "1.5", "1,234.5", "1.234,5", "1,234,567", "−2", "3e-2", ".5", "1’000"].map(parsed),
    [1.5, 1.5, 1234.5, 1234.5, 1234567, -2, 0.03, 0.5, 1000],
  );
  assert.deepEqual(
    ["", "abc", "1..2x", "e5"].map((text) => Number.isNaN(parsed(text))),
    Array(4).fill(true),
  );
});

test("what is shown in a field is read again", () => {
  for (const value of [0.25, -12345.5, 1e-9, 3e20]) assert.equal(parsed(typed(value, 12)), value);
});

test("a key moves a number by a hundredth of its order of magnitude, without dust", () => {
  assert.deepEqual([stepOf(3456), stepOf(0.37), stepOf(0, 20), stepOf(0, 0)], [10, 0.001, 0.1, 0.01]);
  assert.equal(moved(0.1, 2, 0.1), 0.3);
  let value = 1;
  for (let k = 0; k < 100; k += 1) value = moved(value, -1, 0.01);
  assert.equal(value, 0);
});

test("beside a curve a number is short", () => {
  assert.deepEqual(
    [0, 0.1, 1e-10, 2000, 1e4, 1e5, 2.5e8].map((v) => brief(v)),
    ["0", "0.1", "10⁻¹⁰", "2000", "10,000", "10⁵", "2.5·10⁸"],
  );
});
