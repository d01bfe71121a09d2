/** Gradient descent on the rows of the page: its values, its steps, and the moments one can go back to. */

const HELD = 8e6; // numbers that all moments together hold, at most
const GROWTH = 0.03; // a moment is kept as often as the steps have grown by so much

/** Some rows of others, or all of them; every row counts alike. */
function rowsOf({ x, y, rows, weighted }, chosen = null) {
  const count = chosen ? chosen.length : rows;
  const taken = (values) => {
    if (!chosen) return values;
    const width = values.length / rows;
    const found = new Float64Array(count * width);
    chosen.forEach((row, i) => {
      found.set(values.subarray(row * width, (row + 1) * width), i * width);
    });
    return found;
  };
  return {
    rows: count,
    x: taken(x),
    y: taken(y),
    weighted,
    row_weights: new Float64Array(count * weighted).fill(1),
  };
}

/**
 * @typedef {object} Moment
 * @property {number} steps
 * @property {number} moves changes by hand so far
 * @property {number} error of the rows that are trained on, penalties included
 * @property {?number} validation the error of the other rows
 * @property {Object<string, Float64Array>} values parameters and what the optimizer remembers
 *
 * @param {object} data of the page, with arrays of numbers
 * @param {{judge: Function, descend: Function, trace: Function, shuffled: Function}} program
 *   the functions that were written from the graph
 */
export function descentOn(data, { judge, descend, trace, shuffled }) {
  const { batchSize, seed, stream, training, states } = data.descent;
  const all = rowsOf(data);
  const trained = training ? rowsOf(data, training) : all;
  const others = training ? Array.from({ length: data.rows }, (_, i) => i) : [];
  const measured = others.filter((row) => !training.includes(row));
  const validating = measured.length ? rowsOf(data, measured) : null;
  const size = Math.min(batchSize ?? trained.rows, trained.rows);
  const epoch = Math.ceil(trained.rows / size);
  const names = [...data.parameters, ...states].map(({ name }) => name);
  let start = Object.fromEntries([
    ...data.parameters.map(({ name, values }) => [name, values]),
    ...states.map((state) => [state.name, new Float64Array(state.size)]),
  ]);
  const numbers = Object.values(start).reduce((sum, values) => sum + values.length, 0);
  const growth = Math.max(GROWTH, (14 * numbers) / HELD); // in 14 e-foldings a million steps

  let values = start; // no array of it is ever written to
  let order = { epoch: -1, rows: [] };
  const self = {
    rate: data.descent.learningRate,
    steps: 0,
    moves: 0,
    /** @type {Moment[]} */
    moments: [],
    /** The moments that were left when descent went on from an earlier one, and its place among them. */
    left: { from: 0, moments: [] },
    viewing: null,
  };

  /** Which rows of those that are trained on the step after so many takes, or null for all. */
  function batchOf(steps) {
    if (epoch === 1) return null;
    const turn = Math.floor(steps / epoch);
    if (turn !== order.epoch) order = { epoch: turn, rows: shuffled(trained.rows, seed, stream, turn) };
    const from = (steps % epoch) * size;
    return order.rows.slice(from, from + size);
  }

  function given(rows) {
    return { ...rows, ...values, learning_rate: self.rate, step: self.steps + 1, draw: self.steps + 1, seed };
  }

  function nextRows() {
    const chosen = batchOf(self.steps);
    return chosen ? rowsOf(trained, chosen) : trained;
  }

  /** Predictions and errors of all rows, and the two errors of the whole. */
  self.judge = () => {
    const found = judge({ ...all, ...values });
    if (!training) return { ...found, validation: null };
    const { error } = judge({ ...trained, ...values });
    return { ...found, error, validation: validating && judge({ ...validating, ...values }).data_error };
  };

  /** What the next step computes: the error of its rows, gradients, new values. */
  self.next = () => descend(given(nextRows()));

  /** The factors of the chain rule on the rows of the next step, and which rows of the table these are. */
  self.trace = () => {
    const chosen = batchOf(self.steps) ?? Array.from({ length: trained.rows }, (_, i) => i);
    return { ...trace(given(nextRows())), rows: chosen.map((row) => (training ? training[row] : row)) };
  };

  self.values = () => values;

  /** One step; false where it would lead to what is no finite number, and is not taken. */
  self.step = () => {
    const next = self.next();
    if (!Number.isFinite(next.error) || !names.every((name) => next[name].every(Number.isFinite)))
      return false;
    values = Object.fromEntries(names.map((name) => [name, next[name]]));
    self.steps += 1;
    return true;
  };

  /** Whether values differ from these; where steps change none, further ones change none either. */
  self.differsFrom = (before) =>
    names.some((name) => values[name].some((value, i) => value !== before[name][i]));

  /** Sets one number by hand; moves that go on are one. */
  self.set = (name, index, value, goesOn = false) => {
    const changed = values[name].slice();
    changed[index] = value;
    values = { ...values, [name]: changed };
    if (!goesOn) self.moves += 1;
  };

  const reached = () => self.steps + self.moves;

  /** Whether the moment is to be kept: each of the first, later one in so many. */
  self.due = () => {
    const last = self.moments.at(-1);
    return !last || reached() >= Math.max(at(last) + 1, at(last) * (1 + growth));
  };

  /** Keeps where it is, in place of a moment that is no earlier. */
  self.keep = (judged) => {
    const { error, validation } = judged;
    while (self.moments.length && at(self.moments.at(-1)) >= reached()) self.moments.pop();
    self.moments.push({ steps: self.steps, moves: self.moves, error, validation, values });
  };

  /** Shows a moment; to go on from there begins a new branch. */
  self.view = (index) => {
    const moment = self.moments[index];
    self.viewing = index === self.moments.length - 1 ? null : index;
    values = moment.values;
    Object.assign(self, { steps: moment.steps, moves: moment.moves });
  };

  /** Leaves what came after the moment that is shown, if it is one of the past. */
  self.goOn = () => {
    if (self.viewing === null) return;
    self.left = { from: self.viewing, moments: self.moments.slice(self.viewing) };
    self.moments = self.moments.slice(0, self.viewing + 1);
    self.viewing = null;
  };

  /** Begins again, with other values from now on where some are given. */
  self.reset = (others = null) => {
    if (others) start = { ...start, ...others };
    values = start;
    const left = self.moments.length > 1 ? { from: 0, moments: self.moments } : self.left;
    Object.assign(self, { steps: 0, moves: 0, moments: [], viewing: null, left });
  };

  return self;
}

/** How many steps and moves lie before a moment. */
function at({ steps, moves }) {
  return steps + moves;
}
