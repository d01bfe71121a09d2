"""A large table with categories straight from a data frame: the memory of a fit, and the rate of its epochs.

python benchmarks/tables.py [--rows 1000000] [--write]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from measure import Result, Round, Setting, cores, fresh_peak, interleaved, peak_resident
from report import (
    NOTHING,
    add_library_option,
    arguments,
    machine,
    notes,
    number,
    publish,
    ratio,
    table,
    threads_in_words,
    wanted,
)

NUMBERS = 20
LEVELS = (3, 8, 13, 18, 23, 29, 34, 39, 44, 50)
WIDTHS = (128, 128)
BATCH = 512
EPOCHS = 2  # the first warms up
ROUNDS = 20
MINE = "Downslope"


@dataclass(frozen=True)
class Figures:
    """Of one fit: bytes at the peak and of the input, seconds of the whole, rows a second of an epoch."""

    peak: int
    given: int
    seconds: float
    rate: float


def main() -> None:
    parser = arguments(__doc__, repeats=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    add_library_option(parser)
    args = parser.parse_args()
    about = machine("downslope", "numpy", "pandas", "scikit-learn", "torch", "lightgbm")
    results = interleaved([s for s in settings(args.rows) if wanted(s.label, args.library)], args.repeats)
    publish("tables", [about, fit_table(results), notes(results.values())], args.write)


def settings(rows: int) -> list[Setting]:
    """Everyone in a process of its own for each fit, whose peak of memory is then that of the fit."""
    fits: dict[str, tuple[Callable[..., Round], dict[str, Any]]] = {MINE: (measured, {"fit": ours})}
    fits[f"{MINE}, one network"] = (measured, {"fit": ours, "members": 1})
    fits["scikit-learn"] = (measured, {"fit": sklearn})
    for threads in dict.fromkeys((1, cores())):
        fits[f"PyTorch, {threads_in_words(threads)}"] = (measured, {"fit": torch, "threads": threads})
    fits["LightGBM, a round"] = (measured, {"fit": lightgbm})
    return [
        Setting(label, prepare, {"rows": rows, **options}, fresh=True)
        for label, (prepare, options) in fits.items()
    ]


def table_of(rows: int) -> tuple[Any, np.ndarray]:
    """A data frame of 20 numbers and 10 categories, and a target that needs several of them together."""
    import pandas as pd

    draw = np.random.default_rng(0)
    numbers = np.empty((NUMBERS, rows))  # as a data frame keeps them
    for column in numbers:
        column[:] = draw.standard_normal(rows)
    frame = pd.DataFrame(numbers.T, columns=[f"n{i}" for i in range(NUMBERS)], copy=False)
    codes = [draw.integers(0, levels, rows).astype(np.int8) for levels in LEVELS]
    for i, (code, levels) in enumerate(zip(codes, LEVELS, strict=True)):
        names = [f"level {level}" for level in range(levels)]
        frame[f"c{i}"] = pd.Categorical.from_codes(code, names)
    y = numbers[0] * numbers[1] + np.sin(3 * numbers[2]) + (codes[0] == 1) * numbers[3]
    y += draw.standard_normal(LEVELS[-1])[codes[-1]] + 0.3 * draw.standard_normal(rows)
    return frame, y


def measured(rows: int, fit: Callable[..., float], **options: Any) -> Round:
    """A round is one whole fit, after a small one that loads what there is to load."""
    small, y = table_of(2000)
    fit(small, y, **options)
    del small, y

    def one_round() -> list[Figures]:
        before = fresh_peak()
        frame, y = table_of(rows)
        given = int(frame.memory_usage(deep=True).sum())
        fresh_peak()  # what making the table took is none of the fit's
        start = time.perf_counter()
        rate = fit(frame, y, **options)
        seconds = time.perf_counter() - start
        return [Figures(peak_resident() - before, given, seconds, rate)]

    return one_round


def ours(frame: Any, y: np.ndarray, members: int | None = None) -> float:
    """``ds.fit``, behind ``TableRegressor``: the rate is that of the last epoch of all members of a kind."""
    import downslope as ds

    ends: list[tuple[float, str, int]] = []

    def seen(phase: Any) -> None:
        ends.append((time.perf_counter(), phase.name, phase.progress.step))

    settings = {"hidden": WIDTHS, "batch_size": BATCH, "epochs": EPOCHS, "members": members}
    ds.fit(frame, y, task="regression", progress=seen, **settings)
    trained = [end for end in ends if end[1] == "periodic"]
    (begin, _, first), (end, _, last) = trained[-2:]
    return (last - first) * BATCH / (end - begin)


def sklearn(frame: Any, y: np.ndarray) -> float:
    """Standardised numbers and one-hot categories, then an ``MLPRegressor``, all in float32."""
    from sklearn.compose import make_column_transformer
    from sklearn.neural_network import MLPRegressor
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [name for name in frame.columns if name.startswith("n")]
    names = [name for name in frame.columns if name.startswith("c")]
    encoder = make_column_transformer(
        (StandardScaler(), numbers),
        (OneHotEncoder(sparse_output=False, dtype=np.float32, handle_unknown="ignore"), names),
    )
    x = encoder.fit_transform(frame).astype(np.float32)
    network = MLPRegressor(hidden_layer_sizes=WIDTHS, batch_size=BATCH, alpha=0.0)
    scaled = ((y - y.mean()) / y.std()).astype(np.float32)
    return _rate(lambda: network.partial_fit(x, scaled), len(y))


def torch(frame: Any, y: np.ndarray, threads: int) -> float:
    """Numbers as float32, an embedding for each category, and the recipe of ``ds.fit``, op by op."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    numbers = torch.from_numpy(frame.iloc[:, :NUMBERS].to_numpy(np.float32))
    codes = torch.from_numpy(np.stack([frame[f"c{i}"].cat.codes for i in range(len(LEVELS))], axis=1))
    target = torch.from_numpy(((y - y.mean()) / y.std()).astype(np.float32))[:, None]
    sizes = [min(16, round(1.6 * (levels + 1) ** 0.56)) for levels in LEVELS]  # as Downslope has them
    embeddings = torch.nn.ModuleList(
        torch.nn.Embedding(levels, size) for levels, size in zip(LEVELS, sizes, strict=True)
    )
    layers: list[Any] = []
    inputs = NUMBERS + sum(sizes)
    for units in WIDTHS:
        layers += [torch.nn.Linear(inputs, units), torch.nn.SiLU(), torch.nn.Dropout(0.1)]
        inputs = units
    network = torch.nn.Sequential(*layers, torch.nn.Linear(inputs, 1))
    parameters = [*embeddings.parameters(), *network.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=0.003, weight_decay=0.02, fused=True)

    def epoch() -> None:
        order = torch.randperm(len(target))
        for begin in range(0, len(target) // BATCH * BATCH, BATCH):
            rows = order[begin : begin + BATCH]
            of_levels = codes[rows].to(torch.int64)
            parts = [embedding(of_levels[:, i]) for i, embedding in enumerate(embeddings)]
            found = network(torch.cat([numbers[rows], *parts], dim=1))
            error = torch.nn.functional.mse_loss(found, target[rows])
            optimizer.zero_grad()
            error.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()

    return _rate(epoch, len(y))


def lightgbm(frame: Any, y: np.ndarray) -> float:
    """Its own defaults; every round looks at all rows once, so that a round stands for an epoch."""
    import lightgbm

    ends: list[float] = []
    regressor = lightgbm.LGBMRegressor(n_estimators=ROUNDS, n_jobs=cores(), verbose=-1)
    regressor.fit(frame, y, callbacks=[lambda _: ends.append(time.perf_counter())])
    return len(y) / median(np.diff(ends))


def _rate(epoch: Callable[[], object], rows: int) -> float:
    """Rows a second of the last epoch."""
    seconds = 0.0
    for _ in range(EPOCHS):
        start = time.perf_counter()
        epoch()
        seconds = time.perf_counter() - start
    return rows / seconds


def fit_table(results: Mapping[str, Result]) -> str:
    """Medians over the rounds; the memory of everything since before the table was made."""
    mine = _medians(results[MINE]) if MINE in results else None
    rows = []
    for label, result in results.items():
        found = _medians(result)
        if found is None:
            rows.append([label, *[NOTHING] * 5])
            continue
        rows.append(
            [
                label,
                number(found.given / 2**20),
                number(found.peak / 2**20),
                ratio(found.peak, found.given),
                number(found.rate / 1e3),
                ratio(found.rate, mine.rate if mine else None),
            ]
        )
    headings = [
        "library",
        "input, MiB",
        "peak with the input, MiB",
        "of the input",
        "thousand rows/s in an epoch",
        "of Downslope's rate",
    ]
    return table(headings, rows)


def _medians(result: Result) -> Figures | None:
    if not result.figures:
        return None
    return Figures(
        *(median(getattr(f, name) for f in result.figures) for name in ("peak", "given", "seconds", "rate"))
    )


if __name__ == "__main__":
    main()
