/** The report on what stands on the page: made when it is asked for, opened in a tab or saved. */
import { whole } from "../core/format.js";
import { ask } from "../core/session.js";
import { frame, notice, overview, table } from "../core/store.js";
import { html, useEffect, useState } from "../core/ui.js";

const TITLES = { model: "The model, as it was fitted", network: "The network on this page, as it is now" };

/** On a page of a model the reader chooses which report; else there is one, and it is made at once. */
export function Report() {
  const [made, setMade] = useState(null); // {of, address, step}; without an address while it is made
  const make = (of) => {
    setMade({ of });
    ask("report", { of }).then((answer) => setMade(answer && { ...answer, step: frame.value.step }));
  };
  const choices = overview.value.reading.model ? ["model", "network"] : ["network"];
  useEffect(() => {
    if (choices.length === 1) make("network");
  }, []);
  const again = choices.length === 1 && made === null; // it was refused
  return html`<div class="sheet facts report" role="region" aria-label="Report">
    <h2>Report</h2>
    <p class="muted">What drives ${table.value.targets.join(", ")}, how large the errors are and where, how
      the table was read, and what it cannot say: one page. ${ofWhich()}</p>
    ${
      choices.length > 1 &&
      html`<div class="bar">${choices.map(
        (of) => html`<button key=${of}
      aria-pressed=${made?.of === of} onClick=${() => make(of)}>${TITLES[of]}</button>`,
      )}</div>`
    }
    <div role="status">${made && (made.address ? html`<${Done} ...${made} />` : html`<${Making} />`)}</div>
    ${again && html`<button onClick=${() => make("network")}>Make it</button>`}
  </div>`;
}

/** Which rows the errors of the network's report are of. */
function ofWhich() {
  const { validation } = frame.value.error;
  return validation === null
    ? "No row is held out, so that errors are of the rows that it was trained on."
    : "Errors of the network are of the validation rows.";
}

function Making() {
  const { kind, text } = notice.value ?? {};
  return html`<p>Making it${kind === "progress" ? `: ${text}` : ""} …</p>`;
}

function Done({ of, address, step }) {
  const moved = of === "network" && frame.value.step !== step;
  const name = `${table.value.name.replace(/\.\w+$/, "").replace(/\W+/g, "_")}_report.html`;
  return html`<p class="bar">
    <a class="primary" href=${address} target="_blank" rel="noopener">Open the report</a>
    <a href=${address} download=${name}>Save as a file</a>
    ${moved && html`<span class="muted">of step ${whole(step)}</span>`}</p>`;
}
