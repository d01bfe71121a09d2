/** Networks of any size: layers as cards, each weight matrix a picture with a pixel a weight. */

import { number, whole } from "../core/format.js";
import { html, useEffect, useRef } from "../core/ui.js";
import { usePalette } from "./palette.js";
import { ramp } from "./raster.js";
import { Raster, Window } from "./window.js";

const KINDS = [
  ["weight", "Weights", "w"],
  ["gradient", "Gradients", "∂E/∂w"],
  ["update", "Last update", "Δw"],
];
const LEAN = 12; // per cent of the picture that its shorter side has at least
const SMALL = 256; // numbers a side below which the picture enlarges them
const RAMP = ramp();

/**
 * The layers as cards, one of them opened at most.
 * @param {{
 *   cards: object[], matrices: Record<string, object>, features?: string[],
 *   kind: "weight" | "gradient" | "update", byNorm: boolean, opened: string | null,
 *   choose: (choice: {kind: string, byNorm: boolean, opened: string | null}) => void,
 *   readValue: (layer: string, row: number, column: number) => Promise<number>,
 *   pin: (layer: string, unit: number) => void,
 * }} props `cards` are those of `card` in _cards.py and `matrices` those of `matrix`, by the name of the
 *   layer; rows, columns and units count from 0; `features` are the names of the first layer's inputs
 */
export function Cards({ cards, matrices, kind, byNorm, opened, features = [], choose, readValue, pin }) {
  const colours = usePalette();
  const change = (part) => choose({ kind, byNorm, opened, ...part });
  const toggle = (name) => change({ opened: opened === name ? null : name });
  const large = cards.find((card) => card.name === opened);
  return html`<section class="wide" aria-label="Layers of the network">
    <${Choices} ...${{ kind, byNorm, change, colours }} />
    ${
      large &&
      html`<${Opened} key=${opened} ...${{ kind, colours, readValue, pin }} card=${large}
      matrix=${matrices[opened]} features=${large === cards[0] ? features : []}
      close=${() => close(toggle, opened)} />`
    }
    <ol class="wide-cards">
      ${cards.map(
        (card) => html`<${Card} key=${card.name} ...${{ card, kind, colours }}
        matrix=${matrices[card.name]} open=${opened === card.name} toggle=${() => toggle(card.name)} />`,
      )}
    </ol>
  </section>`;
}

/** Closes the opened layer; whoever goes by keyboard is then at its card. */
function close(toggle, name) {
  toggle(name);
  document.getElementById(opener(name))?.focus();
}

function opener(name) {
  return `wide-open-${name}`;
}

function Choices({ kind, byNorm, change, colours }) {
  return html`<div class="wide-choices">
    <fieldset>
      <legend>Show</legend>
      ${KINDS.map(
        ([value, name]) => html`<label class="wide-kind">
        <input type="radio" name="wide-kind" value=${value} checked=${kind === value}
          onChange=${() => change({ kind: value })} />
        <span>${name}</span>
      </label>`,
      )}
    </fieldset>
    <label class="wide-sort">
      <input type="checkbox" checked=${byNorm}
        onChange=${(event) => change({ byNorm: event.target.checked })} />
      Sort by norm
    </label>
    <span class="wide-legend">
      Negative
      <${Raster} levels=${RAMP} colours=${colours} label="Colours from negative to positive" />
      Positive
    </span>
  </div>`;
}

function Card({ card, matrix, kind, colours, open, toggle }) {
  const act = open ? "Close" : "Open";
  // the picture is a larger target for the pointer; whoever goes by keyboard has the button
  return html`<li class="wide-card" data-open=${open}>
    <${Head} card=${card}>
      <button type="button" id=${opener(card.name)} aria-expanded=${open}
        aria-label=${`${act} ${card.name}`} onClick=${toggle}>${act}</button>
    <//>
    <div class="wide-picture" onClick=${toggle}>
      ${
        matrix
          ? html`<${Raster} levels=${matrix.levels} colours=${colours} label=${describe(card, matrix, kind)}
            style=${filling(matrix.levels.shape)} />`
          : html`<p class="wide-missing">Available after the next step</p>`
      }
    </div>
    <${Scale} matrix=${matrix} />
    <${Facts} card=${card} />
  </li>`;
}

/** A layer in full: the window over its matrix, and its dead units by number. */
function Opened({ card, matrix, kind, colours, features, readValue, pin, close }) {
  const panel = useRef(null);
  useEffect(() => {
    const byKey = document.activeElement?.id === opener(card.name);
    if (byKey) panel.current.querySelector("[tabindex]")?.focus({ preventScroll: true });
    panel.current.scrollIntoView({ block: "nearest" });
  }, []);
  return html`<div class="wide-card wide-opened" ref=${panel}>
    <${Head} card=${card}>
      <button type="button" aria-label=${`Close ${card.name}`} onClick=${close}>Close</button>
    <//>
    ${
      matrix
        ? html`<${Window} matrix=${matrix} colours=${colours} label=${describe(card, matrix, kind)}
          symbol=${kindOf(kind)[2]} unit=${(row) => `Unit ${whole(row + 1)}`}
          input=${(column) => features[column] ?? `input ${whole(column + 1)}`}
          readValue=${(row, column) => readValue(card.name, row, column)}
          pin=${(unit) => pin(card.name, unit)}
          close=${close} />`
        : html`<p class="wide-missing">Available after the next step</p>`
    }
    <${Scale} matrix=${matrix} />
    <${Facts} card=${card} />
    <${Dead} dead=${card.dead} pin=${(unit) => pin(card.name, unit)} />
  </div>`;
}

function Head({ card, children }) {
  const [units, inputs] = card.shape.map(whole);
  return html`<header>
    <h3>${card.name}</h3>
    <span class="wide-shape">${units} × ${inputs} · ${card.activation}</span>
    ${children}
  </header>`;
}

function Scale({ matrix }) {
  if (!matrix) return null;
  return html`<p class="wide-scale">Full colour at ±${number(matrix.scale, 3)}${
    matrix.finite ? "" : html`<strong> · some are not finite</strong>`
  }</p>`;
}

/** A picture's share of its square; lean ones are widened, or a single row could not be seen. */
function filling([rows, columns]) {
  const side = (length, other) => `${Math.max(LEAN, Math.min(100, (100 * length) / other))}%`;
  const imageRendering = Math.max(rows, columns) < SMALL ? "pixelated" : "auto";
  return { width: side(columns, rows), height: side(rows, columns), imageRendering };
}

function kindOf(kind) {
  return KINDS.find(([value]) => value === kind);
}

function describe(card, matrix, kind) {
  const [units, inputs] = card.shape.map(whole);
  return (
    `${kindOf(kind)[1]} of ${card.name}: ${units} units by ${inputs} inputs, ` +
    `norm ${number(matrix.norm, 3)}, mean ${number(matrix.mean, 3)}, largest ${number(matrix.largest, 3)}`
  );
}

function Facts({ card }) {
  const { dead } = card;
  return html`<dl class="wide-facts">
    <div><dt>Norm</dt><dd>${number(card.norm, 4)}</dd></div>
    <div><dt>Largest</dt><dd>${number(card.largest, 3)}</dd></div>
    ${
      dead &&
      html`<div>
      <dt>Activation</dt>
      <dd>${card.mean === null ? "–" : `${number(card.mean, 2)} ± ${number(card.std, 2)}`}</dd>
    </div>`
    }
    ${
      dead &&
      html`<div class=${dead.count ? "wide-warned" : ""}><dt>Dead units</dt><dd>${
        dead.count ? `${whole(dead.count)} (${number(100 * dead.share, 2)} %)` : "None"
      }</dd></div>`
    }
    <div class="wide-more"><dt>Parameters</dt><dd>${whole(card.weights + card.biases)}</dd></div>
  </dl>`;
}

function Dead({ dead, pin }) {
  if (!dead?.count) return null;
  const unnamed = dead.count - dead.units.length;
  return html`<details class="wide-dead">
    <summary>Dead units</summary>
    <p>
      ${[...dead.units].map(
        (unit) => html`<button type="button" aria-label=${`Pin unit ${unit + 1}`}
        onClick=${() => pin(unit)}>${whole(unit + 1)}</button>`,
      )}
      ${unnamed > 0 && html`<span>and ${whole(unnamed)} more</span>`}
    </p>
  </details>`;
}
