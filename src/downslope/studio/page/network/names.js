/** What parameters are called, counted from 1, as derivations call them. */
import { subscript, superscript } from "../core/format.js";

const ofLayer = (n) => `⁽${superscript(n)}⁾`;

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
