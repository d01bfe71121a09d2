/** What is said of the place under the pointer. */
import { html, signal } from "../core/ui.js";

/** @type {{value: {x: number, y: number, text: string} | null}} */
export const tip = signal(null);

export function hideTip() {
  tip.value = null;
}

export function Tip() {
  if (!tip.value) return null;
  const { x, y, text } = tip.value;
  const position = { left: `${x + 14}px`, top: `${y + 10}px` };
  return html`<div class="tip" style=${position}>${text}</div>`;
}
