import assert from "node:assert/strict";
import { test } from "node:test";
import { classCount, nearestRow } from "../../../../../src/downslope/studio/page/pictures/drawing/rows.js";
import { pathPoints } from "../../../../../src/downslope/studio/page/pictures/surface/path.js";

const PLACES = [
  [0, 0],
  [10, 0],
  [10, 3],
  [NaN, 5],
];
const placed = (k) => PLACES[k];

test("the nearest mark within reach is meant", () => {
  assert.equal(nearestRow(4, placed, { x: 9, y: 2 }).k, 2);
  assert.equal(nearestRow(4, placed, { x: 9, y: 1 }).k, 1);
  assert.equal(nearestRow(4, placed, { x: 30, y: 30 }), null);
  assert.equal(nearestRow(4, placed, { x: 3, y: 0 }, 2), null);
  assert.equal(nearestRow(0, placed, { x: 0, y: 0 }), null);
});

test("classes are counted from the predictions, or from what is there", () => {
  assert.equal(classCount({ task: "regression" }), 0);
  assert.equal(classCount({ task: "binary" }), 2);
  assert.equal(classCount({ task: "classes", labels: ["x"], y: { shape: [200, 3] } }), 3);
  assert.equal(classCount({ task: "classes", labels: ["a", "b"], classes: [0, 1], targets: [3, 0] }), 4);
});

test("a path ends at the present point, once", () => {
  const path = Object.assign(Float64Array.of(1, 2, 3, 4), { shape: [2, 2] });
  const picture = { path, path_errors: [0.5, 0.25] };
  assert.deepEqual(pathPoints({ ...picture, at: [3, 4, 0.25] }), [
    [1, 2, 0.5],
    [3, 4, 0.25],
  ]);
  assert.deepEqual(pathPoints({ ...picture, at: [5, 6, 0.1] }), [
    [1, 2, 0.5],
    [3, 4, 0.25],
    [5, 6, 0.1],
  ]);
});
