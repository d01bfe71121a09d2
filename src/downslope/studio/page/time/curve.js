/** The curve of the error: values under the pointer, moves by hand as points, branches as thin lines. */
import { compact, number, whole } from "../core/format.js";
import { frame, moving } from "../core/store.js";
import { html, useEffect, useRef } from "../core/ui.js";
import { roundPlaces } from "./axis.js";
import { axes, colour, merged, plotLibrary, raised, SCALES } from "./plot.js";
import { even, story } from "./story.js";

const AFTER = 18; // pixels right of the plot, as in time.css
const LEAST_TIME = 100; // milliseconds between two pictures while playing
const BY_OTHERS = ["hand", "solve", "start"]; // what else than descent leads to a saved step
const APART = 44; // pixels between two numbers of the axis

/** What is shown while the pointer is elsewhere: the series at the step that the page shows. */
function present(name) {
  const { error, timeline, step } = frame.value;
  const { index, origins, steps } = timeline;
  const byHand = BY_OTHERS.includes(origins[index]) && steps[index] === step;
  return {
    Step: step,
    Training: error.value,
    Validation: error.validation,
    "By hand": byHand ? error.value : null,
  }[name];
}

const errorText = (plot, value, line, index) =>
  compact(index === null ? present(plot.series[line].label) : raised(value), 4);
const series = (label, ink, dash, more) => ({
  label,
  stroke: () => colour(ink),
  width: 1.5,
  dash,
  spanGaps: true,
  value: errorText,
  points: { show: false },
  ...more,
});
const BY_HAND = { width: 1, spanGaps: false, points: { show: true, size: 6, fill: () => colour("hand") } };
const THIN = { width: 1, alpha: 0.55 };

function optionsFor(box, legend) {
  const [steps, errors] = axes(false);
  const places = (plot, _, low, high) =>
    roundPlaces(story.value.axis, [low, high], (APART * (high - low)) / (plot.width - 70));
  const names = (_, splits) => splits.map((place) => compact(Math.round(story.value.axis.step(place))));
  const step = (_, place) => whole(place === null ? present("Step") : story.value.axis.step(place));
  return {
    ...sizeOf(box),
    padding: [8, AFTER, 0, 0],
    cursor: { points: { size: 7 }, drag: { x: false, y: false } },
    legend: { live: true, mount: (_, list) => legend.replaceChildren(list) },
    scales: { ...SCALES, x: { time: false, range: () => story.value.range } },
    axes: [even.value ? steps : { ...steps, splits: places, values: names }, errors],
    series: [
      { label: "Step", value: step },
      series("Training", "accent", [], {}),
      series("Validation", "negative", [6, 3], {}),
      series("By hand", "hand", [2, 3], BY_HAND),
      ...[1, 2, 3].map((i) => series(`Branch ${i}`, "muted", [], THIN)),
    ],
  };
}

const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

const ABOVE = 0.25; // of the height of the curve, at most, that another run may go above it
const MOST_POINTS = 2000; // saved steps that are looked through for them

/** The series of the plot over their places. */
function curveData({ timeline, curve, axis, beside }) {
  const placed = (steps, errors) => Array.from(steps, (step, i) => [axis.place(step), errors[i]]);
  const line = [...placed(curve.steps, curve.errors), [axis.place(curve.latest[0]), curve.latest[1]]];
  const validation = Array.from({ length: curve.validation.length / 2 }, (_, i) => [
    axis.place(curve.validation[2 * i]),
    curve.validation[2 * i + 1],
  ]);
  // moves that follow each other are joined: steps by descent in between have no number
  const byHand = timeline.origins
    .map((origin, i) => [axis.ofSaved(i), BY_OTHERS.includes(origin) ? timeline.errors[i] : NaN])
    .slice(-MOST_POINTS);
  const errors = [...line, ...byHand].map(([, error]) => error).filter((e) => e > 0 && e < Infinity);
  const [lowest, highest] = [Math.min(...errors), Math.max(0, ...errors)];
  const most = highest * Math.max(10, (highest / lowest) ** ABOVE);
  const branches = [0, 1, 2].map((k) => branch(beside[k], placed, most));
  return merged([line, validation, byHand, ...branches], false);
}

/** Another run; where it goes far above this one it would flatten it, and is followed no further. */
function branch(run, placed, most) {
  if (!run) return [];
  const followed = ([, error]) => error <= most;
  return placed(run.steps, run.errors)
    .filter((_, i, points) => followed(points[Math.max(0, i - 1)]))
    .map(([place, error]) => [place, Math.min(error, most)]);
}

/** Draws the curve into a box, and again when its size or the theme changes. */
function usePlot(box, legend) {
  const plot = useRef(null);
  useEffect(() => {
    let gone = false;
    let watch = null;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.current?.redraw();
    plotLibrary().then((UPlot) => {
      if (gone || !box.current) return;
      const options = optionsFor(box.current, legend.current);
      plot.current = new UPlot(options, curveData(story.value), box.current);
      watch = new ResizeObserver(() => plot.current.setSize(sizeOf(box.current)));
      watch.observe(box.current);
      scheme.addEventListener("change", redraw);
    });
    return () => {
      gone = true;
      watch?.disconnect();
      scheme.removeEventListener("change", redraw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [even.value]);
  return plot;
}

/** @param {{legend: {current: Element}}} props where the values under the pointer are written */
export function Curve({ legend }) {
  const box = useRef(null);
  const drawn = useRef(0);
  const plot = usePlot(box, legend);
  const now = frame.value;
  const { beside } = story.value;
  useEffect(() => {
    const time = performance.now();
    if (!plot.current || !now.full || (moving.value && time - drawn.current < LEAST_TIME)) return;
    drawn.current = time;
    plot.current.setData(curveData(story.value));
  }, [now, beside]);
  const label = `Error after ${whole(now.step)} steps: ${number(now.error.value, 5)}`;
  return html`<div ref=${box} class="plot curve" role="img" aria-label=${label}></div>`;
}

export async function saveCurve() {
  const { saveFile } = await import("../core/save.js");
  document.querySelector(".curve canvas").toBlob((blob) => saveFile("error.png", blob, "image/png"));
}
