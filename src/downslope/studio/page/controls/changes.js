/** What several controls do. */
import { send } from "../core/session.js";
import { frame, moving, settings } from "../core/store.js";

/** Change some settings. @param {object} changes */
export function change(changes) {
  send("change_settings", { settings: changes });
}

export function togglePlay() {
  if (moving.value) send("pause");
  else send("play");
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
