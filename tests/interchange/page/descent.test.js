import assert from "node:assert/strict";
import { test } from "node:test";
import { lastOf, momentAt, momentWords } from "../../../src/downslope/interchange/page/curve.js";
import { descentOn } from "../../../src/downslope/interchange/page/descent.js";

/** E = w² of one number, from 1 on; each step halves it, and the state counts steps. */
const program = {
  judge: ({ w, rows }) => ({ error: w[0] ** 2, data_error: rows }),
  descend: ({ w, s, x, step }) => ({
    error: w[0] ** 2,
    w: Float64Array.of(w[0] / 2),
    s: Float64Array.of(s[0] + 1),
    taken: Array.from(x),
    step,
  }),
  trace: () => ({}),
  shuffled: (count, seed, _, epoch) => Array.from({ length: count }, (_, i) => (i + seed + epoch) % count),
};

function descent(settings = {}) {
  return descentOn(
    {
      rows: 5,
      weighted: 1,
      x: Float64Array.of(10, 11, 12, 13, 14),
      y: new Float64Array(5),
      parameters: [{ name: "w", values: Float64Array.of(1) }],
      descent: {
        learningRate: 0.1,
        states: [{ name: "s", size: 1 }],
        batchSize: null,
        seed: 1,
        stream: 0,
        training: null,
        ...settings,
      },
    },
    program,
  );
}

function walked(one, count) {
  one.keep(one.judge());
  for (let i = 0; i < count; i++) {
    assert.ok(one.step());
    if (one.due()) one.keep(one.judge());
  }
  return one;
}

test("a step changes parameters and states, and is counted from 1", () => {
  const one = descent();
  assert.equal(one.next().step, 1);
  walked(one, 3);
  assert.deepEqual(one.values(), { w: Float64Array.of(1 / 8), s: Float64Array.of(3) });
  assert.equal(one.next().step, 4);
});

test("batches take the rows of each epoch once, of the rows that are trained on", () => {
  const one = descent({ batchSize: 2, training: [4, 2, 0] });
  const taken = [];
  for (let i = 0; i < 4; i++) {
    taken.push(one.next().taken);
    one.step();
  }
  // the first epoch has the order 1, 2, 0 of [14, 12, 10], the second 2, 0, 1
  assert.deepEqual(taken, [[12, 10], [14], [10, 14], [12]]);
  assert.equal(one.judge().validation, 2);
});

test("a step to what is not finite is not taken", () => {
  const one = descentOn({ ...dataOf(), parameters: [{ name: "w", values: Float64Array.of(NaN) }] }, program);
  assert.equal(one.step(), false);
  assert.equal(one.steps, 0);
});

function dataOf() {
  return {
    rows: 1,
    weighted: 1,
    x: Float64Array.of(1),
    y: Float64Array.of(1),
    descent: { learningRate: 1, states: [{ name: "s", size: 1 }], batchSize: null, seed: 0, training: null },
  };
}

test("the first moments are all kept, later ones where the steps have grown by 3 %", () => {
  const one = walked(descent(), 1000);
  const steps = one.moments.map((moment) => moment.steps);
  assert.deepEqual(
    steps.slice(0, 30),
    Array.from({ length: 30 }, (_, i) => i),
  );
  assert.ok(steps.length < 200);
  for (let i = 40; i < steps.length; i++) assert.ok(steps[i] / steps[i - 1] < 1.06);
});

test("one goes back, looks, and comes to the latest moment again", () => {
  const one = walked(descent(), 5);
  one.view(2);
  assert.deepEqual([one.viewing, one.steps, one.values().w[0]], [2, 2, 1 / 4]);
  one.view(5);
  assert.deepEqual([one.viewing, one.steps, one.values().w[0]], [null, 5, 1 / 32]);
  assert.equal(one.moments.length, 6);
});

test("what came after a moment from which one goes on is left, and shown from its place on", () => {
  const one = walked(descent(), 5);
  one.view(2);
  one.goOn();
  one.set("w", 0, 7);
  one.keep(one.judge());
  assert.deepEqual(
    one.moments.map(({ error }) => error),
    [1, 1 / 4, 1 / 16, 49],
  );
  assert.equal(one.left.from, 2);
  assert.deepEqual(
    one.left.moments.map(({ steps }) => steps),
    [2, 3, 4, 5],
  );
  assert.equal(lastOf(one), 5);
  assert.equal(momentWords(one.moments.at(-1)), "2 steps, 1 by hand");
});

test("changes of one move are one moment, and no array that is kept is written to", () => {
  const one = walked(descent(), 1);
  one.set("w", 0, 3);
  one.keep(one.judge());
  one.set("w", 0, 4, true);
  one.keep(one.judge());
  assert.deepEqual(
    one.moments.map(({ values }) => values.w[0]),
    [1, 0.5, 4],
  );
});

test("reset goes to the start, or to other values from then on", () => {
  const one = walked(descent(), 3);
  one.reset();
  assert.deepEqual([one.steps, one.values().w[0], one.values().s[0]], [0, 1, 0]);
  one.reset({ w: Float64Array.of(9) });
  walked(one, 1);
  one.reset();
  assert.equal(one.values().w[0], 9);
});

test("values that no step changes any more differ from none", () => {
  const one = descent();
  const before = one.values();
  one.step();
  assert.ok(one.differsFrom(before));
  assert.ok(!one.differsFrom(one.values()));
});

test("a place on the curve is a moment, of those that are kept", () => {
  const one = walked(descent(), 4);
  assert.deepEqual(
    [-1, 0, 0.49, 0.9, 2].map((share) => momentAt(one, share)),
    [0, 0, 2, 4, 4],
  );
});
