/** Replay: the saved steps of the run, one after the other, at the speed that is set. */
import { send } from "../core/session.js";
import { frame } from "../core/store.js";
import { html } from "../core/ui.js";

export function toggleReplay() {
  if (frame.value.replay === null) send("replay");
  else send("pause");
}

export function Replay() {
  const { replay, timeline } = frame.value;
  const past = timeline.index < timeline.steps.length - 1;
  const hint = past ? "Replay the saved steps from here (p)" : "Replay the saved steps from the start (p)";
  const going = replay !== null;
  return html`<button class="replay" aria-pressed=${going} title=${going ? "Pause the replay (p)" : hint}
    disabled=${timeline.steps.length < 2} onClick=${toggleReplay}>
    <span aria-hidden="true">${going ? "❚❚" : "↻"}</span> Replay</button>`;
}
