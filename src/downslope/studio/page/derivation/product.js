/** Products of factors: each in the colour of its kind, with its number and a bar of its size. */
import { fitted, number, whole } from "../core/format.js";
import { pointed, pointing, speaksOf, wantedRow } from "../core/links.js";
import { selectRow } from "../core/session.js";
import { html } from "../core/ui.js";

/** ∂E/∂w = δ · x, with numbers. */
export function Product({ gradient, factors, show }) {
  return html`<div class="product">
    <${Factor} ...${gradient} show=${show} />
    ${factors.map(
      (factor, i) => html`<span class="sign">${i ? "·" : "="}</span>
        <${Factor} key=${factor.text} ...${factor} show=${show} />`,
    )}</div>`;
}

/** The mean over the rows, and what those that add most add to it. */
export function Averaged({ gradient, of, count, even, terms, others, show }) {
  const choose = (index) => () => {
    wantedRow.value = { index };
    selectRow(index);
  };
  const row = ({ row: index, factors, adds }) => html`<div class="product row" key=${index} role="listitem">
    <button class="link" title="The chain rule of this row" onClick=${choose(index)}>row ${index + 1}</button>
    <${Term} factors=${factors} first show=${choose(index)} />
    <span class="sign">${even ? `/ ${whole(count)} =` : "adds"}</span><b>${fitted(adds, 6, 10)}</b></div>`;
  return html`<div class="product"><${Factor} ...${gradient} show=${show} />
      <span class="sign">= ${even ? "" : "weighted "}mean over ${whole(count)} rows of</span>
      <span dangerouslySetInnerHTML=${{ __html: `<math>${of}</math>` }} /></div>
    <div class="averaged" role="list" aria-label="What rows add to the mean">${terms.map(row)}
      ${
        others &&
        html`<div class="product row" role="listitem"><span>${whole(others[0])} others</span>
        <span class="sign">add</span><b>${fitted(others[1], 6, 10)}</b></div>`
      }</div>`;
}

/** A factor: pointing at it lights what it speaks of; pressing it shows the step in which it appears. */
export function Factor({ symbol, text, value, kind, refers, meaning, bar, typical, show }) {
  const marked = speaksOf(refers, pointed.value.keys) ? " lit" : "";
  const label = `${text} = ${number(value, 6)}: ${meaning}`;
  return html`<button class=${`factor q-${kind}${marked}`} data-to=${refers.join(" ")} aria-label=${label}
    title=${meaning} ...${pointing(refers, kind)} onClick=${() => show(refers[0], kind)}>
    <span dangerouslySetInnerHTML=${{ __html: `<math>${symbol}</math>` }} />
    <span class="value">${fitted(value, 6, 8)}</span>
    <${Size} bar=${bar} typical=${typical} />
  </button>`;
}

/** The size of a factor: from 1 in the middle, to the right where it makes a product larger. */
function Size({ bar, typical }) {
  const half = 50;
  const style = { left: `${half + half * Math.min(0, bar)}%`, width: `${half * Math.abs(bar)}%` };
  const usual = typical !== null && html`<i style=${{ left: `${half + half * typical}%` }}></i>`;
  return html`<span class="size" aria-hidden="true"><b style=${style}></b>${usual}</span>`;
}

/** Where a factor comes from: its formula, and the sum of products that it is. */
export function Opened({ of, terms, html: formulas, others, show }) {
  const written = html`<div dangerouslySetInnerHTML=${{ __html: formulas }} />`;
  const sum = html`<div class="product">
    <${Factor} ...${of} show=${show} /><span class="sign">=</span>
    ${terms.map((factors, t) => html`<${Term} key=${t} factors=${factors} first=${t === 0} show=${show} />`)}
    ${
      others &&
      html`<span class="sign">+</span>
      <span class="others muted">${number(others[1], 4)} from ${others[0]} others</span>`
    }</div>`;
  return html`<div class="opened">${terms.length > 0 && sum}${formulas && written}</div>`;
}

function Term({ factors, first, show }) {
  return html`${!first && html`<span class="sign">+</span>`}
    <span class="term">${factors.map(
      (factor, i) => html`${i > 0 && html`<span class="sign">·</span>`}
        <${Factor} key=${factor.text} ...${factor} show=${show} />`,
    )}</span>`;
}
