/** The controls of descent: whole steps, the parts of a step, and the settings that are changed most. */
import { number, parsed, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, network, overview, refuseNumber, settings } from "../core/store.js";
import { html, useRef, useState } from "../core/ui.js";
import { change, drawNewWeights, pace, togglePlay } from "./changes.js";
import { Choice } from "./fields.js";
import { useRoving } from "./roving.js";

const PARTS = [
  ["forward", "Forward", "Compute z and a of every unit"],
  ["loss", "Loss", "Compare the predictions with the targets"],
  ["backward", "Backward", "Compute the gradient of every weight by the chain rule"],
  ["update", "Update", "Move every weight against its gradient"],
];

export function Toolbar() {
  const box = useRef(null);
  const keys = useRoving(box, "button, input[type=checkbox]");
  const now = frame.value;
  if (!now || !settings.value) return null;
  const { steps_per_epoch: epoch } = settings.value;
  return html`<div class="controls" role="toolbar" aria-label="Descent" ref=${box} ...${keys}>
    <button class="primary play" aria-pressed=${now.playing} onClick=${togglePlay}
      title="Descend or pause (space)">
      ${now.playing ? "❚❚ Pause" : "▶ Descend"}</button>
    <button onClick=${() => send("step", { count: 1 })} title="One update (s)">1 step</button>
    <${Steps} />
    ${
      epoch > 1 &&
      html`<button onClick=${() => send("step", { count: 1, unit: "epoch" })}
        title=${`Every row once: ${whole(epoch)} steps (e)`}>1 epoch</button>`
    }
    <${SlowMotion} playing=${now.playing} />
    <span class="parts" role="group" aria-label="The parts of one step">${PARTS.map(part)}</span>
    <button onClick=${() => send("reset", {})} title="Reset to the initial weights (r)">Reset</button>
    <button onClick=${drawNewWeights} title="New random weights (n)">New random weights</button>
    ${
      network.value.linear &&
      html`<button onClick=${() => send("solve")} title="The exact solution, by least squares">Solve</button>`
    }
  </div>`;
}

/** So many steps at once. */
function Steps() {
  const [count, setCount] = useState("100");
  const take = () => {
    const steps = Math.round(parsed(count));
    if (Number.isFinite(steps)) send("step", { count: steps });
    else refuseNumber("Number of steps", count);
  };
  return html`<span class="joined"><button onClick=${take}>Take steps</button>
    <input aria-label="Number of steps" inputmode="numeric" value=${count} size="5"
      onInput=${(event) => setCount(event.currentTarget.value)}
      onKeyDown=${(event) => event.key === "Enter" && take()} /></span>`;
}

function SlowMotion({ playing }) {
  const choose = (event) => {
    pace.value = event.currentTarget.checked ? 1 : null;
    if (playing) send("play", { pace: pace.value });
  };
  return html`<label class="check" title="Show the parts of each step one by one">
    <input type="checkbox" checked=${pace.value !== null} onChange=${choose} /> Slow motion</label>`;
}

function part([name, label, hint], i) {
  const on = frame.value.phase === name;
  return html`<button key=${name} class=${on ? "on" : ""} aria-pressed=${on} title=${`${hint} (${i + 1})`}
    onClick=${() => send("phase", { part: name })}>${label}</button>`;
}

const ALL_ROWS = "All rows";
const BATCHES = [ALL_ROWS, "1", "8", "16", "32", "64", "128", "256", "512"];

/** The settings that are changed most, in one line: learning rate, optimizer, loss, batch. */
export function Quick() {
  const now = settings.value;
  if (!now) return null;
  const { optimizers, losses } = overview.value.choices;
  const batch = String(now.batch_size ?? ALL_ROWS);
  const batches = BATCHES.includes(batch) ? BATCHES : [...BATCHES, batch];
  const setBatch = (size) => change({ batch_size: size === ALL_ROWS ? null : Number(size) });
  return html`<div class="quick">
    <${LearningRate} />
    <${Choice} label="Optimizer" value=${now.optimizer} options=${optimizers}
      onChange=${(optimizer) => change({ optimizer })} />
    <${Choice} label="Loss" value=${now.loss} options=${losses} onChange=${(loss) => change({ loss })} />
    <${Choice} label="Batch" value=${batch} options=${batches} onChange=${setBatch} />
  </div>`;
}

const [LOW, HIGH] = [-6, 1]; // the ends of the slider, as powers of ten
const MOST = 1000; // positions of the slider
const toSlider = (rate) => ((Math.log10(rate) - LOW) / (HIGH - LOW)) * MOST;
const fromSlider = (position) => Number((10 ** (LOW + ((HIGH - LOW) * position) / MOST)).toPrecision(3));

/** The learning rate on a logarithmic slider, with the stable range where it is known. */
function LearningRate() {
  const [text, setText] = useState(null);
  const { learning_rate: rate, stable_range: range } = settings.value;
  const [stable, best] = range ?? [Infinity, null];
  const share = range && Math.max(0, Math.min(100, (100 * toSlider(stable)) / MOST));
  const commit = () => {
    if (text === null) return;
    const found = parsed(text);
    setText(null);
    if (Number.isFinite(found)) change({ learning_rate: found });
    else refuseNumber("Learning rate", text);
  };
  const slide = (event) => change({ learning_rate: fromSlider(Number(event.currentTarget.value)) });
  return html`<div class=${`rate ${rate >= stable ? "unstable" : ""}`}>
    <label for="rate">Learning rate η</label>
    <span class="slider" style=${range ? { "--stable": `${share}%` } : {}} data-known=${Boolean(range)}>
      <input id="rate" type="range" min="0" max=${MOST} step="1" value=${toSlider(rate)}
        aria-valuetext=${String(rate)}
        onInput=${slide} /></span>
    <input aria-label="Learning rate as a number" inputmode="decimal" size="8"
      value=${text ?? number(rate, 6)}
      onInput=${(event) => setText(event.currentTarget.value)} onBlur=${commit}
      onKeyDown=${(event) => event.key === "Enter" && commit()} />
    ${range && html`<${StableRange} stable=${stable} best=${best} />`}
  </div>`;
}

function StableRange({ stable, best }) {
  const take = () => change({ learning_rate: Number(best.toPrecision(4)) });
  const hint = "Use the best constant learning rate";
  return html`<span class="muted">Stable below ${number(stable, 4)}, best ${html`<button class="link"
    title=${hint} onClick=${take}>${number(best, 4)}</button>`}</span>`;
}
