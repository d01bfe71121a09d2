/** What several controls do. */
import { send } from "../core/session.js";
import { moving } from "../core/store.js";

/** Change some settings. @param {object} changes */
export function change(changes) {
  send("change_settings", { settings: changes });
}

export function togglePlay() {
  if (moving.value) send("pause");
  else send("play");
}

export function drawNewWeights() {
  send("draw_again", { what: "weights" });
}

/** Some saved steps forward, or back where negative. @param {number} count */
export function moveInTime(count) {
  send("move_in_time", { count });
}
