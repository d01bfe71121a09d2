"""A table larger than the memory, streamed: what is resident over time, and the rate beside one in memory.

python benchmarks/streaming.py [--rows 200000000] [--fitting 10000000] [--folder DIR] [--write]

It writes 96 bytes a row (12 columns of float64) into a folder, and deletes them. Every run is a process of
its own; those that are compared take turns.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from report import arguments, machine, number, publish, ratio, table

INPUTS, BATCH, GROUP = 11, 4096, 250_000
WIDTHS = (64, 64)
LARGE, SMALL = "1 GB", "128 MB"
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)


def main() -> None:
    parser = arguments(__doc__, repeats=3)
    parser.add_argument("--rows", type=int, default=200_000_000)
    parser.add_argument("--fitting", type=int, default=10_000_000)
    parser.add_argument("--folder")
    args = parser.parse_args()
    about = machine("downslope", "numpy", "polars")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        fitting, large = Path(folder) / "fitting", Path(folder) / "large"
        write(fitting, args.fitting)
        pairs = []
        for _ in range(args.repeats):
            pairs.append((run("memory", fitting), run("stream", fitting, SMALL)))
        write(large, args.rows)
        found = run("stream", large, LARGE)
        size = sum(path.stat().st_size for path in large.iterdir())
    publish("streaming", [about, tables(pairs, found, size, args)], args.write)


def tables(pairs: list[tuple[dict, dict]], found: dict, size: int, args: Any) -> str:
    """The rates of both ways, and what is resident of the large one."""
    memory, streamed = ([pair[place] for pair in pairs] for place in (0, 1))
    share = ratio(median(s["rate"] / m["rate"] for m, s in pairs), 1.0)
    rates = [
        ["in memory", f"{args.fitting:,}", *_figures(memory), "1.00 ×"],
        ["streamed", f"{args.fitting:,}", *_figures(streamed), share],
        ["streamed", f"{args.rows:,}", *_figures([found]), ""],
    ]
    resident = [number(found["resident"][int(share * len(found["resident"]))]) for share in SHARES]
    large = [f"{size / 1e9:.2f}", LARGE, *resident, number(max(found["resident"]))]
    at = [f"MB at {100 * share:.0f} %" for share in SHARES]
    return "\n\n".join(
        [
            table(
                ["rows", "how many", "thousand rows/s of an epoch", "processor µs/row", "of in memory"], rates
            ),
            table(["GB on the disk", "memory=", *at, "most"], [large]),
        ]
    )


def _figures(runs: list[dict[str, Any]]) -> list[str]:
    return [
        number(median(run["rate"] for run in runs) / 1e3),
        number(median(run["cpu"] for run in runs) * 1e6),
    ]


def write(folder: Path, rows: int) -> None:
    """Files of five million rows, in row groups."""
    import polars as pl

    folder.mkdir()
    draw = np.random.default_rng(0)
    for part, first in enumerate(range(0, rows, 5_000_000)):
        count = min(5_000_000, rows - first)
        columns = {f"x{i}": draw.standard_normal(count) for i in range(INPUTS)}
        columns["y"] = np.tanh(columns["x0"]) + columns["x1"] * columns["x2"]
        path = folder / f"{part:04}.parquet"
        pl.DataFrame(columns).write_parquet(path, row_group_size=GROUP, compression="lz4")


def run(how: str, folder: Path, memory: str = "") -> dict[str, Any]:
    """The figures of one descent, in a process of its own."""
    command = [sys.executable, __file__, "--one", how, str(folder), memory]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def one(how: str, folder: str, memory: str) -> None:
    """A descent of an epoch: its rate, and the MB that are resident at any time of it."""
    import downslope as ds

    layers = [ds.Dense(width, "relu") for width in WIDTHS]
    network = ds.Network(INPUTS, [*layers, ds.Dense(1)])
    settings = {"epochs": 1, "batch_size": BATCH, "optimizer": "adam", "learning_rate": 0.001}
    settings["precision"] = "float32"  # in both ways; alone, a file of float64 is computed in float64
    if how == "memory":
        frame = ds.Dataset(folder).whole()
        x = np.ascontiguousarray(frame.drop("y").to_numpy(), np.float32)
        given: tuple[Any, Any] = x, frame["y"].to_numpy()
        del frame
        rows = len(x)
    else:
        given = ds.Dataset(folder, memory=memory), "y"
        rows = len(given[0])
    resident: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident.append(pages * 4096 / 1e6)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun, used = time.perf_counter(), time.process_time()
    result = ds.descend(network, *given, **settings)
    seconds, used = time.perf_counter() - begun, time.process_time() - used
    over.set()
    watcher.join()
    last = float(np.mean(result.losses[-50:]))
    print(
        json.dumps({"rate": rows / seconds, "cpu": used / rows, "resident": resident or [0.0], "loss": last})
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
