/** How far predictions are from targets: pairs and a histogram, or how classes are confused. */
import { number, whole } from "../format.js";
import { html, useRef, useState } from "../ui.js";
import { FONT, brief, drawAxes, extent, frameOf, line, linear, ticks } from "./axes.js";
import { css, mark, mixed, readable, rgb } from "./colours.js";
import { Canvas, Figure, Tip, placeOf, useColours, useWidth } from "./figure.js";
import { Bars } from "./bars.js";

/** @param {{picture: object}} props what `residuals` of _pictures.py gives; `names` of the classes may be added to it */
export function Residuals({ picture }) {
  return picture.task === "regression" ? html`<${Regression} picture=${picture} />` : html`<${Confusion} picture=${picture} />`;
}

function Facts({ facts }) {
  return html`<dl class="picture-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Regression({ picture }) {
  const facts = [["R²", picture.r2 === null ? "–" : number(picture.r2, 4)], ["Root mean square", number(picture.rms, 4)],
    ["Mean residual", number(picture.mean, 3)], ["Rows", whole(picture.rows)]];
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
  const [pointed, setPointed] = useState(null);
  const height = Math.round(Math.min(Math.max(width * 0.8, 250), 460));
  const draw = (context) => {
    shape.current = drawPairs(context, picture, colours, width, height);
  };
  const hover = (event) => setPointed(nearestPair(picture, shape.current, placeOf(event)));
  const saved = { canvas, file: "predicted-target", table: () => ({ columns: ["target", "predicted", "residual"],
    rows: Array.from(targets, (t, k) => [t, predicted[k], t - predicted[k]].map((v) => number(v))) }) };
  const label = `Predicted against target for ${targets.length} rows: R² ${number(picture.r2, 4)}, root mean square error `
    + `${number(picture.rms, 4)}; targets from ${extent(targets, 0).map((v) => number(v, 4)).join(" to ")}, predictions from `
    + `${extent(predicted, 0).map((v) => number(v, 4)).join(" to ")}.`;
  return html`<${Figure} title="Predicted against target" picture=${saved}
    note=${`On the line a prediction is right.${picture.sampled ? ` ${whole(targets.length)} rows, spread evenly, are shown.` : ""}`}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<${Canvas} ...${{ width, height, draw, canvas, label }} onPointerMove=${hover} onPointerDown=${hover}
        onPointerLeave=${() => setPointed(null)} />`}
      ${pointed && html`<div class="picture-ring" style=${{ left: `${pointed.x}px`, top: `${pointed.y}px` }}></div>`}
      <${Tip} at=${pointed} width=${width}>${pointed && html`target ${number(pointed.target, 6)}<br />
        predicted ${number(pointed.predicted, 6)}<br />residual ${number(pointed.target - pointed.predicted, 4)}`}<//>
    </div>
  <//>`;
}

function drawPairs(context, { predicted, targets }, colours, width, height) {
  const up = extent([...predicted, ...targets]);
  const across = extent(targets);
  const marks = ticks(...up, height / 55);
  const frame = frameOf(context, width, height, marks);
  const sx = linear(across, [frame.left, frame.right]);
  const sy = linear(up, [frame.bottom, frame.top]);
  drawAxes(context, frame, { x: { scale: sx, marks: ticks(...across, width / 85), label: "target" },
    y: { scale: sy, marks, label: "predicted" } }, colours, { grid: true });
  context.strokeStyle = colours.ink;
  context.setLineDash([6, 4]);
  context.lineWidth = 1.5;
  line(context, frame.left, sy(across[0]), frame.right, sy(across[1]));
  context.setLineDash([]);
  const many = targets.length > 400;
  for (let k = 0; k < targets.length; k++) {
    mark(context, 0, sx(targets[k]), sy(predicted[k]), many ? 2.25 : 3.75, css(rgb(colours.accent), many ? 0.35 : 0.55),
      css(mixed(rgb(colours.accent), rgb(colours.ink), 0.4), many ? 0.5 : 0.9), 0.75);
  }
  return { sx, sy };
}

function nearestPair({ predicted, targets }, { sx, sy }, { x, y }) {
  let best = null;
  for (let k = 0; k < targets.length; k++) {
    const spot = { x: sx(targets[k]), y: sy(predicted[k]), target: targets[k], predicted: predicted[k] };
    const far = Math.hypot(spot.x - x, spot.y - y);
    if (far < (best?.far ?? 14)) best = { ...spot, far };
  }
  return best;
}

function Spread({ picture }) {
  const colours = useColours();
  const [stage, svg] = [useRef(), useRef()];
  const width = useWidth(stage);
  const height = Math.round(Math.min(Math.max(width * 0.8, 250), 460));
  const saved = { svg, file: "residuals", table: () => binTable(picture) };
  const label = `Histogram of the residuals: from ${number(picture.edges[0], 4)} to ${number(picture.edges.at(-1), 4)}, mean `
    + `${number(picture.mean, 3)}, root mean square ${number(picture.rms, 4)}.`;
  return html`<${Figure} title="Residuals" note="Target − predicted: right of 0 the prediction was too low." picture=${saved}>
    <div class="picture-stage" ref=${stage}>
      ${width > 0 && html`<svg ref=${svg} width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${label}>
        <${Bars} ...${{ ...picture, colours, width, height, name: "target − predicted" }} />
      </svg>`}
    </div>
  <//>`;
}

/** The bins of a histogram as a table. */
export function binTable({ counts, edges }) {
  return { columns: ["from", "to", "count"], rows: Array.from(counts, (n, k) => [number(edges[k]), number(edges[k + 1]), number(n)]) };
}

function Confusion({ picture }) {
  const { confusion, accuracy, log_loss: loss } = picture;
  const classes = confusion.shape[0];
  const colours = useColours();
  const name = (k) => String(picture.names?.[k] ?? k);
  const sums = Array.from({ length: classes }, (_, i) => confusion.subarray(i * classes, (i + 1) * classes).reduce((a, b) => a + b, 0));
  const share = (i, j) => (sums[i] ? confusion[i * classes + j] / sums[i] : 0);
  const saved = { file: "confusion", table: () => ({ columns: ["target", "predicted", "rows"],
    rows: Array.from(confusion, (n, k) => [name(Math.floor(k / classes)), name(k % classes), number(n)]) }) };
  const cell = (i, j) => {
    const strong = rgb(i === j ? colours.positive : colours.negative);
    const colour = mixed(rgb(colours.paper), strong, share(i, j) ? 0.08 + 0.82 * share(i, j) : 0.03);
    return html`<td class=${i === j ? "right" : ""} style=${{ background: css(colour), color: readable(colour, colours) }}>
      ${number(confusion[i * classes + j], 5)}<small>${percent(share(i, j))}</small></td>`;
  };
  return html`<${Figure} title="Confusion matrix" picture=${saved}
    note="Each row is a target, and its shares add up to 100 %. What is right has a frame; the rest are mistakes.">
    <${Facts} facts=${[["Accuracy", percent(accuracy, 1)], ["Log loss", number(loss, 4)], ["Rows", whole(picture.rows)]]} />
    <div class="confusion" tabindex="0" role="region" aria-label="Targets against what was predicted">
      <table>
        <thead>
          <tr><th></th><th colspan=${classes} scope="colgroup">predicted</th></tr>
          <tr><th scope="col">target</th>${sums.map((_, j) => html`<th scope="col">${name(j)}</th>`)}</tr>
        </thead>
        <tbody>${sums.map((_, i) => html`<tr><th scope="row">${name(i)}</th>${sums.map((__, j) => cell(i, j))}</tr>`)}</tbody>
      </table>
    </div>
  <//>`;
}

const percent = (value, digits = 0) => `${(100 * value).toLocaleString(undefined, { maximumFractionDigits: digits })} %`;
