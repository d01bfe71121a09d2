/** A choice among names. */
import { html } from "../core/ui.js";

/**
 * @param {{label: string, value: string, options: (string | [string, string])[],
 *   onChange: (value: string) => void, hide?: boolean}} props `options`: values, or values and what is
 *   written for them; `hide`: whether the label is for screen readers only
 */
export function Choice({ label, value, options, onChange, hide = false }) {
  const option = (one) => {
    const [known, text] = Array.isArray(one) ? one : [one, one.replace(/_/g, " ")];
    return html`<option key=${known} value=${known} selected=${known === value}>${text}</option>`;
  };
  return html`<label class="choice"><span class=${hide ? "unseen" : ""}>${label}</span>
    <select value=${value} onChange=${(event) => onChange(event.currentTarget.value)}>
      ${options.map(option)}
    </select></label>`;
}
