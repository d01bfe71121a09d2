/** The controls of descent: whole steps, and the parts of a step. */
import { number, parsed, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, network, settings } from "../core/store.js";
import { html, useState } from "../core/ui.js";
import { drawNewWeights, pace, togglePlay } from "./changes.js";

const PARTS = [
  ["forward", "Forward", "Compute z and a of every unit"],
  ["loss", "Loss", "Compare the predictions with the targets"],
  ["backward", "Backward", "Compute the gradient of every weight by the chain rule"],
  ["update", "Update", "Move every weight against its gradient"],
];

export function Toolbar() {
  const now = frame.value;
  if (!now || !settings.value) return null;
  const { steps_per_epoch: epoch } = settings.value;
  return html`<div class="controls" role="toolbar" aria-label="Descent">
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
    <span class="grow"></span>
    <span class="count" aria-live="off"><b>${whole(now.step)}</b> ${progress(now, epoch)}</span>
  </div>`;
}

function progress(now, epoch) {
  const epochs = epoch > 1 ? ` · epoch ${number(now.epoch, 4)}` : "";
  const speed = now.speed ? ` · ${number(now.speed, 2)} steps/s` : "";
  return `steps${epochs}${speed}`;
}

/** So many steps at once. */
function Steps() {
  const [count, setCount] = useState("100");
  const take = () => {
    const steps = Math.round(parsed(count));
    if (steps >= 1) send("step", { count: steps });
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
