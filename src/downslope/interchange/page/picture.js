/** What the network predicts over its one or two inputs, with the rows as points. */
import { drawn } from "./drawing.js";
import { brief } from "./numbers.js";

const ROOM = { left: 52, right: 10, top: 8, bottom: 34 }; // pixels around the picture
const CELLS = 32; // of the map, in each direction
const POINTS = 80; // of the line

/** The least and the largest of some numbers with some room, or apart from each other. */
function reach(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const more = 0.06 * (high - low) || 1;
  return [low - more, high + more];
}

function columnOf(data, j) {
  const width = data.features.length;
  return Array.from({ length: data.rows }, (_, row) => data.x[row * width + j]);
}

/**
 * Draws what is predicted: over one input as a line, over two as a map of colours.
 * @param {SVGSVGElement} svg
 * @param {HTMLCanvasElement} canvas under it
 * @param {object} data of the page
 * @param {(rows: number[][]) => number[][]} predicted
 * @param {{width: number, height: number}} size in pixels
 */
export function drawPicture(svg, canvas, data, predicted, { width, height }) {
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", `What is predicted over ${data.features.join(" and ")}, and the rows`);
  svg.replaceChildren();
  const flat = data.features.length === 2;
  const across = reach(columnOf(data, 0));
  const values = columnOf(data, 0).map((_, row) => data.y[row]);
  const line = flat ? [] : steps(across, POINTS).map((x) => [x, predicted([[x]])[0][0]]);
  const up = flat ? reach(columnOf(data, 1)) : reach([...values, ...line.map(([, y]) => y)]);
  const right = width - ROOM.right;
  const bottom = height - ROOM.bottom;
  const x = (value) => ROOM.left + ((value - across[0]) / (across[1] - across[0])) * (right - ROOM.left);
  const y = (value) => bottom - ((value - up[0]) / (up[1] - up[0])) * (bottom - ROOM.top);
  frame(svg, { across, up, x, y, names: [data.features[0], flat ? data.features[1] : data.target] });
  canvas.hidden = !flat;
  if (flat) {
    Object.assign(canvas.style, { left: `${ROOM.left}px`, top: `${ROOM.top}px` });
    Object.assign(canvas.style, { width: `${right - ROOM.left}px`, height: `${bottom - ROOM.top}px` });
    paint(canvas, data, predicted, across, up);
  } else {
    const d = line.map(([a, b]) => `${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join("L");
    drawn("path", { class: "line", d: `M${d}` }, svg);
  }
  const trained = data.descent.training ? new Set(data.descent.training) : null;
  const middle = middleOf(data);
  columnOf(data, 0).forEach((value, row) => {
    const place = {
      cx: x(value),
      cy: y(flat ? data.x[row * 2 + 1] : data.y[row]),
      r: data.rows > 60 ? 3 : 4.5,
    };
    const held = trained && !trained.has(row) ? " held" : "";
    drawn(
      "circle",
      { ...place, class: `point ${data.y[row] > middle || !flat ? "high" : "low"}${held}` },
      svg,
    );
  });
}

/** What lies between high and low: a half of two classes, else the middle of the targets. */
function middleOf(data) {
  return data.kind === "binary" ? 0.5 : (Math.min(...data.y) + Math.max(...data.y)) / 2;
}

function steps([low, high], count) {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

function frame(svg, { across, up, x, y, names }) {
  const [left, right, top, bottom] = [x(across[0]), x(across[1]), y(up[1]), y(up[0])];
  drawn("path", { class: "frame", d: `M${left} ${top}V${bottom}H${right}` }, svg);
  const write = (text, at, anchor) => {
    drawn("text", { ...at, "text-anchor": anchor }, svg).textContent = text;
  };
  write(brief(across[0]), { x: left, y: bottom + 14 }, "start");
  write(brief(across[1]), { x: right, y: bottom + 14 }, "end");
  write(names[0], { x: (left + right) / 2, y: bottom + 28 }, "middle");
  write(brief(up[1]), { x: left - 5, y: top + 10 }, "end");
  write(brief(up[0]), { x: left - 5, y: bottom }, "end");
  write(names[1], { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)` }, "middle");
}

/** The map: from the colour of small numbers over that of the page to the colour of large ones. */
function paint(canvas, data, predicted, across, up) {
  const style = getComputedStyle(canvas);
  const colours = ["--below", "--card", "--above"].map((name) => rgbOf(style.getPropertyValue(name)));
  const rows = steps([up[1], up[0]], CELLS).flatMap((b) => steps(across, CELLS).map((a) => [a, b]));
  const found = predicted(rows).map(([value]) => value);
  const [low, high] = data.kind === "binary" ? [0, 1] : reach(data.y);
  canvas.width = canvas.height = CELLS;
  const context = canvas.getContext("2d");
  const image = context.createImageData(CELLS, CELLS);
  found.forEach((value, i) => {
    const share = Math.max(-1, Math.min(1, (2 * (value - low)) / (high - low) - 1)) || 0;
    const end = share < 0 ? colours[0] : colours[2];
    for (let k = 0; k < 3; k++) {
      image.data[4 * i + k] = colours[1][k] + 0.75 * Math.abs(share) * (end[k] - colours[1][k]);
    }
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
}

/** #1c62c9 as three numbers. */
function rgbOf(colour) {
  const digits = colour.trim().slice(1);
  return [0, 2, 4].map((i) => Number.parseInt(digits.slice(i, i + 2), 16));
}
