/** Wide networks: layers as cards with a picture of each matrix, and a unit that is pinned. */

import { ask, asked, look, matrices, network, row } from "./store.js";
import { html, signal, useEffect } from "./ui.js";
import { Cards, Pinned } from "./wide.js";

const wish = signal({ kind: "weight", byNorm: false, opened: null, pinned: null });

const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = "wide.css";
document.head.append(sheet);

function want(part) {
  wish.value = { ...wish.value, ...part };
  const { kind, byNorm, pinned } = wish.value;
  asked.value = { ...asked.value, matrices: { kind, byNorm, pinned, row: row.value } };
  look(true);
}

export function Matrices() {
  const net = network.value;
  useEffect(() => {
    want({ opened: null, pinned: null });
    return () => {
      asked.value = { ...asked.value, matrices: null };
    };
  }, [net && JSON.stringify(net.shapes)]);
  useEffect(() => {
    if (wish.value.pinned) want({});
  }, [row.value]);
  const told = matrices.value;
  if (told?.refused) return html`<p>${told.refused}</p>`;
  if (!told || told.cards.length !== net.layers.length) return html`<p class="muted">…</p>`;
  const probe = (layer, i, j) =>
    ask("probe", { layer, kind: told.kind, place: [i, j] }).then((answer) =>
      answer ? answer.value : undefined,
    );
  return html`<div class="matrices">
    ${told.pinned && wish.value.pinned && html`<${Pinned} picture=${told.pinned} onUnpin=${() => want({ pinned: null })} />`}
    <${Cards} cards=${told.cards} matrices=${told.matrices} kind=${told.kind} byNorm=${told.byNorm} opened=${wish.value.opened}
      features=${net.inputs} choose=${({ kind, byNorm, opened }) => want({ kind, byNorm, opened })} probe=${probe}
      pin=${(layer, unit) => want({ pinned: [layer, unit] })} />
  </div>`;
}
