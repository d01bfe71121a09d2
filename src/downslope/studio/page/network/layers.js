/** More and fewer layers and units, above the drawing. */
import { useRoving } from "../controls/roving.js";
import { keep, kept } from "../core/kept.js";
import { send } from "../core/session.js";
import { network, pictures, settings } from "../core/store.js";
import { html, signal, useRef } from "../core/ui.js";

const MOST_LAYERS = 10; // hidden ones that can be added here; more in the settings
const ROOM = 68; // pixels between columns from which each layer has its own buttons

const KEY = "downslope pictures in units";

/** Whether the units hold small pictures, or their values. */
export const inUnits = signal(kept("localStorage", KEY) !== "no");

/** How many hidden layers, and over each how many units. */
export function Layers({ layout }) {
  const { layers, fixed } = settings.value;
  const { columns } = layout;
  const hidden = layers.length - 1;
  const box = useRef(null);
  const keys = useRoving(box, "button");
  if (fixed || network.value.layers.length !== layers.length) return null;
  const spaced = hidden > 0 && columns[1][0][0] - columns[0][0][0] >= ROOM;
  const words = `${spaced ? "" : "hidden "}${hidden === 1 ? "layer" : "layers"}`;
  return html`<div class="shape" ref=${box} ...${keys} role="toolbar" aria-label="Layers and units">
    <${Count} name="Hidden layers" count=${hidden} words=${words} least=${0} most=${MOST_LAYERS}
      one="hidden layer" set=${(by) => send(by > 0 ? "add_layer" : "remove_layer")} />
    ${
      spaced &&
      layers.slice(0, hidden).map(
        ({ units }, l) => html`<${Count} key=${l} name=${`Units of layer ${l + 1}`} count=${units} least=${1}
          one="unit" where=${`in layer ${l + 1}`} left=${columns[l + 1][0][0]}
          set=${(count) => send("add_units", { layer: l, count })} />`,
      )
    }</div>`;
}

function Count({ name, count, words = "", one, where = "", least, most = Infinity, left, set }) {
  const place = left === undefined ? {} : { left: `${left}px` };
  const button = (sign, by, off) => {
    const label = `One ${one} ${by > 0 ? "more" : "less"} ${where}`.trim();
    return html`<button class="mini" aria-label=${label} title=${label} aria-disabled=${off}
      onClick=${() => off || set(by)}>${sign}</button>`;
  };
  return html`<span class=${`count ${left === undefined ? "" : "placed"}`} role="group" aria-label=${name}
    style=${place}>
    ${button("−", -1, count <= least)}
    <span><b>${count}</b> ${words}</span>
    ${button("+", 1, count >= most)}</span>`;
}

export function InUnits() {
  const toggle = () => {
    inUnits.value = !inUnits.value;
    keep("localStorage", KEY, inUnits.value ? "yes" : "no");
  };
  const plane = pictures.value.units?.labels?.join(" and ") ?? "two inputs";
  const hint = `What each unit computes over ${plane}, blue where it is positive`;
  return html`<label class="check" title=${hint}><input type="checkbox" checked=${inUnits.value}
    onChange=${toggle} />
    Pictures in units</label>`;
}
