import assert from "node:assert/strict";
import { test } from "node:test";
import { factorsOf } from "../../../src/downslope/interchange/page/chain.js";
import { factsOf, holds } from "../../../src/downslope/interchange/page/lesson.js";

const data = {
  kind: "numbers",
  rows: 2,
  outputs: 1,
  y: Float64Array.of(1, 2),
  lesson: { scale: 10 },
  parameters: [{ name: "w" }],
};
const now = {
  judged: { error: 0.5, validation: null, prediction: Float64Array.of(1.5, 1.75) },
  step: { places: { w2: [0, 1] } },
  selected: null,
  values: { w: Float64Array.of(3, 4) },
  steps: 7,
  moves: 0,
  rate: 0.01,
  playing: false,
};

test("conditions are about the page as it is", () => {
  const facts = factsOf(data, now);
  const cases = [
    [["compare", "error", "<", 1], true],
    [["compare", "validation_error", "<", 1], false],
    [["not", ["compare", "validation_error", "<", 1]], true],
    [["compare", "every error", "<=", 5], true],
    [["compare", "every error", "<", 5], false],
    [["compare", "w2", "=", 4], true],
    [["compare", "W9[1,1]", "=", 4], false],
    [["all", ["compare", "steps", ">=", 7], ["not", ["flag", "playing"]]], true],
    [["any", ["of", "selected", ""], ["compare", "accuracy", ">=", 0]], false],
    [true, true],
  ];
  for (const [condition, wanted] of cases)
    assert.equal(holds(condition, facts), wanted, JSON.stringify(condition));
});

test("a number is selected, any or a certain one", () => {
  const facts = factsOf(data, { ...now, selected: { parameter: 0, index: 1 } });
  const of = (what) => holds(["of", "selected", what], facts);
  assert.deepEqual([of(""), of("w2"), of("w1")], [true, true, false]);
});

test("errors and accuracy of classes are of the likeliest and the true one", () => {
  const prediction = Float64Array.of(0.2, 0.7, 0.1, 0.5, 0.3, 0.2);
  const classes = { ...data, kind: "classes", outputs: 3, y: Float64Array.of(1, 2) };
  const facts = factsOf(classes, { ...now, judged: { prediction } });
  assert.equal(facts.number("accuracy"), 0.5);
  assert.deepEqual(
    facts.number("every error").map((error) => Number(error.toFixed(12))),
    [0.3, 0.8],
  );
  const two = { ...data, kind: "binary", y: Float64Array.of(0, 1) };
  const binary = factsOf(two, { ...now, judged: { prediction: Float64Array.of(0.1, 0.4) } });
  assert.equal(binary.number("accuracy"), 0.5);
});

test("the factors of a weight are δ of its unit and its input, those of a bias δ alone", () => {
  const layer = { chains: [{ inputs: ["a", "b"], deltas: ["δ₁", "δ₂", "δ₃"] }] };
  const trace = {
    rows: [4, 1],
    "delta 0": Float64Array.of(1, 2, 3, 4, 5, 6),
    "input 0": Float64Array.of(10, 20, 30, 40),
  };
  assert.deepEqual(factorsOf(layer, trace, { layer: 0, unit: 1, input: 0 }), [
    { row: 4, delta: 2, x: 10, product: 20 },
    { row: 1, delta: 5, x: 30, product: 150 },
  ]);
  assert.deepEqual(
    factorsOf(layer, trace, { layer: 0, unit: 2, input: null }).map(({ product }) => product),
    [3, 6],
  );
});
