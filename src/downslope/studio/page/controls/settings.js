/** The network and everything of its descent that can be set. */
import { send } from "../core/session.js";
import { overview, settings } from "../core/store.js";
import { html } from "../core/ui.js";
import { change } from "./changes.js";
import { Choice, Field } from "./fields.js";

export function Settings() {
  const now = settings.value;
  const { choices } = overview.value;
  return html`<div class="settings-panel">
    <div class="bar"><h2>Layers</h2><span class="muted">Changing the layers draws new weights and
      starts a new run. An activation can be changed during a run.</span></div>
    ${now.fixed ? html`<${FixedLayers} />` : html`<${Layers} layers=${now.layers} choices=${choices} />`}
    <h2>Descent</h2><${Descent} now=${now} choices=${choices} />
    <h2>Loss and penalties</h2><${Loss} now=${now} choices=${choices} />
    <h2>Stopping</h2><${Stopping} />
  </div>`;
}

/** A field of one setting. */
function Setting({ name, ...rest }) {
  const set = (value) => change({ [name]: value });
  return html`<${Field} value=${settings.value[name]} onChange=${set} ...${rest} />`;
}

function Descent({ now, choices }) {
  return html`<div class="settings-grid">
    <${Choice} label="Optimizer" value=${now.optimizer} options=${choices.optimizers}
      onChange=${(optimizer) => change({ optimizer })} />
    ${now.optimizer === "sgd" && html`<${Setting} name="momentum" label="Momentum" />`}
    <${Setting} name="learning_rate" label="Learning rate" />
    <${Setting} name="batch_size" label="Batch size" empty="All rows" />
    <${Setting} name="clip_norm" label="Clip gradients at" empty="Never"
      hint="The largest norm of all gradients together; larger gradients are scaled down to it" />
    <${Setting} name="seed" label="Seed"
      hint="Fixes the initial weights, the batches, dropout and the choice of validation rows" />
  </div>`;
}

function Loss({ now, choices }) {
  return html`<div class="settings-grid">
    <${Choice} label="Loss" value=${now.loss} options=${choices.losses}
      onChange=${(loss) => change({ loss })} />
    ${now.loss === "huber" && html`<${Setting} name="delta" label="Huber delta" />`}
    <${Setting} name="l2" label="L2 penalty" />
    <${Setting} name="l1" label="L1 penalty" />
    ${
      !now.fixed &&
      html`<${Setting} name="dropout" label="Dropout"
        hint="Share of the hidden units that are left out in each step" />`
    }
    <${Setting} name="validation" label="Validation share"
      hint="Share of the rows that are used for validation only" />
  </div>`;
}

function Stopping() {
  return html`<div class="settings-grid">
    <${Setting} name="stop_steps" label="Maximum number of steps" empty="None" />
    <${Setting} name="stop_error" label="Stop below an error of" empty="Never" />
    <${Setting} name="stop_patience" label="Early stopping: patience" empty="Never"
      hint="Stop after so many measurements of the validation error without an improvement" />
  </div>`;
}

function FixedLayers() {
  const { shapes } = overview.value.network;
  const parameters = Object.entries(shapes).map(([name, shape]) => `${name} ${shape.join("×")}`);
  return html`<p>The layers of this network cannot be changed here: ${parameters.join(", ")}</p>`;
}

function Layers({ layers, choices }) {
  const last = layers.length - 1;
  const names = [...new Set(layers.slice(0, last).map(({ activation }) => activation))];
  const setAll = (activation) => send("change_layer", { layer: null, changes: { activation } });
  const options = [...(names.length > 1 ? [["", "various"]] : []), ...choices.activations];
  return html`<div class="layers-editor">
    ${
      last > 1 &&
      html`<${Choice} label="All hidden layers" value=${names.length > 1 ? "" : names[0]} options=${options}
        onChange=${setAll} />`
    }
    ${layers.map((_, i) => html`<${Layer} key=${i} layers=${layers} index=${i} choices=${choices} />`)}
    <button onClick=${() => send("add_layer")}>Add a hidden layer</button></div>`;
}

function Layer({ layers, index, choices }) {
  const layer = layers[index];
  const isOutput = index === layers.length - 1;
  const set = (changes) => send("change_layer", { layer: index, changes });
  const remove = () => send("remove_layer", { layer: index });
  const add = (count) => send("add_units", { layer: index, count });
  const name = isOutput ? "Output" : `Hidden ${index + 1}`;
  const label = isOutput ? "Output layer" : `Hidden layer ${index + 1}`;
  return html`<div class="layer-card" role="group" aria-label=${label}>
    <b>${name}</b>
    ${
      isOutput
        ? html`<span class="muted">${layer.units} ${layer.units === 1 ? "unit" : "units"}</span>`
        : html`<${Units} units=${layer.units} add=${add} onChange=${(units) => set({ units })} />`
    }
    <${Choice} label="Activation" hide value=${layer.activation} options=${choices.activations}
      onChange=${(activation) => set({ activation })} />
    <label class="check"><input type="checkbox" checked=${layer.bias}
      onChange=${() => set({ bias: !layer.bias })} /> Bias</label>
    ${!isOutput && html`<button class="quiet" onClick=${remove}>Remove</button>`}
  </div>`;
}

function Units({ units, add, onChange }) {
  return html`<span class="bar">
    <button class="quiet" aria-label="Remove one unit" disabled=${units < 2}
      onClick=${() => add(-1)}>−</button>
    <${Field} label="Units" value=${units} width="4rem"
      onChange=${(count) => count !== null && onChange(Math.round(count))} />
    <button class="quiet" aria-label="Add one unit" onClick=${() => add(1)}>+</button></span>`;
}
