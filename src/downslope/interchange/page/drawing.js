/** The network as a drawing. */
import { shown } from "./numbers.js";

const SPACE = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function drawn(tag, attributes, parent) {
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

/** How high a drawing is where nothing says so: units stand apart where numbers lie on their lines. */
export function heightOf({ units, onLines }) {
  const most = Math.max(...units.map((names) => names.length));
  return Math.max(130, Math.min(420, most * (onLines ? 76 : most > 8 ? 21 : 34)));
}

/** Where the numbers of a layer stand: on their lines, apart from each other. */
function onLine(from, to, unit, units) {
  const share = units === 1 ? 0.4 : 0.26 + (0.48 * (unit + 0.5)) / units;
  return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
}

/**
 * @typedef {object} Drawn
 * @property {(weights: Float64Array[]) => void} follow makes the edges follow the weights
 * @property {(parameter: number, index: number) => void} mark marks the edge of a weight
 * @property {{parameter: number, index: number, x: number, y: number}[]} places of the numbers, in pixels
 *
 * Draws the network.
 * @param {SVGSVGElement} svg
 * @param {{units: string[][], weights: number[], biases: ?number[], onLines: boolean}} drawing
 * @param {{width: number, height: number, em: number}} size in pixels, and that of letters
 * @param {(parameter: number, index: number) => void} chosen gets each click on an edge
 * @returns {Drawn}
 */
export function networkDrawing(svg, { units, weights, biases, onLines }, { width, height, em }, chosen) {
  const most = Math.max(...units.map((names) => names.length));
  const radius = Math.max(4, Math.min(onLines ? 15 : 11, (height / most) * 0.3));
  const room = (names) => em + 0.5 * em * Math.max(...names.map((name) => cut(name).length));
  const at = places(units, room(units[0]) + radius, room(units.at(-1)) + radius, width, height);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const sizes = units.map((names) => names.length).join(", ");
  svg.setAttribute("aria-label", `Drawing of the network: ${sizes} units`);
  svg.replaceChildren();
  const numbers = [];
  const edges = weights.map((parameter, layer) =>
    at[layer + 1].flatMap((to, i) =>
      at[layer].map((from, j) => {
        const bend = onLines ? 0 : (to.x - from.x) * 0.42;
        const d = `M${from.x} ${from.y}C${from.x + bend} ${from.y} ${to.x - bend} ${to.y} ${to.x} ${to.y}`;
        const path = drawn("path", { d, class: "edge" }, svg);
        const index = i * at[layer].length + j;
        path.addEventListener("click", () => chosen(parameter, index));
        numbers.push({ parameter, index, ...onLine(from, to, i, at[layer + 1].length) });
        return { path, title: drawn("title", {}, path) };
      }),
    ),
  );
  biases.forEach((parameter, layer) => {
    if (parameter === null) return;
    at[layer + 1].forEach(({ x, y }, index) => {
      numbers.push({ parameter, index, x, y: y + radius + 16 });
    });
  });
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
  return {
    places: onLines ? numbers : [],
    follow: (values) => weights.forEach((parameter, layer) => follow(edges[layer], values[parameter])),
    mark: (parameter, index) =>
      edges.forEach((lines, layer) =>
        lines.forEach(({ path }, i) => {
          path.classList.toggle("selected", weights[layer] === parameter && i === index);
        }),
      ),
  };
}

/** The edges that lead to one layer, each as wide as its weight is large beside the others. */
function follow(edges, weights) {
  const largest = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0) || 1;
  edges.forEach(({ path, title }, i) => {
    const share = Math.abs(weights[i]) / largest;
    path.classList.toggle("below", weights[i] < 0);
    path.classList.toggle("above", weights[i] >= 0);
    path.style.strokeWidth = String(0.6 + 3.4 * share);
    path.style.strokeOpacity = String(0.25 + 0.65 * share);
    title.textContent = shown(weights[i]);
  });
}
