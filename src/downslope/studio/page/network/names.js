/** What parameters are called, counted from 1, as derivations call them. */
import { subscript, superscript } from "../core/format.js";

const ofLayer = (n) => `⁽${superscript(n)}⁾`;

const DOTS = 2; // letters that … takes the room of

/** The number of a layer among all of the network, those without weights too. */
const layerNumber = (net, l) => Number(net.layers[l].name.replace(/\D/g, "")) || l + 1;

/** Whether the network is one neuron. @param {object} net */
export const isNeuron = (net) => net.layers.length === 1 && net.layers[0].units === 1;

/** w₁ of a neuron, W⁽²⁾₃,₁ of layers; indices from 0. */
export function weightName(net, l, i, j) {
  if (isNeuron(net)) return `w${subscript(j + 1)}`;
  return `W${ofLayer(layerNumber(net, l))}${subscript(i + 1)},${subscript(j + 1)}`;
}

/** b of a neuron, b⁽²⁾₃ of layers; indices from 0. */
export function biasName(net, l, i) {
  return isNeuron(net) ? "b" : `b${ofLayer(layerNumber(net, l))}${subscript(i + 1)}`;
}

/** z of a unit as the sum it is: of xⱼ in the first layer, of aⱼ in others. */
export function sumName(net, l, i) {
  const weight = isNeuron(net) ? "wⱼ" : `W${subscript(i + 1)},ⱼ`;
  return `Σⱼ ${weight}·${l ? "aⱼ" : "xⱼ"}${net.layers[l].bias ? " + b" : ""}`;
}

/** ∂E/∂w of a parameter; J is the error with the penalties on weights. */
export function slopeName(label, { l1, l2 }) {
  return `∂${l1 || l2 ? "J" : "E"}/∂${label}`;
}

/**
 * Names in the room that there is for each, still to be told apart: without the words at the beginning that
 * another has too, and then cut in the middle.
 * @param {string[]} names
 * @param {number} room in letters
 */
export function shortNames(names, room) {
  return names.map((name) => {
    if (name.length <= room) return name;
    const words = name.split(" ");
    const shared = words.findIndex(
      (_, n) =>
        !names.some((other) => other !== name && other.startsWith(`${words.slice(0, n + 1).join(" ")} `)),
    );
    const own = words.slice(Math.max(0, shared)).join(" ");
    if (shared > 0 && own.length + DOTS <= room) return `…${own}`;
    const end = Math.floor((room - DOTS) / 2);
    return own.length <= room ? own : `${own.slice(0, room - DOTS - end)}…${own.slice(own.length - end)}`;
  });
}
