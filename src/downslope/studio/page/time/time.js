/** The bottom of the page: where in time it is, and the curve of the error, on which time is gone back to. */
import { html, useRef } from "../core/ui.js";
import { Curve, saveCurve } from "./curve.js";
import { chosenEven, even } from "./story.js";
import { isPast, Scrubber, Steps, Where } from "./timeline.js";

const EVEN = "Even steps: all are equally wide. Otherwise all saved steps are";

export function Time() {
  const legend = useRef(null);
  const toggle = () => {
    chosenEven.value = !even.value;
  };
  return html`<section class=${`time timeline card ${isPast() ? "past" : ""}`} aria-label="Time">
    <div class="present">
      <${Where} />
      <div class="legend" ref=${legend}></div>
      <div class="bar"><${Steps} /><span class="grow"></span>
        <label class="check" title=${EVEN}><input type="checkbox" checked=${even.value}
          onChange=${toggle} /> Even</label>
        <button class="quiet" title="Save the curve as PNG" onClick=${saveCurve}>PNG</button></div>
    </div>
    <${Scrubber}><${Curve} legend=${legend} /><//>
  </section>`;
}
