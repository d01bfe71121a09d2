import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf, nearestLine } from "../../../../src/downslope/studio/page/network/layout.js";

const network = (...sizes) => ({
  inputs: Array.from({ length: sizes[0] }, (_, i) => `x${i + 1}`),
  layers: sizes.slice(1).map((units) => ({ units })),
});
const SIZES = [
  [3, 1],
  [2, 8, 8, 1],
  [40, 20, 3],
  [1, 1, 1, 1],
  [2, 60, 1],
];

test("every unit stands inside the drawing, and none on another", () => {
  for (const sizes of SIZES) {
    for (const style of ["numbers", "lines"]) {
      for (const width of [300, 640, 1200]) {
        const { columns, height, radius, inputRadius } = layoutOf(network(...sizes), width, style);
        assert.deepEqual(
          columns.map((column) => column.length),
          sizes,
        );
        for (const [c, column] of columns.entries()) {
          for (const [x, y] of column)
            assert.ok(x > 0 && x < width && y > 0 && y < height, `${sizes} ${x} ${y}`);
          const gaps = column.slice(1).map(([, y], i) => y - column[i][1]);
          assert.ok(
            gaps.every((gap) => gap > 1.2 * (c ? radius : inputRadius) || gap > 5),
            `${sizes}: ${gaps[0]}, radius ${radius}`,
          );
        }
      }
    }
  }
});

test("columns go from left to right, evenly spaced, each around the middle", () => {
  const { columns, height } = layoutOf(network(2, 8, 8, 1), 900, "lines");
  const xs = columns.map(([[x]]) => x);
  const steps = xs.slice(1).map((x, i) => x - xs[i]);
  for (const step of steps) assert.ok(Math.abs(step - steps[0]) < 1e-9 && step > 0);
  for (const column of columns) {
    const middle = column.reduce((sum, [, y]) => sum + y, 0) / column.length;
    assert.ok(Math.abs(middle - height / 2) < 1e-9);
  }
});

test("the nearest line is found beside it, and none further off", () => {
  const columns = [
    [
      [0, 0],
      [0, 100],
    ],
    [[100, 0]],
    [[200, 50]],
  ];
  assert.deepEqual(nearestLine(columns, 50, 5, 6), [0, 0, 0]);
  assert.deepEqual(nearestLine(columns, 50, 44, 6), [0, 0, 1]); // 6 below the middle of it, 4.2 across
  assert.equal(nearestLine(columns, 50, 20, 6), undefined);
  assert.deepEqual(nearestLine(columns, 50, 12, 12), [0, 0, 0]);
  assert.deepEqual(nearestLine(columns, 150, 27, 6), [1, 0, 0]);
  assert.equal(nearestLine(columns, 260, 50, 12), undefined);
});
