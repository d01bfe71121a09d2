/** The weights as lines: the larger, the thicker. */
import { number } from "../core/format.js";
import { lit, pointAway, pointed } from "../core/links.js";
import { select } from "../core/session.js";
import { explanation, frame, lines, selected, settings } from "../core/store.js";
import { html, useLayoutEffect, useRef } from "../core/ui.js";
import { nearestLine } from "./layout.js";
import { slopeName, weightName } from "./names.js";
import { style } from "./style.js";
import { hideTip, tip } from "./tip.js";

/** Pixels beside a line that belong to it: a thin one would be hard to meet. */
const [REACH, REACH_OF_A_FINGER] = [6, 12];

const SVG = "http://www.w3.org/2000/svg";

/** What the lines show: gradients while a step's backward pass is shown, else what was chosen. */
export function shownLines() {
  const backward = style.value === "lines" && frame.value?.phase === "backward";
  return backward ? "gradient" : lines.value;
}

function shownValues(now, { weight }) {
  const values = now.parameters[weight];
  const ofRow = explanation.value?.row_gradients;
  const fits = values && ofRow?.[weight]?.length === values.length;
  const source = { weight: now.parameters, gradient: now.gradients, row: fits ? ofRow : null }[shownLines()];
  return source?.[weight] ?? values;
}

export function Lines({ net, layout, width }) {
  const svg = useRef(null);
  const drawn = useRef([]);
  useLayoutEffect(() => {
    drawn.current = drawLines(svg.current.querySelector("g"), net, layout.columns);
  }, [net, layout.height, width, style.value]);
  const now = frame.value;
  const values = net.layers.map((layer) => (now?.parameters ? shownValues(now, layer) : null));
  const marks = {
    chosen: selectedLine(net),
    highlighted: new Set(explanation.value?.highlighted.weights),
    kinds: lit.value,
  };
  useLayoutEffect(() => drawn.current.forEach((group, l) => showValues(group, values[l], marks)));
  const at = ({ target, offsetX: x, offsetY: y, pointerType }) =>
    target.dataset.weight?.split(",").map(Number) ??
    nearestLine(layout.columns, x, y, pointerType === "mouse" ? REACH : REACH_OF_A_FINGER);
  const choose = (event) => {
    const place = at(event);
    if (place) select("weight", net.layers[place[0]].weight, place.slice(1));
  };
  const point = (event) => {
    const place = at(event);
    svg.current.style.cursor = place ? "pointer" : "";
    if (!place) return leave();
    showTip(event, net, place);
    const key = `weight:${place}`;
    if (pointed.value.keys[0] !== key) pointed.value = { keys: [key], kind: "weight" };
    return undefined;
  };
  const leave = () => {
    hideTip();
    pointAway();
  };
  return html`<svg ref=${svg} class="lines" width=${width} height=${layout.height} aria-hidden="true"
    onClick=${choose} onPointerMove=${point} onPointerLeave=${leave}><g></g></svg>`;
}

/** A line for every weight, layer by layer. */
function drawLines(group, net, columns) {
  group.textContent = "";
  return net.layers.map((layer, l) =>
    Array.from({ length: layer.units * layer.inputs }, (_, k) => {
      const [i, j] = [Math.floor(k / layer.inputs), k % layer.inputs];
      const line = document.createElementNS(SVG, "line");
      const [[x1, y1], [x2, y2]] = [columns[l][j], columns[l + 1][i]];
      for (const [name, value] of Object.entries({ x1, y1, x2, y2 })) line.setAttribute(name, value);
      line.dataset.weight = `${l},${i},${j}`;
      group.append(line);
      return line;
    }),
  );
}

/** The width and the class of every line of a layer, by its value. */
function showValues(drawn, values, { chosen, highlighted, kinds }) {
  if (!values) return;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-300);
  drawn.forEach((line, k) => {
    const share = Math.abs(values[k]) / largest;
    line.style.setProperty("--width", (0.5 + 4 * share).toFixed(2));
    line.style.setProperty("--opacity", (0.15 + 0.85 * share).toFixed(2));
    const { weight } = line.dataset;
    const classes = [values[k] < 0 ? "negative" : "positive"];
    if (weight === chosen) classes.push("selected");
    if (highlighted.has(weight)) classes.push("highlighted");
    if (kinds.has(`weight:${weight}`)) classes.push("lit", `q-${kinds.get(`weight:${weight}`)}`);
    line.setAttribute("class", classes.join(" "));
  });
}

/** The line of the selected weight: its layer and index. */
function selectedLine(net) {
  const { what, name, index } = selected.value ?? {};
  if (what !== "weight" || index.length !== 2) return "";
  return `${net.layers.findIndex((layer) => layer.weight === name)},${index}`;
}

/** Whether descent leaves a number of a parameter alone. */
export function isFrozen(net, name, k) {
  return Boolean(net.frozen[name]?.[k]);
}

function showTip(event, net, [l, i, j]) {
  const { weight, inputs } = net.layers[l];
  const k = i * inputs + j;
  const { parameters, gradients } = frame.value;
  const name = weightName(net, l, i, j);
  const gradient = gradients
    ? `\n${slopeName(name, settings.value)} = ${number(gradients[weight][k], 6)} on the rows of the next step`
    : "";
  const text = `${name} = ${number(parameters[weight][k], 8)}${gradient}`;
  tip.value = { x: event.offsetX, y: event.offsetY, text };
}
