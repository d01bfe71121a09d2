/** The curve of the error: log axis, values under the pointer, moves by hand as points of their own. */
import { number, whole } from "../core/format.js";
import { frame } from "../core/store.js";
import { html, signal, useEffect, useRef } from "../core/ui.js";
import { axes, colour, merged, plotLibrary, raised, SCALES, stepText } from "./plot.js";

/** The plot, where it begins and ends beside its axis: the slider of time below does so too. */
export const [BEFORE, AFTER] = [60, 10]; // pixels
const LEAST_TIME = 100; // milliseconds between two pictures while playing

const errorText = (_, value) => number(raised(value), 5);
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
const BY_HAND = { width: 1, points: { show: true, size: 6, fill: () => colour("hand") } };

function optionsFor(box, legend, logSteps) {
  return {
    ...sizeOf(box),
    padding: [8, AFTER, 0, 0],
    cursor: { points: { size: 7 } },
    legend: { live: true, mount: (_, list) => legend.replaceChildren(list) },
    scales: SCALES,
    axes: axes(logSteps),
    series: [
      { label: "Step", value: (_, step) => stepText(step, logSteps) },
      series("Training", "accent", [], {}),
      series("Validation", "negative", [6, 3], {}),
      series("By hand", "hand", [2, 3], BY_HAND),
    ],
  };
}

const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

function curveData(curve, logSteps) {
  const line = Array.from(curve.steps, (step, i) => [step, curve.errors[i]]);
  line.push(curve.latest);
  const pairs = (array) =>
    Array.from({ length: array.length / 2 }, (_, i) => [array[2 * i], array[2 * i + 1]]);
  return merged([line, pairs(curve.validation), pairs(curve.by_hand)], logSteps);
}

/** Draws the curve into a box, and again when its size or the theme changes. */
function usePlot(box, legend, logSteps) {
  const plot = useRef(null);
  useEffect(() => {
    let gone = false;
    let watch = null;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.current?.redraw();
    plotLibrary().then((UPlot) => {
      if (gone || !box.current) return;
      const options = optionsFor(box.current, legend.current, logSteps);
      plot.current = new UPlot(options, curveData(frame.value.curve, logSteps), box.current);
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
  }, [logSteps]);
  return plot;
}

/** Whether steps stand on a logarithmic axis. */
export const logSteps = signal(false);

/** @param {{legend: {current: Element}}} props where the values under the pointer are written */
export function Curve({ legend }) {
  const box = useRef(null);
  const drawn = useRef(0);
  const plot = usePlot(box, legend, logSteps.value);
  const now = frame.value;
  useEffect(() => {
    const time = performance.now();
    if (!plot.current || !now || (now.playing && time - drawn.current < LEAST_TIME)) return;
    drawn.current = time;
    plot.current.setData(curveData(now.curve, logSteps.value));
  }, [now]);
  const label = `Error after ${whole(now.step)} steps: ${number(now.error.value, 5)}`;
  return html`<div ref=${box} class="plot curve" role="img" aria-label=${label}></div>`;
}

export async function saveCurve() {
  const { saveFile } = await import("../core/save.js");
  document.querySelector(".curve canvas").toBlob((blob) => saveFile("error.png", blob, "image/png"));
}
