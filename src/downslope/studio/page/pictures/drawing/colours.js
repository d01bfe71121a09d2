/** Colours that the colour-blind tell apart, and shapes so that nobody needs to. */

const NAMES = [
  "paper",
  "panel",
  "ink",
  "muted",
  "line",
  "accent",
  "positive",
  "negative",
  "warn",
  "good",
  "hand",
  "highlight",
];

// from the highest error to the lowest: the valley is what differs most from the paper
const RELIEF = {
  light: ["#f3f6ea", "#cfe6cb", "#8ecbc0", "#46a3bf", "#2373b0", "#1b4389", "#131f55"],
  dark: ["#141d27", "#1a3148", "#1d4f78", "#22769a", "#3fa2a6", "#83cba6", "#dff3b4"],
};

// Okabe and Ito, "Color universal design" (2008), in an order that keeps neighbours apart
const CLASSES = {
  light: ["#0072b2", "#d55e00", "#009e73", "#b0508c", "#a07c00", "#3b9bd1", "#59636e"],
  dark: ["#4aa8e8", "#f08a45", "#2fc497", "#e08fc0", "#e6c229", "#9fd3f7", "#b6c0ca"],
};

/** The colours of the page, read from its style, and whether it is dark. */
export function pageColours() {
  const style = getComputedStyle(document.documentElement);
  const found = Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim() || "#888888"]),
  );
  return { ...found, dark: luminance(rgb(found.paper)) < 0.3 };
}

/** @param {string} text a colour as #rrggbb or #rgb @returns {[number, number, number]} */
export function rgb(text) {
  const digits = text.length === 4 ? [...text.slice(1)].map((c) => c + c).join("") : text.slice(1, 7);
  return [0, 2, 4].map((k) => parseInt(digits.slice(k, k + 2), 16));
}

/** @param {number[]} colour @returns {string} */
export function css(colour, alpha = 1) {
  return `rgba(${colour.map(Math.round).join(",")},${alpha})`;
}

/** A colour as a pixel holds it. @param {number[]} colour @returns {number} */
export function packed([r, g, b]) {
  return (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
}

/** The colour of a share from 0 to 1 as pixels hold it. @param {(share: number) => number[]} colour */
export function lookedUp(colour, count = 512) {
  const table = Uint32Array.from({ length: count }, (_, k) => packed(colour(k / (count - 1))));
  return (share) => table[Math.min(Math.max(Math.round(share * (count - 1)), 0), count - 1)];
}

function luminance([r, g, b]) {
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
}

/** Ink or paper, whichever is read better on a colour. */
export function readable(colour, colours) {
  const [behind, ink, paper] = [colour, rgb(colours.ink), rgb(colours.paper)].map(luminance);
  return Math.abs(behind - ink) > Math.abs(behind - paper) ? colours.ink : colours.paper;
}

export const mixed = (a, b, share) => a.map((part, k) => part + (b[k] - part) * share);

function ramp(anchors) {
  const parts = anchors.map(rgb);
  return (share) => {
    const place = Math.min(Math.max(share, 0), 1) * (parts.length - 1);
    const k = Math.min(Math.floor(place), parts.length - 2);
    return mixed(parts[k], parts[k + 1], place - k);
  };
}

/** From 0, the lowest error, to 1. */
export function relief(colours) {
  const found = ramp(RELIEF[colours.dark ? "dark" : "light"]);
  return (share) => found(1 - share);
}

/** From −1 over the paper at 0 to 1. */
export function diverging(colours, strength) {
  const [low, middle, high] = [colours.negative, colours.paper, colours.positive].map(rgb);
  return (share) => mixed(middle, share < 0 ? low : high, Math.min(Math.abs(share), 1) ** 0.8 * strength);
}

/** The colour of a class, counted from 0. */
export function classColour(colours, k) {
  const known = CLASSES[colours.dark ? "dark" : "light"];
  return rgb(known[k % known.length]);
}

const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4], [1, 4]];

/** The dashes of the line of a class. */
export const dashes = (k) => DASHES[another(k)];

// colours come again after seven classes, shapes and dashes then belong to other ones
const another = (k) => (k + Math.floor(k / 7)) % 7;

const SHAPES = [
  (p, x, y, r) => p.arc(x, y, r, 0, 2 * Math.PI),
  (p, x, y, r) => polygon(p, x, y + r * 0.15, r * 1.25, 3, -Math.PI / 2),
  (p, x, y, r) => polygon(p, x, y, r * 1.2, 4, Math.PI / 4),
  (p, x, y, r) => polygon(p, x, y, r * 1.3, 4, 0),
  (p, x, y, r) => polygon(p, x, y - r * 0.15, r * 1.25, 3, Math.PI / 2),
  (p, x, y, r) => polygon(p, x, y, r * 1.15, 6, 0),
  (p, x, y, r) => cross(p, x, y, r * 1.2),
];

function polygon(p, x, y, r, corners, turn) {
  for (let k = 0; k < corners; k++) {
    const angle = turn + (2 * Math.PI * k) / corners;
    p[k ? "lineTo" : "moveTo"](x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  p.closePath();
}

function cross(p, x, y, r) {
  const w = r / 3;
  const corners = [
    [-w, -r],
    [w, -r],
    [w, -w],
    [r, -w],
    [r, w],
    [w, w],
    [w, r],
    [-w, r],
    [-w, w],
    [-r, w],
    [-r, -w],
    [-w, -w],
  ];
  corners.forEach(([dx, dy], k) => p[k ? "lineTo" : "moveTo"](x + dx, y + dy));
  p.closePath();
}

/** The mark of a class on a canvas: each has a shape of its own. */
export function mark(context, k, x, y, radius, fill, rim, width = 1.25) {
  context.beginPath();
  SHAPES[another(k)](context, x, y, radius);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = width;
  context.strokeStyle = rim;
  context.stroke();
}
