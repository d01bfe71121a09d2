/** Matrices as pixels: a byte a number, coloured through a table of 256 colours. */

/** The level of what is no number, as _matrices.py sends it. */
export const NOT_A_NUMBER = -128;

const TOP = 127;
const BEND = 0.65; // small numbers are drawn stronger than their share: most gradients are far below the top

/**
 * The theme's colours of the levels, by their byte: negative, near zero, positive, and what is no number.
 * @param {Element} [element] whose theme it is
 * @returns {Uint32Array} 256 pixels
 */
export function palette(element = document.documentElement) {
  const style = getComputedStyle(element);
  const colour = (name) => channels(style.getPropertyValue(name).trim());
  const [zero, ink, positive, negative] = ["--paper", "--ink", "--positive", "--negative"].map(colour);
  const pixels = new Uint32Array(256);
  for (let level = -TOP; level <= TOP; level += 1) {
    pixels[level & 255] = pixel(shade(Math.abs(level) / TOP, zero, level < 0 ? negative : positive, ink));
  }
  pixels[NOT_A_NUMBER & 255] = pixel(colour("--warn"));
  return pixels;
}

/** From the paper to the colour, and at the far end towards the ink, so that large numbers differ too. */
function shade(share, zero, colour, ink) {
  const strength = share ** BEND;
  const deep = 0.25 * Math.max(0, (strength - 0.7) / 0.3);
  return zero.map((start, k) => {
    const mixed = start + (colour[k] - start) * Math.min(1, strength / 0.8);
    return mixed + (ink[k] - mixed) * deep;
  });
}

function pixel([red, green, blue]) {
  return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/** Red, green and blue of any colour that CSS knows. */
function channels(colour) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

const images = new WeakMap(); // what each canvas was last drawn with, to be filled again

/**
 * Draws levels on a canvas, a pixel each.
 * @param {HTMLCanvasElement} canvas
 * @param {Int8Array & {shape: number[]}} levels (rows, columns)
 * @param {Uint32Array} colours by byte, of `palette`
 */
export function draw(canvas, levels, colours) {
  const [rows, columns] = levels.shape;
  let image = images.get(canvas);
  if (!image || image.width !== columns || image.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
    image = new ImageData(columns, rows);
    images.set(canvas, image);
  }
  const bytes = new Uint8Array(levels.buffer, levels.byteOffset, levels.length);
  const pixels = new Uint32Array(image.data.buffer);
  for (let k = 0; k < bytes.length; k += 1) pixels[k] = colours[bytes[k]];
  // pixels are only put, never painted: the canvas stays in memory and takes them without a detour
  canvas.getContext("2d", { alpha: false, willReadFrequently: true }).putImageData(image, 0, 0);
}

/**
 * All colours from the most negative to the most positive, as a picture of one row.
 * @returns {Int8Array & {shape: number[]}}
 */
export function ramp() {
  const levels = Int8Array.from({ length: 2 * TOP + 1 }, (_, k) => k - TOP);
  return Object.assign(levels, { shape: [1, levels.length] });
}
