import assert from "node:assert/strict";
import { test } from "node:test";
import * as zoom from "../../../../src/downslope/studio/page/matrices/zoom.js";
import { generator } from "../random.js";

const SHAPES = [
  [1024, 1024],
  [1, 1024],
  [1024, 3],
  [5, 7],
  [300, 1000],
  [1, 1],
];
const ROOMS = [
  { width: 1200, height: 650 },
  { width: 340, height: 600 },
];
const LARGEST = 32;
const SIDES = [
  [0, "height", "top", "row"],
  [1, "width", "left", "column"],
];

/** Every shape in every room, enlarged and moved at random many times. */
function* walks() {
  const { uniform, normal } = generator(1);
  for (const shape of SHAPES) {
    for (const room of ROOMS) {
      const size = zoom.frame(shape, room);
      let view = zoom.whole;
      for (let k = 0; k < 25; k += 1) {
        const factor = Math.exp(normal());
        const point = [uniform() * size.width, uniform() * size.height];
        const before = zoom.placeAt(view, shape, size, ...point);
        const larger = zoom.enlarged(view, shape, size, factor, ...point);
        const after = zoom.placeAt(larger, shape, size, ...point);
        const away = zoom.moved(larger, shape, size, 300 * normal(), 300 * normal());
        const target = { row: Math.floor(uniform() * shape[0]), column: Math.floor(uniform() * shape[1]) };
        view = zoom.showing(away, shape, size, target);
        yield {
          shape,
          room,
          size,
          factor,
          before,
          after,
          away,
          target,
          view,
          cell: zoom.cell(shape, size, view.zoom),
        };
      }
    }
  }
}

const steps = [...walks()];

test("the window with all of the matrix fits into the room", () => {
  for (const { size, room } of steps) {
    for (const side of ["width", "height"]) assert.ok(size[side] > 0 && size[side] <= room[side] + 1e-9);
  }
});

test("a matrix that is not lean has square cells", () => {
  const size = zoom.frame([300, 1000], ROOMS[0]);
  assert.ok(Math.abs(size.width / 1000 - size.height / 300) < 1e-9);
});

test("no view leaves a gap at a side", () => {
  for (const { shape, size, view, cell } of steps) {
    for (const [axis, side, corner] of SIDES) {
      assert.ok(view[corner] <= 1e-6);
      assert.ok(view[corner] + cell[side] * shape[axis] >= size[side] - 1e-6);
    }
  }
});

test("cells are enlarged to a limit", () => {
  for (const { shape, size, view, cell } of steps) {
    assert.ok(view.zoom >= 1);
    for (const [axis, side] of SIDES) {
      const fit = size[side] / shape[axis];
      assert.ok(cell[side] >= fit - 1e-9 && cell[side] <= Math.max(fit, LARGEST) + 1e-9);
    }
  }
});

test("what is under the pointer stays there while it is enlarged", () => {
  const enlarged = steps.filter(({ factor }) => factor > 1); // made smaller, the sides may have to move
  for (const { before, after } of enlarged) {
    for (const [, , , part] of SIDES) assert.ok(Math.abs(before[part] - after[part]) <= 1);
  }
  assert.ok(enlarged.length > 100);
});

test("a place is shown where it was not", () => {
  for (const { view, target, cell, size } of steps) {
    for (const [, side, corner, part] of SIDES) {
      const start = view[corner] + target[part] * cell[side];
      assert.ok(start >= -1e-6 && start + cell[side] <= size[side] + 1e-6);
    }
  }
  assert.ok(steps.filter(({ view, away }) => view.left !== away.left || view.top !== away.top).length > 50);
});
