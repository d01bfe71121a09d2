import assert from "node:assert/strict";
import { test } from "node:test";
import {
  classColour,
  diverging,
  lookedUp,
  mixed,
  packed,
  readable,
  relief,
  rgb,
} from "../../../../../src/downslope/studio/page/pictures/drawing/colours.js";

const LIGHT = { paper: "#ffffff", ink: "#16202b", positive: "#1d5fd1", negative: "#b45309", dark: false };
const DARK = { paper: "#11161c", ink: "#e8edf2", positive: "#7fb0ff", negative: "#f0a35e", dark: true };

/** Contrast of two colours as WCAG 2 defines it. */
function contrast(one, other) {
  const luminance = (colour) =>
    colour
      .map((part) => part / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, k) => sum + [0.2126, 0.7152, 0.0722][k] * c, 0);
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test("colours are read from three or six digits", () => {
  assert.deepEqual(rgb("#1d5fd1"), [29, 95, 209]);
  assert.deepEqual(rgb("#fa0"), [255, 170, 0]);
});

test("a pixel holds red in its lowest byte and is opaque", () => {
  const bytes = new Uint8Array(Uint32Array.of(packed([1, 2.4, 254.6])).buffer);
  assert.deepEqual([...bytes], [1, 2, 255, 255]);
});

test("a mixture goes from one colour to the other", () => {
  assert.deepEqual(
    [0, 0.5, 1].map((share) => mixed([0, 100, 10], [200, 0, 10], share)),
    [
      [0, 100, 10],
      [100, 50, 10],
      [200, 0, 10],
    ],
  );
});

test("a table of colours gives the colour of the nearest entry, ends included", () => {
  const grey = lookedUp((share) => [255 * share, 0, 0], 256);
  for (const [share, red] of [
    [-1, 0],
    [0, 0],
    [0.5, 128],
    [1, 255],
    [2, 255],
  ])
    assert.equal(grey(share) & 255, red);
});

test("what is written on a colour can be read", () => {
  for (const colours of [LIGHT, DARK]) {
    for (let share = -1; share <= 1; share += 0.05) {
      const behind = diverging(colours, 0.9)(share);
      assert.ok(contrast(behind, rgb(readable(behind, colours))) >= 3, `${share}`);
    }
  }
});

test("the relief grows lighter or darker in one direction, so that heights are told apart", () => {
  for (const colours of [LIGHT, DARK]) {
    const steps = Array.from({ length: 11 }, (_, k) => contrast(relief(colours)(k / 10), [0, 0, 0]));
    const rises = steps.slice(1).map((value, k) => Math.sign(value - steps[k]));
    assert.equal(new Set(rises).size, 1, String(steps));
  }
});

test("seven classes have colours of their own that are seen on the paper", () => {
  for (const colours of [LIGHT, DARK]) {
    const found = Array.from({ length: 7 }, (_, k) => classColour(colours, k));
    assert.equal(new Set(found.map(String)).size, 7);
    for (const colour of found) assert.ok(contrast(colour, rgb(colours.paper)) >= 2.5, String(colour));
  }
});
