"""How the time of a step grows with width, depth, rows and batch.

python benchmarks/growth.py [--sweep width depth rows batch] [--points N] [--picture PATH] [--write]

The quantity is the time of one multiply-add: a flat line means that nothing but arithmetic grows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import descents
from measure import Result, Setting, interleaved
from report import arguments, machine, notes, number, publish, share, table
from workloads import Workload

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "growth.png"
BATCH, ROWS = 128, 12800


@dataclass(frozen=True)
class Sweep:
    """One size that grows while the others stay.

    Attributes:
        what: stays the same, in words.
        unit: of the size, as the axis calls it.
        workloads: by size.
        whole_epoch: whether the table tells the time of an epoch rather than of a step.
    """

    what: str
    unit: str
    workloads: Mapping[int, Workload]
    whole_epoch: bool = False


def dense(*hidden: int, batch: int = BATCH, rows: int = ROWS) -> Workload:
    """20 inputs, some layers, one output."""
    return Workload((20, *hidden, 1), "relu", batch, "adam", rows)


SWEEPS = {
    "width": Sweep(
        "3 hidden layers, batch 128",
        "units in a layer",
        {
            w: dense(w, w, w, rows=ROWS if w < 1024 else ROWS // 10)
            for w in (16, 32, 64, 128, 256, 512, 1024, 2048)
        },
    ),
    "depth": Sweep(
        "layers of 128 units, batch 128",
        "hidden layers",
        {d: dense(*[128] * d) for d in (1, 2, 4, 8, 16, 32)},
    ),
    "rows": Sweep(
        "3 hidden layers of 32 units, batch 128",
        "rows of 20 columns",
        {n: dense(32, 32, 32, rows=n) for n in (10**3, 10**4, 10**5, 10**6, 10**7)},
        whole_epoch=True,
    ),
    "batch": Sweep(
        "3 hidden layers of 128 units",
        "rows in a batch",
        {
            b: dense(128, 128, 128, batch=b, rows=max(ROWS, 8 * b))
            for b in (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
        },
    ),
}


def main() -> None:
    parser = arguments(__doc__, repeats=3)
    parser.add_argument("--sweep", nargs="*", choices=list(SWEEPS), default=list(SWEEPS))
    parser.add_argument("--points", type=int, default=None, help="only so many of each, from the smallest")
    parser.add_argument("--picture", type=Path, default=None, help="where to draw; docs/images with --write")
    args = parser.parse_args()
    parts = [machine("downslope", "numpy")]
    peaks = descents.measured_peaks(args.repeats)
    parts += [descents.told(peaks), notes(peaks.values())]
    found = {}
    for name in args.sweep:
        sizes = dict(list(SWEEPS[name].workloads.items())[: args.points])
        found[name] = interleaved(settings(sizes, args.seconds), args.repeats)
        parts += [f"### {name}: {SWEEPS[name].what}", sweep_table(name, found[name], peaks)]
        parts += [notes(found[name].values())]
    picture = args.picture or (PICTURE if args.write else None)
    if picture and find_spec("matplotlib"):
        draw(found, peaks, picture)
    if picture == PICTURE and PICTURE.exists():
        parts.append("![Time of a multiply-add against each size](../docs/images/growth.png)")
    publish("growth", parts, args.write)


def settings(sizes: Mapping[int, Workload], seconds: float) -> list[Setting]:
    return [
        Setting(f"{size:,}", descents.steps, {"workload": work, "seconds": seconds})
        for size, work in sizes.items()
    ]


def nanoseconds(work: Workload, step: float | None) -> float | None:
    """Of one multiply-add; a last batch that is not full counts as what it is."""
    return None if step is None else 1e9 * step * work.steps / (work.rows * work.step_adds)


def sweep_table(name: str, results: Mapping[str, Result], peaks: dict[str, Result]) -> str:
    sweep, peak = SWEEPS[name], descents.peak_of(peaks, "float32")
    rows = []
    for label, result in results.items():
        work: Workload = result.setting.options["workload"]
        each, step = nanoseconds(work, result.median), result.median
        time = step and (1e3 * step * work.steps if sweep.whole_epoch else 1e6 * step)
        rate = 2e9 / each if each else None
        cells = [number(time), number(rate and rate / 1e9), share(rate, peak), number(each)]
        rows.append([label, *cells])
    unit = "ms per epoch" if sweep.whole_epoch else "µs per step"
    return table([sweep.unit, unit, "GFLOP/s", "of the peak", "ns per multiply-add"], rows)


def draw(found: Mapping[str, Mapping[str, Result]], peaks: dict[str, Result], picture: Path) -> None:
    """A panel for each sweep, all over the same axis; the peak is a line below them."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, StrMethodFormatter

    down = -(-len(found) // 2)
    figure, panels = plt.subplots(
        down, 2, figsize=(9, 2.9 * down), sharey=True, layout="constrained", squeeze=False
    )
    peak = descents.peak_of(peaks, "float32")
    for axes, (name, results) in zip(panels.flat, found.items(), strict=False):
        points = curve(name, results)
        axes.loglog(points.keys(), points.values(), "o-", color="#225588", ms=4, lw=1.4, label="Downslope")
        if peak:
            axes.axhline(2e9 / peak, color="#cc6644", lw=1, ls="--", label="peak of the processor")
        axes.set_title(SWEEPS[name].what, fontsize=10)
        axes.set_xlabel(SWEEPS[name].unit)
        axes.set_xticks(list(points), [written(size) for size in points])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.grid(axis="y", color="#dddddd", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    for row in panels:
        row[0].set_ylabel("ns per multiply-add")
    for axes in panels.flat[len(found) :]:
        axes.set_visible(False)
    panels[0][0].legend(frameon=False, fontsize=9)
    figure.savefig(picture, dpi=110)


def curve(name: str, results: Mapping[str, Result]) -> dict[int, float]:
    """Nanoseconds of a multiply-add by size, where there are any."""
    points = {}
    for (size, work), result in zip(SWEEPS[name].workloads.items(), results.values(), strict=False):
        if (each := nanoseconds(work, result.median)) is not None:
            points[size] = each
    return points


def written(size: int) -> str:
    """Powers of ten as such."""
    exponent = len(str(size)) - 1
    return f"$10^{exponent}$" if exponent > 2 and size == 10**exponent else str(size)


if __name__ == "__main__":
    main()
