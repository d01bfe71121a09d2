import assert from "node:assert/strict";
import { test } from "node:test";
import {
  contourLines,
  heights,
  levelsOf,
  refined,
} from "../../../../../src/downslope/studio/page/pictures/drawing/contours.js";

/** A function of x and y over a square grid from −reach to reach, and its axis. */
function gridOf(f, size, reach) {
  const axis = Array.from({ length: size }, (_, k) => -reach + (2 * reach * k) / (size - 1));
  const values = Float64Array.from(axis.flatMap((y) => axis.map((x) => f(x, y))));
  return { width: size, height: size, values };
}

function pointsOf(line) {
  return Array.from({ length: line.length / 2 }, (_, k) => [line[2 * k], line[2 * k + 1]]);
}

function near(found, expected, tolerance) {
  assert.ok(Math.abs(found - expected) <= tolerance, `${found} is not ${expected} within ${tolerance}`);
}

test("a circle is one closed line of its length", () => {
  const lines = contourLines(gridOf(Math.hypot, 121, 3), 2);
  assert.equal(lines.length, 1);
  const points = pointsOf(lines[0]).map((point) => point.map((place) => place * 0.05 - 3));
  for (const point of points) near(Math.hypot(...point), 2, 1e-3);
  assert.deepEqual(points[0], points.at(-1));
  let length = 0;
  for (let k = 1; k < points.length; k += 1)
    length += Math.hypot(points[k][0] - points[k - 1][0], points[k][1] - points[k - 1][1]);
  near(length, 4 * Math.PI, 1e-3 * 4 * Math.PI);
});

test("lines end at the edge and where nothing is known", () => {
  const slope = { width: 9, height: 9, values: Float64Array.from({ length: 81 }, (_, k) => k % 9) };
  const [line, ...others] = contourLines(slope, 3.25).map(pointsOf);
  assert.deepEqual(others, []);
  for (const [x] of line) near(x, 3.25, 1e-12);
  assert.deepEqual([line[0][1], line.at(-1)[1]].sort(), [0, 8]);
  slope.values[4 * 9 + 3] = NaN;
  const ends = contourLines(slope, 3.25)
    .map(pointsOf)
    .flatMap((part) => [part[0][1], part.at(-1)[1]]);
  assert.deepEqual(ends.sort(), [0, 3, 5, 8]);
});

test("a saddle has two lines on either side", () => {
  const lines = contourLines(
    gridOf((x, y) => x * y, 20, 1),
    0.1,
  );
  assert.equal(lines.length, 2);
  for (const line of lines) {
    for (const point of pointsOf(line)) {
      const [x, y] = point.map((place) => (2 * place) / 19 - 1);
      near(x * y, 0.1, 3e-3);
    }
  }
});

test("a parabola is exact between the places of a coarse grid", () => {
  const bowl = (x, y) => x ** 2 + 4 * y ** 2 + 1e-3;
  const grid = gridOf(bowl, 12, 100);
  const fine = refined(grid, heights(grid));
  const floor = Math.log10(Math.min(...grid.values) * 1e-3);
  assert.ok(fine.width > 100);
  for (let i = 0; i < fine.height; i += 1) {
    for (let j = 0; j < fine.width; j += 1) {
      const [x, y] = [j / (fine.width - 1), i / (fine.height - 1)].map((share) => 200 * share - 100);
      near(fine.values[i * fine.width + j], Math.max(Math.log10(bowl(x, y)), floor), 1e-6);
    }
  }
});

test("levels lie between the lowest and the highest height, ever larger", () => {
  for (const f of [(x, y) => x + 3 * y, (x, y) => Math.exp(4 * x + y * y), (x) => 1e6 + x]) {
    const scale = heights(gridOf(f, 15, 2));
    const levels = levelsOf(scale);
    assert.ok(levels.length >= 3, String(levels));
    levels.forEach((level, k) =>
      assert.ok(level > scale.low && level < scale.high && (k === 0 || level > levels[k - 1])),
    );
  }
});

test("heights are logarithms only where all are above 0 and far apart", () => {
  assert.equal(heights(gridOf((x, y) => x ** 2 + y ** 2 + 0.01, 9, 3)).log, true);
  assert.equal(heights(gridOf((x, y) => x + y, 9, 3)).log, false);
  assert.equal(heights(gridOf(() => 5, 9, 3)).log, false);
  assert.equal(heights(gridOf(() => NaN, 9, 3)).log, false);
});
