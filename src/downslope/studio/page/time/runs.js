/** The runs: named, kept, side by side. */
import { number, whole } from "../core/format.js";
import { send } from "../core/session.js";
import { frame, overview, settings } from "../core/store.js";
import { html, useEffect, useRef } from "../core/ui.js";
import { axes, colour, merged, plotLibrary, raised, SCALES, stepText } from "./plot.js";

const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 4]];
const INKS = ["accent", "negative", "hand", "good", "ink"];
const HEIGHT = 240;
const HEADS = [
  ["Name", true],
  ["Keep", false],
  ["Layers", true],
  ["Optimizer", true],
  ["Learning rate", false],
  ["Steps", false],
  ["Error", false],
  ["Best error", false],
  ["Validation error", false],
];

/** The runs as they are now: the overview has the open one as it was when it was opened. */
function runsNow() {
  const { curve, error, step, timeline } = frame.value;
  const { learning_rate, optimizer } = settings.value;
  const { value, validation } = error;
  const latest = { step, error: value, validation, steps: curve.steps, errors: curve.errors };
  const atPresent = timeline.index === timeline.steps.length - 1;
  return overview.value.runs.map((run) =>
    run.open && atPresent ? { ...run, ...latest, learning_rate, optimizer, best: timeline.best } : run,
  );
}

export function Runs() {
  const runs = runsNow();
  const head = ([name, words]) =>
    html`<th key=${name} scope="col" class=${words ? "words" : ""}>${name}</th>`;
  return html`<div class="runs-panel">
    <p class="muted">Each new start, and each change to an earlier saved step, starts a new run.
      Tick Keep to compare runs.</p>
    <table class="grid runs-table">
      <thead><tr>${HEADS.map(head)}<th scope="col"><span class="unseen">Actions</span></th></tr></thead>
      <tbody>${runs.map((run) => html`<${Run} key=${run.number} ...${run} />`)}</tbody></table>
    <${Curves} runs=${runs.filter((run) => run.kept || run.open)} /></div>`;
}

function Run(run) {
  const { number: id, name } = run;
  const rename = (event) => send("name_run", { run: id, name: event.currentTarget.value });
  const keep = () => send("name_run", { run: id, kept: !run.kept });
  return html`<tr class=${run.open ? "chosen" : ""}>
    <td class="words"><input type="text" aria-label=${`Name of run ${id}`} value=${name} onChange=${rename} />
      ${run.parent && html`<small class="muted"> from run ${run.parent}</small>`}</td>
    <td><input type="checkbox" aria-label=${`Keep ${name}`} checked=${run.kept} onChange=${keep} /></td>
    <td class="words">${run.shape} ${run.activation}</td><td class="words">${run.optimizer}</td>
    <td>${number(run.learning_rate, 4)}</td><td>${whole(run.step)}</td><td>${number(run.error, 5)}</td>
    <td>${number(run.best, 5)}</td><td>${number(run.validation, 5)}</td>
    <td>${run.open ? "Open now" : html`<${Actions} id=${id} />`}</td></tr>`;
}

function Actions({ id }) {
  const open = () => send("go_to", { saved_step: null, run: id });
  return html`<button class="quiet" onClick=${open}>Open</button>
    <button class="quiet" onClick=${() => send("remove_run", { run: id })}>Remove</button>`;
}

/** The curves of some runs in one plot. */
function Curves({ runs }) {
  const box = useRef(null);
  useEffect(() => {
    let plot = null;
    let gone = false;
    plotLibrary().then((UPlot) => {
      if (gone || !box.current || !runs.length) return;
      const lines = runs.map((run) => Array.from(run.steps, (step, i) => [step + 1, run.errors[i]]));
      plot = new UPlot(optionsFor(box.current.clientWidth, runs), merged(lines, true), box.current);
    });
    return () => {
      gone = true;
      plot?.destroy();
    };
  }, [overview.value.runs, frame.value.playing ? null : frame.value.step]);
  const texts = runs.map(({ name, best }) => `${name}: best error ${number(best, 4)}`);
  const label = `Curves of ${texts.join("; ")}`;
  return html`<figure class="plot"><div ref=${box} role="img" aria-label=${label}></div></figure>`;
}

function optionsFor(width, runs) {
  const series = (run, i) => ({
    label: run.name,
    stroke: () => colour(INKS[i % INKS.length]),
    dash: DASHES[i % DASHES.length],
    width: 1.7,
    spanGaps: true,
    points: { show: false },
    value: (_, value) => number(raised(value), 5),
  });
  const steps = { label: "Step", value: (_, value) => stepText(value, true) };
  return { width, height: HEIGHT, scales: SCALES, axes: axes(true), series: [steps, ...runs.map(series)] };
}
