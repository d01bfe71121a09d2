import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, limits } from "../../../../src/downslope/studio/page/time/limits.js";

const run = (errors, diverged = false) => ({ errors: Float64Array.from(errors), diverged });
const inside = (error, [low, high]) => Math.log10(error) > low && Math.log10(error) < high;

test("all errors of runs that did not diverge are in the picture", () => {
  const found = limits([run([1e8, 3, 1e-20]), run([5, 4, 2])]);
  for (const error of [1e8, 3, 1e-20, 5]) assert.ok(inside(error, found));
  assert.equal(cut([1e8, 3, 1e-20], found), -1);
});

test("a run that diverged makes room for its first error and for no other", () => {
  const found = limits([run([1, 0.5, 0.2]), run([2, 1e6, 1e300, 1e-30], true)]);
  assert.ok(inside(2, found) && inside(0.2, found));
  assert.ok(found[1] < 1 && found[0] > -1.5, `${found}`);
  assert.equal(cut([2, 1e6, 1e300], found), 1);
});

test("runs that all diverged are drawn whole", () => {
  const found = limits([run([1, 10, 1e9], true), run([1, 1e5], true)]);
  assert.ok(inside(1, found) && inside(1e9, found));
});

test("an error that is no number leaves the picture, and zero does not", () => {
  const found = limits([run([1, 0.1])]);
  assert.equal(cut([1, 0.5, null], found), 2);
  assert.equal(cut([1, Number.NaN], found), 1);
  assert.equal(cut([1, 0], found), -1);
});

test("without any error there are limits too", () => {
  for (const runs of [[], [run([])], [run([0, 0])], [run([3])], [run([2, 2])]]) {
    const [low, high] = limits(runs);
    assert.ok(Number.isFinite(low) && low < high, `${[low, high]}`);
  }
});
