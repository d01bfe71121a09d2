import assert from "node:assert/strict";
import { test } from "node:test";
import { speaksOf } from "../../../../src/downslope/studio/page/core/links.js";
import { stepAfter, stepOf } from "../../../../src/downslope/studio/page/derivation/stepper.js";

test("steps go from none to the last and back to none", () => {
  assert.equal(stepAfter(null, 1, 5), 0);
  assert.equal(stepAfter(0, -1, 5), null);
  assert.equal(stepAfter(null, -1, 5), null);
  assert.equal(stepAfter(3, 1, 5), 4);
  assert.equal(stepAfter(4, 1, 5), 4);
  assert.equal(stepAfter(2, Infinity, 5), 4);
  assert.equal(stepAfter(2, -Infinity, 5), 0);
  assert.equal(stepAfter(null, Infinity, 5), 4);
});

test("a factor is found in the last step in which it appears, by its place and its kind", () => {
  const steps = [
    { kind: "activation", values: [["unit:1,0", 3]] },
    { kind: "delta", values: [["unit:1,0", 4]] },
    {
      kind: "delta",
      values: [
        ["unit:1,0", 5],
        ["unit:1,1", 6],
      ],
    },
  ];
  assert.equal(stepOf(steps, "unit:1,0", "activation"), 0);
  assert.equal(stepOf(steps, "unit:1,0", "delta"), 2);
  assert.equal(stepOf(steps, "unit:2,0", "delta"), -1);
});

test("a factor lights up by what is pointed at, not by what is lit beside it", () => {
  const delta = ["unit:1,0", "row:2"];
  const input = ["unit:0,0", "row:2"];
  assert.ok(speaksOf(delta, delta));
  assert.ok(!speaksOf(input, delta)); // they share only the row
  assert.ok(speaksOf(input, ["row:2"]) && speaksOf(delta, ["row:2"]));
  assert.ok(!speaksOf(delta, []));
});
