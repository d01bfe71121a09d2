/** The layers of a network as settings have them, the output last. */

const NEW_LAYER = { units: 8, activation: "tanh", bias: true };

/**
 * With one hidden layer more, like the last one, or without the last one.
 * @param {object[]} layers
 * @param {1 | -1} by
 */
export function withLayer(layers, by) {
  const last = layers.length - 1;
  if (by < 0) return [...layers.slice(0, Math.max(0, last - 1)), layers[last]];
  const like = last > 0 ? layers[last - 1] : NEW_LAYER;
  return [...layers.slice(0, last), { ...like }, layers[last]];
}

/**
 * With so many units more in one of them, or fewer.
 * @param {{units: number}[]} layers
 * @param {number} index
 * @param {number} by
 */
export function withUnits(layers, index, by) {
  return layers.map((layer, i) => (i === index ? { ...layer, units: layer.units + by } : layer));
}
