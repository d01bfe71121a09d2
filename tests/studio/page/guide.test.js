import assert from "node:assert/strict";
import { test } from "node:test";

import { growing, inWords, nowhere, tip } from "../../../src/downslope/studio/page/guide/words.js";

test("a move by hand is told with how much it changed", () => {
  assert.equal(inWords({ better: true, times: 35.2 }), "Better: the error is 35.2 times smaller.");
  assert.equal(inWords({ better: false, times: 1.25 }), "Worse: the error is 25 % larger.");
  assert.equal(inWords({ better: true, times: 1.25 }), "Better: the error is 20 % smaller.");
  assert.equal(inWords({ better: true, times: null }), "Better: much smaller.");
  assert.equal(inWords({ better: false, times: 1 }), "The error is the same.");
});

const DONE = new Set(["explained", "returned"]);
const at = (origins, more) => ({ timeline: { origins }, best: {}, challenge: null, ...more });

test("a tip is about what is there: first by hand until the goal is met, then descent", () => {
  const hands = ["start", "hand", "hand", "hand"];
  const goal = (met) => ({ challenge: { met, rows: 5 } });
  const byHand = "Drag a number, or click and type one, and watch the five errors.";
  assert.equal(tip(at(["start"], goal(0)), true, DONE), byHand);
  assert.equal(tip(at(hands, goal(4)), true, DONE), byHand);
  assert.match(tip(at(hands, goal(5)), true, DONE), /^Press Descend/);
  assert.match(tip(at(hands.slice(0, 3)), true, DONE), /watch the errors\.$/);
  assert.match(tip(at(hands), true, DONE), /^Press Descend/);
  assert.match(tip(at(["start"]), false, new Set()), /^Press Descend/);
});

test("nobody is told to go back in time before there is one", () => {
  const descent = { best: { descent: { error: 1 } } };
  const explained = new Set(["explained"]);
  const long = ["start", "descent", "descent"];
  assert.match(tip(at(long, descent), true, new Set()), /^Press ∂/);
  assert.match(tip(at(long, descent), false, new Set()), /^Click a line/);
  assert.match(tip(at(long, descent), true, explained), /^Drag on the curve/);
  assert.equal(tip(at(["start"], descent), true, explained), null);
  assert.equal(tip(at(long, descent), true, DONE), null);
});

test("a growing error is told with the stable range where it is known", () => {
  const text = "The error is growing: η = 0.0074 is above the stable range (0.007314).";
  assert.equal(growing(0.0074, 0.00731395), text);
  assert.equal(growing(0.1, null), "The error is growing: try a smaller learning rate.");
});

test("an error that leads nowhere is told with how long it did", () => {
  assert.equal(nowhere({ steps: 1200, above: true }), "Worse than the start after 1,200 steps.");
  assert.match(nowhere({ steps: 1000, above: false }), /^No better than one constant answer after 1,000/);
});
