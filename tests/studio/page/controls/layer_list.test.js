import assert from "node:assert/strict";
import { test } from "node:test";
import { withLayer, withUnits } from "../../../../src/downslope/studio/page/controls/layer_list.js";

const OUTPUT = { units: 1, activation: "identity", bias: true };
const HIDDEN = { units: 5, activation: "relu", bias: false };

test("a hidden layer more is like the last one, before the output", () => {
  assert.deepEqual(withLayer([HIDDEN, OUTPUT], 1), [HIDDEN, HIDDEN, OUTPUT]);
  const [first, last] = withLayer([OUTPUT], 1);
  assert.ok(first.units > 1 && first.activation === "tanh");
  assert.deepEqual(last, OUTPUT);
});

test("the last hidden layer goes, the output never", () => {
  assert.deepEqual(withLayer([HIDDEN, { ...HIDDEN, units: 9 }, OUTPUT], -1), [HIDDEN, OUTPUT]);
  assert.deepEqual(withLayer([HIDDEN, OUTPUT], -1), [OUTPUT]);
  assert.deepEqual(withLayer([OUTPUT], -1), [OUTPUT]);
});

test("units are added to one layer, and all else stays", () => {
  const before = [HIDDEN, { ...HIDDEN, units: 9 }, OUTPUT];
  assert.deepEqual(withUnits(before, 1, -2), [HIDDEN, { ...HIDDEN, units: 7 }, OUTPUT]);
  assert.equal(before[1].units, 9);
});
