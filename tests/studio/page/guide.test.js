import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.matchMedia ??= () => ({ matches: false });
const { inWords, sentences } = await import("../../../src/downslope/studio/page/guide/hint.js");

test("a move by hand is told with how much it changed", () => {
  assert.equal(inWords({ better: true, times: 35.2 }), "Better: the error is 35.2 times smaller.");
  assert.equal(inWords({ better: false, times: 1.25 }), "Worse: the error is 25 % larger.");
  assert.equal(inWords({ better: true, times: 1.25 }), "Better: the error is 20 % smaller.");
  assert.equal(inWords({ better: true, times: null }), "Better: much smaller.");
  assert.equal(inWords({ better: false, times: 1 }), "The error is the same.");
});

test("numbers on the drawing are to be dragged; lines are clicked", () => {
  const [first, ...others] = sentences({ rows: 5, drags: true });
  assert.deepEqual(first, ["moved", "Drag a number on the drawing and watch the five errors."]);
  assert.deepEqual(
    others.map(([deed]) => deed),
    ["descended", "explained", "returned"],
  );
  const [only] = sentences({ rows: null, drags: false });
  assert.equal(only[0], "descended");
});
