/** What the network predicts over two columns: a map of values, of a probability or of classes. */
import { compact, number } from "../../core/format.js";
import {
  closest,
  drawAxes,
  extent,
  FONT,
  frameOf,
  haloText,
  linear,
  shortened,
  ticks,
} from "../drawing/axes.js";
import { classColour, css, diverging, lookedUp, mark, mixed, readable, rgb } from "../drawing/colours.js";
import { contourLines, labelPlace, paintGrid, refined, strokeLines } from "../drawing/contours.js";
import { classCount, hollow, markColour, nameOf, nearestRow, rowTitle, targetText } from "../drawing/rows.js";

const PLAIN = { log: false, up: (value) => value }; // heights that are drawn as they are
const FURTHEST = 15; // from 0, of a logit that is told from others

/** log(p / (1 − p)): even where a probability falls from 1 to 0 between two places, it changes evenly. */
const logit = (p) => Math.min(Math.max(Math.log(p / (1 - p)), -FURTHEST), FURTHEST);
const probability = (z) => 1 / (1 + Math.exp(-z));

/**
 * A grid with more places in between: as it is `painted`, and the heights that lines are drawn `through`,
 * with what a value is among them.
 */
export function smoothed(grid, task) {
  if (task === "classes") return { painted: grid, through: grid, height: PLAIN.up };
  const height = task === "binary" ? logit : PLAIN.up;
  const through = refined(grid, { log: false, up: height });
  const painted = task === "binary" ? { ...through, values: through.values.map(probability) } : through;
  return { painted, through, height };
}

/** How the map is drawn, and what lies at a place. */
export function mapView(picture, colours) {
  const { x, y, values, points, targets, labels, task } = picture;
  const grid = { width: x.length, height: y.length, values: Float64Array.from(values) };
  const smooth = smoothed(grid, task);
  const range = task === "regression" ? extent([...values, ...targets], 0) : [0, 1];
  const hue = task === "classes" ? null : diverging(colours, task === "binary" ? 0.55 : 0.85);
  const share = (value) => (2 * (value - range[0])) / (range[1] - range[0]) - 1;
  const bounds =
    task === "regression" ? ticks(...range, 9).map((tick) => tick.value) : [0.1, 0.25, 0.5, 0.75, 0.9];
  const middle = (range[0] + range[1]) / 2;
  const layout = (context, width, height) => {
    const marks = ticks(y[0], y[y.length - 1], height / 60);
    const frame = frameOf(context, width, height, marks, { after: task === "classes" ? 12 : 72 });
    return {
      frame,
      marks,
      sx: linear([x[0], x[x.length - 1]], [frame.left, frame.right]),
      sy: linear([y[0], y[y.length - 1]], [frame.bottom, frame.top]),
    };
  };
  const draw = (context, width, height) => {
    const shape = layout(context, width, height);
    const { frame, marks, sx, sy } = shape;
    if (task === "classes") drawRegions(context, picture, colours, frame);
    else {
      const pixel = lookedUp((k) => hue(2 * k - 1));
      paintGrid(context, frame, smooth.painted, (value) =>
        Number.isFinite(value) ? pixel((share(value) + 1) / 2) : 0,
      );
      drawBounds(context, { smooth, bounds, middle, frame, colours, task });
      drawBar(context, {
        frame,
        range,
        hue,
        share,
        colours,
        bounds: task === "regression" ? ticks(...range, 6) : null,
      });
    }
    drawAxes(
      context,
      frame,
      {
        x: { scale: sx, marks: ticks(x[0], x[x.length - 1], width / 90), label: labels[0] },
        y: { scale: sy, marks, label: labels[1] },
      },
      colours,
    );
    const radius = targets.length > 400 ? 3 : 4.25;
    for (let k = 0; k < targets.length; k++) {
      const fill = task === "regression" ? hue(share(targets[k])) : markColour(picture, colours, targets[k]);
      const kind = task === "regression" ? 0 : Math.round(targets[k]);
      const heldOut = picture.held_out?.[k];
      const [u, v] = [sx(points[2 * k]), sy(points[2 * k + 1])];
      // a rim in the colour of a target would be lost in a map of the same colours: there is a hole instead
      const rimmed = task === "regression" || !heldOut;
      mark(
        context,
        kind,
        u,
        v,
        radius,
        ...(rimmed ? [css(fill), rimOf(task, fill, colours)] : hollow(fill, colours)),
      );
      if (rimmed && heldOut) mark(context, kind, u, v, radius / 2, colours.paper, colours.ink);
    }
    if (task === "classes") nameRegions(context, picture, colours, frame);
    return shape;
  };
  const at = ({ frame, sx, sy }, place) => {
    if (place.x < frame.left || place.x > frame.right || place.y < frame.top || place.y > frame.bottom)
      return null;
    const near = nearestRow(targets.length, (k) => [sx(points[2 * k]), sy(points[2 * k + 1])], place);
    if (near) {
      return {
        ...near,
        lines: [
          rowTitle(picture, near.k),
          `${labels[0]} = ${number(points[2 * near.k], 5)}`,
          `${labels[1]} = ${number(points[2 * near.k + 1], 5)}`,
          targetText(picture, near.k),
        ],
      };
    }
    const [j, i] = [closest(x, sx.back(place.x)), closest(y, sy.back(place.y))];
    const value = values[i * x.length + j];
    const predicted =
      task === "regression"
        ? [`prediction = ${number(value, 5)}`]
        : task === "binary"
          ? [`probability of ${nameOf(picture, 1)} = ${number(value, 3)}`]
          : [`${nameOf(picture, picture.classes[i * x.length + j])}, probability ${number(value, 3)}`];
    return {
      x: sx(x[j]),
      y: sy(y[i]),
      lines: [
        "The network",
        `${labels[0]} = ${number(x[j], 5)}`,
        `${labels[1]} = ${number(y[i], 5)}`,
        ...predicted,
      ],
    };
  };
  return { draw, at };
}

const rimOf = (task, fill, colours) =>
  task === "regression" ? colours.ink : readable(fill, { ink: colours.ink, paper: colours.paper });

function placer(frame, { width, height }) {
  return (u, v) => [
    frame.left + (u / (width - 1)) * (frame.right - frame.left),
    frame.bottom - (v / (height - 1)) * (frame.bottom - frame.top),
  ];
}

/** Lines of equal prediction, dashed below the middle, each with its number where there is room. */
function drawBounds(context, { smooth, bounds, middle, frame, colours, task }) {
  const place = placer(frame, smooth.through);
  const taken = [];
  const labels = [];
  context.font = FONT;
  for (const bound of bounds) {
    const lines = contourLines(smooth.through, smooth.height(bound));
    const decides = task === "binary" && bound === 0.5;
    context.setLineDash(bound < middle - 1e-9 ? [5, 4] : []);
    context.strokeStyle = css(rgb(colours.ink), decides ? 0.9 : 0.4);
    context.lineWidth = decides ? 2 : 1;
    strokeLines(context, lines, place);
    const text = compact(bound, 6);
    const spot = labelPlace(lines, place, frame, taken, context.measureText(text).width + 8);
    if (!spot) continue;
    taken.push([spot.x, spot.y]);
    labels.push({ ...spot, text });
  }
  context.setLineDash([]);
  for (const { x, y, angle, text } of labels) {
    context.save();
    context.translate(x, y);
    context.rotate(angle);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", fillStyle: colours.ink });
    haloText(context, text, 0, 0, colours);
    context.restore();
  }
}

function drawBar(context, { frame, range, hue, share, colours, bounds }) {
  const left = frame.right + 12;
  const scale = linear(range, [frame.bottom, frame.top]);
  for (let y = Math.round(frame.top); y < Math.round(frame.bottom) - 1; y++) {
    context.fillStyle = css(hue(share(scale.back(y + 0.5))));
    context.fillRect(left, y, 10, 2); // over the next, so that no seam shows
  }
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, frame.top + 0.5, 9, frame.bottom - frame.top - 1);
  Object.assign(context, { font: FONT, fillStyle: colours.muted, textAlign: "left", textBaseline: "middle" });
  for (const { value, text } of bounds ?? ticks(...range, 5)) context.fillText(text, left + 14, scale(value));
}

/** The regions of the classes, each in its colour, stronger where it is more probable. */
function drawRegions(context, picture, colours, frame) {
  const { x, y, classes, values, margins } = picture;
  const count = classCount(picture);
  const paper = rgb(colours.paper);
  const hues = Array.from({ length: count }, (_, k) => classColour(colours, k));
  const grid = { width: x.length, height: y.length, values };
  const strength = (value) => 0.06 + 0.5 * Math.max(0, (value - 1 / count) / (1 - 1 / count));
  const pixels = hues.map((hue) => lookedUp((value) => mixed(paper, hue, strength(value))));
  paintGrid(context, frame, grid, (value, u, v) => pixels[classBetween(picture, u, v)](value));
  context.strokeStyle = css(rgb(colours.ink), 0.75);
  context.lineWidth = 1.5;
  for (let k = 0; k < count; k++) {
    // how far a class is ahead, or behind the one that is: 0 where it changes
    const ahead = Float64Array.from(classes, (c, at) => (c === k ? margins[at] : -margins[at]));
    strokeLines(context, contourLines({ ...grid, values: ahead }, 0), placer(frame, grid));
  }
}

/** The names of the classes in the middle of their regions, where there is room. */
function nameRegions(context, picture, colours, frame) {
  const place = placer(frame, { width: picture.x.length, height: picture.y.length });
  const look = { textAlign: "center", textBaseline: "middle", fillStyle: colours.ink };
  Object.assign(context, { font: `600 ${FONT}`, ...look });
  const taken = [];
  for (let k = 0; k < classCount(picture); k++) {
    const middle = middleOf(picture, k);
    if (!middle) continue;
    const text = shortened(context, nameOf(picture, k), 120);
    const half = context.measureText(text).width / 2 + 4;
    const [u, y] = place(...middle);
    const x = Math.min(Math.max(u, frame.left + half), frame.right - half);
    if (taken.some((one) => Math.abs(one.x - x) < one.half + half && Math.abs(one.y - y) < 16)) continue;
    taken.push({ x, y, half });
    haloText(context, text, x, y, colours);
  }
}

/** The place of a class that is nearest to the middle of its region, if that is large enough for a name. */
function middleOf({ x, classes, margins }, k) {
  const own = [...classes.keys()].filter((at) => classes[at] === k);
  if (own.length < classes.length / 100) return null;
  const spot = (at) => [at % x.length, Math.floor(at / x.length)];
  const total = own.reduce((sum, at) => sum + margins[at], 0) || 1;
  const mean = (axis) => own.reduce((sum, at) => sum + spot(at)[axis] * margins[at], 0) / total;
  const [u, v] = [mean(0), mean(1)];
  const far = (at) => Math.hypot(spot(at)[0] - u, spot(at)[1] - v);
  return spot(own.reduce((a, b) => (far(b) < far(a) ? b : a)));
}

/** The class between the places of a grid: the one that is ahead by what its four corners say. */
function classBetween({ x, y, classes, margins }, u, v) {
  const j = Math.min(Math.floor(u), x.length - 2);
  const i = Math.min(Math.floor(v), y.length - 2);
  const [a, b] = [i * x.length + j, (i + 1) * x.length + j];
  const first = classes[a];
  if (first === classes[a + 1] && first === classes[b] && first === classes[b + 1]) return first;
  const [s, t] = [u - j, v - i];
  const corners = [
    [a, (1 - s) * (1 - t)],
    [a + 1, s * (1 - t)],
    [b, (1 - s) * t],
    [b + 1, s * t],
  ];
  let [best, most] = [first, -Infinity];
  for (const [corner] of corners) {
    const k = classes[corner];
    const ahead = corners.reduce(
      (sum, [at, share]) => sum + share * (classes[at] === k ? margins[at] : -margins[at]),
      0,
    );
    if (ahead > most) [best, most] = [k, ahead];
  }
  return best;
}
