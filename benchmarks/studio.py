"""The page while it is open: steps a second beside the engine alone, delays, frames, the start, memory.

python benchmarks/studio.py [--repeats 3] [--seconds 2] [--chromium PATH] [--only NAME ...] [--write]

Chromium runs on the processors that the engine runs on. Each part takes the best of its repeats, in turns.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from measure import plain_environment
from pages import Client, engine_alone, processor_time, served, step_in
from report import arguments, machine, number, publish, share, table

# TensorFlow Playground's own engine in Node 20, microseconds a step, as measured on the machine of the design
PLAYGROUND = {"2-4-2-1": (10, 5.0), "2-8×6-1": (30, 156.0), "20-32×3-1": (128, 3000.0)}
PARTS = ("steps", "hand", "wide", "large", "start", "playground", "memory")
MINUTES = 10  # of play, for memory
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
  const shown = document.querySelector(".where");
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
    if args.chromium and {*PARTS} - {"playground"} & set(args.only):
        parts.append(page_table(args.chromium, args.only, args.repeats, args.seconds))
    elif not args.chromium:
        parts.append("No Chromium was found, so nothing of the page was measured.")
    if "playground" in args.only:
        parts.append(playground_table(args.repeats, args.seconds))
    publish("studio", parts, args.write)


def page_table(chromium: str, only: list[str], repeats: int, seconds: float) -> str:
    from playwright.sync_api import sync_playwright

    rows: list[list[str]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if "steps" in only:
            for name in ("small", "neuron"):
                rows += steps_rows(browser, name, repeats, seconds)
        if "hand" in only:
            rows.append(hand_row(browser))
        if "wide" in only:
            rows += wide_rows(browser, seconds)
        if "large" in only:
            rows += large_rows(repeats)
        if "start" in only:
            rows += start_rows(browser, repeats)
        if "memory" in only:
            rows.append(memory_row(browser))
        browser.close()
    return table(["of the page", "", "beside"], rows)


class Watched:
    """A page in Chromium, and what it was sent.

    Attributes:
        page: Playwright's.
        frames, step: how many came, and the step of the last one.
    """

    def __init__(self, browser: Any, address: str) -> None:
        self.page = browser.new_page(viewport={"width": 1280, "height": 800})
        self.frames = self.step = 0
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._take))
        self.page.goto(address)
        self.page.get_by_role("slider", name="Speed").press("End")
        self.page.evaluate("document.activeElement.blur()")
        self.page.wait_for_timeout(500)

    def _take(self, payload: bytes | str) -> None:
        step = step_in(payload) if isinstance(payload, bytes) else None
        if step is not None:
            self.frames, self.step = self.frames + 1, step

    def play(self) -> None:
        """Play, and let it get going."""
        self.page.keyboard.press(" ")
        self.page.get_by_role("button", name="❚❚ Pause").wait_for()
        self.page.wait_for_timeout(1000)

    def rates(self, seconds: float) -> tuple[float, float, float]:
        """Steps a second, frames a second, milliseconds of the processor that Chromium takes for a frame."""
        processes = _chromium()
        before = self.step, self.frames, processor_time(*processes), time.perf_counter()
        self.page.wait_for_timeout(1000 * seconds)
        after = self.step, self.frames, processor_time(*processes), time.perf_counter()
        steps, frames, used, passed = (b - a for a, b in zip(before, after, strict=True))
        return steps / passed, frames / passed, 1000 * used / max(frames, 1)


def _chromium() -> list[int]:
    """The processes of Chromium that this one started, and those they started."""
    parents: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has ended
            continue
    found, todo = [], [os.getpid()]
    while todo:
        found += (children := [child for child, parent in parents.items() if parent == todo[0]])
        todo = todo[1:] + children
    return [process for process in found if "chrom" in (Path(f"/proc/{process}/comm").read_text())]


def steps_rows(browser: Any, name: str, repeats: int, seconds: float) -> list[list[str]]:
    """Steps a second while somebody looks on, and of ``ds.descend`` alone."""
    alone, read, seen = [], [], []
    for _ in range(repeats):
        alone.append(engine_alone(name, seconds))
        with served(name) as (address, process), Client(address) as client:
            client.say("play")
            time.sleep(0.5)
            read.append(client.watch(seconds, process))
        with served(name) as (address, _):
            watched = Watched(browser, address)
            watched.play()
            seen.append(watched.rates(seconds))
            watched.page.close()
    steps, frames, cost = max(seen)
    (by_clock, by_processor), most = map(max, zip(*alone, strict=True)), max(read)
    processor = max(one[1] for one in read)
    return [
        [
            f"{name}: steps a second, a client that draws nothing",
            number(most[0]),
            f"{share(most[0], by_clock)} of {number(by_clock)} of the engine alone, "
            f"{number(most[2])} frames a second",
        ],
        [
            f"{name}: steps a second of the server's processor",
            number(processor),
            f"{share(processor, by_processor)} of {number(by_processor)} of the engine alone",
        ],
        [
            f"{name}: steps a second, Chromium",
            number(steps),
            f"{share(steps, by_clock)} of the engine alone, {number(frames)} frames a second, each "
            f"{number(cost)} ms of the processor",
        ],
    ]


def hand_row(browser: Any) -> list[str]:
    """From the pointer's event to new errors that are painted, on the five rows."""
    with served("neuron") as (address, _):
        page = Watched(browser, address).page
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
    """The view of six layers of 1024 while they train, and how soon a pause is seen."""
    pauses = []
    with served("6x1024") as (address, _):
        watched = Watched(browser, address)
        page = watched.page
        watched.play()
        found = page.evaluate(_FRAMES, max(seconds * 4, 4))
        for _ in range(5):
            began = time.perf_counter()
            page.keyboard.press(" ")
            page.get_by_role("button", name="▶ Descend").wait_for()
            pauses.append(time.perf_counter() - began)
            watched.play()
        page.close()
    alone, _ = engine_alone("6x1024", 4)
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
        [
            "6×1024: from the key to a pause that is seen, median, s",
            number(median(pauses)),
            f"at most {number(max(pauses))}",
        ],
    ]


def large_rows(repeats: int) -> list[list[str]]:
    """What takes long with six layers of 1024, at rest, and what a command waits for it."""
    surfaces, files = [], {"model": [], "python": [], "html": []}
    asked = {"surface": {"first": ["layer1.weight", [0, 0]], "second": ["layer1.weight", [0, 1]]}}
    value = {"command": "read_value", "layer": "layer1", "kind": "weight", "index": [0, 0]}
    with served("6x1024") as (address, _), Client(address) as client:
        for _ in range(repeats):
            client.ask(value, "value")
            began = time.perf_counter()
            client.say("look", rows=[0, 20], again=True, pictures=asked)
            client.say(**value)
            seen: dict[str, float] = {}
            while len(seen) < 3:
                message = client.message()
                now = time.perf_counter() - began
                if message["message"] == "value":
                    seen["answer"] = now
                elif message["message"] == "frame":
                    picture = message.get("pictures", {}).get("surface")
                    if picture is not None:
                        seen.setdefault("first", now)
                        if "progress" not in picture:
                            seen["whole"] = now
                    if "whole" not in seen:
                        client.say("look", rows=[0, 20], pictures=asked)
            surfaces.append(seen)
            for kind, times in files.items():
                began = time.perf_counter()
                client.ask({"command": "export", "format": kind}, "file")
                times.append(time.perf_counter() - began)
            client.say("step", count=1)
            client.frame(again=True)
    least = {name: min(one[name] for one in surfaces) for name in ("answer", "first", "whole")}
    return [
        [
            "6×1024: the whole error surface, s",
            number(least["whole"]),
            f"its first part after {number(least['first'])} s; a command asked for meanwhile waits "
            f"{number(least['answer'])} s",
        ],
        [
            "6×1024: a model file, Python source, one HTML file, s",
            " · ".join(number(min(times)) for times in files.values()),
            "written beside the session, which goes on",
        ],
    ]


def memory_row(browser: Any) -> list[str]:
    """The memory of the server while Chromium looks at ten minutes of play."""
    with served("small") as (address, process):
        watched = Watched(browser, address)
        watched.play()
        sizes = []
        for _ in range(MINUTES + 1):
            sizes.append(int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6)
            watched.page.wait_for_timeout(60_000)
        watched.page.close()
    told = ", ".join(number(size) for size in sizes)
    return [
        f"memory of the server after {MINUTES} minutes of play, MB",
        number(sizes[-1]),
        f"by minute: {told}",
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
        page.wait_for_selector(".grid tbody tr", state="visible")
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
