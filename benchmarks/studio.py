"""The page while it is open: steps a second beside the engine alone, delays, frames, bytes, the start.

python benchmarks/studio.py [--repeats 3] [--seconds 2] [--chromium PATH] [--only NAME ...] [--write]

Chromium runs on the processors that the engine runs on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from measure import plain_environment
from report import arguments, machine, number, publish, share, table
from workloads import NEURON_START, NEURON_X, NEURON_Y, WORKLOADS, data, network

# TensorFlow Playground's own engine in Node 20, microseconds a step, as measured on the machine of the design
PLAYGROUND = {"2-4-2-1": (10, 5.0), "2-8×6-1": (30, 156.0), "20-32×3-1": (128, 3000.0)}
PARTS = ("steps", "hand", "wide", "start", "playground")
SERVE = """
import sys, time
import numpy as np
import downslope as ds
from downslope import studio
sys.path.insert(0, {benchmarks!r})
import studio as bench
page = ds.play(*bench.session({name!r}), open_browser=False, **bench.how({name!r}))
print(page.address, flush=True)
time.sleep(1e6)
"""
_DELAYS = """() => {
  window.delays = [];
  let moved = 0;
  document.addEventListener("pointerrawupdate", (event) => { if (!moved) moved = event.timeStamp; }, true);
  new MutationObserver(() => {
    if (!moved) return;
    const from = moved;
    moved = 0;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => window.delays.push(performance.now() - from);
      channel.port2.postMessage(0);
    });
  }).observe(document.querySelector(".grid tbody"), { subtree: true, childList: true, characterData: true });
}"""
_FRAMES = """(seconds) => new Promise((resolve) => {
  const shown = document.querySelector(".count b");
  const gaps = [];
  let last = null;
  const watch = new MutationObserver(() => {
    const now = performance.now();
    if (last !== null) gaps.push(now - last);
    last = now;
  });
  watch.observe(shown, { subtree: true, childList: true, characterData: true });
  const painted = [];
  let before = performance.now();
  let going = true;
  const tick = () => {
    const now = performance.now();
    painted.push(now - before);
    before = now;
    if (going) requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  setTimeout(() => { going = false; watch.disconnect(); resolve({ gaps, painted }); }, seconds * 1000);
})"""


def main() -> None:
    parser = arguments(__doc__, repeats=3, seconds=2.0)
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("google-chrome"))
    parser.add_argument("--only", nargs="*", default=PARTS, choices=PARTS, help="what is measured")
    args = parser.parse_args()
    about = machine("downslope", "numpy", "websockets", "playwright")
    parts = [about]
    if args.chromium and {"steps", "hand", "wide", "start"} & set(args.only):
        parts.append(page_table(args.chromium, args.only, args.repeats, args.seconds))
    elif not args.chromium:
        parts.append("No Chromium was found, so nothing of the page was measured.")
    if "playground" in args.only:
        parts.append(playground_table(args.repeats, args.seconds))
    publish("studio", parts, args.write)


def session(name: str) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """The network and the rows of a workload."""
    import downslope as ds

    if name == "neuron":
        return ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)]), NEURON_X, NEURON_Y
    if name == "6x1024":
        rng = np.random.default_rng(0)
        x = rng.standard_normal((2048, 20), dtype=np.float32)
        layers = [*(ds.Dense(1024, "relu") for _ in range(6)), ds.Dense(1)]
        return ds.Network(inputs=20, layers=layers), x, np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    return network(WORKLOADS[name]), *data(WORKLOADS[name])


def how(name: str) -> dict[str, Any]:
    """How a workload descends."""
    if name == "neuron":
        return {"learning_rate": 0.001, "start": {"layer1.weight": [list(NEURON_START)]}}
    return {"learning_rate": 1e-3 if name == "small" else 1e-4, "optimizer": "adam", "batch_size": 128}


@contextmanager
def served(name: str) -> Iterator[str]:
    """The address of a page on a workload, in a process of its own."""
    code = SERVE.format(benchmarks=sys.path[0], name=name)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=plain_environment()
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def page_table(chromium: str, only: list[str], repeats: int, seconds: float) -> str:
    from playwright.sync_api import sync_playwright

    rows: list[list[str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if "steps" in only:
            for name in ("small", "neuron"):
                rows.append(steps_row(browser, name, repeats, seconds))
        if "hand" in only:
            rows.append(hand_row(browser))
        if "wide" in only:
            rows += wide_rows(browser, seconds)
        if "start" in only:
            rows += start_rows(browser, repeats)
        browser.close()
    return table(["of the page", "", "beside"], rows)


def opened(browser: Any, address: str) -> Any:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(address)
    page.wait_for_selector(".first")
    time.sleep(0.5)
    return page


def steps_row(browser: Any, name: str, repeats: int, seconds: float) -> list[str]:
    """Steps a second while the page looks on, and of ``ds.descend`` alone, taken in turns."""
    watched, alone = [], []
    for _ in range(repeats):
        alone.append(engine_alone(name, seconds))
        with served(name) as address:
            page = opened(browser, address)
            page.keyboard.press(" ")
            time.sleep(0.5)
            first, start = steps_shown(page), time.perf_counter()
            time.sleep(seconds)
            watched.append((steps_shown(page) - first) / (time.perf_counter() - start))
            page.close()
    told = f"{share(median(watched), median(alone))} of {number(median(alone))} of the engine alone"
    return [f"steps a second while it is open, {name}", number(median(watched)), told]


def steps_shown(page: Any) -> int:
    return int(re.sub(r"\D", "", page.inner_text(".count b")))


def engine_alone(name: str, seconds: float) -> float:
    """Steps a second of ``ds.descend``, in a process of its own."""
    code = f"""
import sys, time
sys.path.insert(0, {sys.path[0]!r})
import downslope as ds, studio as bench
net, x, y = bench.session({name!r})
how = bench.how({name!r})
run = ds.descend(net, x, y, steps=2000, **how)
count, start = 0, time.perf_counter()
steps = 2000
while time.perf_counter() - start < {seconds}:
    began = time.perf_counter()
    how["start"] = run
    run = ds.descend(net, x, y, steps=steps, **how)
    count += steps
    steps = min(20_000_000, max(steps, int(steps * {seconds} / 4 / (time.perf_counter() - began))))
print(count / (time.perf_counter() - start))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain_environment()
    )
    return float(done.stdout)


def hand_row(browser: Any) -> list[str]:
    """From the pointer's event to new errors that are painted, on the five rows."""
    with served("neuron") as address:
        page = opened(browser, address)
        page.evaluate(_DELAYS)
        box = page.locator(".weight .num").nth(2).bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(120):
            page.mouse.move(x - 3 - step, y)
            time.sleep(0.03)
        page.mouse.up()
        delays = page.evaluate("window.delays")
        page.close()
    told = f"{len(delays)} moves, a tenth above {number(float(np.quantile(delays, 0.9)))} ms"
    return ["from the pointer's event to painted errors, median, ms", number(median(delays)), told]


def wide_rows(browser: Any, seconds: float) -> list[list[str]]:
    """The view of six layers of 1024 while they train."""
    with served("6x1024") as address:
        page = opened(browser, address)
        page.keyboard.press(" ")
        time.sleep(2)
        found = page.evaluate(_FRAMES, max(seconds * 4, 4))
        page.close()
    alone = engine_alone("6x1024", 4)
    gaps = found["gaps"] or [float("nan")]
    late = float(np.quantile(found["painted"], 0.95))
    told = f"a step of the engine alone takes {number(1000 / alone)} ms"
    return [
        ["6×1024 in training: from frame to frame, median, ms", number(median(gaps)), told],
        [
            "6×1024 in training: between two paintings, median, ms",
            number(median(found["painted"])),
            f"95 % within {number(late)} ms",
        ],
    ]


def start_rows(browser: Any, repeats: int) -> list[list[str]]:
    """From the command to the first picture in a browser that is open, and what was sent until then."""
    script = shutil.which("downslope", path=str(sys.executable).rpartition("/")[0])
    entry = [script] if script else [sys.executable, "-c", "from downslope.cli import main; main()"]
    times, sizes = [], []
    for _ in range(repeats + 1):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        sent: list[int] = []
        client = page.context.new_cdp_session(page)
        client.send("Network.enable")
        client.on("Network.loadingFinished", lambda told, to=sent: to.append(int(told["encodedDataLength"])))
        client.on(
            "Network.webSocketFrameReceived",
            lambda told, to=sent: to.append(len(told["response"]["payloadData"]) * 3 // 4),
        )
        start = time.perf_counter()
        process = subprocess.Popen(
            [*entry, "play", "--no-open"], stdout=subprocess.PIPE, text=True, env=plain_environment()
        )
        assert process.stdout is not None
        address = re.search(r"http://\S+", process.stdout.readline())
        assert address is not None
        page.goto(address.group(), wait_until="commit")
        page.wait_for_selector(".first .grid tbody tr", state="visible")
        times.append(time.perf_counter() - start)
        sizes.append(sum(sent))
        process.kill()
        page.close()
    return [
        [
            "from the command to the first picture, median, s",
            number(median(times[1:])),
            "with the browser open",
        ],
        ["bytes to the first picture, KB", number(median(sizes) / 1000), "compressed, with headers"],
    ]


def playground_table(repeats: int, seconds: float) -> str:
    """The three workloads of TensorFlow Playground's engine, tanh and squared error."""
    import downslope as ds

    rows = []
    for name, (batch, theirs) in PLAYGROUND.items():
        widths = {"2-4-2-1": (2, 4, 2, 1), "2-8×6-1": (2, *[8] * 6, 1), "20-32×3-1": (20, *[32] * 3, 1)}[name]
        rng = np.random.default_rng(0)
        x, y = rng.standard_normal((batch * 20, widths[0])), rng.standard_normal(batch * 20)
        net = ds.Network(widths[0], [*(ds.Dense(w, "tanh") for w in widths[1:-1]), ds.Dense(1)])
        found = []
        for dtype in (np.float64, np.float32):
            times = []
            for _ in range(repeats):
                run, steps = ds.descend(net, x.astype(dtype), y, steps=200, batch_size=batch), 1000
                began = time.perf_counter()
                count = 0
                while count == 0 or time.perf_counter() - began < seconds / 2:
                    run = ds.descend(net, x.astype(dtype), y, steps=steps, batch_size=batch, start=run)
                    count += steps
                    steps = min(2_000_000, 2 * steps)
                times.append((time.perf_counter() - began) / count * 1e6)
            found.append(median(times))
        rows.append(
            [f"{name}, batch {batch}", *map(number, found), number(theirs), number(theirs / found[0], "×")]
        )
    return table(
        ["network", "Downslope, float64, µs", "float32, µs", "Playground's engine, µs", "times as fast"], rows
    )


if __name__ == "__main__":
    main()
