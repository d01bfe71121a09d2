/** The speed of descent and of replay on one slider: from a step in two seconds to as fast as it goes. */
import { number } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, overview } from "../core/store.js";
import { html, signal, useEffect } from "../core/ui.js";

/** The position of the thumb, from the first move until the session says the same. */
const held = signal(null);

/** A pace in words. @param {number | null} pace steps a second; null is as fast as it goes */
export function paceInWords(pace, unit = "step") {
  if (pace === null) return "as fast as it goes";
  if (pace < 1) return `1 ${unit} in ${number(1 / pace, 2)} s`;
  return `${number(pace)} ${unit}${pace === 1 ? "" : "s"}/s`;
}

/** Where a pace is among those of the slider, in even distances; behind the last it is as fast as it goes. */
export function positionOf(pace, paces) {
  if (pace === null) return paces.length;
  const distances = paces.map((one) => Math.abs(Math.log(one / pace)));
  return distances.indexOf(Math.min(...distances));
}

function setPosition(position) {
  const { paces } = overview.value.choices;
  held.value = Math.max(0, Math.min(paces.length, position));
  send("set_pace", { pace: paces[held.value] ?? null });
}

/** Some positions faster, or slower where negative. @param {number} count */
export function changeSpeed(count) {
  setPosition((held.value ?? positionOf(frame.value.pace, overview.value.choices.paces)) + count);
}

export function Speed() {
  const { pace, replay } = frame.value;
  const { paces } = overview.value.choices;
  const now = positionOf(pace, paces);
  useEffect(() => {
    if (held.value === now) held.value = null;
  }, [now, held.value]);
  const position = held.value ?? now;
  const words =
    replay === null
      ? paceInWords(position === now ? pace : (paces[position] ?? null))
      : paceInWords(replay, "saved step");
  return html`<span class="speed" title="How fast it descends and replays: slower −, faster +">
    <input type="range" min="0" max=${paces.length} step="1" value=${position} aria-label="Speed"
      aria-valuetext=${words} onInput=${(event) => setPosition(Number(event.currentTarget.value))} />
    <span class="pace">${words}</span></span>`;
}
