/** The network as a drawing, and the curve of the error. */
import { shown } from "./numbers.js";

const SPACE = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
function drawn(tag, attributes, parent) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  parent.append(element);
  return element;
}

/** The places of the units of each layer, in columns. */
function places(units, left, right, width, height) {
  const across = (width - left - right) / (units.length - 1);
  return units.map((names, layer) =>
    names.map((_, i) => ({ x: left + layer * across, y: (height * (i + 0.5)) / names.length })),
  );
}

/** A name that fits beside the drawing. */
function cut(name) {
  return name.length > 14 ? `${name.slice(0, 13)}…` : name;
}

/**
 * Draws the network as wide as it is shown; the function it gives makes the edges follow the weights.
 * @param {SVGSVGElement} svg
 * @param {{units: string[][], weights: number[]}} drawing
 * @param {(parameter: number, index: number) => void} chosen gets each click on an edge
 * @returns {(weights: Float64Array[]) => void}
 */
export function networkDrawing(svg, { units, weights }, chosen) {
  const width = Math.max(280, svg.clientWidth);
  const most = Math.max(...units.map((names) => names.length));
  const height = Math.max(120, Math.min(420, most * 40));
  const radius = Math.max(4, Math.min(11, (height / most) * 0.3));
  const room = (names) => 16 + 7.2 * Math.max(...names.map((name) => cut(name).length));
  const at = places(units, room(units[0]) + radius, room(units.at(-1)) + radius, width, height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const sizes = units.map((names) => names.length).join(", ");
  svg.setAttribute("aria-label", `Drawing of the network: ${sizes} units`);
  svg.replaceChildren();
  const edges = weights.map((parameter, layer) =>
    at[layer + 1].flatMap((to, i) =>
      at[layer].map((from, j) => {
        const bend = (to.x - from.x) * 0.42;
        const d = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
        const path = drawn("path", { d, class: "edge" }, svg);
        const index = i * at[layer].length + j;
        path.addEventListener("click", () => chosen(parameter, index));
        return { path, title: drawn("title", {}, path) };
      }),
    ),
  );
  at.forEach((column, layer) =>
    column.forEach(({ x, y }, i) => {
      drawn("circle", { cx: x, cy: y, r: radius, class: "unit" }, svg);
      if (layer !== 0 && layer !== at.length - 1) return;
      const last = layer !== 0;
      const text = drawn(
        "text",
        {
          x: last ? x + radius + 7 : x - radius - 7,
          y,
          "text-anchor": last ? "start" : "end",
          "dominant-baseline": "central",
        },
        svg,
      );
      text.textContent = cut(units[layer][i]);
      if (text.textContent !== units[layer][i]) drawn("title", {}, text).textContent = units[layer][i];
    }),
  );
  return (values) => weights.forEach((parameter, layer) => follow(edges[layer], values[parameter]));
}

/** The edges that lead to one layer, each as wide as its weight is large beside the others. */
function follow(edges, weights) {
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0) || 1;
  edges.forEach(({ path, title }, i) => {
    const share = Math.abs(weights[i]) / largest;
    path.setAttribute("class", `edge ${weights[i] < 0 ? "below" : "above"}`);
    path.style.strokeWidth = String(0.6 + 3.4 * share);
    path.style.strokeOpacity = String(0.25 + 0.65 * share);
    title.textContent = shown(weights[i]);
  });
}

/**
 * The curve of the error by step, on a logarithmic scale where all errors are above 0.
 * @param {SVGSVGElement} svg
 * @param {{step: number, error: number}[]} history
 * @returns {boolean} whether the scale is logarithmic
 */
export function errorCurve(svg, history) {
  const points = history.filter(({ error }) => Number.isFinite(error));
  svg.setAttribute("viewBox", "0 0 100 40");
  svg.replaceChildren();
  const logarithmic = points.every(({ error }) => error > 0);
  if (points.length < 2) return logarithmic;
  const scale = logarithmic ? Math.log : (error) => error;
  const heights = points.map(({ error }) => scale(error));
  const low = Math.min(...heights);
  const span = Math.max(...heights) - low || 1;
  const last = points.at(-1).step || 1;
  const line = points
    .map(
      ({ step }, i) =>
        `${((100 * step) / last).toFixed(2)} ${(38 - (36 * (heights[i] - low)) / span).toFixed(2)}`,
    )
    .join("L");
  drawn("path", { d: `M${line}L100 40L0 40Z`, class: "under" }, svg);
  drawn("path", { d: `M${line}`, class: "line", "vector-effect": "non-scaling-stroke" }, svg);
  return logarithmic;
}
