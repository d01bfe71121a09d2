/** How a sample is made: its noise, its rows, and which share of them only measures. */
import { change } from "../controls/changes.js";
import { Field } from "../controls/fields.js";
import { number } from "../core/format.js";
import { send } from "../core/session.js";
import { settings, table } from "../core/store.js";
import { html } from "../core/ui.js";

const MOST_NOISE = 0.5;
const MOST_VALIDATION = 0.8;

/** Make the sample that is open otherwise. */
const make = (fields) => send("open_sample", { name: table.value.name, ...fields });

/** How many rows a sample has, to be set, and other points of the same kind. */
export function SampleRows() {
  const { rows } = table.value.recipe;
  return html`<span class="bar recipe-rows">
    <${Field} label="Rows" value=${rows} width="3.2rem"
      onChange=${(count) => make({ rows: Math.round(count) })} />
    <span class="muted" aria-hidden="true">rows</span>
    <button class="quiet" title="Other points, drawn in the same way" aria-label="New points"
      onClick=${() => send("draw_again", { what: "points" })}>⟳</button></span>`;
}

export function Recipe() {
  const { recipe } = table.value;
  if (!recipe) return null;
  const { validation } = settings.value;
  const share = `${number(100 * validation, 3)} %`;
  return html`<div class="bar recipe" role="group" aria-label="How the sample is made">
    <${Slider} label="Noise" value=${recipe.noise} most=${MOST_NOISE} step="0.01"
      text=${number(recipe.noise, 3)} hint="Standard deviation of what is added to each input"
      onChange=${(noise) => make({ noise })} />
    <${Slider} label="Validation" value=${validation} most=${MOST_VALIDATION} step="0.05" text=${share}
      hint="Share of the rows that only measures" onChange=${(chosen) => change({ validation: chosen })} />
  </div>`;
}

function Slider({ label, value, most, step, text, hint, onChange }) {
  return html`<label class="made" title=${hint}><span>${label}</span>
    <input type="range" aria-label=${label} min="0" max=${Math.max(most, value)} step=${step}
      value=${value} aria-valuetext=${text}
      onInput=${(event) => onChange(Number(event.currentTarget.value))} />
    <output>${text}</output></label>`;
}
