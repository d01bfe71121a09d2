import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf } from "../../../../src/downslope/studio/page/network/layout.js";
import { numbersFit, placesOfNumbers } from "../../../../src/downslope/studio/page/network/places.js";

const network = (bias, ...sizes) => ({
  inputs: Array.from({ length: sizes[0] }, (_, i) => `x${i + 1}`),
  layers: sizes.slice(1).map((units, l) => ({
    name: `layer${l + 1}`,
    inputs: sizes[l],
    units,
    weight: `layer${l + 1}.weight`,
    bias: bias ? `layer${l + 1}.bias` : null,
  })),
});
const fits = (net, width, height) => numbersFit(net, layoutOf(net, width, "numbers", height), width);

test("numbers of a neuron fit beside the rows, on a telephone and on a large screen", () => {
  for (const [width, height] of [
    [379, 290],
    [364, 250],
    [580, 550],
  ])
    for (const inputs of [1, 2, 3])
      for (const bias of [true, false]) {
        const net = network(bias, inputs, 1);
        assert.ok(fits(net, width, height), `${inputs} ${bias} in ${width} x ${height}`);
      }
});

test("numbers of hidden units do not fit where they would lie on each other", () => {
  for (const units of [2, 3, 8]) {
    assert.ok(!fits(network(true, 2, units, 1), 379, 290), String(units));
    assert.ok(!fits(network(true, 2, units, 1), 364, 250), String(units));
  }
  assert.ok(fits(network(true, 2, 2, 1), 1200, 800));
  assert.ok(!fits(network(true, 2, 8, 1), 1200, 800));
});

test("a neuron of many inputs has numbers where they are high enough", () => {
  assert.ok(!fits(network(true, 8, 1), 379, 290));
  assert.ok(fits(network(true, 8, 1), 580, 900));
});

test("every number has a place, the bias of a neuron below its last weight", () => {
  const net = network(true, 3, 1);
  const places = placesOfNumbers(net, layoutOf(net, 379, "numbers", 290));
  assert.deepEqual(
    places.map(({ label }) => label),
    ["w₁", "w₂", "w₃", "b"],
  );
  assert.ok(places[3].y - places[2].y >= 45);
});
