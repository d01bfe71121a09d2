/** The network and everything of its descent that can be set. */

import { Choice, change } from "./controls.js";
import { Field } from "./number.js";
import { settings, state } from "./store.js";
import { html } from "./ui.js";

export function Settings() {
  const told = settings.value;
  const { choices, network } = state.value;
  return html`<div class="settings-panel">
    <div class="bar"><h2>Layers</h2><span class="muted">A change of layers draws new weights and begins a run; an activation can change in mid-run.</span></div>
    ${
      told.fixed
        ? html`<p>This network has layers of other kinds; they stay as they are: ${Object.entries(
            network.shapes,
          )
            .map(([name, shape]) => `${name} ${shape.join("×")}`)
            .join(", ")}</p>`
        : html`<${Layers} told=${told} choices=${choices} />`
    }
    <h2>Descent</h2>
    <div class="settings-grid">
      <${Choice} label="optimizer" value=${told.optimizer} options=${choices.optimizers} onChange=${(optimizer) => change({ optimizer })} />
      ${told.optimizer === "sgd" && html`<${Field} label="momentum" value=${told.momentum} onChange=${(momentum) => change({ momentum: momentum ?? 0 })} />`}
      <${Field} label="learning rate" value=${told.learning_rate} onChange=${(learning_rate) => learning_rate !== null && change({ learning_rate })} />
      <${Field} label="rows in a batch" value=${told.batch_size} empty="all" onChange=${(batch_size) => change({ batch_size })} />
      <${Field} label="largest gradient norm" value=${told.clip_norm} empty="any" onChange=${(clip_norm) => change({ clip_norm })} hint="larger gradients are shrunk to it" />
      <${Field} label="seed" value=${told.seed} onChange=${(seed) => seed !== null && change({ seed })} hint="fixes starting weights, batches, dropout and held-out rows" />
    </div>
    <h2>Loss and penalties</h2>
    <div class="settings-grid">
      <${Choice} label="loss" value=${told.loss} options=${choices.losses} onChange=${(loss) => change({ loss })} />
      ${told.loss === "huber" && html`<${Field} label="delta" value=${told.delta} onChange=${(delta) => delta !== null && change({ delta })} />`}
      <${Field} label="L2 penalty" value=${told.l2} onChange=${(l2) => change({ l2: l2 ?? 0 })} />
      <${Field} label="L1 penalty" value=${told.l1} onChange=${(l1) => change({ l1: l1 ?? 0 })} />
      ${!told.fixed && html`<${Field} label="dropout" value=${told.dropout} onChange=${(dropout) => change({ dropout: dropout ?? 0 })} hint="share of the hidden units left out in each step" />`}
      <${Field} label="share held out" value=${told.validation} onChange=${(validation) => change({ validation: validation ?? 0 })} hint="rows that only measure" />
    </div>
    <h2>Stop</h2>
    <div class="settings-grid">
      <${Field} label="after steps" value=${told.stop_steps} empty="never" onChange=${(stop_steps) => change({ stop_steps })} />
      <${Field} label="when the error is below" value=${told.stop_error} empty="never" onChange=${(stop_error) => change({ stop_error })} />
      <${Field} label="after looks without a better held-out error" value=${told.stop_patience} empty="never" onChange=${(stop_patience) => change({ stop_patience })} />
    </div></div>`;
}

function Layers({ told, choices }) {
  const { layers } = told;
  const last = layers.length - 1;
  const put = (place, changes) =>
    change({ layers: layers.map((layer, i) => (i === place ? { ...layer, ...changes } : layer)) });
  const insert = () => {
    const like = last > 0 ? layers[last - 1] : { units: 8, activation: "tanh", bias: true };
    change({ layers: [...layers.slice(0, last), { ...like }, layers[last]] });
  };
  return html`<div class="layers-editor">${layers.map(
    (
      layer,
      i,
    ) => html`<div class="layer-card" key=${i} role="group" aria-label=${i === last ? "output layer" : `hidden layer ${i + 1}`}>
      <b>${i === last ? "output" : `hidden ${i + 1}`}</b>
      ${
        i === last
          ? html`<span class="muted">${layer.units} ${layer.units === 1 ? "unit" : "units"}</span>`
          : html`<span class="bar"><button class="quiet" aria-label="one unit less" disabled=${layer.units < 2} onClick=${() => put(i, { units: layer.units - 1 })}>−</button>
        <${Field} label="units" value=${layer.units} width="4rem" onChange=${(units) => units !== null && put(i, { units: Math.round(units) })} />
        <button class="quiet" aria-label="one unit more" onClick=${() => put(i, { units: layer.units + 1 })}>+</button></span>`
      }
      <${Choice} label="activation" hide value=${layer.activation} options=${choices.activations} onChange=${(activation) => put(i, { activation })} />
      <label class="check"><input type="checkbox" checked=${layer.bias} onChange=${() => put(i, { bias: !layer.bias })} /> bias</label>
      ${i < last && html`<button class="quiet" onClick=${() => change({ layers: layers.filter((_, k) => k !== i) })}>take away</button>`}
    </div>`,
  )}
    <button onClick=${insert}>+ hidden layer</button></div>`;
}
