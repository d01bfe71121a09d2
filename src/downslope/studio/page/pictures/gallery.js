/** Pictures of what the network does, one at a time. */
import { Choice } from "../controls/fields.js";
import { capitalised } from "../core/format.js";
import { look } from "../core/session.js";
import { asked, network, overview, pictures, table } from "../core/store.js";
import { batch, computed, html, signal, useEffect } from "../core/ui.js";
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
 * @property {(net: object, proposed: object) => void} [choose] the first choice, for a network: `proposed` is
 *   what the session proposes
 */

/** @type {GalleryPicture[]} */
const PICTURES = [errorSurface, fittedFunction, residuals, histograms];

/** The picture that the reader chose; null: the one that shows the most of this table and network. */
const chosen = signal(null);

const shown = computed(() => {
  const drawable = PICTURES.filter(({ options }) => options());
  const kind = chosen.value ?? overview.value.picture.kind;
  return drawable.find((one) => one.kind === kind) ?? drawable[0];
});

/** What is asked for. */
const wanted = computed(() => (shown.value ? { [shown.value.kind]: shown.value.options() } : {}));

function request(options) {
  asked.value = { ...asked.value, pictures: options };
  look(true);
}

export function Gallery() {
  const net = network.value;
  const shape = JSON.stringify([net.shapes, net.inputs, table.value.name, table.value.targets]);
  useEffect(
    () => batch(() => PICTURES.forEach(({ choose }) => choose?.(net, overview.value.picture))),
    [shape],
  );
  useEffect(() => {
    const stop = wanted.subscribe(request);
    return () => {
      stop();
      asked.value = { ...asked.value, pictures: null }; // those that are here stay: they are not sent again
    };
  }, []);
  if (!shown.value) return null;
  return html`<div class="gallery"><${Shown} key=${shown.value.kind} ...${shown.value} net=${net} /></div>`;
}

function Shown({ kind, name, Choices, Picture, net }) {
  const made = pictures.value[kind];
  return html`<div data-figure=${name()}>
    <div class="bar"><${Chooser} kind=${kind} />${Choices && html`<${Choices} net=${net} />`}</div>
    ${
      made && !made.refused
        ? html`<${Picture} picture=${made} />`
        : html`<p class="muted">${made ? capitalised(made.refused) : "…"}</p>`
    }</div>`;
}

function Chooser({ kind }) {
  const options = PICTURES.filter(({ options: possible }) => possible()).map((one) => [one.kind, one.name()]);
  const choose = (next) => {
    chosen.value = next;
  };
  return html`<${Choice} hide label="Picture" options=${options} value=${kind} onChange=${choose} />`;
}
