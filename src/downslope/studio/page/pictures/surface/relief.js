/** The error over two parameters as a relief, drawn from back to front; pointer and arrow keys rotate it. */
import { html, useMemo, useRef, useState } from "../../core/ui.js";
import { FONT, haloText, line, ticks } from "../drawing/axes.js";
import { css, mixed, relief, rgb } from "../drawing/colours.js";
import { heightTicks } from "../drawing/contours.js";
import { Canvas } from "../drawing/figure.js";
import { drawCross, drawNow, drawPath, pathPoints } from "./path.js";

const RISE = 0.62; // how high the relief is, beside its sides of 1
const TURN = Math.PI / 36;
const DISTANCE = 4.2;
const FACES = 48; // along each side
const [SIDES, ABOVE, BELOW] = [62, 30, 44]; // room for names and numbers

/** @param {object} props those of the map */
export function Relief({ picture, colours, width, height, canvas, label, fine, scale }) {
  const [view, setView] = useState({ turn: -0.62, tilt: 0.55 });
  const last = useRef(null);
  const draw = useMemo(
    () => (context) => drawRelief(context, { picture, colours, fine, scale, width, height, view }),
    [picture, colours, width, height, view],
  );
  const turn = (dx, dy) =>
    setView(({ turn: a, tilt: b }) => ({ turn: a + dx, tilt: Math.min(Math.max(b + dy, 0.08), 1.5) }));
  const down = (event) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    last.current = [event.clientX, event.clientY];
  };
  const move = (event) => {
    if (!last.current) return;
    const [x, y] = last.current;
    turn((event.clientX - x) / 150, (event.clientY - y) / 200);
    last.current = [event.clientX, event.clientY];
  };
  const key = (event) => {
    const turns = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, TURN], ArrowDown: [0, -TURN] }[
      event.key
    ];
    if (!turns) return;
    event.preventDefault();
    turn(...turns);
  };
  const letGo = () => (last.current = null);
  const text = `${label} Drag it or press the arrow keys to rotate it.`;
  return html`<${Canvas} ...${{ width, height, draw, canvas }} class="turns" tabindex="0" label=${text}
    onPointerDown=${down} onPointerMove=${move} onPointerUp=${letGo} onPointerCancel=${letGo}
    onKeyDown=${key} />`;
}

/** From places in the box of −½ to ½ on each side to places on the canvas, and how far away they are. */
function projection(view, width, height) {
  const raw = perspective(view);
  const corners = [-0.5, 0.5].flatMap((x) =>
    [-0.5, 0.5].flatMap((y) => [-RISE / 2, RISE / 2].map((z) => raw(x, y, z))),
  );
  const [left, right] = bounds(corners, 0);
  const [top, bottom] = bounds(corners, 1);
  const zoom = Math.min((width - 2 * SIDES) / (right - left), (height - ABOVE - BELOW) / (bottom - top));
  const [x0, y0] = [
    width / 2 - (zoom * (left + right)) / 2,
    (height + ABOVE - BELOW) / 2 - (zoom * (top + bottom)) / 2,
  ];
  return (x, y, z) => {
    const [u, v, far] = raw(x, y, z);
    return [x0 + zoom * u, y0 + zoom * v, far];
  };
}

function perspective({ turn, tilt }) {
  const [ct, st, ci, si] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  return (x, y, z) => {
    const [u, v] = [x * ct - y * st, x * st + y * ct];
    const far = DISTANCE + v * ci - z * si;
    return [u / far, -(z * ci + v * si) / far, far];
  };
}

const bounds = (points, k) => [Math.min, Math.max].map((end) => end(...points.map((point) => point[k])));

function drawRelief(context, { picture, colours, fine, scale, width, height, view }) {
  const project = projection(view, width, height);
  const [low, high] = [scale.up(scale.low), scale.up(scale.high)];
  const share = (lift) => Math.min(Math.max((lift - low) / (high - low), 0), 1);
  const rise = (error) => (share(scale.up(error)) - 0.5) * RISE;
  const flat = (axis, value) => (value - axis[0]) / (axis[axis.length - 1] - axis[0]) - 0.5;
  const spot = ([x, y, error]) => project(flat(picture.x, x), flat(picture.y, y), rise(error)).slice(0, 2);
  drawBox(context, { picture, colours, project, view, scale, rise, flat });
  drawMesh(context, { fine, colours, project, share });
  const inside = ([x, y, error]) =>
    [x, y, error].every(Number.isFinite) &&
    Math.abs(flat(picture.x, x)) < 0.6 &&
    Math.abs(flat(picture.y, y)) < 0.6;
  drawPath(
    context,
    pathPoints(picture).map((point) => (inside(point) ? spot(point) : [NaN, NaN])),
    picture.by_hand,
    colours,
  );
  if (picture.minimum) drawCross(context, ...spot(picture.minimum), colours);
  if (inside(picture.at)) drawNow(context, ...spot(picture.at), colours);
}

function drawMesh(context, { fine, colours, project, share }) {
  const stride = Math.max(1, Math.round((Math.max(fine.width, fine.height) - 1) / FACES));
  const [across, along] = [places(fine.width, stride), places(fine.height, stride)];
  const corner = (i, j) => {
    const lift = fine.values[i * fine.width + j];
    return {
      share: share(lift),
      known: Number.isFinite(lift),
      at: project(j / (fine.width - 1) - 0.5, i / (fine.height - 1) - 0.5, (share(lift) - 0.5) * RISE),
    };
  };
  const corners = along.map((i) => across.map((j) => corner(i, j)));
  const faces = [];
  for (let i = 0; i + 1 < along.length; i++) {
    for (let j = 0; j + 1 < across.length; j++) {
      const four = [corners[i][j], corners[i][j + 1], corners[i + 1][j + 1], corners[i + 1][j]];
      if (four.every((c) => c.known)) faces.push(four);
    }
  }
  const far = new Map(faces.map((four) => [four, four.reduce((sum, c) => sum + c.at[2], 0)]));
  faces.sort((a, b) => far.get(b) - far.get(a));
  const hue = relief(colours);
  const ink = rgb(colours.ink);
  context.lineJoin = "round";
  context.lineWidth = 0.75;
  for (const four of faces) {
    const [a, b, c, d] = four.map((one) => one.share);
    const shade = Math.atan((b + c - a - d) * (across.length / 6)) / Math.PI; // light from the left
    const colour = mixed(
      hue((a + b + c + d) / 4),
      shade > 0 ? [255, 255, 255] : [0, 0, 0],
      Math.min(Math.abs(shade), 0.5) * 0.5,
    );
    context.beginPath();
    four.forEach(({ at: [x, y] }, k) => context[k ? "lineTo" : "moveTo"](x, y));
    context.closePath();
    context.fillStyle = css(colour);
    context.fill();
    context.strokeStyle = css(mixed(colour, ink, 0.12));
    context.stroke();
  }
}

function places(count, stride) {
  const found = [];
  for (let k = 0; k < count - 1; k += stride) found.push(k);
  return [...found, count - 1];
}

/** The floor, its two nearest edges and the upright at the left, with their numbers. */
function drawBox(context, { picture, colours, project, view, scale, rise, flat }) {
  const h = RISE / 2;
  const { front, side } = nearestEdges(project);
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  const edge = (a, b) => line(context, ...project(...a).slice(0, 2), ...project(...b).slice(0, 2));
  for (const mark of ticks(picture.x[0], picture.x[picture.x.length - 1], 4)) {
    const x = flat(picture.x, mark.value);
    edge([x, -0.5, -h], [x, 0.5, -h]);
  }
  for (const mark of ticks(picture.y[0], picture.y[picture.y.length - 1], 4)) {
    const y = flat(picture.y, mark.value);
    edge([-0.5, y, -h], [0.5, y, -h]);
  }
  context.strokeStyle = colours.muted;
  for (const s of [-0.5, 0.5]) {
    edge([-0.5, s, -h], [0.5, s, -h]);
    edge([s, -0.5, -h], [s, 0.5, -h]);
  }
  if (view.tilt < 1.3) {
    const [ux, uy] = leftmost(project);
    edge([ux, uy, -h], [ux, uy, h]);
    for (const { value, text } of heightTicks(scale, 4)) {
      const [x, y] = project(ux, uy, rise(value));
      line(context, x - 4, y, x, y);
      write(context, text, x - 7, y, "right", colours.muted, colours);
    }
    const [x, y] = project(ux, uy, h);
    write(context, "Error", x, y - 12, "center", colours.ink, colours, true);
  }
  const centre = project(0, 0, -h);
  for (const [axis, name, at] of [
    [picture.x, picture.labels[0], (t) => [t, 0.5 * front, -h]],
    [picture.y, picture.labels[1], (t) => [0.5 * side, t, -h]],
  ]) {
    const outwards = away(centre, project(...at(0)));
    const beside = (t, far) =>
      project(...at(t))
        .slice(0, 2)
        .map((place, k) => place + far * outwards[k]);
    for (const { value, text } of ticks(axis[0], axis[axis.length - 1], 4)) {
      write(context, text, ...beside(flat(axis, value), 17), "center", colours.muted, colours);
    }
    write(context, name, ...beside(0, 40), "center", colours.ink, colours, true);
  }
}

/** The direction from one place to another, a little longer across, where numbers are wide. */
function away([x0, y0], [x1, y1]) {
  const far = Math.hypot(x1 - x0, y1 - y0) || 1;
  return [(1.25 * (x1 - x0)) / far, (y1 - y0) / far];
}

function write(context, text, x, y, align, colour, colours, strong = false) {
  context.font = strong ? `600 ${FONT}` : FONT;
  context.textAlign = align;
  context.textBaseline = "middle";
  context.fillStyle = colour;
  haloText(context, text, x, y, colours);
}

/** On which side of each axis the edge of the floor lies that is nearest to the eye. */
function nearestEdges(project) {
  const far = (x, y) => project(x, y, 0)[2];
  return { front: far(0, -0.5) < far(0, 0.5) ? -1 : 1, side: far(-0.5, 0) < far(0.5, 0) ? -1 : 1 };
}

function leftmost(project) {
  const corners = [
    [-0.5, -0.5],
    [0.5, -0.5],
    [0.5, 0.5],
    [-0.5, 0.5],
  ];
  const across = ([x, y]) => project(x, y, 0)[0];
  return corners.reduce((a, b) => (across(b) < across(a) ? b : a));
}
