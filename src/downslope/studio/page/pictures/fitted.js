/** What the network predicts over one column or two, with the rows it learns from. */
import { number } from "../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../ui.js";
import { FONT, brief, drawAxes, extent, frameOf, haloText, linear, ticks } from "./axes.js";
import { DASHES, classColour, css, diverging, mark, mixed, readable, rgb } from "./colours.js";
import { contourLines, labelPlace, paintGrid, refined, strokeLines } from "./contours.js";
import { Canvas, Figure, Tip, placeOf, useColours, useWidth } from "./figure.js";

const PLAIN = { log: false, up: (value) => value }; // heights that are drawn as they are

/**
 * @param {{picture: object}} props what `fitted` of _pictures.py gives; `names` of the classes and of the `target` may
 *   be added to it
 */
export function Fitted({ picture }) {
  const colours = useColours();
  const stage = useRef();
  const canvas = useRef();
  const shape = useRef();
  const width = useWidth(stage);
  const [pointed, setPointed] = useState(null);
  const line = picture.labels.length === 1;
  const View = useMemo(() => (line ? lineView(picture, colours) : mapView(picture, colours)), [picture, colours]);
  const height = Math.round(Math.min(Math.max(width * (line ? 0.6 : 0.76), 260), 560));
  const draw = (context) => {
    shape.current = View.draw(context, width, height);
  };
  const hover = (event) => setPointed(View.at(shape.current, placeOf(event)));
  const saved = { canvas, file: "fitted", table: () => table(picture) };
  return html`<${Figure} title=${title(picture)} note=${note(picture)} picture=${saved}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<${Canvas} ...${{ width, height, draw, canvas }} label=${described(picture)} onPointerMove=${hover}
        onPointerDown=${hover} onPointerLeave=${() => setPointed(null)} />`}
      ${pointed && html`<div class="picture-ring" style=${{ left: `${pointed.x}px`, top: `${pointed.y}px` }}></div>`}
      <${Tip} at=${pointed} width=${width}>${pointed?.lines.map((text, k) => (k ? html`<br />${text}` : html`<b>${text}</b>`))}<//>
    </div>
    <${Key} picture=${picture} colours=${colours} />
  <//>`;
}

const targetOf = (picture) => picture.target ?? "target";
const classCount = (picture) => (picture.task === "regression" ? 0 : picture.task === "binary" ? 2
  : picture.labels.length === 1 ? picture.y.shape[1] : Math.max(...picture.classes, ...picture.targets) + 1);
const nameOf = (picture, k) => String(picture.names?.[k] ?? k);

function title(picture) {
  const what = picture.task === "regression" ? targetOf(picture) : picture.task === "binary"
    ? `Probability of ${nameOf(picture, 1)}` : picture.labels.length === 1 ? "Probability of each class" : "The most probable class";
  return `${what} by ${picture.labels.join(" and ")}`;
}

function note(picture) {
  const held = Object.entries(picture.held).slice(0, 8).map(([name, value]) => `${name} = ${number(value, 4)}`);
  const more = Object.keys(picture.held).length - held.length;
  const parts = [];
  if (picture.slice) {
    parts.push(`A slice with ${held.join(", ")}${more > 0 ? ` and ${more} more held` : ""}; the rows have other values there.`);
  }
  if (picture.sampled) parts.push(`${picture.targets.length} of ${number(picture.rows, 9)} rows are shown.`);
  return parts.join(" ");
}

function described(picture) {
  const range = (axis) => `${number(axis[0], 4)} to ${number(axis[axis.length - 1], 4)}`;
  const values = picture.labels.length === 1 ? picture.y : picture.values;
  const [low, high] = extent(values, 0);
  const axes = picture.labels.length === 1 ? [picture.x] : [picture.x, picture.y];
  return `${title(picture)}: ${picture.labels.map((name, k) => `${name} from ${range(axes[k])}`).join(", ")}; `
    + `predictions from ${number(low, 4)} to ${number(high, 4)}, with ${picture.targets.length} rows of the table.`;
}

function table(picture) {
  const { labels, x, y } = picture;
  if (labels.length === 1) {
    const outputs = y.shape[1];
    const names = outputs > 1 ? Array.from({ length: outputs }, (_, k) => `probability of ${nameOf(picture, k)}`) : ["prediction"];
    return { columns: [labels[0], ...names],
      rows: Array.from(x, (value, i) => [number(value), ...Array.from(y.subarray(i * outputs, (i + 1) * outputs), (v) => number(v))]) };
  }
  const rows = [];
  y.forEach((v, i) => x.forEach((u, j) => {
    const at = i * x.length + j;
    rows.push([number(u), number(v), ...(picture.classes ? [nameOf(picture, picture.classes[at])] : []), number(picture.values[at])]);
  }));
  return { columns: [...labels, ...(picture.classes ? ["class"] : []), picture.task === "regression" ? "prediction" : "probability"], rows };
}

function Key({ picture, colours }) {
  const classes = classCount(picture);
  if (!classes) return null;
  const line = picture.labels.length === 1 && classes > 2;
  return html`<ul class="picture-legend">${Array.from({ length: classes }, (_, k) => html`<li key=${k}>
    <${Mark} ...${{ k, colours, line, colour: markColour(picture, colours, k) }} />${nameOf(picture, k)}</li>`)}</ul>`;
}

function Mark({ k, colours, colour, line }) {
  const canvas = useRef();
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, 30, 16);
    if (line) {
      context.setLineDash(DASHES[k % DASHES.length]);
      Object.assign(context, { lineWidth: 2, strokeStyle: css(colour) });
      context.beginPath();
      context.moveTo(0, 8);
      context.lineTo(30, 8);
      context.stroke();
      context.setLineDash([]);
    }
    mark(context, k, line ? 15 : 8, 8, 4.5, css(colour), colours.ink);
  });
  const width = line ? 30 : 16;
  return html`<canvas ref=${canvas} width=${2 * width} height="32" style=${{ width: `${width}px`, height: "16px" }} aria-hidden="true"></canvas>`;
}

function markColour(picture, colours, k) {
  if (picture.task === "binary") return rgb(k ? colours.positive : colours.negative);
  return classColour(colours, k);
}

/** A small shift that is always the same for a row, so that marks of the same value are seen apart. */
const jitter = (k) => (((k * 0.618034) % 1) - 0.5);

function lineView(picture, colours) {
  const { x, y, points, targets, labels, task } = picture;
  const outputs = y.shape[1];
  const classes = classCount(picture);
  const strips = outputs > 1 ? outputs : 0; // rows of several classes lie in strips below the lines
  const across = extent([x[0], x[x.length - 1]], 0);
  const up = task === "regression" ? extent([...y, ...targets]) : [classes === 2 ? -0.08 : 0, classes === 2 ? 1.08 : 1];
  const level = (k) => (classes === 2 ? targets[k] + 0.07 * jitter(k) : targets[k]);
  const layout = (context, width, height) => {
    const marks = ticks(up[0], up[1], height / 60).filter(({ value }) => task === "regression" || (value >= 0 && value <= 1));
    const frame = frameOf(context, width, height, marks);
    const floor = frame.bottom - strips * 13 - (strips ? 12 : 0);
    return { frame, floor, marks, sx: linear(across, [frame.left + 6, frame.right - 6]), sy: linear(up, [floor, frame.top]) };
  };
  const placed = ({ sx, sy, floor }, k) => [sx(points[k]), strips ? floor + 16 + 13 * targets[k] + 5 * jitter(k) : sy(level(k))];
  const draw = (context, width, height) => {
    const shape = layout(context, width, height);
    const { frame, marks, sx, sy } = shape;
    const name = task === "regression" ? targetOf(picture) : classes === 2 ? `probability of ${nameOf(picture, 1)}` : "probability";
    drawAxes(context, frame, { x: { scale: sx, marks: ticks(x[0], x[x.length - 1], width / 90), label: labels[0] },
      y: { scale: sy, marks, label: name } }, colours, { grid: true });
    const radius = targets.length > 300 ? 2.5 : 4;
    for (let k = 0; k < targets.length; k++) {
      const kind = classes ? targets[k] : 0;
      const colour = classes ? markColour(picture, colours, kind) : rgb(colours.muted);
      mark(context, kind, ...placed(shape, k), radius, css(colour, 0.45), css(mixed(colour, rgb(colours.ink), 0.3), 0.9), 1);
    }
    for (let output = 0; output < outputs; output++) drawLine(context, picture, colours, shape, output);
    return shape;
  };
  const at = ({ frame, sx, sy, floor }, place) => {
    if (place.x < frame.left || place.x > frame.right || place.y < frame.top - 8 || place.y > frame.bottom + 8) return null;
    const near = nearestRow(targets.length, (k) => placed({ sx, sy, floor }, k), place);
    if (near) {
      return { ...near, lines: ["A row of the table", `${labels[0]} = ${number(points[near.k], 5)}`, toldTarget(picture, near.k)] };
    }
    const i = Math.min(Math.max(Math.round(((sx.back(place.x) - x[0]) / (x[x.length - 1] - x[0])) * (x.length - 1)), 0), x.length - 1);
    const values = y.subarray(i * outputs, (i + 1) * outputs);
    const told = outputs > 1 ? Array.from(values, (v, k) => `${nameOf(picture, k)}: ${number(v, 3)}`)
      : [`${task === "regression" ? "prediction" : "probability"} = ${number(values[0], 5)}`];
    return { x: sx(x[i]), y: sy(Math.max(...values)), lines: [`${labels[0]} = ${number(x[i], 5)}`, ...told] };
  };
  return { draw, at };
}

function drawLine(context, picture, colours, { sx, sy }, output) {
  const { x, y } = picture;
  const outputs = y.shape[1];
  const colour = outputs > 1 ? css(classColour(colours, output)) : colours.accent;
  for (const [width, stroke] of [[5, css(rgb(colours.paper), 0.8)], [2.25, colour]]) {
    context.setLineDash(width < 5 && outputs > 1 ? DASHES[output % DASHES.length] : []);
    Object.assign(context, { lineWidth: width, strokeStyle: stroke, lineJoin: "round" });
    context.beginPath();
    for (let i = 0; i < x.length; i++) context[i ? "lineTo" : "moveTo"](sx(x[i]), sy(y[i * outputs + output]));
    context.stroke();
  }
  context.setLineDash([]);
}

function toldTarget(picture, k) {
  const value = picture.targets[k];
  return `${targetOf(picture)} = ${picture.task === "regression" ? number(value, 5) : nameOf(picture, value)}`;
}

function nearestRow(count, placed, { x, y }, reach = 9) {
  let best = null;
  for (let k = 0; k < count; k++) {
    const [u, v] = placed(k);
    const far = Math.hypot(u - x, v - y);
    if (far < (best?.far ?? reach)) best = { k, far, x: u, y: v };
  }
  return best;
}

function mapView(picture, colours) {
  const { x, y, values, points, targets, labels, task } = picture;
  const grid = { width: x.length, height: y.length, values: Float64Array.from(values) };
  const smooth = task === "classes" ? grid : refined(grid, PLAIN);
  const range = task === "regression" ? extent([...values, ...targets], 0) : [0, 1];
  const hue = task === "classes" ? null : diverging(colours, task === "binary" ? 0.55 : 0.85);
  const share = (value) => (2 * (value - range[0])) / (range[1] - range[0]) - 1;
  const bounds = task === "regression" ? ticks(...range, 9).map((tick) => tick.value) : [0.1, 0.25, 0.5, 0.75, 0.9];
  const middle = (range[0] + range[1]) / 2;
  const layout = (context, width, height) => {
    const marks = ticks(y[0], y[y.length - 1], height / 60);
    const frame = frameOf(context, width, height, marks, { after: task === "classes" ? 12 : 62 });
    return { frame, marks, sx: linear([x[0], x[x.length - 1]], [frame.left, frame.right]),
      sy: linear([y[0], y[y.length - 1]], [frame.bottom, frame.top]) };
  };
  const draw = (context, width, height) => {
    const shape = layout(context, width, height);
    const { frame, marks, sx, sy } = shape;
    if (task === "classes") drawRegions(context, picture, colours, frame);
    else {
      paintGrid(context, frame, smooth, (value) => (Number.isFinite(value) ? hue(share(value)) : null));
      drawBounds(context, { smooth, bounds, middle, frame, colours, task });
      drawBar(context, { frame, range, hue, share, colours, bounds: task === "regression" ? ticks(...range, 6) : null });
    }
    drawAxes(context, frame, { x: { scale: sx, marks: ticks(x[0], x[x.length - 1], width / 90), label: labels[0] },
      y: { scale: sy, marks, label: labels[1] } }, colours);
    const radius = targets.length > 400 ? 3 : 4.25;
    for (let k = 0; k < targets.length; k++) {
      const fill = task === "regression" ? hue(share(targets[k])) : markColour(picture, colours, targets[k]);
      const kind = task === "regression" ? 0 : Math.round(targets[k]);
      mark(context, kind, sx(points[2 * k]), sy(points[2 * k + 1]), radius, css(fill), rimOf(task, fill, colours), 1.25);
    }
    return shape;
  };
  const at = ({ frame, sx, sy }, place) => {
    if (place.x < frame.left || place.x > frame.right || place.y < frame.top || place.y > frame.bottom) return null;
    const near = nearestRow(targets.length, (k) => [sx(points[2 * k]), sy(points[2 * k + 1])], place);
    if (near) {
      return { ...near, lines: ["A row of the table", `${labels[0]} = ${number(points[2 * near.k], 5)}`,
        `${labels[1]} = ${number(points[2 * near.k + 1], 5)}`, toldTarget(picture, near.k)] };
    }
    const index = (axis, value) => Math.round(((value - axis[0]) / (axis[axis.length - 1] - axis[0])) * (axis.length - 1));
    const [j, i] = [index(x, sx.back(place.x)), index(y, sy.back(place.y))];
    const value = values[i * x.length + j];
    const told = task === "regression" ? [`prediction = ${number(value, 5)}`] : task === "binary"
      ? [`probability of ${nameOf(picture, 1)} = ${number(value, 3)}`]
      : [`${nameOf(picture, picture.classes[i * x.length + j])}, probability ${number(value, 3)}`];
    return { x: sx(x[j]), y: sy(y[i]), lines: ["The network", `${labels[0]} = ${number(x[j], 5)}`, `${labels[1]} = ${number(y[i], 5)}`, ...told] };
  };
  return { draw, at };
}

const rimOf = (task, fill, colours) => (task === "regression" ? colours.ink : readable(fill, { ink: colours.ink, paper: colours.paper }));

function placer(frame, { width, height }) {
  return (u, v) => [frame.left + (u / (width - 1)) * (frame.right - frame.left), frame.bottom - (v / (height - 1)) * (frame.bottom - frame.top)];
}

/** Lines of equal prediction: dashed below the middle, thick at it, each with its number where there is room. */
function drawBounds(context, { smooth, bounds, middle, frame, colours, task }) {
  const place = placer(frame, smooth);
  const taken = [];
  const labels = [];
  context.font = FONT;
  for (const bound of bounds) {
    const lines = contourLines(smooth, bound);
    const decides = task === "binary" && bound === 0.5;
    context.setLineDash(bound < middle - 1e-9 ? [5, 4] : []);
    context.strokeStyle = css(rgb(colours.ink), decides ? 0.9 : 0.4);
    context.lineWidth = decides ? 2 : 1;
    strokeLines(context, lines, place);
    const text = brief(bound, 6);
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

/** The regions of the classes, each in its colour, stronger where it is more probable, with lines in between. */
function drawRegions(context, picture, colours, frame) {
  const { x, y, classes, values, margins } = picture;
  const count = classCount(picture);
  const paper = rgb(colours.paper);
  const hues = Array.from({ length: count }, (_, k) => classColour(colours, k));
  const grid = { width: x.length, height: y.length, values };
  const strength = (value) => 0.06 + 0.5 * Math.max(0, (value - 1 / count) / (1 - 1 / count));
  paintGrid(context, frame, grid, (value, u, v) => mixed(paper, hues[classBetween(picture, u, v)], strength(value)));
  context.strokeStyle = css(rgb(colours.ink), 0.75);
  context.lineWidth = 1.5;
  for (let k = 0; k < count; k++) {
    // how far a class is ahead, or behind the one that is: 0 where it changes
    const ahead = Float64Array.from(classes, (c, at) => (c === k ? margins[at] : -margins[at]));
    strokeLines(context, contourLines({ ...grid, values: ahead }, 0), placer(frame, grid));
  }
}

/** The class between the places of a grid: the one that is ahead by what its four corners say. */
function classBetween({ x, y, classes, margins }, u, v) {
  const [j, i] = [Math.min(Math.floor(u), x.length - 2), Math.min(Math.floor(v), y.length - 2)];
  const at = i * x.length + j;
  const corners = [at, at + 1, at + x.length, at + x.length + 1];
  const first = classes[at];
  if (corners.every((corner) => classes[corner] === first)) return first;
  const [s, t] = [u - j, v - i];
  const shares = [(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t];
  let [best, most] = [first, -Infinity];
  for (const corner of corners) {
    const k = classes[corner];
    const ahead = corners.reduce((sum, c, n) => sum + shares[n] * (classes[c] === k ? margins[c] : -margins[c]), 0);
    if (ahead > most) [best, most] = [k, ahead];
  }
  return best;
}
