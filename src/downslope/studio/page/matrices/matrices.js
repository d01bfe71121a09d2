/** Networks of any size: layers as cards with a picture of each matrix, and a unit that is pinned. */
import { capitalised } from "../core/format.js";
import { ask, look } from "../core/session.js";
import { asked, matrices, network, row } from "../core/store.js";
import { html, signal, useEffect } from "../core/ui.js";
import { Cards } from "./cards.js";
import { Pinned } from "./pinned.js";

const chosen = signal({ kind: "weight", byNorm: false, opened: null, pinned: null });

/** Choose some of what is shown, and ask for it. */
function choose(part) {
  chosen.value = { ...chosen.value, ...part };
  const { kind, byNorm, pinned } = chosen.value;
  asked.value = { ...asked.value, matrices: { kind, byNorm, pinned, row: row.value } };
  look(true);
}

export function Matrices() {
  const net = network.value;
  useEffect(() => {
    choose({ opened: null, pinned: null });
    return () => {
      asked.value = { ...asked.value, matrices: null };
    };
  }, [net && JSON.stringify(net.shapes)]);
  useEffect(() => {
    if (chosen.value.pinned) choose({});
  }, [row.value]);
  const now = matrices.value;
  if (now?.refused) return html`<p>${capitalised(now.refused)}</p>`;
  if (!now || now.cards.length !== net.layers.length) return html`<p class="muted">…</p>`;
  const readValue = (layer, i, j) =>
    ask("read_value", { layer, kind: now.kind, index: [i, j] }).then((answer) => answer?.value);
  const unpin = () => choose({ pinned: null });
  const { cards, matrices: pictures, kind, byNorm } = now;
  const { opened, pinned } = chosen.value;
  return html`<div class="matrices">
    ${now.pinned && pinned && html`<${Pinned} picture=${now.pinned} onUnpin=${unpin} />`}
    <${Cards} ...${{ cards, kind, byNorm, opened }} matrices=${pictures} features=${net.inputs}
      choose=${choose} readValue=${readValue} pin=${(layer, unit) => choose({ pinned: [layer, unit] })} />
  </div>`;
}
