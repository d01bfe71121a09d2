import assert from "node:assert/strict";
import { test } from "node:test";
import { contourLines } from "../../../../src/downslope/studio/page/pictures/drawing/contours.js";
import { smoothed } from "../../../../src/downslope/studio/page/pictures/fitted/map.js";

const SIZE = 48;
const plane = (u, v) => 3 * (u - 20 - 0.37 * v); // a probability that falls within a place of the grid

function steep() {
  const values = new Float64Array(SIZE * SIZE);
  for (let i = 0; i < SIZE; i++)
    for (let j = 0; j < SIZE; j++) values[i * SIZE + j] = 1 / (1 + Math.exp(-plane(j, i)));
  return { width: SIZE, height: SIZE, values };
}

test("the line of one half is straight where the boundary is, however steep", () => {
  const { through, height } = smoothed(steep(), "binary");
  const factor = (through.width - 1) / (SIZE - 1);
  const lines = contourLines(through, height(0.5));
  assert.equal(lines.length, 1);
  for (let k = 0; k < lines[0].length; k += 2) {
    const [u, v] = [lines[0][k] / factor, lines[0][k + 1] / factor];
    assert.ok(Math.abs(u - 20 - 0.37 * v) < 1e-9, `${u}, ${v}`);
  }
});

test("what is painted are the probabilities, with their values at the places of the grid", () => {
  const grid = steep();
  const { painted } = smoothed(grid, "binary");
  const factor = (painted.width - 1) / (SIZE - 1);
  for (const [i, j] of [
    [3, 20],
    [11, 24],
    [40, 35],
  ]) {
    const found = painted.values[i * factor * painted.width + j * factor];
    assert.ok(Math.abs(found - grid.values[i * SIZE + j]) < 1e-6);
  }
});

test("numbers that are predicted are drawn as they are", () => {
  const values = Float64Array.from({ length: 9 }, (_, k) => k);
  const { painted, through, height } = smoothed({ width: 3, height: 3, values }, "regression");
  assert.equal(painted, through);
  assert.equal(height(0.3), 0.3);
});
