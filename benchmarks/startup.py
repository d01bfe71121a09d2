"""Whole processes from start to end: Python, importing, the command line.

python benchmarks/startup.py [--repeats 11] [--only NAME ...] [--write]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from measure import plain_environment
from report import arguments, machine, number, publish, ratio, table

TABLE = Path(__file__).parents[1] / "examples" / "five_rows.csv"
FIT = "downslope fit five_rows.csv"
TORCH = "import torch"


def main() -> None:
    parser = arguments(__doc__, repeats=11)
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="NAME", help="processes whose name holds this"
    )
    args = parser.parse_args()
    about = machine("downslope", "numpy", "scikit-learn", "torch", "jax")
    asked = {
        name: command
        for name, command in commands().items()
        if not args.only or any(part in name for part in args.only)
    }
    with tempfile.TemporaryDirectory() as folder:
        times = measured(asked, args.repeats, folder)
    publish("startup", [about, startup_table(times), comparison(times)], args.write)


def commands() -> dict[str, list[str]]:
    """What is run, by the name the table gives it; without libraries that are not there."""
    python = [sys.executable, "-c"]
    found: dict[str, list[str]] = {"python -c pass": [*python, "pass"]}
    for module in ("numpy", "downslope", "sklearn.neural_network", "torch", "jax"):
        if find_spec(module.partition(".")[0]):
            found[f"import {module}"] = [*python, f"import {module}"]
    script = Path(sys.executable).with_name("downslope")
    entry = [str(script)] if script.exists() else [*python, "from downslope.cli import main; main()"]
    found["downslope --version"] = [*entry, "--version"]
    found[FIT] = [*entry, "fit", str(TABLE), "--target", "y"]
    return found


def measured(asked: dict[str, list[str]], repeats: int, folder: str) -> dict[str, list[float]]:
    """Seconds of each process, taken in turns; the first round, which fills caches, is not counted."""
    environment = plain_environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed library has its bytecode
    times: dict[str, list[float]] = {name: [] for name in asked}
    for i in range(repeats + 1):
        for name, command in asked.items():
            start = time.perf_counter()
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
            seconds = time.perf_counter() - start
            if done.returncode:
                raise SystemExit(f"{name} ended with {done.returncode}: {done.stderr.decode().strip()}")
            if i:
                times[name].append(seconds)
    return times


def startup_table(times: dict[str, list[float]]) -> str:
    """Medians; beside them the quickest, which others on the machine have disturbed least."""
    torch = median(times[TORCH]) if TORCH in times else None
    rows = [
        [f"`{name}`", *_milliseconds(found), ratio(median(found), torch)] for name, found in times.items()
    ]
    return table(["process", "median, ms", "quickest, ms", f"of `{TORCH}`"], rows)


def _milliseconds(found: Sequence[float]) -> list[str]:
    return [number(median(found) * 1e3), number(min(found) * 1e3)]


def comparison(times: dict[str, list[float]]) -> str:
    """How a whole fit stands beside the mere import of PyTorch."""
    if not {FIT, TORCH} <= times.keys():
        return ""
    return f"A whole fit takes {number(median(times[FIT]) / median(times[TORCH]))} of the time of `{TORCH}`."


if __name__ == "__main__":
    main()
