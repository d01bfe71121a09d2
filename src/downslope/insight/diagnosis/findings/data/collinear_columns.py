"""``collinear-columns``: columns that are nearly sums of others: what tells them apart is learned slowly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["collinear_columns"]

_SOURCE = "Belsley, Kuh and Welsch, 'Regression Diagnostics' (1980), chapter 3"
_INDEX = 30.0  # of the condition index, from which on they call a dependency strong
_PART = 0.5  # of a column's variance that lies in the dependency (theirs)
_ROUNDING = 1e-10  # of the largest direction: below it columns are a sum of others exactly


@finding("collinear-columns", _SOURCE)
def collinear_columns(seen: Examination) -> Iterable[Suspicion]:
    """The condition index of the standardised columns, and which columns the weakest direction is made of."""
    x = np.asarray(seen.rows["x"], np.float64)
    spread = x.std(axis=0)
    varying = np.flatnonzero(spread > 1e-12 * np.abs(x).max(axis=0))
    if len(varying) < 2 or len(x) <= len(varying):
        return
    mean, spread = x.mean(axis=0)[varying], spread[varying]
    _, sizes, directions = np.linalg.svd((x[:, varying] - mean) / spread, full_matrices=False)
    weak = sizes < sizes[0] / _INDEX
    if not weak.any():
        return
    parts = directions**2 / np.maximum(sizes[:, None], _ROUNDING * sizes[0]) ** 2
    within = parts[weak].sum(axis=0) / parts.sum(axis=0)
    columns = varying[within > _PART]
    if not len(columns):
        return
    index = float(sizes[0] / max(sizes[-1], _ROUNDING * sizes[0]))
    exact = sizes[-1] <= _ROUNDING * sizes[0]
    kept = directions[sizes > _ROUNDING * sizes[0]]
    turned = kept.T / (sizes[: len(kept)] / np.sqrt(len(x))) @ kept  # of variance 1 along every direction
    cause = (
        f"Columns {', '.join(str(int(column)) for column in columns[:6])} are "
        f"{'exactly' if exact else 'nearly'} sums of each other ({_in_words(directions[-1], varying)} hardly "
        "varies): what tells them apart is learned slowly, and their weights say little."
    )
    remedy = Remedy(
        "standardise the inputs and stretch their weak directions to the variance 1",
        lambda call: call.with_inputs(lambda values: _turned(values, varying, mean, spread, turned)),
    )
    where = Where(columns=tuple(int(column) for column in columns))
    evidence = [Evidence("condition index of the standardised columns", index, _INDEX, _SOURCE)]
    yield Suspicion(where, evidence, cause, [remedy], severity=NOTE, certain=True)
    if not exact:
        # it speeds up whatever is slow or swings: what does as much without it is the cause
        yield Suspicion(where, evidence, cause, [remedy], yields=True)


def _in_words(direction: NDArray[np.float64], columns: NDArray[np.int64]) -> str:
    """The largest parts of a direction, such as 0.71·column 0 − 0.71·column 3."""
    largest = np.argsort(-np.abs(direction), kind="stable")[:4]
    direction = direction * np.sign(direction[largest[0]])
    terms = [f"{abs(direction[i]):.2f}·column {columns[i]}" for i in largest if abs(direction[i]) >= 0.1]
    signs = ["" if direction[i] > 0 else "−" for i in largest]
    return " ".join(
        f"{sign + ' ' if n and sign else '+ ' if n else ''}{term}"
        for n, (sign, term) in enumerate(zip(signs, terms, strict=False))
    )


def _turned(
    x: NDArray[Any],
    columns: NDArray[np.int64],
    mean: NDArray[np.float64],
    spread: NDArray[np.float64],
    turned: NDArray[np.float64],
) -> NDArray[Any]:
    changed = np.array(x, x.dtype if x.dtype == np.float32 else float)
    changed[:, columns] = ((np.asarray(x, np.float64)[:, columns] - mean) / spread) @ turned
    return changed


@collinear_columns.planted
def _nearly_equal(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Two columns of which only a small difference tells what one of them told."""
    if healthy.x.shape[1] > 6:  # where other columns tell the same
        return None
    small = 10 ** (-1.5 - severity)
    first, second = 0, 1

    def mixed(x: NDArray[Any]) -> NDArray[Any]:
        changed = np.array(x)
        changed[:, second] = x[:, first] + small * x[:, second]
        return changed

    return healthy.with_inputs(mixed)


@collinear_columns.look_alike
def _correlated(healthy: Call, random: np.random.Generator) -> Call:
    """Two columns with a correlation of 0.95."""
    first, second = random.permutation(healthy.x.shape[1])[:2]

    def mixed(x: NDArray[Any]) -> NDArray[Any]:
        changed = np.array(x)
        changed[:, second] = 0.95 * x[:, first] + np.sqrt(1 - 0.95**2) * x[:, second]
        return changed

    return healthy.with_inputs(mixed)
