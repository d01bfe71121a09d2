import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST, pacer } from "../../../../src/downslope/studio/page/core/cost.js";

const FASTEST = { playing: true, pace: null };

/** Frames of some cost for so many milliseconds of its own clock: how many came, how many with pictures. */
function watched(processors, numbers, pictures, milliseconds) {
  let clock = 0;
  const pace = pacer(processors, () => clock);
  const counts = { frames: 0, full: 0, busy: 0 };
  while (clock < milliseconds) {
    const full = pace.full();
    const cost = full ? numbers + pictures : numbers;
    clock += cost;
    counts.frames += 1;
    counts.full += full;
    counts.busy += cost;
    clock += pace.restAfter(cost, full, FASTEST);
  }
  return counts;
}

test("on two processors drawing takes 5 % of them for numbers, and for pictures at most half as much", () => {
  const { frames, full, busy } = watched(2, 10, 20, 60_000);
  assert.ok(Math.abs(frames - 600) < 6, frames); // 10 ms in 100: a tenth of one of them
  assert.ok(full >= 110 && full <= 150, full); // 20 ms in 400 or more
  assert.ok(busy <= 60_000 * 0.15, busy);
});

test("where frames are cheap and processors many, the screen's own rate is kept", () => {
  const { frames, full } = watched(8, 5, 5, 10_000); // as with a graphics processor
  assert.ok(frames >= 600, frames);
  assert.ok(full >= 250, full);
});

test("a machine that is slow or busy still shows some frames a second", () => {
  const { frames, full } = watched(1, 100, 300, 60_000);
  assert.ok(frames >= 60_000 / (LONGEST + 400), frames);
  assert.ok(full >= 2, full);
});

test("one frame that was held up does not slow the next ones down", () => {
  let clock = 0;
  const pace = pacer(2, () => clock);
  for (const cost of [30, 10, 10, 10]) {
    clock += cost;
    pace.restAfter(cost, cost === 30, FASTEST);
  }
  assert.equal(pace.restAfter(10, false, FASTEST), 90);
  assert.equal(pace.restAfter(60, false, FASTEST), 40); // the next one is due when it was
});

test("at a pace and at rest no frame waits, and pictures come with each", () => {
  const pace = pacer(1, () => 0);
  pace.restAfter(500, true, FASTEST);
  assert.equal(pace.full(), false);
  for (const frame of [
    { playing: true, pace: 30 },
    { playing: false, pace: null },
  ]) {
    assert.equal(pace.restAfter(500, false, frame), 0);
    assert.equal(pace.full(), true);
  }
});
