import assert from "node:assert/strict";
import { test } from "node:test";
import {
  biasName,
  isNeuron,
  shortNames,
  sumName,
  weightName,
} from "../../../../src/downslope/studio/page/network/names.js";

const NEURON = { inputs: ["a", "b"], layers: [{ name: "layer1", units: 1, inputs: 2, bias: null }] };
const LAYERS = {
  inputs: ["a", "b"],
  layers: [
    { name: "layer1", units: 12, inputs: 2, bias: "layer1.bias" },
    { name: "layer3", units: 1, inputs: 12, bias: null }, // behind dropout, which has a number too
  ],
};

test("the parameters of a neuron have one index", () => {
  assert.ok(isNeuron(NEURON) && !isNeuron(LAYERS));
  assert.deepEqual([weightName(NEURON, 0, 0, 1), biasName(NEURON, 0, 0)], ["w₂", "b"]);
});

test("those of layers have the number of the layer, and indices from 1", () => {
  assert.equal(weightName(LAYERS, 0, 11, 0), "W⁽¹⁾₁₂,₁");
  assert.equal(weightName(LAYERS, 1, 0, 9), "W⁽³⁾₁,₁₀");
  assert.equal(biasName(LAYERS, 0, 4), "b⁽¹⁾₅");
});

test("the sum of a unit is of the inputs or of the layer before, with a bias where there is one", () => {
  assert.deepEqual(
    [sumName(NEURON, 0, 0), sumName(LAYERS, 0, 2), sumName(LAYERS, 1, 0)],
    ["Σⱼ wⱼ·xⱼ", "Σⱼ W₃,ⱼ·xⱼ + b", "Σⱼ W₁,ⱼ·aⱼ"],
  );
});

test("long names are told apart in a short room", () => {
  const towns = ["age", "town is Reading", "town is Bath", "town is Newcastle upon Tyne"];
  assert.deepEqual(shortNames(towns, 30), towns);
  assert.deepEqual(shortNames(towns, 11), ["age", "…Reading", "…Bath", "Newca…Tyne"]);
  assert.deepEqual(shortNames(["the longest of all names"], 9), ["the …mes"]);
  assert.deepEqual(shortNames(["bill_length_mm", "bill_depth_mm"], 13), ["bill_l…th_mm", "bill_depth_mm"]);
});
