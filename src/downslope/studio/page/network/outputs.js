/** What the outputs are: classes, or targets. */
import { table } from "../core/store.js";
import { html } from "../core/ui.js";

/**
 * A name for each output: its class or its target; of two classes, the one that a positive z speaks for.
 * @param {{classes: string[], targets: string[]}} table
 * @returns {string[]}
 */
export function namesOfOutputs({ classes, targets }) {
  if (classes.length > 2) return classes;
  return classes.length === 2 ? [`${classes[1]} where z > 0`] : targets;
}

/** Beside the outputs; the name of a single one above E. */
export function OutputNames({ layout }) {
  const outputs = layout.columns[layout.columns.length - 1];
  const names = namesOfOutputs(table.value);
  if (names.length !== outputs.length) return null;
  const single = names.length === 1;
  return outputs.map(([x, y], i) => {
    const style = {
      left: `${x + layout.radius + (single ? 10 : 5)}px`,
      top: `${y - (single ? 40 : 8)}px`,
      width: `${single ? 90 : layout.names - 4}px`,
    };
    return html`<span key=${i} class="outputname" style=${style} title=${names[i]}>${names[i]}</span>`;
  });
}
