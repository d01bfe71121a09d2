/** How far predictions are from targets: pairs and a histogram, or how classes are confused. */
import { Choice } from "../controls/fields.js";
import { number, whole } from "../core/format.js";
import { settings, table } from "../core/store.js";
import { html, signal, useMemo, useRef } from "../core/ui.js";
import { drawAxes, extent, frameOf, line, linear, ticks } from "./drawing/axes.js";
import { Bars } from "./drawing/bars.js";
import { css, mark, mixed, readable, rgb } from "./drawing/colours.js";
import { Figure, Plot, Svg, useColours, useWidth } from "./drawing/figure.js";
import { hollow, nearestRow } from "./drawing/rows.js";

/** @param {{picture: object}} props what `residuals` of _pictures.py gives; class `names` may be added */
function Residuals({ picture }) {
  return picture.task === "regression"
    ? html`<${Regression} picture=${picture} />`
    : html`<${Confusion} picture=${picture} />`;
}

/** Of a picture of some width: its axes are in view. */
const heightFor = (width) =>
  Math.round(Math.min(Math.max(Math.min(width * 0.8, innerHeight * 0.34), 230), 460));

function Facts({ facts }) {
  const fact = ([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`;
  return html`<dl class="picture-facts">${facts.map(fact)}</dl>`;
}

function Regression({ picture }) {
  const facts = [
    ["R²", picture.r2 === null ? "–" : number(picture.r2, 4)],
    ["Root mean square error", number(picture.rms, 4)],
    ["Mean residual", number(picture.mean, 3)],
    ["Rows", whole(picture.rows)],
  ];
  return html`<div>
    <${Facts} facts=${facts} />
    <div class="picture-pair"><${Pairs} picture=${picture} /><${Spread} picture=${picture} /></div>
  </div>`;
}

function Pairs({ picture }) {
  const { predicted, targets } = picture;
  const colours = useColours();
  const [stage, canvas, shape] = [useRef(), useRef(), useRef()];
  const width = useWidth(stage);
  const height = heightFor(width);
  const draw = useMemo(
    () => (context) => {
      shape.current = drawPairs(context, picture, colours, width, height);
    },
    [picture, colours, width],
  );
  const at = (place) => nearestPair(picture, shape.current, place);
  const saved = {
    canvas,
    file: "predicted-target",
    table: () => ({
      columns: ["target", "predicted", "residual"],
      rows: Array.from(targets, (t, k) => [t, predicted[k], t - predicted[k]]),
    }),
  };
  const range = (values) =>
    extent(values, 0)
      .map((value) => number(value, 4))
      .join(" to ");
  const label =
    `Predictions against targets for ${targets.length} rows: R² ${number(picture.r2, 4)}, root mean square ` +
    `error ${number(picture.rms, 4)}; targets from ${range(targets)}, predictions from ${range(predicted)}.`;
  const shown = picture.sampled ? ` ${whole(targets.length)} rows, evenly spaced, are shown.` : "";
  const drawn = { width, height, draw, canvas, label, at };
  const held = picture.others || picture.validates ? " Validation rows are hollow." : "";
  const note = `Points on the line are predicted exactly.${held}${shown}`;
  return html`<${Figure} title="Predictions against targets" picture=${saved} note=${note}>
    <div class="picture-stage" ref=${stage}>${width > 0 && html`<${Plot} ...${drawn} />`}</div>
  <//>`;
}

function drawPairs(context, picture, colours, width, height) {
  const { predicted, targets, others = { predicted: [], targets: [] } } = picture;
  const up = extent([...predicted, ...targets, ...others.predicted, ...others.targets]);
  const across = extent([...targets, ...others.targets]);
  const marks = ticks(...up, height / 55);
  const frame = frameOf(context, width, height, marks);
  const sx = linear(across, [frame.left, frame.right]);
  const sy = linear(up, [frame.bottom, frame.top]);
  drawAxes(
    context,
    frame,
    {
      x: { scale: sx, marks: ticks(...across, width / 85), label: "Target" },
      y: { scale: sy, marks, label: "Prediction" },
    },
    colours,
    { grid: true },
  );
  context.strokeStyle = colours.ink;
  context.setLineDash([6, 4]);
  context.lineWidth = 1.5;
  line(context, frame.left, sy(across[0]), frame.right, sy(across[1]));
  context.setLineDash([]);
  const look = lookOf(targets.length > 400, colours);
  const place = (row, k) => [sx(row.targets[k]), sy(row.predicted[k])];
  const held = picture.validates ? picture : picture.others;
  if (!picture.validates)
    for (let k = 0; k < targets.length; k++) mark(context, 0, ...place(picture, k), ...look);
  const light = hollow(rgb(colours.accent), colours);
  for (let k = 0; k < (held?.targets.length ?? 0); k++)
    mark(context, 0, ...place(held, k), look[0], ...light);
  return { sx, sy };
}

/** Radius, fill, rim and its width of the mark of a row; of many rows they are fainter. */
function lookOf(many, colours) {
  const rim = mixed(rgb(colours.accent), rgb(colours.ink), 0.4);
  return [many ? 2.25 : 3.75, css(rgb(colours.accent), many ? 0.35 : 0.55), css(rim, many ? 0.5 : 0.9), 0.75];
}

function nearestPair({ predicted, targets }, { sx, sy }, place) {
  const near = nearestRow(targets.length, (k) => [sx(targets[k]), sy(predicted[k])], place, 14);
  if (!near) return null;
  const [target, prediction] = [targets[near.k], predicted[near.k]];
  const lines = [
    "A row of the table",
    `Target ${number(target, 6)}`,
    `Prediction ${number(prediction, 6)}`,
    `Residual ${number(target - prediction, 4)}`,
  ];
  return { ...near, lines };
}

function Spread({ picture }) {
  const colours = useColours();
  const [stage, svg] = [useRef(), useRef()];
  const width = useWidth(stage);
  const height = heightFor(width);
  const saved = { svg, file: "residuals", table: () => binTable(picture) };
  const range = `${number(picture.edges[0], 4)} to ${number(picture.edges.at(-1), 4)}`;
  const label =
    `Histogram of the residuals: from ${range}, mean ${number(picture.mean, 3)}, ` +
    `root mean square ${number(picture.rms, 4)}.`;
  const bars = { ...picture, colours, width, height, name: "Target − prediction" };
  const note = "Target − prediction: right of 0, the prediction is too low.";
  return html`<${Figure} title="Residuals" note=${note} picture=${saved}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<${Svg} ...${{ svg, width, height, label }}><${Bars} ...${bars} /><//>`}
    </div>
  <//>`;
}

function binTable({ counts, edges }) {
  return {
    columns: ["from", "to", "count"],
    rows: Array.from(counts, (n, k) => [edges[k], edges[k + 1], n]),
  };
}

const MANY = 12; // classes, beyond which the cells of their matrix are small

function Confusion({ picture }) {
  const { confusion, accuracy, log_loss: loss } = picture;
  const classes = confusion.shape[0];
  const colours = useColours();
  const name = (k) => String(picture.names?.[k] ?? k);
  const sums = Array.from({ length: classes }, (_, i) =>
    confusion.subarray(i * classes, (i + 1) * classes).reduce((a, b) => a + b, 0),
  );
  const share = (i, j) => (sums[i] ? confusion[i * classes + j] / sums[i] : 0);
  const saved = {
    file: "confusion",
    table: () => ({
      columns: ["target", "predicted", "rows"],
      rows: Array.from(confusion, (n, k) => [name(Math.floor(k / classes)), name(k % classes), n]),
    }),
  };
  const cell = (i, j) => {
    const strong = rgb(i === j ? colours.positive : colours.negative);
    const colour = mixed(rgb(colours.paper), strong, share(i, j) ? 0.08 + 0.42 * share(i, j) : 0.03);
    const percentage = share(i, j) > 0 && html`<small>${percent(share(i, j))}</small>`;
    const style = { background: css(colour), color: readable(colour, colours) };
    return html`<td class=${i === j ? "right" : ""} style=${style}>
      ${number(confusion[i * classes + j], 5)}${percentage}</td>`;
  };
  const row = (i) => html`<tr><th scope="row">${name(i)}</th>${sums.map((_, j) => cell(i, j))}</tr>`;
  const note = "Each row is a target; its shares add up to 100 %. Correct predictions are outlined.";
  return html`<${Figure} title="Confusion matrix" picture=${saved} note=${note}>
    <${Facts} facts=${[
      ["Accuracy", percent(accuracy, 1)],
      ["Log loss", number(loss, 4)],
      ["Rows", whole(picture.rows)],
    ]} />
    <div class=${`confusion ${classes > MANY ? "many" : ""}`} tabindex="0" role="region"
      aria-label="Predictions against targets">
      <table>
        <thead>
          <tr><th></th><th colspan=${classes} scope="colgroup">Prediction</th></tr>
          <tr><th scope="col">Target</th>${sums.map((_, j) => html`<th scope="col">${name(j)}</th>`)}</tr>
        </thead>
        <tbody>${sums.map((_, i) => row(i))}</tbody>
      </table>
    </div>
  <//>`;
}

const percent = (value, digits = 0) =>
  `${(100 * value).toLocaleString(undefined, { maximumFractionDigits: digits })} %`;

const VALIDATION = "validation";
const ROWS = [
  ["training", "Training"],
  [VALIDATION, "Validation"],
];
const rows = signal("training");

function Choices() {
  if (!settings.value.validation) return null;
  const set = (which) => {
    rows.value = which;
  };
  return html`<${Choice} label="Rows" value=${rows.value} options=${ROWS} onChange=${set} />`;
}

export const residuals = {
  kind: "residuals",
  name: () => (table.value.classes.length ? "Classes" : "Residuals"),
  options: () => (rows.value === VALIDATION ? { rows: VALIDATION } : {}),
  Choices,
  Picture: Residuals,
};
