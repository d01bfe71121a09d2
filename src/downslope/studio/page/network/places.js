/** Where weights and biases stand as numbers on the drawing, and whether there is room for them. */
import { biasName, isNeuron, weightName } from "./names.js";

const APART = 0.3; // how far down to the output numbers stand that would lie on each other on their lines
const COMPACT = { width: 134, height: 27 }; // of a box, in pixels, as in network.css
const ROOMY = { width: 176, height: 46 }; // with the gradient below it
const NARROW = { width: 136, height: 45 };
const HALF = 15; // of a roomy box without its gradient
const BELOW = 15; // pixels from a unit to the middle of its bias
const RIM = 0.5; // of a unit's radius, that a box may cover

/** Where every number of every layer stands: {l, name, key, k, index, label, x, y, roomy, narrow, bias}. */
export function placesOfNumbers(net, layout) {
  return net.layers.flatMap((layer, l) => {
    const weights = weightsOf(net, l, layout).map((one) => ({ ...one, name: layer.weight }));
    if (!layer.bias) return weights;
    const biases = biasesOf(net, l, layout, weights.at(-1)).map((one) => ({ ...one, name: layer.bias }));
    return [...weights, ...biases];
  });
}

/** The weights of a layer: on their lines, apart from each other. */
function weightsOf(net, l, layout) {
  const layer = net.layers[l];
  const { narrow, columns } = layout;
  const roomy = isNeuron(net);
  const share = (i) => (roomy ? (narrow ? 0.52 : 0.36) : 0.24 + (0.52 * (i + 0.5)) / layer.units);
  const gap = columns[l].length > 1 ? columns[l][1][1] - columns[l][0][1] : Infinity;
  const down = Math.min(APART, Math.max(0, 1 - NARROW.height / gap));
  return Array.from({ length: layer.units * layer.inputs }, (_, k) => {
    const [i, j] = [Math.floor(k / layer.inputs), k % layer.inputs];
    const [[x1, y1], [x2, y2]] = [columns[l][j], columns[l + 1][i]];
    return {
      key: `weight:${l},${i},${j}`,
      k,
      index: [i, j],
      label: weightName(net, l, i, j),
      x: x1 + share(i) * (x2 - x1),
      y: y1 + (roomy && narrow ? down : share(i)) * (y2 - y1),
      roomy,
      narrow,
    };
  });
}

/** The biases of a layer: below their units, and that of a neuron below its last weight too. */
function biasesOf(net, l, layout, last) {
  const roomy = isNeuron(net);
  const { narrow, columns, radius } = layout;
  const { width, height } = sizeOf({ roomy, narrow });
  return columns[l + 1].map(([x, y], i) => ({
    key: `bias:${l},${i}`,
    k: i,
    index: [i],
    label: biasName(net, l, i),
    x,
    y: roomy && x - last.x < width ? Math.max(y + radius + BELOW, last.y + height) : y + radius + BELOW,
    roomy,
    narrow,
    bias: true,
  }));
}

const sizeOf = ({ roomy, narrow }) => (roomy ? (narrow ? NARROW : ROOMY) : COMPACT);

/** The rectangle of a number: [left, top, right, bottom]. */
function boxOf({ x, y, ...kind }) {
  const { width, height } = sizeOf(kind);
  const top = y - (kind.roomy ? HALF : height / 2);
  return [x - width / 2, top, x + width / 2, top + height];
}

const overlap = ([left, top, right, bottom], [left2, top2, right2, bottom2]) =>
  left < right2 && left2 < right && top < bottom2 && top2 < bottom;

/**
 * Whether all numbers stand in the drawing, on no other number and on the middle of no unit.
 * @param {object} net
 * @param {import("./layout.js").Layout} layout
 * @param {number} width of the drawing
 */
export function numbersFit(net, layout, width) {
  const boxes = placesOfNumbers(net, layout).map(boxOf);
  const middles = layout.columns.flatMap((column, c) => {
    const size = RIM * (c ? layout.radius : layout.inputRadius);
    return column.map(([x, y]) => [x - size, y - size, x + size, y + size]);
  });
  return boxes.every(
    (box, n) =>
      box[0] >= 0 &&
      box[1] >= 0 &&
      box[2] <= width &&
      box[3] <= layout.height &&
      ![...boxes.slice(n + 1), ...middles].some((other) => overlap(box, other)),
  );
}
