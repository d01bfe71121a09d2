/** The error over two parameters: as a map with contour lines, or as a relief that can be rotated. */
import { compact, number } from "../../core/format.js";
import { html, useEffect, useMemo, useRef, useState } from "../../core/ui.js";
import { closest, drawAxes, FONT, frameOf, haloText, linear, ticks } from "../drawing/axes.js";
import { css, packed, readable, relief, rgb } from "../drawing/colours.js";
import {
  contourLines,
  heights,
  labelPlace,
  levelsOf,
  paintGrid,
  refined,
  strokeLines,
} from "../drawing/contours.js";
import { Figure, Plot, useColours, useSize } from "../drawing/figure.js";
import { Choices, choose, follow, options } from "./choices.js";
import { drawCross, drawNow, drawPath, pathPoints } from "./path.js";
import { Relief } from "./relief.js";

const LOWEST = "Lowest in this picture";

/** @param {{picture: object}} props what `surface` of _surface.py gives */
function Surface({ picture }) {
  const colours = useColours();
  const [solid, setSolid] = useState(false);
  const stage = useRef();
  const canvas = useRef();
  const [width, height] = useSize(stage);
  useEffect(() => follow(picture), [picture]);
  const relieved = useMemo(() => prepared(picture), [picture]);
  const View = solid ? Relief : Contours;
  const saved = { canvas, file: "surface", table: () => table(picture) };
  const toggle = html`<button type="button" aria-pressed=${solid} onClick=${() => setSolid(!solid)}>
    3-D</button>`;
  const title = `The error over ${picture.labels.join(" and ")}`;
  const drawn = { picture, colours, width, height, canvas, label: described(picture), ...relieved };
  return html`<${Figure} title=${title} note=${note(picture)} picture=${saved} actions=${toggle}>
    <div class="picture-stage fills" ref=${stage}>${width > 0 && html`<${View} ...${drawn} />`}
      ${
        picture.progress !== undefined &&
        html`<progress class="growing" max="1" value=${picture.progress} aria-label="Computed so far" />`
      }</div>
    <${Key} colours=${colours} picture=${picture} />
  <//>`;
}

function prepared(picture) {
  const [height, width] = picture.errors.shape;
  const grid = { width, height, values: picture.errors };
  const scale = heights(grid);
  return { scale, fine: refined(grid, scale), levels: levelsOf(scale) };
}

function note(picture) {
  const parts = [];
  if (picture.progress !== undefined) return `Computed so far: ${Math.round(100 * picture.progress)} %.`;
  if (!picture.minimum) parts.push("No error here is a finite number.");
  if (picture.why) parts.push(picture.why);
  if (picture.slice) {
    parts.push(
      "All others keep their present values: the path may leave this slice, and lower errors may lie " +
        "outside it.",
    );
  }
  if (picture.sampled) parts.push(`The errors are of ${picture.rows} rows, evenly spaced in the table.`);
  return parts.join(" ");
}

function described({ labels, at, minimum, path, x, y }) {
  const spot = ([u, v, error]) =>
    `${labels[0]} = ${number(u, 4)}, ${labels[1]} = ${number(v, 4)}, error ${number(error, 4)}`;
  const range = (axis) => `${number(axis[0], 4)} to ${number(axis[axis.length - 1], 4)}`;
  return (
    `The error for ${labels[0]} from ${range(x)} and ${labels[1]} from ${range(y)}. Now ${spot(at)}.` +
    (minimum ? ` ${LOWEST}: ${spot(minimum)}.` : "") +
    (path.shape[0] ? ` The path so far has ${path.shape[0]} points.` : "")
  );
}

function table({ labels, x, y, errors }) {
  const rows = [];
  for (let i = 0; i < y.length; i++) {
    for (let j = 0; j < x.length; j++) rows.push([x[j], y[i], errors[i * x.length + j]]);
  }
  return { columns: [...labels, "error"], rows };
}

function Key({ colours, picture }) {
  const { ink, accent, hand } = colours;
  const marks = [
    ["Now", html`<circle cx="13" cy="7" r="5" fill=${accent} stroke=${ink} stroke-width="1.5" />`],
  ];
  if (picture.path.shape[0] > 1) {
    const dot = html`<circle cx="13" cy="7" r="2.5" fill=${ink} />`;
    marks.push(["Path so far", html`<path d="M1 7H25" stroke=${ink} stroke-width="1.5" />${dot}`]);
  }
  if (picture.by_hand?.some(Boolean)) {
    const dashes = { stroke: hand, "stroke-width": 2.5, "stroke-dasharray": "6 3" };
    marks.push(["By hand", html`<path d="M1 7H25" ...${dashes} />`]);
  }
  if (picture.minimum) {
    marks.push([LOWEST, html`<path d="M8 2L18 12M18 2L8 12" stroke=${ink} stroke-width="2" />`]);
  }
  return html`<ul class="picture-legend" aria-hidden="true">
    ${marks.map(([name, shape]) => html`<li><svg width="26" height="14">${shape}</svg>${name}</li>`)}
  </ul>`;
}

function Contours({ picture, colours, width, height, canvas, label, scale, fine, levels }) {
  const shape = useRef();
  const draw = useMemo(
    () => (context) => {
      shape.current = laidOut(context, picture, width, height);
      drawContours(context, {
        picture,
        colours,
        scale,
        fine,
        levels,
        hue: relief(colours),
        ...shape.current,
      });
    },
    [picture, colours, width, height],
  );
  const at = (place) => nearest(picture, shape.current, place);
  return html`<${Plot} ...${{ width, height, draw, canvas, label, at }} />`;
}

function laidOut(context, { x, y, labels }, width, height) {
  const marks = {
    x: ticks(x[0], x[x.length - 1], Math.max(3, width / 90)),
    y: ticks(y[0], y[y.length - 1], height / 60),
  };
  const frame = frameOf(context, width, height, marks.y);
  const sx = linear([x[0], x[x.length - 1]], [frame.left, frame.right]);
  const sy = linear([y[0], y[y.length - 1]], [frame.bottom, frame.top]);
  return {
    frame,
    sx,
    sy,
    axes: {
      x: { scale: sx, marks: marks.x, label: labels[0] },
      y: { scale: sy, marks: marks.y, label: labels[1] },
    },
  };
}

function drawContours(context, { picture, colours, scale, fine, levels, hue, frame, sx, sy, axes }) {
  const [low, high] = [scale.up(scale.low), scale.up(scale.high)];
  const steps = levels.map(scale.up);
  // a band has the colour of its middle
  const edges = [low, ...steps, high];
  const bands = edges.slice(1).map((edge, k) => hue(((edge + edges[k]) / 2 - low) / (high - low)));
  const pixels = bands.map(packed);
  paintGrid(context, frame, fine, (value) => {
    if (!Number.isFinite(value)) return 0;
    let band = 0;
    while (band < steps.length && value > steps[band]) band++;
    return pixels[band];
  });
  const place = (u, v) => [
    frame.left + (u / (fine.width - 1)) * (frame.right - frame.left),
    frame.bottom - (v / (fine.height - 1)) * (frame.bottom - frame.top),
  ];
  const taken = [[sx(picture.at[0]), sy(picture.at[1])]];
  if (picture.minimum) taken.push([sx(picture.minimum[0]), sy(picture.minimum[1])]);
  const labelled = [];
  steps.forEach((step, k) => {
    const lines = contourLines(fine, step);
    context.strokeStyle = css(rgb(readable(bands[k], colours)), 0.35);
    context.lineWidth = 1;
    strokeLines(context, lines, place);
    if (labelled.length > 6 || (steps.length > 7 && k % 2)) return;
    const text = compact(levels[k], 6);
    context.font = FONT;
    const spot = labelPlace(lines, place, frame, taken, context.measureText(text).width + 8);
    if (!spot) return;
    taken.push([spot.x, spot.y]);
    labelled.push({ ...spot, text });
  });
  for (const { x, y, angle, text } of labelled) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = colours.ink;
    haloText(context, text, 0, 0, colours);
    context.restore();
  }
  drawAxes(context, frame, axes, colours);
  context.save();
  context.beginPath();
  context.rect(frame.left - 8, frame.top - 8, frame.right - frame.left + 16, frame.bottom - frame.top + 16);
  context.clip();
  const points = pathPoints(picture).map(([u, v]) => [sx(u), sy(v)]);
  drawPath(context, points, picture.by_hand, colours);
  if (picture.minimum) drawCross(context, sx(picture.minimum[0]), sy(picture.minimum[1]), colours);
  drawNow(context, sx(picture.at[0]), sy(picture.at[1]), colours);
  context.restore();
}

/** What lies near a place: the present point, the path, or the nearest point of the grid. */
function nearest(picture, { frame, sx, sy }, { x, y }) {
  if (x < frame.left - 8 || x > frame.right + 8 || y < frame.top - 8 || y > frame.bottom + 8) return null;
  const found = (what, values) => {
    const names = [...picture.labels, "error"];
    const lines = [what, ...values.map((value, k) => `${names[k]} = ${number(value, 5)}`)];
    return { lines, x: sx(values[0]), y: sy(values[1]) };
  };
  const before = pathPoints(picture).slice(0, -1);
  const named = [found("Now", picture.at), ...before.map((point) => found("On the path", point))];
  if (picture.minimum) named.push(found(LOWEST, picture.minimum));
  const far = (spot) => Math.hypot(spot.x - x, spot.y - y);
  const best = named.reduce((a, b) => (far(b) < far(a) ? b : a));
  if (far(best) < 10) return best;
  const [j, i] = [closest(picture.x, sx.back(x)), closest(picture.y, sy.back(y))];
  return found("On the grid", [picture.x[j], picture.y[i], picture.errors[i * picture.x.length + j]]);
}

export const errorSurface = {
  kind: "surface",
  name: () => "Error surface",
  options,
  choose,
  Choices,
  Picture: Surface,
};
