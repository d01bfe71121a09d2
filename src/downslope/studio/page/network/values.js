/** Which values a step of the passes shows, and where. */

/**
 * The values that stand on the drawing at a step, by place: those of the steps before stay, but for the
 * products of a sum once it is done; a newer value at the same place takes it.
 * @param {{phase: string, kind: string, values: [string, number][]}[]} steps
 * @param {number} at the step, counted from 0
 * @param {(key: string) => boolean} roomy whether a gradient has a place of its own above a unit
 */
export function valuesAt(steps, at, roomy) {
  const shown = new Map();
  steps.slice(0, at + 1).forEach(({ kind, phase, values }, i) => {
    for (const [key, value] of values) {
      const above = !key.startsWith("unit") || (kind !== "activation" && roomy(key));
      if (key.startsWith("weight") && phase === "forward" && steps[at].phase !== "forward") continue;
      shown.set(`${key} ${above}`, { place: key, kind, value, above, isNew: i === at });
    }
  });
  return shown;
}
