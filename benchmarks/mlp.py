"""scikit-learn's multi-layer perceptrons and Downslope's in their place: time of a fit, and losses reached.

python benchmarks/mlp.py [--widths 32 128 512] [--seeds 10] [--sets iris digits ...] [--write]
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from statistics import mean, median, stdev
from typing import Any

import numpy as np

from measure import Result, Round, Setting, interleaved, timed
from report import NOTHING, arguments, machine, notes, number, publish, ratio, table

LIBRARIES = ("scikit-learn", "Downslope")
DTYPES = ("float32", "float64")
ROWS, FEATURES, BATCH = 10_000, 20, 200
SETS = (
    *("breast cancer", "counts", "diabetes", "digits", "friedman"),
    *("iris", "linnerud", "moons", "multilabel", "wine"),
)


def main() -> None:
    parser = arguments(__doc__, seconds=1.0)
    parser.add_argument("--widths", type=int, nargs="*", default=[32, 128, 512], help="of three layers")
    parser.add_argument("--epochs", type=int, default=5, help="of each timed fit")
    parser.add_argument("--seeds", type=int, default=10, help="of each data set")
    parser.add_argument("--sets", nargs="*", default=SETS, choices=SETS, metavar="NAME")
    args = parser.parse_args()
    about = machine("downslope", "numpy", "scipy", "scikit-learn")
    times = interleaved(time_settings(args.widths, args.epochs, args.seconds), args.repeats)
    reached = interleaved(loss_settings(args.sets, args.seeds), 1)
    parts = [about, time_table(args.widths, times), notes(times.values())]
    publish("mlp", [*parts, loss_table(args.sets, reached), notes(reached.values())], args.write)


def time_settings(widths: Sequence[int], epochs: int, seconds: float) -> list[Setting]:
    return [
        Setting(_timed_as(library, width, dtype), fits, {**shared, "library": library})
        for width in widths
        for dtype in DTYPES
        for shared in [{"width": width, "dtype": dtype, "epochs": epochs, "seconds": seconds}]
        for library in LIBRARIES
    ]


def _timed_as(library: str, width: int, dtype: str) -> str:
    return f"{library}, 3×{width}, {dtype}"


def fits(library: str, width: int, dtype: str, epochs: int, seconds: float) -> Round:
    """Seconds that an epoch of ``fit`` takes: 10,000 rows in batches of 200, Adam, the defaults."""
    warnings.simplefilter("ignore")
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, FEATURES)).astype(dtype)
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    model = estimator(
        library, "MLPRegressor", hidden_layer_sizes=(width,) * 3, max_iter=epochs, random_state=0
    )
    return timed(lambda: model.fit(x, y), seconds, divisor=epochs, warm_up=1)


def estimator(library: str, name: str, **settings: Any) -> Any:
    """A class of either library, by name."""
    if library == "Downslope":
        import downslope as ds

        return getattr(ds, name)(**settings)
    from sklearn import neural_network

    return getattr(neural_network, name)(**settings)


def time_table(widths: Sequence[int], results: Mapping[str, Result]) -> str:
    rows = []
    for width in widths:
        for dtype in DTYPES:
            theirs, ours = (results[_timed_as(library, width, dtype)].median for library in LIBRARIES)
            shown = [number(s * 1e3) if s else NOTHING for s in (theirs, ours)]
            rows.append([f"3×{width}, {dtype}", *shown, ratio(theirs, ours)])
    return table(["network", "scikit-learn, ms/epoch", "Downslope, ms/epoch", "scikit-learn's time"], rows)


def loss_settings(sets: Sequence[str], seeds: int) -> list[Setting]:
    return [
        Setting(f"{library}: {name}", losses, {"library": library, "name": name, "seeds": seeds})
        for name in sets
        for library in LIBRARIES
    ]


def losses(library: str, name: str, seeds: int) -> Round:
    """For each seed the loss that a fit reaches, its epochs and its seconds."""
    warnings.simplefilter("ignore")
    x, y, kind, settings = data_set(name)

    def one(seed: int) -> tuple[float, int, float]:
        model = estimator(library, kind, hidden_layer_sizes=(32, 32), random_state=seed, **settings)
        start = time.perf_counter()
        model.fit(x, y)
        return float(model.loss_), int(model.n_iter_), time.perf_counter() - start

    one(0)
    return lambda: [one(seed) for seed in range(seeds)]


def data_set(name: str) -> tuple[Any, Any, str, dict[str, Any]]:
    """Standardised inputs, targets, the class that fits them and its settings."""
    from sklearn import datasets
    from sklearn.preprocessing import scale

    draw = np.random.default_rng(0)
    kind, settings = "MLPClassifier", {}
    if name == "counts":
        x = draw.normal(size=(2000, 8))
        y = draw.poisson(np.exp(0.5 * x[:, 0] - 0.3 * x[:, 1] * x[:, 2]))
        kind, settings = "MLPRegressor", {"loss": "poisson"}
    elif name == "friedman":
        x, y = datasets.make_friedman1(2000, noise=1.0, random_state=0)
        y, kind = scale(y), "MLPRegressor"
    elif name in ("diabetes", "linnerud"):
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        y, kind = scale(y), "MLPRegressor"
    elif name == "moons":
        x, y = datasets.make_moons(1000, noise=0.3, random_state=0)
    elif name == "multilabel":
        x, y = datasets.make_multilabel_classification(1000, random_state=0)
    else:
        x, y = getattr(datasets, f"load_{name.replace(' ', '_')}")(return_X_y=True)
    return scale(x), y, kind, settings


def loss_table(sets: Sequence[str], results: Mapping[str, Result]) -> str:
    """Means and standard deviations over the seeds; the difference is the largest between equal seeds."""
    rows = []
    for name in sets:
        theirs, ours = (results[f"{library}: {name}"].figures for library in LIBRARIES)
        if not theirs or not ours:
            rows.append([name, *[NOTHING] * 5])
            continue
        apart = max(abs(a[0] - b[0]) for a, b in zip(theirs, ours, strict=True))
        epochs = "yes" if [a[1] for a in theirs] == [b[1] for b in ours] else "no"
        times = (median(figure[2] for figure in figures) for figures in (theirs, ours))
        rows.append([name, _spread(theirs), _spread(ours), f"{apart:.1g}", epochs, ratio(*times)])
    headings = ["data set", "scikit-learn's loss", "Downslope's loss", "difference", "same epochs"]
    return table([*headings, "scikit-learn's time"], rows)


def _spread(figures: Sequence[Sequence[float]]) -> str:
    found = [figure[0] for figure in figures]
    return f"{mean(found):.5f} ± {stdev(found) if len(found) > 1 else 0:.5f}"


if __name__ == "__main__":
    main()
