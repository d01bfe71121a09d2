/** The curves of several runs in one picture. */
import { compact, number, whole } from "../core/format.js";
import { html, useMemo, useRef } from "../core/ui.js";
import { drawAxes, frameOf, linear, logTicks } from "../pictures/drawing/axes.js";
import { classColour, css, dashes } from "../pictures/drawing/colours.js";
import { Plot, useColours, useWidth } from "../pictures/drawing/figure.js";
import { nearestRow } from "../pictures/drawing/rows.js";
import { cut, limits } from "./limits.js";
import { logMarks, raised } from "./plot.js";

const REACH = 14; // pixels from which a point is found
const CUT = 5; // half the width of the mark of a run that leaves the picture

/** The colour and the dashes of a run: they stay with it. */
const lookOf = (colours, { number: k }) => ({
  stroke: css(classColour(colours, k - 1)),
  dash: dashes(k - 1),
});

/** A short piece of the curve of a run, as a legend. */
export function Swatch({ run }) {
  const { stroke, dash } = lookOf(useColours(), run);
  return html`<svg class="swatch" width="26" height="10" aria-hidden="true">
    <line x1="1" x2="25" y1="5" y2="5" stroke=${stroke} stroke-width="2.5"
      stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}

/** @param {{runs: object[]}} props with `steps` and `errors` each */
export function Compared({ runs }) {
  const colours = useColours();
  const [stage, canvas, shape] = [useRef(), useRef(), useRef()];
  const width = useWidth(stage);
  const height = Math.round(Math.min(Math.max(0.46 * width, 160), 0.28 * innerHeight));
  const between = useMemo(() => limits(runs), [runs]);
  const left = runs.map(({ errors }) => cut(errors, between));
  const draw = useMemo(
    () => (context) => {
      shape.current = drawRuns(context, runs, { between, left, colours, width, height });
    },
    [runs, colours, width],
  );
  const at = (place) => found(runs, shape.current, place);
  const texts = runs.map(({ name, best }) => `${name}: best error ${number(best, 4)}`);
  const label = `Errors by step, on logarithmic axes, of ${texts.join("; ")}`;
  const drawn = { width, height, draw, canvas, label, at };
  const beyond = runs.filter((_, i) => left[i] >= 0);
  const names = beyond.map(({ name }) => name).join(", ");
  return html`<figure class="compared">
    <div class="picture-stage" ref=${stage}>${width > 0 && html`<${Plot} ...${drawn} />`}</div>
    ${
      beyond.length > 0 &&
      html`<figcaption class="muted">▲ ${names}: diverged, up to ${highest(beyond)}</figcaption>`
    }</figure>`;
}

/** The largest error of some runs. */
function highest(runs) {
  const errors = runs.flatMap(({ errors: each }) => Array.from(each, (error) => error ?? Infinity));
  return compact(errors.reduce((a, b) => Math.max(a, b), 0));
}

function drawRuns(context, runs, { between, left, colours, width, height }) {
  const last = Math.max(1, ...runs.map(({ steps }) => steps[steps.length - 1] ?? 0));
  const marks = logMarks(...between, Math.max(2, height / 34)).map((value) => ({
    value,
    text: compact(raised(value)),
  }));
  const frame = frameOf(context, width, height, marks);
  const sx = linear([0, Math.log10(last + 1)], [frame.left, frame.right]);
  const sy = linear(between, [frame.bottom, frame.top]);
  const xMarks = logTicks(1, last + 1, width / 80).map(({ value, text }) => ({
    value: Math.log10(value),
    text,
  }));
  drawAxes(
    context,
    frame,
    { x: { scale: sx, marks: xMarks, label: "Step" }, y: { scale: sy, marks, label: "Error" } },
    colours,
    { grid: true },
  );
  const placed = runs.map(({ steps, errors }, i) =>
    Array.from(left[i] < 0 ? steps : steps.slice(0, left[i] + 1), (step, i) => [
      sx(Math.log10(step + 1)),
      sy(Math.log10(errors[i] ?? Number.NaN)),
    ]),
  );
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  context.clip();
  runs.forEach((run, i) => strokeRun(context, placed[i], lookOf(colours, run), run.open));
  context.restore();
  runs.forEach((run, i) => {
    if (left[i] < 0) return;
    arrow(context, crossing(placed[i], left[i]), frame.top, lookOf(colours, run).stroke, colours);
  });
  return { placed, frame };
}

function strokeRun(context, places, { stroke, dash }, isOpen) {
  Object.assign(context, { strokeStyle: stroke, lineWidth: isOpen ? 2.25 : 1.5, lineJoin: "round" });
  context.setLineDash(dash);
  context.beginPath();
  let inside = false;
  for (const [x, y] of places) {
    const known = Number.isFinite(y);
    if (known) context[inside ? "lineTo" : "moveTo"](x, y);
    inside = known;
  }
  context.stroke();
  context.setLineDash([]);
}

/** Where along the steps a run leaves the picture: between two points. */
const crossing = (places, index) => (places[Math.max(0, index - 1)][0] + places[index][0]) / 2;

/** A mark at the upper edge: the run goes on there. */
function arrow(context, x, top, fill, colours) {
  context.beginPath();
  context.moveTo(x - CUT, top + 2 * CUT);
  context.lineTo(x, top);
  context.lineTo(x + CUT, top + 2 * CUT);
  context.closePath();
  Object.assign(context, { fillStyle: fill, strokeStyle: colours.paper, lineWidth: 1.5 });
  context.stroke();
  context.fill();
}

/** The point of a run that is nearest to a place. */
function found(runs, shape, place) {
  if (!shape) return null;
  const { placed, frame } = shape;
  const near = placed
    .map((points, i) => ({ i, near: nearestRow(points.length, (k) => points[k], place, REACH) }))
    .filter((one) => one.near && one.near.y >= frame.top && one.near.y <= frame.bottom)
    .sort((a, b) => a.near.far - b.near.far)[0];
  if (!near) return null;
  const run = runs[near.i];
  const lines = [
    run.name,
    `Step ${whole(run.steps[near.near.k])}`,
    `Error ${number(run.errors[near.near.k], 5)}`,
  ];
  return { ...near.near, lines };
}
