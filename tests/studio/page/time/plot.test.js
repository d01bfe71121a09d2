import assert from "node:assert/strict";
import { test } from "node:test";
import { logMarks, merged, raised, stepText } from "../../../../src/downslope/studio/page/time/plot.js";

test("a logarithmic axis is marked at round numbers inside it", () => {
  for (const [low, high] of [
    [-3, 9],
    [0.2, 3.9],
    [-0.1, 0.35],
    [2.0001, 2.0009],
    [-40, 40],
  ]) {
    const marks = logMarks(low, high, 6);
    assert.ok(marks.length >= 2 && marks.length <= 10, `${low} to ${high}: ${marks}`);
    for (const mark of marks) {
      assert.ok(mark >= low - 1e-9 && mark <= high + 1e-9);
      const digits = Number((10 ** (mark - Math.floor(mark))).toPrecision(6));
      assert.ok(String(digits).length <= 6, `${digits}`);
    }
  }
  assert.deepEqual(logMarks(0, 12, 6), [0, 3, 6, 9, 12]);
});

test("series share their steps; what is not above 0 has no logarithm", () => {
  const training = [
    [0, 100],
    [2, 10],
    [4, 0],
  ];
  const validation = [
    [2, 1000],
    [3, Number.NaN],
  ];
  const [steps, first, second] = merged([training, validation], false);
  assert.deepEqual(steps, [0, 2, 3, 4]);
  assert.deepEqual(first, [2, 1, undefined, null]);
  assert.deepEqual(second, [undefined, 3, null, undefined]);
  assert.deepEqual(merged([training], true)[0], [0.5, 2, 4].map(Math.log10));
});

test("a step under the pointer", () => {
  assert.equal(stepText(Math.log10(12345), true), "12,345");
  assert.equal(stepText(7, false), "7");
  assert.deepEqual([stepText(null, true), raised(null), raised(2)], ["–", null, 100]);
});
