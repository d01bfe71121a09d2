/** What the curve and the slider of time show: the run that is open, those beside it, and their axis. */
import { frame, overview } from "../core/store.js";
import { computed, signal } from "../core/ui.js";
import { style } from "../network/style.js";
import { axisOf, rangeOf } from "./axis.js";

const MOST_BESIDE = 3;

/** Whether steps are evenly spaced, as the reader chose; null: for large networks, which save few of them. */
export const chosenEven = signal(null);

export const even = computed(() => chosenEven.value ?? style.value === "matrices");

/** The runs that this one branched from, or that branched from it: the latest ones. */
const beside = computed(() => {
  const runs = overview.value.runs;
  const parents = new Map(runs.map((run) => [run.number, run.parent]));
  const root = (number) => (parents.get(number) ? root(parents.get(number)) : number);
  const open = runs.find((run) => run.open);
  const related = runs.filter(
    (run) => run.group === open?.group && run !== open && root(run.number) === root(open?.number),
  );
  return related.filter((run) => run.steps.length > 1).slice(-MOST_BESIDE);
});

/** All of it, at the present frame. */
export const story = computed(() => {
  const { timeline, curve } = frame.value;
  const axis = axisOf(timeline.steps, even.value);
  const ends = [curve.latest[0], ...beside.value.map((run) => run.step)];
  return { timeline, curve, axis, range: rangeOf(axis, timeline.steps, ends), beside: beside.value };
});

/** How far along the axis a saved step is, from 0 to 1. @param {number} index */
export function shareOf(index) {
  const { axis, range } = story.value;
  return (axis.ofSaved(index) - range[0]) / (range[1] - range[0]);
}
