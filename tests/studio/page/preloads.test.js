import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";

const PAGE = new URL("../../../src/downslope/studio/page/", import.meta.url);
const MADE = ["commands.js"]; // by the server

/** The modules that a module needs before it runs, and theirs. */
function needed(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  if (MADE.includes(name)) return found;
  const place = new URL(name, PAGE);
  assert.ok(existsSync(place), name);
  for (const [, path] of readFileSync(place, "utf8").matchAll(/\bfrom\s*"(\.[^"]+)"/g)) {
    needed(new URL(path, place).href.slice(PAGE.href.length), found);
  }
  return found;
}

test("the page asks for all modules of the first screen at once, and for no others", () => {
  const html = readFileSync(new URL("index.html", PAGE), "utf8");
  const preloaded = [...html.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path);
  const modules = needed("app.js");
  modules.delete("app.js");
  assert.deepEqual(preloaded.sort(), [...modules].sort());
});
