/** Between which errors several runs are drawn, so that one that diverged flattens none of the others. */

const logsOf = (errors) => Array.from(errors, Math.log10).filter(Number.isFinite);

/**
 * The lowest and the highest logarithm of the errors that are drawn: all of those that did not diverge, and
 * where the others began.
 * @param {{errors: ArrayLike<number>, diverged: boolean}[]} runs
 * @returns {[number, number]}
 */
export function limits(runs) {
  const calm = runs.some(({ diverged }) => !diverged);
  const logs = runs.flatMap(({ errors, diverged }) => logsOf(calm && diverged ? [errors[0]] : errors));
  if (!logs.length) return [-1, 1];
  const [low, high] = [logs.reduce((a, b) => Math.min(a, b)), logs.reduce((a, b) => Math.max(a, b))];
  const edge = Math.max(0.05 * (high - low), high - low < 1e-9 ? 0.5 : 0.01);
  return [low - edge, high + edge];
}

/**
 * Where a run leaves the picture: its first point above it, or without a number.
 * @param {ArrayLike<number | null>} errors
 * @param {[number, number]} between logarithms
 * @returns {number} an index, −1 where it does not
 */
export function cut(errors, [, high]) {
  return Array.from(errors).findIndex((error) => error === null || !(Math.log10(error) <= high));
}
