/** Where the units of a network are drawn. */

const GAP = { numbers: 116, lines: 46 }; // between units, in pixels
const LEAST = { numbers: 220, lines: 170 }; // pixels of its height, as in network.css
const NARROW = 440;
const LETTER = 7; // pixels of a letter of a name
const HIGHEST = 460; // of a drawing that takes the room it needs

/**
 * @typedef {object} Layout
 * @property {number} height of the drawing, in pixels
 * @property {number} left where the inputs are
 * @property {boolean} narrow
 * @property {number} names the room for names behind the outputs, in pixels
 * @property {[number, number][][]} columns the middle of every unit, the inputs first
 * @property {number} letters the size of the names of inputs: many of them would lie on each other
 * @property {number} radius of a unit
 * @property {number} inputRadius of an input
 */

/**
 * @param {{inputs: string[], layers: {units: number}[]}} net
 * @param {number} width
 * @param {"numbers" | "lines"} style
 * @param {number} [room] the height that there is for it
 * @returns {Layout}
 */
export function layoutOf(net, width, style, room) {
  const numbers = style === "numbers";
  const sizes = [net.inputs.length, ...net.layers.map((layer) => layer.units)];
  const most = Math.max(...sizes);
  const height = Math.max(LEAST[style], room ?? Math.min(HIGHEST, most * GAP[style] + 22));
  const narrow = width < NARROW;
  const longest = Math.max(...net.inputs.map((name) => name.length));
  const left = numbers ? 46 : Math.min(narrow ? 80 : 128, 28 + LETTER * longest);
  const names = sizes[sizes.length - 1] > 1 ? (narrow ? 44 : 64) : 0;
  const right = width - (numbers ? 118 : 104) - names;
  const column = (count, c) => {
    const x = left + ((right - left) * c) / (sizes.length - 1);
    const gap = Math.min(GAP[style] + 14, (height - 40) / count);
    return Array.from({ length: count }, (_, i) => [x, height / 2 + (i - (count - 1) / 2) * gap]);
  };
  const between = (right - left) / (sizes.length - 1) / 2.6;
  const radius = (count) =>
    Math.max(2, Math.min(numbers ? 24 : 18, between, Math.max(5, (height - 40) / count / 2.4)));
  return {
    height,
    left,
    narrow,
    names,
    columns: sizes.map(column),
    letters: Math.max(7, Math.min(12, (height - 40) / sizes[0] / 1.25)),
    radius: radius(Math.max(...sizes.slice(1))),
    inputRadius: radius(most),
  };
}

/**
 * The weight whose line passes nearest to a point: its layer, unit and source; undefined where none is near.
 * @param {[number, number][][]} columns where the units stand
 * @param {number} reach in pixels
 */
export function nearestLine(columns, x, y, reach) {
  const l = columns.findIndex(
    ([[from]], c) => c < columns.length - 1 && from <= x && x <= columns[c + 1][0][0],
  );
  let [found, least] = [undefined, reach];
  if (l < 0) return found;
  columns[l + 1].forEach(([x2, y2], i) =>
    columns[l].forEach(([x1, y1], j) => {
      const off = Math.abs(y - y1 - ((y2 - y1) * (x - x1)) / (x2 - x1));
      const distance = (off * (x2 - x1)) / Math.hypot(x2 - x1, y2 - y1);
      if (distance <= least) [found, least] = [[l, i, j], distance];
    }),
  );
  return found;
}
