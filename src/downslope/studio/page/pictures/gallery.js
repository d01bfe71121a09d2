/** Pictures of what the network does, side by side. */
import { capitalised } from "../core/format.js";
import { look } from "../core/session.js";
import { asked, network, pictures, table } from "../core/store.js";
import { batch, computed, html, useEffect } from "../core/ui.js";
import { fittedFunction } from "./fitted/fitted.js";
import { histograms } from "./histograms.js";
import { residuals } from "./residuals.js";
import { errorSurface } from "./surface/surface.js";

/**
 * A picture of the gallery.
 * @typedef {object} GalleryPicture
 * @property {string} kind what the session calls it
 * @property {() => string} name what it is called in an exported file
 * @property {() => object | null} options what is asked for; null where there is nothing to draw
 * @property {Function} Picture the component that draws the `picture` that the session sends
 * @property {Function} [Choices] the component with what can be chosen
 * @property {(net: object) => void} [choose] the first choice, for a network
 * @property {string} [room] "line" of its own, or "narrow-line": one of its own on narrower pages
 */

/** @type {GalleryPicture[]} */
const PICTURES = [errorSurface, fittedFunction, residuals, histograms];

/** The options of each picture that can be drawn, by kind. */
const wanted = computed(() =>
  Object.fromEntries(PICTURES.map(({ kind, options }) => [kind, options()]).filter(([, found]) => found)),
);

function request(options) {
  asked.value = { ...asked.value, pictures: options };
  look(true);
}

export function Gallery() {
  const net = network.value;
  const shape = JSON.stringify([net.shapes, net.inputs, table.value.targets]);
  useEffect(() => batch(() => PICTURES.forEach(({ choose }) => choose?.(net))), [shape]);
  useEffect(() => {
    const stop = wanted.subscribe(request);
    return () => {
      stop();
      asked.value = { ...asked.value, pictures: null }; // those that are here stay: they are not sent again
    };
  }, []);
  return html`<div class="gallery">
    ${PICTURES.map((one) => html`<${Shown} key=${one.kind} ...${one} net=${net} />`)}</div>`;
}

function Shown({ kind, name, options, room, Choices, Picture, net }) {
  const made = pictures.value[kind];
  if (!options()) return null;
  return html`<div data-figure=${name()} class=${room ?? ""}>
    ${Choices && html`<${Choices} net=${net} />`}
    ${
      made && !made.refused
        ? html`<${Picture} picture=${made} />`
        : html`<p class="muted">${made ? capitalised(made.refused) : "…"}</p>`
    }</div>`;
}
