"""``gaps-as-numbers``: one number far from all others, such as −999, that stands where a value is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["gaps_as_numbers"]

_SOURCE = (
    "Tukey, 'Exploratory Data Analysis' (1977); Little and Rubin, 'Statistical Analysis with Missing Data'"
)
_FAR_OUT = 3.0  # interquartile ranges beyond the quartiles
_FEWEST = 3  # cells with the same number: more than chance gives among numbers that seldom repeat
_SELDOM = 0.5  # of the other cells of the column, at least, that have a value of their own
_APART = 3.0  # ranges of the others, from the nearest of them, where these repeat, too

Codes = dict[int, float]


@finding("gaps-as-numbers", _SOURCE)
def gaps_as_numbers(seen: Examination) -> Iterable[Suspicion]:
    """The smallest or largest number of a column, where it repeats, and is far out, as others are not."""
    x = np.asarray(seen.rows["x"], np.float64)
    codes = {column: code for column, values in enumerate(x.T) if (code := _code(values)) is not None}
    if not codes:
        return
    gaps = np.stack([x[:, column] == code for column, code in codes.items()], axis=1)
    means = {column: float(np.mean(x[x[:, column] != code, column])) for column, code in codes.items()}
    numbers = ", ".join(f"{code:g}" for code in sorted(set(codes.values()))[:3])
    share = float(gaps.mean())
    column, code = max(codes.items(), key=lambda each: _distance(x[:, each[0]], each[1]))
    yield Suspicion(
        Where(
            columns=tuple(codes), rows=tuple(int(row) for row in np.sort(seen.row_numbers[gaps.any(axis=1)]))
        ),
        (
            Evidence(
                f"interquartile ranges from the other numbers of column {column} to {code:g}",
                _distance(x[:, column], code),
                _FAR_OUT,
                _SOURCE,
            ),
            Evidence("share of such cells in these columns", share, 0.0),
        ),
        f"{int(gaps.sum()):,} cells hold the number {numbers}, far from all others of their columns: it "
        "likely stands for a value that is missing, and is learned as if it were one.",
        [
            Remedy(
                "fill these cells with the mean of the others of their column",
                lambda call: call.with_inputs(lambda values: _filled(values, codes, means)),
                lambda call: call.with_inputs(lambda values: _thinned(values, share, means)),
            ),
            Remedy(
                "fill these cells with the mean of the others of their column, and standardise the inputs",
                lambda call: call.with_inputs(lambda values: _scaled(values, x, codes, means)),
                lambda call: call.with_inputs(lambda values: _thinned(values, share, means)),
            ),
        ],
        evident=True,
    )


def _code(values: NDArray[np.float64]) -> float | None:
    """The number of a column that stands for a gap."""
    for code in (values.min(), values.max()):
        others = values[values != code]
        if len(others) < max(_FEWEST, len(values) / 2) or len(values) - len(others) < _FEWEST:
            continue
        seldom = len(np.unique(others)) >= _SELDOM * len(others)
        if (seldom or _is_apart(others, code)) and _distance(values, code) > _FAR_OUT:
            return float(code)
    return None


def _is_apart(others: NDArray[np.float64], code: float) -> bool:
    """Whether numbers of several values are all on one side of a number, and near each other beside it."""
    low, high = others.min(), others.max()
    return bool(max(low - code, code - high) > _APART * (high - low) > 0)


def _distance(values: NDArray[np.float64], code: float) -> float:
    """From the quartiles of the other numbers, in interquartile ranges."""
    low, high = np.quantile(values[values != code], (0.25, 0.75))
    return float(max(low - code, code - high) / max(high - low, 1e-300))


def _filled(x: NDArray[Any], codes: Codes, means: Codes) -> NDArray[Any]:
    changed = np.array(x, x.dtype if x.dtype == np.float32 else float)
    for column, code in codes.items():
        changed[changed[:, column] == code, column] = means[column]
    return changed


def _scaled(x: NDArray[Any], learned: NDArray[np.float64], codes: Codes, means: Codes) -> NDArray[Any]:
    known = _filled(learned, codes, means)
    spread = known.std(axis=0)
    changed = _filled(x, codes, means)
    scaled = (changed - known.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return np.asarray(scaled, changed.dtype)


def _thinned(x: NDArray[Any], share: float, means: Codes) -> NDArray[Any]:
    """As many other cells of the same columns, filled."""
    changed, random = np.array(x, x.dtype if x.dtype == np.float32 else float), np.random.default_rng(0)
    for column, mean in means.items():
        changed[random.random(len(x)) < share, column] = mean
    return changed


@gaps_as_numbers.planted
def _coded(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The number −999 in up to 10% of the cells of half of the columns."""
    return _lost(healthy, severity, random, lambda _: -999.0)


@gaps_as_numbers.twin_of(_coded)
def _known(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """The same cells filled with the mean of their column: what was in them is lost."""
    return _lost(healthy, severity, random, lambda values: float(values.mean()))


def _lost(
    healthy: Call, severity: float, random: np.random.Generator, filler: Callable[[NDArray[Any]], float]
) -> Call:
    columns = random.permutation(healthy.x.shape[1])[: -(-healthy.x.shape[1] // 2)]

    def lost(x: NDArray[Any]) -> NDArray[Any]:
        changed = np.array(x)
        for column in columns:
            changed[random.random(len(x)) < 0.02 + 0.08 * severity, column] = filler(x[:, column])
        return changed

    return healthy.with_inputs(lost)


@gaps_as_numbers.look_alike
def _seldom_on(healthy: Call, random: np.random.Generator) -> Call:
    """A column of zeros with a few ones, which are as they should be."""

    def switched(x: NDArray[Any]) -> NDArray[Any]:
        changed = np.array(x)
        changed[:, -1] = random.random(len(x)) < 0.02
        return changed

    return healthy.with_inputs(switched)
