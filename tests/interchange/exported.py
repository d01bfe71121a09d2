"""Networks of every kind, models of every encoder, and the cells of tables as exports take them."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

import downslope as ds
from downslope.nets import Peaks, Periodic, PiecewiseLinear, Products, Sinh
from random_networks import NETWORKS as OF_EVERY_KIND

EXAMPLES = Path(__file__).parents[2] / "examples"
NUMERIC = ds.Network(
    4,
    [
        PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (-2.0, -0.5, 0.5, 2.0))),
        Periodic((1, 2), 3),
        Sinh((3,), 3.0, 0.5),
        Peaks((1, 3), ((-1.0, 0.25, 0.5), (0.0, 1.0))),
        ds.Dense(5, ds.LeakyRelu(0.2)),
        ds.Dense(3, ds.Elu(0.7)),
        ds.Dense(1),
    ],
)
FIXED = ds.Network(
    4,
    [
        Products((0, 2), (1, 2)),
        replace(NUMERIC.layers[0], learned=False),
        replace(NUMERIC.layers[3], learned=False),
        ds.Dense(5, "tanh"),
        ds.Dense(1),
    ],
)
CUSTOM = ds.Network(
    4,
    [
        ds.Dense(3, lambda z: ds.ops.where(z > 0.2, ds.ops.log(1 + abs(z)), ds.ops.sin(z) - z**3)),
        ds.Dense(4, lambda z: ds.ops.minimum(ds.ops.sqrt(ds.ops.square(z) + 1), 2.5) * ds.ops.sign(z)),
        ds.Dense(2, lambda z: ds.ops.exp(-z) / (1 + ds.ops.expm1(-z) + 2) + ds.ops.normal_cdf(z)),
    ],
)
NETWORKS = {
    **OF_EVERY_KIND,
    "numeric": NUMERIC,
    "fixed": FIXED,
    "fixed pair": ds.Ensemble([FIXED, ds.Network(4, [FIXED.layers[0], ds.Dense(1)])]),
    "custom": CUSTOM,
    "pair": ds.Ensemble([OF_EVERY_KIND["residual"], OF_EVERY_KIND["gelu"]], (0.3, 0.7)),
    "calibrated": ds.Ensemble([OF_EVERY_KIND["cross_entropy"]] * 2, temperature=1.7),
}


def _made() -> pl.DataFrame:
    """Every kind of column with gaps: a long tail, two levels, many levels, codes, dates with a time."""
    rng = np.random.default_rng(5)
    rows = 240
    size = np.round(rng.lognormal(0, 1.5, rows), 3)
    moments = [datetime(1967, 3, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 24 * 9000, rows)]
    frame = pl.DataFrame(
        {
            "size": size,
            "count": rng.integers(0, 9, rows),
            "kind": rng.choice(["a", "b", 'c "q" ü'], rows),
            "open": rng.choice(["yes", "no"], rows),
            "town": [f"town {i}" for i in rng.integers(0, 30, rows)],
            "code": [f"{i:04d}" for i in rng.integers(1, 6, rows)],
            "at": moments,
            "took": [timedelta(seconds=int(s)) for s in rng.integers(5, 900, rows)],
            "y": 3 * np.log(size) + rng.normal(size=rows),
        }
    )
    gaps = [pl.when(pl.Series(rng.random(rows) < 0.9)).then(pl.col(c)).alias(c) for c in frame.columns[:-1]]
    return frame.with_columns(gaps)


MADE = _made()
TABLES = {
    "penguins": (pl.read_csv(EXAMPLES / "penguins.csv", null_values="NA"), "species"),
    "penguins' sex": (pl.read_csv(EXAMPLES / "penguins.csv", null_values="NA"), "sex"),
    "penguins' mass": (pl.read_csv(EXAMPLES / "penguins.csv", null_values="NA"), "body_mass_g"),
    "sales": (pl.read_csv(EXAMPLES / "sales.csv", try_parse_dates=True), "sales"),
    "five rows": (pl.read_csv(EXAMPLES / "five_rows.csv"), "y"),
    "every encoder": (MADE, "y"),
    "every encoder, classes": (MADE, "kind"),
}
DECIDED = {"penguins' sex": (1.0, 2.5), "every encoder, classes": (1.3, 1.0, 1.1)}
"""Weights by which another class than the most probable one is said."""


@cache
def model_of(name: str) -> ds.Model:
    frame, target = TABLES[name]
    if name == "penguins":
        return ds.fit(frame, target=target, epochs=12, members=2, hidden=16)  # a blend, with a temperature
    model = ds.fit(frame, target=target, epochs=3, members=1, hidden=16)
    if name in DECIDED:
        model = replace(model, target=replace(model.target, decision=DECIDED[name]))
    return model


def cells_of(model: ds.Model, frame: pl.DataFrame) -> dict[str, list]:
    """What an export is given: numbers, text, and dates as seconds since 1970."""
    cells = {}
    for name, kind in model.needed_columns.items():
        column = frame[name]
        if kind == "level":
            cells[name] = ["" if cell is None else str(cell) for cell in column.to_list()]
        elif kind == "date":
            column = column.cast(pl.Datetime("us")).cast(pl.Int64) / 1e6
            cells[name] = [float("nan") if cell is None else cell for cell in column.to_list()]
        else:
            if kind == "time":
                column = column.cast(pl.Int64) / (1e9 if column.dtype == pl.Time else 1e6)
            cells[name] = [float("nan") if cell is None else float(cell) for cell in column.to_list()]
    return cells
