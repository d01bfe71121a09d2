/** A choice among names. */
import { html } from "../core/ui.js";

/**
 * @param {{label: string, value: string, options: string[], onChange: (value: string) => void,
 *   hide?: boolean}} props `hide`: whether the label is for screen readers only
 */
export function Choice({ label, value, options, onChange, hide = false }) {
  const option = (name) =>
    html`<option key=${name} value=${name} selected=${name === value}>${name.replace(/_/g, " ")}</option>`;
  return html`<label class="choice"><span class=${hide ? "unseen" : ""}>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
      ${options.map(option)}
    </select></label>`;
}
