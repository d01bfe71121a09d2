/** What the network predicts over one column: a line, or one for each class. */
import { number } from "../../core/format.js";
import { closest, drawAxes, extent, frameOf, linear, ticks } from "../drawing/axes.js";
import { classColour, css, dashes, mark, mixed, rgb } from "../drawing/colours.js";
import {
  classCount,
  hollow,
  markColour,
  nameOf,
  nearestRow,
  rowTitle,
  targetOf,
  targetText,
} from "../drawing/rows.js";

/** A small shift that is always the same for a row, so that marks of the same value are seen apart. */
const jitter = (k) => ((k * 0.618034) % 1) - 0.5;

/** How the line is drawn, and what lies at a place. */
export function lineView(picture, colours) {
  const { x, y, points, targets, labels, task } = picture;
  const outputs = y.shape[1];
  const classes = classCount(picture);
  const strips = outputs > 1 ? outputs : 0; // rows of several classes lie in strips below the lines
  const across = extent([x[0], x[x.length - 1]], 0);
  const up =
    task === "regression"
      ? extent([...y, ...targets])
      : [classes === 2 ? -0.08 : 0, classes === 2 ? 1.08 : 1];
  const level = (k) => (classes === 2 ? targets[k] + 0.07 * jitter(k) : targets[k]);
  const layout = (context, width, height) => {
    const marks = ticks(up[0], up[1], height / 60).filter(
      ({ value }) => task === "regression" || (value >= 0 && value <= 1),
    );
    const frame = frameOf(context, width, height, marks);
    const floor = frame.bottom - strips * 13 - (strips ? 12 : 0);
    return {
      frame,
      floor,
      marks,
      sx: linear(across, [frame.left + 6, frame.right - 6]),
      sy: linear(up, [floor, frame.top]),
    };
  };
  const placed = ({ sx, sy, floor }, k) => [
    sx(points[k]),
    strips ? floor + 16 + 13 * targets[k] + 5 * jitter(k) : sy(level(k)),
  ];
  const draw = (context, width, height) => {
    const shape = layout(context, width, height);
    const { frame, marks, sx, sy } = shape;
    const name =
      task === "regression"
        ? targetOf(picture)
        : classes === 2
          ? `Probability of ${nameOf(picture, 1)}`
          : "Probability";
    drawAxes(
      context,
      frame,
      {
        x: { scale: sx, marks: ticks(x[0], x[x.length - 1], width / 90), label: labels[0] },
        y: { scale: sy, marks, label: name },
      },
      colours,
      { grid: true },
    );
    const radius = targets.length > 300 ? 2.5 : 4;
    for (let k = 0; k < targets.length; k++) {
      const kind = classes ? targets[k] : 0;
      const colour = classes ? markColour(picture, colours, kind) : rgb(colours.muted);
      const filled = [css(colour, 0.45), css(mixed(colour, rgb(colours.ink), 0.3), 0.9), 1];
      const look = picture.held_out?.[k] ? hollow(colour, colours) : filled;
      mark(context, kind, ...placed(shape, k), radius, ...look);
    }
    for (let output = 0; output < outputs; output++) drawLine(context, picture, colours, shape, output);
    return shape;
  };
  const at = ({ frame, sx, sy, floor }, place) => {
    if (
      place.x < frame.left ||
      place.x > frame.right ||
      place.y < frame.top - 8 ||
      place.y > frame.bottom + 8
    )
      return null;
    const near = nearestRow(targets.length, (k) => placed({ sx, sy, floor }, k), place);
    if (near) {
      return {
        ...near,
        lines: [
          rowTitle(picture, near.k),
          `${labels[0]} = ${number(points[near.k], 5)}`,
          targetText(picture, near.k),
        ],
      };
    }
    const i = closest(x, sx.back(place.x));
    const values = y.subarray(i * outputs, (i + 1) * outputs);
    const predicted =
      outputs > 1
        ? Array.from(values, (v, k) => `${nameOf(picture, k)}: ${number(v, 3)}`)
        : [`${task === "regression" ? "prediction" : "probability"} = ${number(values[0], 5)}`];
    return {
      x: sx(x[i]),
      y: sy(Math.max(...values)),
      lines: [`${labels[0]} = ${number(x[i], 5)}`, ...predicted],
    };
  };
  return { draw, at };
}

function drawLine(context, picture, colours, { sx, sy }, output) {
  const { x, y } = picture;
  const outputs = y.shape[1];
  const colour = outputs > 1 ? css(classColour(colours, output)) : colours.accent;
  for (const [width, stroke] of [
    [5, css(rgb(colours.paper), 0.8)],
    [2.25, colour],
  ]) {
    context.setLineDash(width < 5 && outputs > 1 ? dashes(output) : []);
    Object.assign(context, { lineWidth: width, strokeStyle: stroke, lineJoin: "round" });
    context.beginPath();
    for (let i = 0; i < x.length; i++)
      context[i ? "lineTo" : "moveTo"](sx(x[i]), sy(y[i * outputs + output]));
    context.stroke();
  }
  context.setLineDash([]);
}
