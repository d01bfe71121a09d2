"""The modules of the page as two scripts."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import downslope.studio
from downslope.studio.server._script import FIRST, REST, composed, is_module

PAGE = Path(downslope.studio.__file__).parent / "page"
MODULES = {
    "app.js": """/** The page. */
import { add, twice as double } from "./core/sums.js";
import * as sums from "./core/sums.js";
import {
  list,
} from "./core/list.js";
import make from "./vendor/small.mjs";
export const told = [double(4), add(1, 2), sums.NAMES.length, make("a"), list.join("")];
globalThis.ran.push("app");
export const open = () => import("./side/panel.js").then((m) => m.Panel);
""",
    "core/sums.js": """
export const NAMES = ["import", "export { nothing }"];
/**
 * Adds.
 * @param {import("./list.js").List} a
 */
export function add(a, b) {
  return a + b;
}
export async function later() {}
export { twice };
const twice = (a) => add(a, a);
""",
    "core/list.js": 'export { joined as list } from "./joined.js";\n',
    "core/joined.js": 'globalThis.ran.push("joined");\nexport const joined = ["x", "y"];\n',
    "vendor/small.mjs": "var f=1;export default function(t){return t+f}",
    "vendor/packed.mjs": 'import{later as n}from"../core/sums.js";const q=n;export{q as wait,q};',
    "pictures/gallery.js": 'globalThis.ran.push("gallery");\nexport const Gallery = 1;\n',
    "side/panel.js": """import { list } from "../core/list.js";
import { wait } from "../vendor/packed.mjs";
globalThis.ran.push("panel");
export const Panel = [typeof wait, list];
""",
}
RUN = """globalThis.ran = [];
const { $use } = await import("./first.js");
const app = $use("app.js");
const before = [...globalThis.ran];
const panel = await app.open();
const same = panel[1] === $use("core/joined.js").joined;
console.log(JSON.stringify({ told: app.told, before, ran: globalThis.ran, panel, same,
  names: Object.keys($use("core/sums.js")).sort(), packed: Object.keys($use("vendor/packed.mjs")).sort() }));
"""

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")


def both(texts):
    return {name: composed(name, texts, texts.__getitem__) for name in (FIRST, REST)}


def written(scripts, folder):
    (folder / "package.json").write_text('{"type": "module"}')
    for name, text in scripts.items():
        (folder / name).write_text(text, "utf-8")


def node(*arguments, folder):
    done = subprocess.run(["node", *arguments], cwd=folder, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_node
def test_composed_modules_do_what_modules_do(tmp_path):
    written({**both(MODULES), "run.js": RUN}, tmp_path)
    assert json.loads(node("run.js", folder=tmp_path)) == {
        "told": [8, 3, 2, "a1", "xy"],
        "before": ["joined", "app"],  # the gallery is there, and has not run
        "ran": ["joined", "app", "panel"],
        "panel": ["function", ["x", "y"]],
        "same": True,
        "names": ["NAMES", "add", "later", "twice"],
        "packed": ["q", "wait"],
    }


@pytest.fixture(scope="module")
def page():
    """The modules of the page, and its two scripts."""
    texts = {
        path.relative_to(PAGE).as_posix(): path.read_text("utf-8")
        for path in PAGE.rglob("*")
        if is_module(path.name)
    }
    texts["commands.js"] = "export const COMMANDS = {};\n"
    return texts, both(texts)


@needs_node
def test_the_scripts_of_the_page_can_be_read(page, tmp_path):
    written(page[1], tmp_path)
    for name in page[1]:
        node("--check", name, folder=tmp_path)


def test_each_module_is_in_one_of_the_scripts(page):
    texts, scripts = page
    assert len(texts) > 80
    for name in texts:
        assert sum(f'$define("{name}", ' in script for script in scripts.values()) == 1, name
    for name in ("app.js", "core/session.js", "time/curve.js", "pictures/fitted/map.js", "vendor/preact.mjs"):
        assert f'$define("{name}", ' in scripts[FIRST]
    for name in (
        "controls/settings.js",
        "matrices/matrices.js",
        "lessons/step.js",
        "derivation/derivation.js",
    ):
        assert f'$define("{name}", ' in scripts[REST]


def test_what_a_script_asks_for_is_there(page):
    texts, scripts = page
    for text in scripts.values():
        asked = {part.split('"')[0] for call in ("$use(", "$later(") for part in text.split(f'{call}"')[1:]}
        assert asked
        assert asked <= set(texts)


def test_the_first_screen_takes_few_requests_and_bytes(five_rows, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    sizes = {}
    page.on("requestfinished", lambda request: sizes.update({urlsplit(request.url).path: request.sizes()}))
    page.goto(five_rows)
    page.locator(".picture canvas").wait_for()
    page.locator(".curve canvas").wait_for()
    page.wait_for_load_state("networkidle")
    page.close()
    plots = {"/vendor/uPlot.iife.min.js", "/vendor/uPlot.min.css"}
    assert set(sizes) - {"/icon.svg"} == {"/", "/style.css", f"/{FIRST}", *plots}
    sent = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert sent <= 130_000
