/**
 * Where steps stand along the curve of a run, and the slider of its saved steps under it.
 *
 * Each saved step has a place of its own, so that the first steps and every move by hand are seen beside
 * thousands of later steps; or steps are evenly spaced.
 */

const ALL = 20; // steps from the start that are all saved; later ones are 5 % apart
const GROWTH = Math.log(1.05);
const LEAST = 10; // places of a run that begins

/**
 * @typedef {object} Axis
 * @property {(step: number) => number} place of a step
 * @property {(place: number) => number} step at a place
 * @property {(index: number) => number} ofSaved the place of a saved step
 * @property {(place: number) => number} savedAt the index of the saved step that is nearest to a place
 */

/**
 * @param {ArrayLike<number>} saved the saved steps of a run, in their order; moves by hand repeat a step
 * @param {boolean} even whether steps are evenly spaced
 * @returns {Axis}
 */
export function axisOf(saved, even) {
  const last = saved.length - 1;
  const nearer = (place) => {
    const i = before(saved, place);
    return i < last && saved[i + 1] - place < place - saved[i] ? i + 1 : i;
  };
  if (even)
    return { place: (step) => step, step: (place) => place, ofSaved: (i) => saved[i], savedAt: nearer };
  const place = (step) => {
    const i = before(saved, step);
    if (i < last) return i + (step - saved[i]) / (saved[i + 1] - saved[i]);
    return last + expected(step) - expected(saved[last]);
  };
  const step = (at) => {
    const i = Math.min(last, Math.max(0, Math.floor(at)));
    if (i < last) return saved[i] + (at - i) * (saved[i + 1] - saved[i]);
    return reached(expected(saved[last]) + at - last);
  };
  const savedAt = (at) => Math.min(last, Math.max(0, Math.round(at)));
  return { place, step, ofSaved: (i) => i, savedAt };
}

/** The last saved step that is not after a step. */
function before(saved, step) {
  let [low, high] = [0, saved.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (saved[middle] <= step) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How many steps are saved until a step. */
const expected = (step) => (step <= ALL ? step : ALL + Math.log(step / ALL) / GROWTH);

const reached = (count) => (count <= ALL ? count : ALL * Math.exp((count - ALL) * GROWTH));

/** The first place and the last: of the run, and of the runs that are drawn beside it. */
export function rangeOf(axis, saved, steps) {
  return [0, Math.max(LEAST, axis.ofSaved(saved.length - 1), ...steps.map(axis.place))];
}

/**
 * The places of round steps, so far apart that their numbers do not touch.
 * @param {Axis} axis
 * @param {[number, number]} range
 * @param {number} apart in places
 */
export function roundPlaces(axis, [low, high], apart) {
  const places = [axis.place(0)];
  for (let power = 1; axis.place(power) <= high; power *= 10) {
    for (const step of [1, 2, 5].map((digit) => digit * power)) {
      const place = axis.place(step);
      if (place >= low && place <= high && place - places[places.length - 1] >= apart) places.push(place);
    }
  }
  return places;
}
