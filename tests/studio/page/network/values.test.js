import assert from "node:assert/strict";
import { test } from "node:test";
import { valuesAt } from "../../../../src/downslope/studio/page/network/values.js";

const STEPS = [
  {
    phase: "forward",
    kind: "activation",
    values: [
      ["unit:0,0", 3],
      ["unit:0,1", 4],
    ],
  },
  { phase: "forward", kind: "activation", values: [["weight:0,0,0", 600]] },
  { phase: "forward", kind: "activation", values: [["unit:1,0", 610]] },
  { phase: "error", kind: "error", values: [["error", 2]] },
  { phase: "backward", kind: "delta", values: [["unit:1,0", -5]] },
  { phase: "gradient", kind: "gradient", values: [["weight:0,0,0", -15]] },
  { phase: "update", kind: "weight", values: [["weight:0,0,0", 200.01]] },
];

const told = (at, roomy = () => true) =>
  [...valuesAt(STEPS, at, roomy).values()].map(({ place, kind, value }) => `${place} ${kind} ${value}`);

test("values stay where they appeared, the products of a sum until it is done", () => {
  assert.deepEqual(told(0), ["unit:0,0 activation 3", "unit:0,1 activation 4"]);
  assert.ok(told(2).includes("weight:0,0,0 activation 600"));
  assert.ok(told(2).includes("unit:1,0 activation 610"));
  assert.ok(!told(3).some((one) => one.startsWith("weight")));
});

test("a gradient stands beside the value of its unit where there is room, else in its place", () => {
  assert.ok(told(4).includes("unit:1,0 activation 610") && told(4).includes("unit:1,0 delta -5"));
  assert.ok(
    !told(4, () => false).includes("unit:1,0 activation 610") &&
      told(4, () => false).includes("unit:1,0 delta -5"),
  );
});

test("a weight shows the newest of its gradient and its value", () => {
  assert.ok(told(5).includes("weight:0,0,0 gradient -15"));
  assert.ok(told(6).includes("weight:0,0,0 weight 200.01") && !told(6).includes("weight:0,0,0 gradient -15"));
  assert.deepEqual([...valuesAt(STEPS, 6, () => true).values()].map(({ isNew }) => isNew).filter(Boolean), [
    true,
  ]);
});
