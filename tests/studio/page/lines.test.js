import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../../", import.meta.url);
const MOST = 110;

/** Every script of our own below a folder. */
function scripts(folder) {
  const paths = readdirSync(new URL(folder, ROOT), { recursive: true }).map((path) => `${folder}/${path}`);
  return paths.filter((path) => path.endsWith(".js") && !/\/(vendor|node_modules)\//.test(path));
}

test("no line has more than 110 columns", () => {
  const paths = [...scripts("src"), ...scripts("tests")];
  assert.ok(paths.length > 50);
  for (const path of paths) {
    const lines = readFileSync(new URL(path, ROOT), "utf8").split("\n");
    const long = lines.findIndex((line) => [...line].length > MOST);
    assert.ok(long < 0, `line ${long + 1} of ${path}`);
  }
});
