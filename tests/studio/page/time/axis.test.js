import assert from "node:assert/strict";
import { test } from "node:test";
import { axisOf, rangeOf, roundPlaces } from "../../../../src/downslope/studio/page/time/axis.js";

/** The steps that a session saves: the first ones all, later ones 5 % apart. */
function savedUntil(end) {
  const steps = [0];
  while (steps.at(-1) < end) steps.push(Math.max(steps.at(-1) + 1, Math.floor(steps.at(-1) * 1.05)));
  return steps;
}
const SAVED = [[0], [0, 0, 0, 0], [0, 0, 1, 2, 3, 3, 4], savedUntil(100), savedUntil(1e6)];

test("a saved step is found at its place", () => {
  for (const saved of SAVED) {
    for (const even of [false, true]) {
      const axis = axisOf(saved, even);
      for (let i = 0; i < saved.length; i++) {
        const found = axis.savedAt(axis.ofSaved(i));
        assert.equal(even ? saved[found] : found, even ? saved[i] : i);
      }
    }
  }
});

test("places rise with steps, and lead back to them", () => {
  for (const saved of SAVED) {
    for (const even of [false, true]) {
      const axis = axisOf(saved, even);
      let last = -Infinity;
      for (let step = 0; step < 3e6; step = step * 1.3 + 0.7) {
        const place = axis.place(step);
        assert.ok(place > last, `${step} of ${saved.length}`);
        assert.ok(Math.abs(axis.step(place) - step) <= 1e-6 * (1 + step), `${step} from ${axis.step(place)}`);
        last = place;
      }
    }
  }
});

test("every move by hand at one step has a place of its own", () => {
  const axis = axisOf([0, 0, 0, 1], false);
  assert.deepEqual([0, 1, 2, 3].map(axis.ofSaved), [0, 1, 2, 3]);
  assert.equal(axis.place(0), 2);
  assert.equal(axis.place(0.5), 2.5);
});

test("what goes beyond the saved steps takes about the place that it will have", () => {
  const [short, long] = [savedUntil(1000), savedUntil(1e5)];
  const [ahead, there] = [axisOf(short, false).place(1e5), axisOf(long, false).place(1e5)];
  assert.ok(Math.abs(ahead - there) < 0.1 * there, `${ahead} and ${there}`);
  assert.deepEqual(rangeOf(axisOf([0], false), [0], [0]), [0, 10]);
  assert.equal(rangeOf(axisOf(short, true), short, [1e5])[1], 1e5);
});

test("the numbers of the axis stand apart", () => {
  for (const saved of SAVED) {
    const axis = axisOf(saved, false);
    const range = rangeOf(axis, saved, []);
    const places = roundPlaces(axis, range, 5);
    assert.ok(places.length >= 1);
    places.slice(1).forEach((place, i) => assert.ok(place - places[i] >= 5 && place <= range[1]));
  }
});
