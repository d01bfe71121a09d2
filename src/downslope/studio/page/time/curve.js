/** The curve of the error: log axis, values under the pointer, moves by hand as points of their own. */
import { number, whole } from "../core/format.js";
import { frame } from "../core/store.js";
import { html, useEffect, useRef, useState } from "../core/ui.js";
import { axes, colour, merged, plotLibrary, raised, SCALES, stepText } from "./plot.js";

const HEIGHT = 158;
const FIRST_SCREEN = 901; // pixels, from which on the curve shares its height with the rows

/** Of the plot in pixels: lower where the screen is. */
const height = () =>
  innerWidth < FIRST_SCREEN ? HEIGHT : Math.max(104, Math.min(260, 104 + 0.42 * (innerHeight - 720)));
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

function optionsFor(width, logSteps) {
  return {
    width,
    height: height(),
    cursor: { points: { size: 7 } },
    legend: { live: true },
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

function curveData(curve, logSteps) {
  const line = Array.from(curve.steps, (step, i) => [step, curve.errors[i]]);
  line.push(curve.latest);
  const pairs = (array) =>
    Array.from({ length: array.length / 2 }, (_, i) => [array[2 * i], array[2 * i + 1]]);
  return merged([line, pairs(curve.validation), pairs(curve.by_hand)], logSteps);
}

/** Draws the curve into a box, and again when its size or the theme changes. */
function usePlot(box, logSteps) {
  const plot = useRef(null);
  useEffect(() => {
    let gone = false;
    let watch = null;
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const redraw = () => plot.current?.redraw();
    plotLibrary().then((UPlot) => {
      if (gone || !box.current) return;
      const options = optionsFor(box.current.clientWidth, logSteps);
      plot.current = new UPlot(options, curveData(frame.value.curve, logSteps), box.current);
      watch = new ResizeObserver(() =>
        plot.current.setSize({ width: box.current.clientWidth, height: height() }),
      );
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

export function Curve() {
  const box = useRef(null);
  const drawn = useRef(0);
  const [logSteps, setLogSteps] = useState(false);
  const plot = usePlot(box, logSteps);
  const now = frame.value;
  useEffect(() => {
    const time = performance.now();
    if (!plot.current || !now || (now.playing && time - drawn.current < LEAST_TIME)) return;
    drawn.current = time;
    plot.current.setData(curveData(now.curve, logSteps));
  }, [now]);
  const save = async () => {
    const { saveFile } = await import("../core/save.js");
    box.current.querySelector("canvas").toBlob((blob) => saveFile("error.png", blob, "image/png"));
  };
  const label = now ? `Error after ${whole(now.step)} steps: ${number(now.error.value, 5)}` : "No steps yet";
  return html`<section class="curve card" aria-label="Error curve">
    <div class="bar"><h2>Error by step</h2><span class="grow"></span>
      <button class="quiet" title="Save the curve as PNG" onClick=${save}>PNG</button>
      <label class="check"><input type="checkbox" checked=${logSteps}
        onChange=${() => setLogSteps(!logSteps)} /> Logarithmic steps</label></div>
    <div ref=${box} class="plot" role="img" aria-label=${label}></div>
  </section>`;
}
