/** The learning rate on a logarithmic slider, with the stable range where it is known. */
import { number, parsed } from "../core/format.js";
import { overview, refuseNumber, settings } from "../core/store.js";
import { html, useEffect, useState } from "../core/ui.js";
import { change } from "./changes.js";

const [LOW, HIGH] = [-6, 1]; // the ends of the slider, as powers of ten
const MOST = 1000; // positions of the slider
const toSlider = (rate) => Math.round(((Math.log10(rate) - LOW) / (HIGH - LOW)) * MOST);
const fromSlider = (position) => Number((10 ** (LOW + ((HIGH - LOW) * position) / MOST)).toPrecision(3));

export function LearningRate() {
  const [text, setText] = useState(null);
  const { learning_rate: rate } = settings.value;
  const { stable_range: range = null } = overview.value; // comes after the first picture
  const [stable, best] = range ?? [Infinity, null];
  const share = range && Math.max(0, Math.min(100, (100 * toSlider(stable)) / MOST));
  const commit = () => {
    if (text === null) return;
    const found = parsed(text);
    setText(null);
    if (Number.isFinite(found)) change({ learning_rate: found });
    else refuseNumber("Learning rate", text);
  };
  const now = toSlider(rate);
  const [held, hold] = useState(null); // the thumb's position until the session says the same
  useEffect(() => {
    if (held === now) hold(null);
  }, [held, now]);
  const slide = (event) => {
    const position = Number(event.currentTarget.value);
    hold(position);
    change({ learning_rate: fromSlider(position) });
  };
  return html`<div class=${`rate ${rate >= stable ? "unstable" : ""}`}>
    <label for="rate" title="Learning rate">η<span class="unseen"> Learning rate</span></label>
    <span class="slider" style=${range ? { "--stable": `${share}%` } : {}} data-known=${Boolean(range)}>
      <input id="rate" type="range" min="0" max=${MOST} step="1" value=${held ?? now}
        aria-valuetext=${String(rate)}
        onInput=${slide} /></span>
    <input aria-label="Learning rate as a number" inputmode="decimal" size="7"
      value=${text ?? number(rate, 6)}
      onInput=${(event) => setText(event.currentTarget.value)} onBlur=${commit}
      onKeyDown=${(event) => event.key === "Enter" && commit()} />
    ${range && html`<${StableRange} stable=${stable} best=${best} />`}
  </div>`;
}

function StableRange({ stable, best }) {
  const take = () => change({ learning_rate: Number(best.toPrecision(4)) });
  const hint = "Use the best constant learning rate";
  return html`<span class="muted stable">stable below ${number(stable, 4)}, best ${html`<button class="link"
    title=${hint} onClick=${take}>${number(best, 4)}</button>`}</span>`;
}
