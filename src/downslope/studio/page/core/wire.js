/** Messages as bytes: JSON whose arrays lie behind it. See _wire.py, whose twin this is. */

const KINDS = {
  f8: Float64Array,
  f4: Float32Array,
  i4: Int32Array,
  u4: Uint32Array,
  i1: Int8Array,
  u1: Uint8Array,
};

/**
 * The message in some bytes; each array is a typed array with a property `shape`.
 * @param {ArrayBuffer} buffer
 * @returns {object}
 */
export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const head = new TextDecoder().decode(new Uint8Array(buffer, 4, size));
  return JSON.parse(head, (_, value) => {
    if (value === null || typeof value !== "object" || !value.$array) return value;
    const [kind, shape, place] = value.$array;
    const count = shape.reduce((product, length) => product * length, 1);
    const array = new KINDS[kind](buffer, 4 + size + place, count);
    array.shape = shape;
    return array;
  });
}

/**
 * A command with bytes behind it, such as a dropped file.
 * @param {object} command
 * @param {ArrayBuffer} bytes
 * @returns {Uint8Array}
 */
export function pack(command, bytes) {
  const head = new TextEncoder().encode(JSON.stringify(command));
  const whole = new Uint8Array(4 + head.length + bytes.byteLength);
  new DataView(whole.buffer).setUint32(0, head.length, true);
  whole.set(head, 4);
  whole.set(new Uint8Array(bytes), 4 + head.length);
  return whole;
}
