/** What the network predicts over one column or two, with the rows it learns from. */
import { number } from "../../core/format.js";
import { html, useEffect, useMemo, useRef } from "../../core/ui.js";
import { extent } from "../drawing/axes.js";
import { css, dashes, mark, rgb } from "../drawing/colours.js";
import { Figure, Plot, useColours, useSize } from "../drawing/figure.js";
import { classCount, hollow, markColour, nameOf, targetOf } from "../drawing/rows.js";
import { Choices, choose, options } from "./choices.js";
import { lineView } from "./line.js";
import { mapView } from "./map.js";

/**
 * @param {{picture: object}} props what `fitted` of _fitted.py gives; `names` of the classes and the name
 *   of the `target` may be added to it
 */
function Fitted({ picture }) {
  const colours = useColours();
  const stage = useRef();
  const canvas = useRef();
  const shape = useRef();
  const [width, height] = useSize(stage);
  const line = picture.labels.length === 1;
  const view = useMemo(
    () => (line ? lineView(picture, colours) : mapView(picture, colours)),
    [picture, colours],
  );
  const draw = useMemo(
    () => (context) => {
      shape.current = view.draw(context, width, height);
    },
    [view, width, height],
  );
  const at = (place) => view.at(shape.current, place);
  const saved = { canvas, file: "fitted", table: () => table(picture) };
  const drawn = { width, height, draw, canvas, at, label: described(picture) };
  return html`<${Figure} title=${title(picture)} note=${note(picture)} picture=${saved}>
    <div class="picture-stage fills" ref=${stage}>${width > 0 && html`<${Plot} ...${drawn} />`}</div>
    <${Key} picture=${picture} colours=${colours} />
  <//>`;
}

function title(picture) {
  const what =
    picture.task === "regression"
      ? targetOf(picture)
      : picture.task === "binary"
        ? `Probability of ${nameOf(picture, 1)}`
        : picture.labels.length === 1
          ? "Probability of each class"
          : "The most probable class";
  return `${what} over ${picture.labels.join(" and ")}`;
}

function note(picture) {
  const fixed = Object.entries(picture.fixed)
    .slice(0, 4)
    .map(([name, value]) => `${name} ${typeof value === "number" ? number(value, 4) : value}`);
  const more = Object.keys(picture.fixed).length - fixed.length;
  const parts = [];
  if (picture.scaled) parts.push("Numbers are standardised, as the network receives them.");
  const values = picture.labels.length === 1 ? picture.y : picture.values;
  if (!values.some(Number.isFinite)) parts.push("No prediction is a finite number.");
  if (picture.slice) {
    parts.push(
      `Held at ${fixed.join(", ")}${more > 0 ? ` and ${more} more` : ""}` +
        `${picture.row === null ? " (median, most frequent)" : ""}; the rows shown have other values there.`,
    );
  }
  if (picture.sampled) parts.push(`${picture.targets.length} of ${number(picture.rows, 9)} rows are shown.`);
  return parts.join(" ");
}

function described(picture) {
  const range = (axis) => `${number(axis[0], 4)} to ${number(axis[axis.length - 1], 4)}`;
  const values = picture.labels.length === 1 ? picture.y : picture.values;
  const [low, high] = extent(values, 0);
  const axes = picture.labels.length === 1 ? [picture.x] : [picture.x, picture.y];
  return (
    `${title(picture)}: ${picture.labels.map((name, k) => `${name} from ${range(axes[k])}`).join(", ")}; ` +
    `predictions from ${number(low, 4)} to ${number(high, 4)}; ${picture.targets.length} rows of the table.`
  );
}

function table(picture) {
  const { labels, x, y } = picture;
  if (labels.length === 1) {
    const outputs = y.shape[1];
    const names =
      outputs > 1
        ? Array.from({ length: outputs }, (_, k) => `probability of ${nameOf(picture, k)}`)
        : ["prediction"];
    return {
      columns: [labels[0], ...names],
      rows: Array.from(x, (value, i) => [value, ...y.subarray(i * outputs, (i + 1) * outputs)]),
    };
  }
  const rows = [];
  y.forEach((v, i) =>
    x.forEach((u, j) => {
      const at = i * x.length + j;
      rows.push([
        u,
        v,
        ...(picture.classes ? [nameOf(picture, picture.classes[at])] : []),
        picture.values[at],
      ]);
    }),
  );
  return {
    columns: [
      ...labels,
      ...(picture.classes ? ["class"] : []),
      picture.task === "regression" ? "prediction" : "probability",
    ],
    rows,
  };
}

function Key({ picture, colours }) {
  const classes = classCount(picture);
  const heldOut = picture.held_out?.some(Boolean);
  if (!classes && !heldOut) return null;
  const line = picture.labels.length === 1 && classes > 2;
  const entry = (k) => {
    const drawn = { k, colours, line, colour: markColour(picture, colours, k) };
    return html`<li key=${k}><${Mark} ...${drawn} />${nameOf(picture, k)}</li>`;
  };
  return html`<ul class="picture-legend">${Array.from({ length: classes }, (_, k) => entry(k))}
    ${heldOut && html`<li><${Mark} k=${0} colours=${colours} colour=${null} />Validation row</li>`}</ul>`;
}

function Mark({ k, colours, colour, line }) {
  const canvas = useRef();
  useEffect(() => {
    const context = canvas.current.getContext("2d");
    context.setTransform(2, 0, 0, 2, 0, 0);
    context.clearRect(0, 0, 30, 16);
    if (line) {
      context.setLineDash(dashes(k));
      Object.assign(context, { lineWidth: 2, strokeStyle: css(colour) });
      context.beginPath();
      context.moveTo(0, 8);
      context.lineTo(30, 8);
      context.stroke();
      context.setLineDash([]);
    }
    const look = colour ? [css(colour), colours.ink] : hollow(rgb(colours.muted), colours);
    mark(context, k, line ? 15 : 8, 8, 4.5, ...look);
  });
  const width = line ? 30 : 16;
  const style = { width: `${width}px`, height: "16px" };
  return html`<canvas ref=${canvas} width=${2 * width} height="32" style=${style} aria-hidden="true" />`;
}

export const fittedFunction = {
  kind: "fitted",
  name: () => "Fitted function",
  options,
  choose,
  Choices,
  Picture: Fitted,
};
