"""``shifted-validation``: validation rows that differ from those that are learned from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LEVEL
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Judge

__all__ = ["shifted_validation"]

_SOURCE = (
    "Rabanser, Günnemann and Lipton, 'Failing loudly' (2019): the test of Kolmogorov and Smirnov on each "
    "column, with Bonferroni's correction"
)
_RARELY = 0.001  # of what is evident


@finding("shifted-validation", _SOURCE)
def shifted_validation(seen: Examination) -> Iterable[Suspicion]:
    """A two-sample test of each column and of the target, at 1% for all of them together."""
    if not seen.call.has_validation or seen.call.has_other_targets:
        return
    trained, measured = seen.rows, seen.call.measured
    tables = [
        np.hstack([part["x"], part["y"].reshape(len(part["y"]), -1)]).astype(np.float64)
        for part in (trained, measured)
    ]
    distances = np.array([_distance(*pair) for pair in zip(tables[0].T, tables[1].T, strict=True)])
    sizes = [len(table) for table in tables]
    bound, rare_bound = (_bound(level / len(distances), *sizes) for level in (LEVEL, _RARELY))
    shifted = np.flatnonzero(distances > bound)
    if not len(shifted):
        return
    columns = [int(column) for column in shifted if column < trained["x"].shape[1]]
    columns.sort(key=lambda column: -distances[column])
    named = f"in column{'s' if len(columns) > 1 else ''} {', '.join(map(str, columns[:6]))}"
    yield Suspicion(
        Where(columns=tuple(columns)),
        (Evidence("largest distance between their distributions", float(distances.max()), bound, _SOURCE),),
        f"The validation rows differ from the training rows {named if columns else 'in the target'}: their "
        "error is that of cases which were not learned from.",
        [Remedy("draw the validation rows at random from all rows", _drawn)],
        evident=bool(distances.max() > rare_bound),
    )


def _bound(level: float, first: int, second: int) -> float:
    """The largest distance that chance exceeds so seldom, at most, of samples of these sizes."""
    return float(np.sqrt(np.log(2 / level) / 2 * (1 / first + 1 / second)))


def _distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The largest difference of two empirical distributions."""
    values = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(part), values, side="right") / len(part) for part in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def _drawn(call: Call) -> Call:
    """The same rows, of which others are held out."""
    apart = call.with_rows_apart()
    rows, measured = apart.rows, apart.measured
    count = len(rows["x"])
    order = np.random.default_rng(0).permutation(count + len(measured["x"]))
    x, y, weights = (
        np.concatenate([rows[name], measured[name]])[order] for name in ("x", "y", "row_weights")
    )
    given = None if apart.settings.get("row_weights") is None else weights[:count]
    settings = {**apart.settings, "validation": (x[count:], y[count:]), "row_weights": given}
    numbers = None
    if len(apart.measured_numbers) == len(measured["x"]):
        own = np.concatenate([apart.row_numbers, apart.measured_numbers])[order]
        numbers = own[:count], own[count:]
    drawn = replace(apart, x=x[:count], y=y[:count], settings=settings, numbers=numbers)
    measure = None if call.judge is None else call.judge.measure
    return replace(drawn, judge=Judge(drawn.measured["y"], drawn.measured["row_weights"], measure))


@shifted_validation.planted
def _sorted(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Validation rows from the end of a table that is sorted by its target, or, for classes, by a column."""
    numbers = str(healthy.network.loss) == "squared_error"
    key = np.asarray(healthy.y).reshape(-1) if numbers else healthy.x[:, 0]
    order = np.argsort(key + (1 - severity) * random.standard_normal(len(key)))
    count = len(order) * 3 // 4
    x, y = healthy.x[order], healthy.y[order]
    settings = {**healthy.settings, "validation": (x[count:], y[count:])}
    return Call(healthy.network, x[:count], y[:count], settings)


@shifted_validation.look_alike
def _few(healthy: Call, random: np.random.Generator) -> Call:
    """Twenty validation rows, which differ by chance alone."""
    order = random.permutation(len(healthy.x))
    x, y = healthy.x[order], healthy.y[order]
    settings = {**healthy.settings, "validation": (x[:20], y[:20])}
    return Call(healthy.network, x[20:], y[20:], settings)
