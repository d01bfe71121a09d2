import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closest,
  extent,
  linear,
  logTicks,
  ticks,
} from "../../../../../src/downslope/studio/page/pictures/drawing/axes.js";

test("ticks are round and inside", () => {
  for (const [low, high] of [
    [-1.3, 4.9],
    [0.0012, 0.0019],
    [-4e8, 1e9],
    [1e6, 1e6 + 3],
  ]) {
    const found = ticks(low, high).map((mark) => mark.value);
    assert.ok(found.length >= 3 && found.length <= 9, String(found));
    assert.ok(found[0] >= low - 1e-9 * Math.abs(low) && found.at(-1) <= high * (1 + 1e-9));
    const step = (found.at(-1) - found[0]) / (found.length - 1);
    const leading = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
    assert.ok(
      [1, 2, 5].some((digit) => Math.abs(leading - digit) < 1e-6),
      String(step),
    );
    for (const value of found) assert.ok(Math.abs(value / step - Math.round(value / step)) < 1e-6);
  }
});

test("numbers that cannot be told apart have one tick, not endless ones", () => {
  for (const low of [1, 1.4e10, -3e100]) {
    const high = low + Math.abs(low) * 2 ** -52;
    assert.ok(high > low);
    assert.equal(ticks(low, high, 12).length, 1);
  }
});

test("neighbouring ticks are told apart by their numbers", () => {
  for (const [low, high] of [
    [-1.3, 4.9],
    [1e6, 1e6 + 3],
    [0.99999, 1.00001],
    [3e-7, 9e-7],
  ]) {
    const texts = ticks(low, high).map((mark) => mark.text);
    assert.equal(new Set(texts).size, texts.length, String(texts));
  }
});

test("a logarithmic axis is marked at powers of ten", () => {
  assert.deepEqual(
    logTicks(1, 1e6).map((mark) => mark.value),
    [1, 10, 100, 1e3, 1e4, 1e5, 1e6],
  );
  const close = logTicks(2, 60).map((mark) => mark.value);
  assert.ok(close.includes(10) && close.every((value) => value >= 2 && value <= 60) && close.length > 2);
});

test("a scale and its inverse", () => {
  const scale = linear([-2, 6], [100, 20]);
  assert.deepEqual([scale(-2), scale(6), scale(2)], [100, 20, 60]);
  for (const value of [-7, 0, 3.3]) assert.ok(Math.abs(scale.back(scale(value)) - value) < 1e-12);
});

test("an extent holds all finite numbers and is never empty", () => {
  assert.deepEqual(extent([3, NaN, 1, Infinity, 2], 0), [1, 3]);
  assert.deepEqual(extent([0, 10], 0.1), [-1, 11]);
  for (const values of [[5, 5], [0], [NaN], []]) assert.ok(extent(values)[1] > extent(values)[0]);
});

test("the nearest place of an axis", () => {
  const axis = [0, 0.5, 1, 1.5];
  assert.deepEqual(
    [-9, 0.2, 0.3, 1.2, 9].map((value) => closest(axis, value)),
    [0, 0, 1, 2, 3],
  );
});
