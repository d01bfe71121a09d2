/** The controls of descent: whole steps, parts of a step, the learning rate, and the keys for them. */

import { number, parsed, whole } from "./format.js";
import { frame, network, send, settings, state } from "./store.js";
import { html, signal, useEffect, useRef, useState } from "./ui.js";

const PARTS = [
  ["forward", "Forward", "compute z and a of every unit"],
  ["loss", "Loss", "compare with the targets"],
  ["backward", "Backward", "the chain rule: the gradient of every weight"],
  ["update", "Update", "move every weight against its gradient"],
];
export const pace = signal(null);

/** Change some settings. */
export function change(changes) {
  send("change", { settings: changes });
}

export function togglePlay() {
  if (frame.value?.playing) send("pause");
  else send("play", { pace: pace.value });
}

export function Controls() {
  const now = frame.value;
  const told = settings.value;
  const [count, setCount] = useState("100");
  if (!now || !told) return null;
  const playing = now.playing;
  const steps = parsed(count);
  return html`<div class="controls" role="toolbar" aria-label="Descent">
    <button class="primary play" aria-pressed=${playing} onClick=${togglePlay} title="space">${playing ? "❚❚ Pause" : "▶ Descend"}</button>
    <button onClick=${() => send("step", { count: 1 })} title="one update (s)">1 step</button>
    <span class="joined"><button onClick=${() => steps >= 1 && send("step", { count: Math.round(steps) })}>steps:</button>
      <input aria-label="how many steps" inputmode="numeric" value=${count} size="5" onInput=${(event) => setCount(event.currentTarget.value)}
        onKeyDown=${(event) => {
          if (event.key === "Enter" && steps >= 1) send("step", { count: Math.round(steps) });
        }} /></span>
    ${told.epoch_steps > 1 && html`<button onClick=${() => send("step", { count: 1, unit: "epoch" })} title=${`every row once: ${whole(told.epoch_steps)} steps (e)`}>1 epoch</button>`}
    <label class="check" title="the parts of each step one after the other"><input type="checkbox" checked=${pace.value !== null}
      onChange=${(event) => {
        pace.value = event.currentTarget.checked ? 1 : null;
        if (playing) send("play", { pace: pace.value });
      }} /> slow</label>
    <span class="parts" role="group" aria-label="The parts of one step">${PARTS.map(
      ([part, name, hint], i) => html`<button key=${part} class=${now.phase === part ? "on" : ""}
      aria-pressed=${now.phase === part} title=${`${hint} (${i + 1})`} onClick=${() => send("phase", { part })}>${name}</button>`,
    )}</span>
    <button onClick=${() => send("reset", {})} title="back to the initial weights (r)">Reset</button>
    <button onClick=${() => send("reset", { seed: told.seed + 1 })} title="draw other initial weights (n)">New start</button>
    ${network.value.linear && html`<button onClick=${() => send("solve")} title="the exact answer, by least squares">Solve</button>`}
    <span class="grow"></span>
    <span class="count" aria-live="off"><b>${whole(now.step)}</b> steps${told.epoch_steps > 1 ? ` · epoch ${number(now.epoch, 4)}` : ""}${now.speed ? ` · ${number(now.speed, 2)} steps/s` : ""}</span>
  </div>`;
}

const LOW = -6;
const HIGH = 1;
const toSlider = (rate) => ((Math.log10(rate) - LOW) / (HIGH - LOW)) * 1000;
const fromSlider = (place) => Number((10 ** (LOW + ((HIGH - LOW) * place) / 1000)).toPrecision(3));

/** The learning rate on a logarithmic slider, with the stable range where it is known. */
export function Rate() {
  const told = settings.value;
  const [text, setText] = useState(null);
  if (!told) return null;
  const rate = told.learning_rate;
  const stable = told.stable;
  const share = stable ? Math.max(0, Math.min(100, toSlider(stable[0]) / 10)) : null;
  const commit = () => {
    const found = parsed(text ?? "");
    setText(null);
    if (found > 0) change({ learning_rate: found });
  };
  return html`<div class=${`rate ${stable && rate >= stable[0] ? "unstable" : ""}`}>
    <label for="rate">learning rate η</label>
    <span class="slider" style=${share === null ? {} : { "--stable": `${share}%` }} data-known=${share !== null}>
      <input id="rate" type="range" min="0" max="1000" step="1" value=${toSlider(rate)} aria-valuetext=${`${rate}`}
        onInput=${(event) => change({ learning_rate: fromSlider(Number(event.currentTarget.value)) })} /></span>
    <input aria-label="learning rate as a number" inputmode="decimal" size="8" value=${text ?? number(rate, 6)} onInput=${(event) => setText(event.currentTarget.value)}
      onBlur=${() => text !== null && commit()} onKeyDown=${(event) => {
        if (event.key === "Enter") commit();
      }} />
    ${stable ? html`<span class="muted">stable below ${number(stable[0], 4)}, best <button class="link" title="take the best constant rate" onClick=${() => change({ learning_rate: Number(stable[1].toPrecision(4)) })}>${number(stable[1], 4)}</button></span>` : null}
  </div>`;
}

/** The settings that are changed most, in one line. */
export function Quick() {
  const told = settings.value;
  if (!told) return null;
  const { optimizers, losses } = state.value.choices;
  return html`<div class="quick">
    <${Rate} />
    <${Choice} label="optimizer" value=${told.optimizer} options=${optimizers} onChange=${(optimizer) => change({ optimizer })} />
    <${Choice} label="loss" value=${told.loss} options=${losses} onChange=${(loss) => change({ loss })} />
    <${Choice} label="batch" value=${String(told.batch_size ?? "all rows")} options=${batches(told.batch_size)} onChange=${(size) => change({ batch_size: size === "all rows" ? null : Number(size) })} />
  </div>`;
}

function batches(now) {
  const usual = ["all rows", "1", "8", "16", "32", "64", "128", "256", "512"];
  const own = String(now ?? "all rows");
  return usual.includes(own) ? usual : [...usual, own];
}

export function Choice({ label, value, options, onChange, hide = false }) {
  return html`<label class="choice"><span class=${hide ? "unseen" : ""}>${label}</span><select value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
    ${options.map((option) => html`<option key=${option} value=${option} selected=${option === value}>${option.replace(/_/g, " ")}</option>`)}</select></label>`;
}

const KEYS = {
  " ": togglePlay,
  s: () => send("step", { count: 1 }),
  e: () => send("step", { count: 1, unit: "epoch" }),
  r: () => send("reset", {}),
  n: () => send("reset", { seed: settings.value.seed + 1 }),
  1: () => send("phase", { part: "forward" }),
  2: () => send("phase", { part: "loss" }),
  3: () => send("phase", { part: "backward" }),
  4: () => send("phase", { part: "update" }),
  ArrowLeft: () => moveInTime(-1),
  ArrowRight: () => moveInTime(1),
  "?": () => {
    help.value = !help.value;
  },
};

export const help = signal(false);

/** A moment back or forth. */
export function moveInTime(by) {
  const { at, steps } = frame.value.timeline;
  const next = Math.max(0, Math.min(steps.length - 1, at + by));
  send("scrub", { moment: next === steps.length - 1 ? null : next });
}

/** Keys for all of it, where the focus is not on something that takes keys itself. */
export function useKeys() {
  useEffect(() => {
    const pressed = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !frame.value) return;
      if (event.key === "Escape") help.value = false;
      const own = event.target.closest?.("input, select, textarea, [role=tab], canvas, dialog");
      const button = event.target.closest?.("button, summary, a");
      if (own || (button && (event.key === " " || event.key === "Enter"))) return;
      const doer = KEYS[event.key];
      if (!doer) return;
      event.preventDefault();
      doer();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}

export function Help() {
  const close = useRef(null);
  useEffect(() => {
    if (help.value) close.current.focus();
  }, [help.value]);
  if (!help.value) return null;
  const told = [
    ["space", "descend, pause"],
    ["s", "one step"],
    ["e", "one epoch"],
    ["1 2 3 4", "forward, loss, backward, update"],
    ["r", "reset"],
    ["n", "new start"],
    ["← →", "a moment back or forth"],
    ["?", "this list"],
  ];
  const numbers = [
    ["↑ ↓", "nudge a number by a tenth of its leading digit"],
    ["shift ↑ ↓", "finer"],
    ["ctrl ↑ ↓, page up, page down", "coarser"],
    ["drag", "left and right; shift faster, alt finer"],
  ];
  return html`<dialog open class="help" aria-label="Keys"><h2>Keys</h2><dl>${told.map(([key, what]) => html`<dt key=${key}><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <h2>On a number</h2><dl>${numbers.map(([key, what]) => html`<dt key=${key}><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <button ref=${close} onClick=${() => {
      help.value = false;
    }}>Close</button></dialog>`;
}
