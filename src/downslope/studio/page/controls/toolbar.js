/** The controls of descent in one line: whole steps, their pace, the learning rate, and new starts. */
import { parsed, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, moving, network, refuseNumber, settings } from "../core/store.js";
import { html, useRef, useState } from "../core/ui.js";
import { drawNewWeights, togglePlay } from "./changes.js";
import { Menu } from "./menu.js";
import { LearningRate } from "./rate.js";
import { useRoving } from "./roving.js";
import { Speed } from "./speed.js";

export function Toolbar() {
  const box = useRef(null);
  const keys = useRoving(box, "button");
  const now = frame.value;
  if (!now || !settings.value) return null;
  const { steps_per_epoch: epoch } = settings.value;
  return html`<div class="controls" role="toolbar" aria-label="Descent" ref=${box} ...${keys}>
    <button class="primary play" aria-pressed=${moving.value} onClick=${togglePlay}
      title="Descend or pause (space)">
      ${moving.value ? "❚❚ Pause" : "▶ Descend"}</button>
    <button onClick=${() => send("step", { count: 1 })} title="One update (s)">1 step</button>
    <${Steps} />
    ${
      epoch > 1 &&
      html`<button onClick=${() => send("step", { count: 1, unit: "epoch" })}
        title=${`Every row once: ${whole(epoch)} steps (e)`}>1 epoch</button>`
    }
    <${Speed} />
    <${LearningRate} />
    <span class="grow"></span>
    <${NewStart} />
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

/** Where a descent begins, or ends at once. */
function NewStart() {
  const entry = (close, [name, hint, act]) => {
    const choose = () => {
      act();
      close();
    };
    return html`<li key=${name}><button onClick=${choose}>${name}<small>${hint}</small></button></li>`;
  };
  const starts = network.value.linear ? [...STARTS, SOLVE] : STARTS;
  return html`<${Menu} label="Reset ▾">
    ${(close) => html`<ul>${starts.map((one) => entry(close, one))}</ul>`}<//>`;
}

const STARTS = [
  ["Reset", "To the initial weights (r)", () => send("reset", {})],
  ["New random weights", "With the next seed (n)", drawNewWeights],
];
const SOLVE = ["Solve", "The exact solution, by least squares", () => send("solve")];
