import assert from "node:assert/strict";
import { test } from "node:test";
import { namesOfOutputs } from "../../../../src/downslope/studio/page/network/outputs.js";

test("each output has the name of its class or its target", () => {
  assert.deepEqual(namesOfOutputs({ classes: ["a", "b", "c"], targets: ["y"] }), ["a", "b", "c"]);
  assert.deepEqual(namesOfOutputs({ classes: ["no", "yes"], targets: ["y"] }), ["yes where z > 0"]);
  assert.deepEqual(namesOfOutputs({ classes: [], targets: ["y", "v"] }), ["y", "v"]);
});
