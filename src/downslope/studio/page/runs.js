/** The runs: named, kept, side by side. */

import { axes, colour, merged, plotLibrary, raised, SCALES, toldStep } from "./errors.js";
import { number, whole } from "./format.js";
import { frame, send, state } from "./store.js";
import { html, useEffect, useRef } from "./ui.js";

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4]];
const INKS = ["accent", "negative", "hand", "good", "ink"];

/** The runs as they are now: the state tells of the open one as it was when it was opened. */
function runsNow() {
  const now = frame.value;
  const { curve, error, step, timeline } = now;
  const latest = {
    step,
    error: error.value,
    validation: error.validation,
    steps: curve.steps,
    errors: curve.errors,
  };
  return state.value.runs.map((run) =>
    run.open && timeline.at === timeline.steps.length - 1 ? { ...run, ...latest, best: timeline.best } : run,
  );
}

export function Runs() {
  const runs = runsNow();
  const compared = runs.filter((run) => run.kept || run.open);
  return html`<div class="runs-panel"><p class="muted">Every new start and every change of the past begins a run. Keep those that are to be compared.</p>
    <table class="grid runs-table"><thead><tr><th scope="col" class="words">name</th><th scope="col">kept</th><th scope="col" class="words">layers</th><th scope="col" class="words">optimizer</th><th scope="col">rate</th>
      <th scope="col">steps</th><th scope="col">error</th><th scope="col">best</th><th scope="col">held out</th><th scope="col"><span class="unseen">actions</span></th></tr></thead>
    <tbody>${runs.map(
      (run) => html`<tr key=${run.number} class=${run.open ? "chosen" : ""}>
      <td class="words"><input type="text" aria-label=${`name of run ${run.number}`} value=${run.name} onChange=${(event) => send("name_run", { run: run.number, name: event.currentTarget.value })} />
        ${run.parent && html`<small class="muted"> from ${run.parent}</small>`}</td>
      <td><input type="checkbox" aria-label=${`keep ${run.name}`} checked=${run.kept} onChange=${() => send("name_run", { run: run.number, kept: !run.kept })} /></td>
      <td class="words">${run.shape} ${run.activation}</td><td class="words">${run.optimizer}</td><td>${number(run.rate, 4)}</td><td>${whole(run.step)}</td><td>${number(run.error, 5)}</td><td>${number(run.best, 5)}</td>
      <td>${number(run.validation, 5)}</td>
      <td>${run.open ? "open" : html`<button class="quiet" onClick=${() => send("scrub", { moment: null, run: run.number })}>open</button><button class="quiet" onClick=${() => send("drop_run", { run: run.number })}>forget</button>`}</td></tr>`,
    )}</tbody></table>
    <${Compared} runs=${compared} /></div>`;
}

function Compared({ runs }) {
  const box = useRef(null);
  useEffect(() => {
    let plot = null;
    let gone = false;
    plotLibrary().then((UPlot) => {
      if (gone || !box.current || !runs.length) return;
      const lines = runs.map((run) => Array.from(run.steps, (step, i) => [step + 1, run.errors[i]]));
      const options = {
        width: box.current.clientWidth,
        height: 240,
        scales: SCALES,
        axes: axes(true),
        series: [
          { label: "step", value: (_, v) => toldStep(v, true) },
          ...runs.map((run, i) => ({
            label: run.name,
            stroke: () => colour(INKS[i % INKS.length]),
            dash: DASHES[i % DASHES.length],
            width: 1.7,
            spanGaps: true,
            points: { show: false },
            value: (_, v) => number(raised(v), 5),
          })),
        ],
      };
      plot = new UPlot(options, merged(lines, true), box.current);
    });
    return () => {
      gone = true;
      if (plot) plot.destroy();
    };
  }, [state.value.version, frame.value.playing ? null : frame.value.step]);
  return html`<figure class="plot"><div ref=${box} role="img" aria-label=${`Curves of ${runs.map((run) => `${run.name}: best error ${number(run.best, 4)}`).join("; ")}`}></div></figure>`;
}
