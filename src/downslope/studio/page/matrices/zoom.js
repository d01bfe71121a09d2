/**
 * Where a large matrix lies under its window: pure functions of a view, which is how far it is enlarged and
 * where its corner lies, in pixels from the corner of the window.
 * @typedef {{zoom: number, left: number, top: number}} View
 * @typedef {{width: number, height: number}} Size
 */

const SMALLEST = 96; // pixels of a side of the window, however lean the matrix
const LARGEST_CELL = 32; // pixels of a number, at most

/** @type {View} */
export const whole = { zoom: 1, left: 0, top: 0 };

/**
 * The window that shows all of a matrix, with square cells where its sides allow.
 * @param {number[]} shape [rows, columns]
 * @param {Size} room
 * @returns {Size}
 */
export function frame([rows, columns], room) {
  const cell = Math.min(room.width / columns, room.height / rows);
  return {
    width: Math.min(room.width, Math.max(columns * cell, SMALLEST)),
    height: Math.min(room.height, Math.max(rows * cell, SMALLEST)),
  };
}

/**
 * The size of a number's cell; no side is enlarged beyond 32 pixels, unless it has them without.
 * @param {number[]} shape
 * @param {Size} size of the window
 * @param {number} zoom
 * @returns {Size}
 */
export function cell([rows, columns], size, zoom) {
  const grown = (fit) => Math.min(fit * zoom, Math.max(fit, LARGEST_CELL));
  return { width: grown(size.width / columns), height: grown(size.height / rows) };
}

/** @param {number[]} shape @param {Size} size @returns {number} beyond which nothing grows */
export function mostZoom([rows, columns], size) {
  return Math.max(1, LARGEST_CELL * Math.max(columns / size.width, rows / size.height));
}

/** A view that leaves no gap at the sides of the window. */
function bounded(view, shape, size) {
  const { width, height } = cell(shape, size, view.zoom);
  return {
    zoom: view.zoom,
    left: Math.min(0, Math.max(size.width - width * shape[1], view.left)),
    top: Math.min(0, Math.max(size.height - height * shape[0], view.top)),
  };
}

/**
 * The view enlarged by a factor, with the point at `x`, `y` of the window where it was.
 * @param {View} view @param {number[]} shape @param {Size} size @param {number} factor
 * @param {number} [x] @param {number} [y]
 * @returns {View}
 */
export function enlarged(view, shape, size, factor, x = size.width / 2, y = size.height / 2) {
  const zoom = Math.min(mostZoom(shape, size), Math.max(1, view.zoom * factor));
  const before = cell(shape, size, view.zoom);
  const after = cell(shape, size, zoom);
  const left = x - ((x - view.left) * after.width) / before.width;
  const top = y - ((y - view.top) * after.height) / before.height;
  return bounded({ zoom, left, top }, shape, size);
}

/** @param {View} view @param {number[]} shape @param {Size} size @returns {View} moved by pixels */
export function moved(view, shape, size, x, y) {
  return bounded({ zoom: view.zoom, left: view.left + x, top: view.top + y }, shape, size);
}

/**
 * The place under a point of the window.
 * @returns {{row: number, column: number}}
 */
export function placeAt(view, shape, size, x, y) {
  const { width, height } = cell(shape, size, view.zoom);
  return {
    row: within(Math.floor((y - view.top) / height), shape[0]),
    column: within(Math.floor((x - view.left) / width), shape[1]),
  };
}

/** @returns {View} moved just so far that a place lies in the window */
export function showing(view, shape, size, place) {
  const { width, height } = cell(shape, size, view.zoom);
  const into = (start, length, room) => Math.max(0, -start) || Math.min(0, room - start - length);
  const x = into(view.left + place.column * width, width, size.width);
  const y = into(view.top + place.row * height, height, size.height);
  return moved(view, shape, size, x, y);
}

/** @returns {number} the nearest index of so many */
export function within(index, count) {
  return Math.min(count - 1, Math.max(0, index));
}
