"""What an installation costs: seconds, packages, megabytes, and the time until something is there.

python benchmarks/installation.py WHEEL [--peers] [--repeats 5] [--write]

WHEEL is that of `make wheel`. Packages are taken from pip's cache where it has them: a first round fills it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from measure import plain_environment
from report import arguments, machine, number, publish, table

PEERS = {"scikit-learn": "sklearn.neural_network", "torch": "torch"}
DESCEND = (
    "import downslope as ds; net = ds.Network(3, [ds.Dense(8), ds.Dense(1)]); "
    "ds.descend(net, [[3, 4, 7], [6, 2, 9]], [13.5, 15.6], steps=10, learning_rate=1e-3)"
)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("wheel", type=Path, help="of Downslope")
    parser.add_argument("--peers", action="store_true", help="install scikit-learn and PyTorch too")
    args = parser.parse_args()
    wheel = args.wheel.resolve()
    rows = []
    for extra in ("", "tables", "sklearn", "all"):
        name = f"downslope[{extra}]" if extra else "downslope"
        asked = f"{wheel}[{extra}]" if extra else str(wheel)
        rows.append(measured(name, asked, ["import downslope", DESCEND], args.repeats))
    if args.peers:
        rows += [measured(name, name, [f"import {module}"], args.repeats) for name, module in PEERS.items()]
    headings = ["installed", "seconds", "packages", "MB", "import, ms", "first descent, ms"]
    size = f"The wheel has {wheel.stat().st_size / 1e6:.2f} MB."
    publish("installation", [machine(), size, table(headings, rows)], args.write)


def measured(name: str, asked: str, codes: list[str], repeats: int) -> list[str]:
    """A row of the table: an environment with what was asked for, and processes that run some code in it."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):  # the first round fills pip's cache
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
            python = Path(folder) / "bin" / "python"
            start = time.perf_counter()
            pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
            install = ["--python", str(python), "install", "--only-binary", ":all:", asked]
            subprocess.run([*pip, *install], check=True)
            seconds = time.perf_counter() - start
        site = next((Path(folder) / "lib").glob("python*")) / "site-packages"
        size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
        packages = sum(1 for _ in site.glob("*.dist-info"))
        times = [number(process(python, code, repeats) * 1e3) for code in codes]
        figures = [number(seconds), str(packages), number(size / 1e6)]
        return [f"`{name}`", *figures, *times, *[""] * (2 - len(times))]


def process(python: Path, code: str, repeats: int) -> float:
    """The median seconds of a process that runs some code, after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        command = [str(python), "-c", code]
        subprocess.run(command, check=True, env=plain_environment(), cwd=python.parents[1])
        times.append(time.perf_counter() - start)
    return median(times[1:])


if __name__ == "__main__":
    main()
