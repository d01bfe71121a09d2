/** The bottom of the page: where in time it is, and the curve of the error with the slider of time. */
import { html, useRef } from "../core/ui.js";
import { Curve, logSteps, saveCurve } from "./curve.js";
import { Stopped } from "./status.js";
import { isPast, Steps, Track, Where } from "./timeline.js";

export function Time() {
  const legend = useRef(null);
  const toggle = () => {
    logSteps.value = !logSteps.value;
  };
  return html`<section class=${`time timeline card ${isPast() ? "past" : ""}`} aria-label="Time">
    <div class="present">
      <${Where} />
      <div class="legend" ref=${legend}></div>
      <div class="bar"><${Steps} /><span class="grow"></span>
        <label class="check" title="Logarithmic steps"><input type="checkbox" checked=${logSteps.value}
          onChange=${toggle} /> Log</label>
        <button class="quiet" title="Save the curve as PNG" onClick=${saveCurve}>PNG</button></div>
    </div>
    <div class="past-and-present"><${Curve} legend=${legend} /><${Track} /></div>
    <${Stopped} />
  </section>`;
}
