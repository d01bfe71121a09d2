import assert from "node:assert/strict";
import { test } from "node:test";
import { pack, unpack } from "../../../../src/downslope/studio/page/core/wire.js";

/** The bytes of a message: the length of its JSON, the JSON, padding to 8, arrays at multiples of 8. */
function message(json, arrays = []) {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const head = new Uint8Array(text.length + ((8 - ((text.length + 4) % 8)) % 8)).fill(32);
  head.set(text);
  const bytes = [new Uint8Array(new Uint32Array([head.length]).buffer), head];
  for (const array of arrays) {
    const raw = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    bytes.push(raw, new Uint8Array((8 - (raw.length % 8)) % 8));
  }
  const whole = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

test("arrays lie behind the JSON, each of its own kind and shape", () => {
  const arrays = {
    f8: Float64Array.of(1.5, NaN, -0),
    f4: Float32Array.of(0.5),
    i4: Int32Array.of(-1, 2 ** 31 - 1),
    u4: Uint32Array.of(2 ** 32 - 1),
    i1: Int8Array.of(-128, 127, 0),
    u1: Uint8Array.of(255),
  };
  let place = 0;
  const json = Object.fromEntries(
    Object.entries(arrays).map(([kind, array]) => {
      const described = { $array: [kind, [array.length], place] };
      place += 8 * Math.ceil(array.byteLength / 8);
      return [kind, described];
    }),
  );
  const found = unpack(message({ deep: [json] }, Object.values(arrays))).deep[0];
  for (const [kind, array] of Object.entries(arrays)) {
    assert.equal(found[kind].constructor, array.constructor);
    assert.deepEqual(Array.from(found[kind]), Array.from(array));
    assert.deepEqual(found[kind].shape, [array.length]);
  }
});

test("an empty array, a single number and a matrix keep their shapes", () => {
  const shapes = [[0], [], [2, 3]];
  const arrays = [new Float64Array(0), Float64Array.of(7), Float64Array.of(1, 2, 3, 4, 5, 6)];
  const places = [0, 0, 8];
  const found = unpack(
    message(
      shapes.map((shape, k) => ({ $array: ["f8", shape, places[k]] })),
      arrays,
    ),
  );
  assert.deepEqual(
    found.map((array) => array.shape),
    shapes,
  );
  assert.deepEqual(
    found.map((array) => Array.from(array)),
    arrays.map((array) => Array.from(array)),
  );
});

test("plain data is what JSON says", () => {
  const plain = { a: [1, 2.5, null, "∂E/∂w", { deep: true }], "": {} };
  assert.deepEqual(unpack(message(plain)), plain);
});

test("a command stands before the bytes of a file", () => {
  const file = Uint8Array.of(0, 1, 255, 13, 10);
  const sent = pack({ command: "upload", name: "größe.csv" }, file.buffer);
  const size = new DataView(sent.buffer).getUint32(0, true);
  assert.deepEqual(JSON.parse(new TextDecoder().decode(sent.subarray(4, 4 + size))), {
    command: "upload",
    name: "größe.csv",
  });
  assert.deepEqual(sent.subarray(4 + size), file);
});
