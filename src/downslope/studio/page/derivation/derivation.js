/** The derivation of what is selected, with the numbers that are shown. */
import { Choice } from "../controls/fields.js";
import { number } from "../core/format.js";
import { goToStep, pointAway, pointed, speaksOf, stepAt } from "../core/links.js";
import { explain, selectRow } from "../core/session.js";
import { explanation, frame, network, row, selected, table } from "../core/store.js";
import { html, useEffect, useRef } from "../core/ui.js";
import { Averaged, Opened, Product } from "./product.js";
import { Stepper, stepKeys, stepOf } from "./stepper.js";

const MOST_ROWS = 200; // that are listed
const AGAIN = 150; // milliseconds until numbers that moved are written again
const NOTHING =
  "Select a weight (by its ∂ button or its line), a unit or a row. Its chain rule appears here with " +
  "numbers, first for one row and then averaged over the rows.";
const BARS =
  "Bars: how far a factor is from 1, which changes no product; to the right it makes the product larger. " +
  "Logarithmic. The mark is its typical size over the rows.";

export function Derivation() {
  const found = explanation.value;
  const chain = found?.chain;
  useEffect(() => {
    stepAt.value = null;
    return () => {
      stepAt.value = null;
    };
  }, [JSON.stringify(selected.value), row.value]);
  const keys = (event) => chain && stepKeys(event, chain.steps.length);
  return html`<div class="derivation-panel" onKeyDown=${keys}>
    <div class="bar"><${RowChoice} /><${Renew} found=${found} /></div>
    ${!found && html`<p class="muted">${NOTHING}</p>`}
    ${found?.note && html`<p class="muted">${found.note}</p>`}
    ${chain && html`<${Chain} chain=${chain} />`}
    ${found?.histogram && html`<${Activations} ...${found.histogram} />`}
    <${Written} found=${found} />
  </div>`;
}

/** The chain rule in its short form, its passes step by step, and each factor opened. */
function Chain({ chain }) {
  const { mean, gradient, factors, reason, opened, steps } = chain;
  const show = (key, kind) => {
    const at = stepOf(steps, key, kind);
    if (at >= 0) goToStep(at);
  };
  return html`<section class="chain" aria-label="Chain rule">
    ${
      gradient &&
      html`${
        mean
          ? html`<${Averaged} ...${mean} show=${show} />`
          : html`<${Product} gradient=${gradient} factors=${factors} show=${show} />`
      }
      <p class="reason">${reason}</p>`
    }
    ${!chain.chosen && html`<${Heaviest} chain=${chain} />`}
    <${Stepper} steps=${steps} />
    ${
      opened.length > 0 &&
      html`<h2>Where ${opened[0].of.text} comes from${chain.chosen ? "" : `, on row ${chain.row + 1}`}</h2>
      ${opened.map((one) => html`<${Opened} key=${one.of.text} ...${one} show=${show} />`)}
      <p class="muted small">${BARS}</p>`
    }
  </section>`;
}

/** Which row the passes are of, where none was chosen. */
function Heaviest({ chain: { row: index, share } }) {
  const part = share === null ? "" : `: ${number(100 * share, 3)} % of the sum of sizes`;
  return html`<h2>There and back on row ${index + 1}</h2>
    <p class="muted small">This row weighs most in the mean${part}.</p>`;
}

/** The kind of quantity that a symbol is marked as. */
const kindOf = (part) => /\bq-(\w+)/.exec(part.getAttribute("class") ?? "")?.[1] ?? "";

/** All of it as text and formulas; its symbols point, and are pointed at. */
function Written({ found }) {
  const box = useRef(null);
  useEffect(() => {
    // the session writes this text itself, from numbers and escaped names
    box.current.innerHTML = found ? found.html : "";
    for (const formula of box.current.querySelectorAll(".formula")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0; // scrolled by keys too
    }
  }, [found]);
  const { keys } = pointed.value;
  useEffect(() => {
    for (const part of box.current.querySelectorAll("[data-to]")) {
      part.classList.toggle("lit", speaksOf(part.dataset.to.split(" "), keys));
    }
  }, [keys, found]);
  const point = (event) => {
    const part = event.target.closest("[data-to]");
    if (!part) return pointAway();
    const to = part.dataset.to.split(" ");
    if (pointed.value.keys[0] === to[0]) return undefined;
    const about = to[0].startsWith("row") ? [] : [`row:${found.chain.row}`];
    pointed.value = { keys: [...to, ...about], kind: kindOf(part) };
    return undefined;
  };
  return html`<div ref=${box} class="derivation" onPointerOver=${point} onPointerLeave=${pointAway}></div>`;
}

/** Which row the derivation is of. */
function RowChoice() {
  const now = row.value;
  const listed = Array.from({ length: Math.min(table.value.rows, MOST_ROWS) }, (_, i) => i);
  if (now !== null && now >= MOST_ROWS) listed.push(now);
  const choose = (value) => {
    if (value === "") {
      row.value = null;
      explain();
    } else if (Number(value) !== now) {
      selectRow(Number(value));
    }
  };
  const options = [["", "All rows, averaged"], ...listed.map((i) => [String(i), `Row ${i + 1}`])];
  return html`<${Choice} label="Derivation for" value=${now === null ? "" : String(now)} options=${options}
    onChange=${choose} />`;
}

/**
 * Where the numbers have moved since, they are written again: by themselves at rest, so that the chain rule
 * follows the hand; by a button during a run, and in networks that are too large for it.
 */
function Renew({ found }) {
  const { step, error, playing } = frame.value;
  // where a weight is moved by hand the step stays, and the error does not
  const stale = found && (found.step !== step || !Object.is(found.error, error.value));
  const follows = !playing && network.value.drawn;
  const waiting = useRef(null);
  useEffect(() => {
    if (!stale || !follows || waiting.current) return;
    waiting.current = setTimeout(() => {
      waiting.current = null;
      explain(true);
    }, AGAIN);
  });
  useEffect(() => () => clearTimeout(waiting.current), []);
  if (!stale || follows) return null;
  const when = found.step === step ? "before the last change" : `of step ${found.step}`;
  return html`<button onClick=${() => explain()}>These are the numbers ${when}. Update them</button>`;
}

/** A histogram of a unit's activation over the rows. */
function Activations({ counts, edges }) {
  const most = Math.max(...counts, 1);
  const range = `from ${number(edges[0], 4)} to ${number(edges[edges.length - 1], 4)}`;
  const text = `Activation of this unit over the rows, ${range}`;
  const bar = (count, i) => {
    const height = (58 * count) / most;
    const title = `${number(edges[i], 4)} to ${number(edges[i + 1], 4)}: ${count} rows`;
    return html`<rect key=${i} x=${i * 10 + 0.5} width="9" y=${60 - height} height=${height}>
      <title>${title}</title></rect>`;
  };
  return html`<figure class="histogram">
    <svg viewBox="0 0 240 60" width="240" height="60" role="img"
      aria-label=${`${text}; counts ${Array.from(counts).join(", ")}`}>${Array.from(counts, bar)}</svg>
    <figcaption class="muted">${text}</figcaption></figure>`;
}
