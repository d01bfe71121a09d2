/** The path of a descent and the points that are named, on a map as on a relief. */
import { css, rgb } from "../drawing/colours.js";

/** The path as points, the present one at its end. */
export function pathPoints({ path, path_errors: errors, at }) {
  const found = [];
  for (let k = 0; k < path.shape[0]; k++) found.push([path[2 * k], path[2 * k + 1], errors[k]]);
  const last = found.at(-1);
  if (found.length && (last[0] !== at[0] || last[1] !== at[1])) found.push(at);
  return found;
}

/** A path on a canvas: lines with dots, dashed where a hand moved it. */
export function drawPath(context, points, byHand, colours) {
  const known = ([x, y]) => Number.isFinite(x) && Number.isFinite(y);
  context.lineJoin = "round";
  context.lineCap = "butt";
  const draw = (width, colour) => {
    for (let k = 1; k < points.length; k++) {
      if (!known(points[k]) || !known(points[k - 1])) continue;
      const hand = byHand?.[k];
      context.setLineDash(hand && colour ? [7, 4] : []);
      context.strokeStyle = colour ? (hand ? colours.hand : colours.ink) : css(rgb(colours.paper), 0.85);
      context.lineWidth = width + (hand ? 1 : 0);
      context.beginPath();
      context.moveTo(...points[k - 1]);
      context.lineTo(...points[k]);
      context.stroke();
    }
  };
  draw(4.5, false);
  draw(1.5, true);
  context.setLineDash([]);
  let last = [-99, -99];
  for (const point of points.slice(0, -1)) {
    if (!known(point) || Math.hypot(point[0] - last[0], point[1] - last[1]) < 9) continue;
    dot(context, point, 2.5, colours.ink, colours.paper, 1);
    last = point;
  }
}

function dot(context, [x, y], radius, fill, rim, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = width;
  context.strokeStyle = rim;
  context.stroke();
}

export function drawNow(context, x, y, colours) {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return;
  dot(context, [x, y], 7.5, colours.paper, colours.ink, 1);
  dot(context, [x, y], 5, colours.accent, colours.ink, 1.5);
}

export function drawCross(context, x, y, colours) {
  for (const [width, colour] of [
    [5, colours.paper],
    [2, colours.ink],
  ]) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(x - 5, y - 5);
    context.lineTo(x + 5, y + 5);
    context.moveTo(x + 5, y - 5);
    context.lineTo(x - 5, y + 5);
    context.stroke();
  }
}
