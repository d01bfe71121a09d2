/** What several controls do. */
import { send } from "../core/session.js";
import { frame, settings } from "../core/store.js";
import { signal } from "../core/ui.js";

/** Steps a second in slow motion, or null. */
export const pace = signal(null);

/** Change some settings. @param {object} changes */
export function change(changes) {
  send("change_settings", { settings: changes });
}

export function togglePlay() {
  if (frame.value?.playing) send("pause");
  else send("play", { pace: pace.value });
}

export function drawNewWeights() {
  send("reset", { seed: settings.value.seed + 1 });
}

/** Some saved steps forward, or back where negative. @param {number} count */
export function moveInTime(count) {
  const { index, steps } = frame.value.timeline;
  const last = steps.length - 1;
  const next = Math.max(0, Math.min(last, index + count));
  send("go_to", { saved_step: next === last ? null : next });
}
