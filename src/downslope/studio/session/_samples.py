"""Tables that come with the page: the five rows, and points in the plane on which a straight line fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, number, whole
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.nets import Dense
from downslope.studio.session._settings import Settings, first_settings
from downslope.studio.table._choices import RAW, Choices, Recipe
from downslope.studio.table._rows import Rows, rows_of

__all__ = ["FIVE_ROWS", "SAMPLES", "checked_recipe", "opening_of", "sample_of"]

FIVE_ROWS = "five rows"
_NOISE, _ROWS, _SEED = Interval(0, 2), Interval(10, 2000), Interval(0, 2**53)

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def opening_of(
    name: str, recipe: Recipe | None = None
) -> tuple[Rows, Settings, Mapping[str, NDArray[Any]] | None]:
    """The rows of a table that comes with the page, and the settings and values to begin with.

    Raises:
        DownslopeError: if there is none of that name.
    """
    if name == FIVE_ROWS:
        far_off = {"layer1.weight": np.array([[200.0, -14.0, 3456.0]])}
        return _five_rows(), first_settings(), far_off
    rows = sample_of(name, recipe or Recipe())
    return rows, _sample_settings(rows), None


def checked_recipe(before: Recipe, noise: Any, rows: Any, seed: Any) -> Recipe:
    """How a sample is made, with some of it changed; None changes nothing.

    Raises:
        DownslopeError: if a number is none, or out of its range.
    """
    return Recipe(
        before.noise if noise is None else number("noise", noise, _NOISE),
        before.rows if rows is None else whole("rows", rows, _ROWS),
        before.seed if seed is None else whole("seed of the sample", seed, _SEED),
    )


def _five_rows() -> Rows:
    """The table of the first screen: three inputs, five rows, an exact answer."""
    x = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
    frame = pl.DataFrame({f"x{i + 1}": x[:, i] for i in range(3)} | {"y": [13.5, 15.6, 27.4, 15.6, 12.5]})
    return rows_of(frame, Choices(("y",), "regression", RAW, number=("x1", "x2", "x3")), FIVE_ROWS)


def _spirals(rng: np.random.Generator, count: int) -> Points:
    turn = np.sqrt(np.linspace(0.02, 1, count // 2)) * 1.6 * 2 * np.pi
    arm = 0.16 * turn[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.concatenate([arm, -arm]), np.repeat([0.0, 1.0], count // 2)


def _circles(rng: np.random.Generator, count: int) -> Points:
    angle = rng.uniform(0, 2 * np.pi, count)
    outer = np.arange(count) % 2
    size = np.where(outer == 1, 1.4, 0.6)
    return size[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1), outer.astype(float)


def _quadrants(rng: np.random.Generator, count: int) -> Points:
    x = rng.uniform(-1.5, 1.5, (count, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def _moons(rng: np.random.Generator, count: int) -> Points:
    angle = np.linspace(0, np.pi, count // 2)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1) - [0.5, 0.25]
    return np.concatenate([upper, -upper]) * 1.2, np.repeat([0.0, 1.0], count // 2)


def _wave(rng: np.random.Generator, count: int) -> Points:
    x = rng.uniform(-3, 3, (count, 1))
    return x, np.sin(2 * x[:, 0]) + 0.3 * x[:, 0]


SAMPLES: Mapping[str, Callable[[np.random.Generator, int], Points]] = {
    "spirals": _spirals,
    "circles": _circles,
    "quadrants": _quadrants,
    "moons": _moons,
    "wave": _wave,
}
"""Samples in the plane, and one of a curve, by name."""


def sample_of(name: str, recipe: Recipe) -> Rows:
    """The rows of a sample: the same recipe gives the same ones.

    Raises:
        DownslopeError: if there is none of that name.
    """
    if name not in SAMPLES:
        raise DownslopeError(f"there is no sample {name!r}; choose one of {FIVE_ROWS}, {', '.join(SAMPLES)}")
    rng = np.random.default_rng(recipe.seed)
    x, y = SAMPLES[name](rng, recipe.rows)
    x = x + rng.normal(0, recipe.noise, x.shape)
    columns = {f"x{i + 1}": x[:, i].round(4) for i in range(x.shape[1])}
    classes = name != "wave"
    frame = pl.DataFrame({**columns, "y": y.astype(int) if classes else y.round(4)})
    task = "classification" if classes else "regression"
    rows = rows_of(frame, Choices(("y",), task, RAW, number=tuple(columns)), name)
    return replace(rows, recipe=recipe)


def _sample_settings(rows: Rows) -> Settings:
    """A network that learns a sample in some seconds, and not at once."""
    loss = "binary_cross_entropy" if rows.target.classes else "squared_error"
    layers = (Dense(8, "tanh"), Dense(8, "tanh"), Dense(1))
    return Settings(len(rows.features), layers, loss, optimizer="adam", batch_size=16, validation=0.2)
