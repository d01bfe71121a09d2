import assert from "node:assert/strict";
import { test } from "node:test";
import { dragged, nudged } from "../../../../src/downslope/studio/page/controls/drag.js";

const STARTS = [0, 1e-6, 0.37, -2, 14, -3456, 1e9];

test("a drag to the right makes a number larger, one to the left smaller", () => {
  for (const start of STARTS) {
    const along = Array.from({ length: 81 }, (_, k) => dragged(start, 5 * (k - 40)));
    for (let k = 1; k < along.length; k += 1)
      assert.ok(along[k] > along[k - 1], `${start}: ${along.slice(k - 1, k + 1)}`);
  }
});

test("a pixel moves a number by some per cent of its size, and one near 0 by a fixed step", () => {
  for (const start of STARTS.filter((value) => value !== 0)) {
    const step = Math.abs(dragged(start, 1) - start);
    assert.ok(step > 0.01 * Math.abs(start) && step < 0.04 * Math.abs(start), `${start} by ${step}`);
  }
  assert.ok(Math.abs(dragged(0, 1)) > 5e-4 && Math.abs(dragged(0, 1)) < 5e-3);
});

test("back at the same place the number is the same, to the digits that a pixel tells", () => {
  for (const start of STARTS) {
    const gap = Math.abs(dragged(start, 0) - start);
    assert.ok(gap <= 0.02 * Math.abs(start), `${start} by ${gap}`);
  }
});

test("a key moves a number by a tenth of the unit of its leading digit", () => {
  assert.deepEqual(
    [
      nudged(3456, 1, 1),
      nudged(-14, 1, 1),
      nudged(0.5, -1, 1),
      nudged(0.1, 1, 1),
      nudged(3456, 1, 10),
      nudged(3456, -1, 0.1),
    ],
    [3556, -13, 0.49, 0.11, 4456, 3446],
  );
  assert.equal(nudged(0, 1, 1), 0.001); // that of 0.01
});

test("keys leave no dust of binary fractions", () => {
  let value = 0.1;
  for (let k = 0; k < 20; k += 1) value = nudged(value, 1, 1);
  assert.equal(String(value), "0.3");
});

test("a number near 0 moves in steps that count beside the others of its layer", () => {
  for (const dust of [3e-16, -3e-16, 1e-7, 0]) {
    assert.ok(dragged(dust, 60, undefined, [0.9, -0.5, dust]) > 0.05, String(dust)); // among large ones
    assert.ok(dragged(dust, 60, undefined, [9e-16, dust]) > 0.05, String(dust)); // all went to 0
    assert.ok(dragged(dust, -60, undefined, [9e-16, dust]) < -0.05, String(dust));
    const small = dragged(dust, 60, undefined, [2e-3, dust]);
    assert.ok(small > 1e-4 && small < 2e-3, `${dust} to ${small}`); // among small ones
  }
});

test("what is not small beside the others moves by itself", () => {
  for (const start of [14, -0.5, 3456])
    assert.equal(dragged(start, 20, undefined, [start, 0.01]), dragged(start, 20));
});

test("a key moves a number near 0 by a step that counts, to a round number", () => {
  assert.equal(nudged(3e-16, 1, 1, [9e-16, 3e-16]), 0.001);
  assert.equal(nudged(-4e-16, -1, 10, [0.9, -4e-16]), -0.01);
  assert.equal(nudged(3e-20, 1, 1, [0.002, 3e-20]), 0.000001);
  assert.equal(nudged(3456, 1, 1, [200, 3456]), 3556);
});
