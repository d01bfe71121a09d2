/**
 * What speaks of what: whoever points at a factor of a formula lights up its unit, weight and row, and the
 * other way round. Keys are those that derivations carry: "unit:1,0", "weight:0,0,2", "bias:0,1", "row:3",
 * "target", "error".
 */
import { explanation } from "./store.js";
import { computed, signal } from "./ui.js";

/** What is under the pointer or has the focus: its keys, itself first, and its kind of quantity. */
export const pointed = signal({ keys: [], kind: "" });
/** The step of the passes that is shown, counted from 0; null for none. */
export const stepAt = signal(null);

/** The row that the table is to bring into view: {index}; null for none. */
export const wantedRow = signal(null);

/** Bring the row of the derivation into view. */
export function showRow() {
  wantedRow.value = { index: explanation.value.chain.row };
}

/** Show a step of the passes, with its row. @param {number | null} at */
export function goToStep(at) {
  if (stepAt.value === null && at !== null) showRow();
  stepAt.value = at;
}

/** The step of the passes that is shown. */
export const passStep = computed(() => {
  const steps = explanation.value?.chain?.steps;
  return steps && stepAt.value !== null ? steps[Math.min(stepAt.value, steps.length - 1)] : null;
});

/** Whether the passes are stepped. */
export const stepping = computed(() => passStep.value !== null);

/** By key, the kind of quantity in whose colour it is lit. */
export const lit = computed(() => {
  const { keys, kind } = pointed.value;
  if (keys.length || !passStep.value) return new Map(keys.map((key) => [key, kind || kindOf(key)]));
  const row = `row:${explanation.value.chain.row}`;
  return new Map([...passStep.value.lights, row].map((key) => [key, passStep.value.kind]));
});

/** What a thing of the drawing or the table is a quantity of. @param {string} key */
function kindOf(key) {
  return key.startsWith("weight") || key.startsWith("bias") ? "weight" : "activation";
}

/** The classes of a thing of the drawing or the table. @param {string} key */
export const litClass = (key) => (lit.value.has(key) ? `lit q-${lit.value.get(key)}` : "");

/**
 * Whether a factor speaks of what is pointed at. Pointed at is the first key: the others, such as the row of
 * a factor, are lit beside it, and other factors speak of them too.
 * @param {string[]} refers
 * @param {string[]} keys
 */
export const speaksOf = (refers, keys) => keys.length > 0 && refers.includes(keys[0]);

/** The handlers of an element that points at something, by pointer and by keyboard. */
export function pointing(keys, kind = "") {
  const point = () => {
    pointed.value = { keys, kind };
  };
  return { onPointerEnter: point, onPointerLeave: pointAway, onFocus: point, onBlur: pointAway };
}

export function pointAway() {
  if (pointed.value.keys.length) pointed.value = { keys: [], kind: "" };
}
