"""``conflicting-rows``: rows with the same inputs and different targets, which no network can both give."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import SMALL_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.findings.data._rows import (
    are_copies,
    equal_rows,
    judged_without,
    leaving_out,
)
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["conflicting_rows"]

_SOURCE = "Bishop, 'Pattern Recognition and Machine Learning' (2006), section 1.5.5"
_CLASSES = ("binary_cross_entropy", "cross_entropy")


@finding("conflicting-rows", _SOURCE)
def conflicting_rows(seen: Examination) -> Iterable[Suspicion]:
    """The least error that any function of the inputs has on these rows, by groups of equal inputs."""
    x, y = seen.rows["x"], np.asarray(seen.rows["y"], np.float64).reshape(len(seen.rows["y"]), -1)
    (group,) = equal_rows(x)
    conflict = _in_conflict(group, y)
    if not conflict.any():
        return
    floor = _floor(group, y, str(seen.call.network.loss))
    numbers = seen.row_numbers[conflict]
    where = Where(rows=tuple(int(row) for row in numbers))
    evidence = [
        Evidence("least error of any function of the inputs, as a share of a constant's", floor, 0.0, _SOURCE)
    ]
    cause = (
        f"{int(conflict.sum()):,} rows have the inputs of another row and a different target: no network "
        f"comes below {100 * floor:.3g}% of the error of the best constant."
    )
    if floor >= SMALL_SHARE:
        words = "add a column that tells these rows apart"
        remedy = Remedy(words, lambda call: call)
        yield Suspicion(where, evidence, cause, [remedy], severity=NOTE, certain=True)
    if not are_copies(x):  # different cases may have equal inputs: that is no fault
        return
    order = np.argsort(seen.row_numbers, kind="stable")
    later = np.zeros(len(group), bool)
    later[order] = _repeats(group[order])
    earlier = np.zeros(len(group), bool)
    earlier[order[::-1]] = _repeats(group[order[::-1]])
    wrong = _also_in_conflict(seen, x, y)
    remedies = [
        leaving_out(seen, seen.row_numbers[conflict & later], "keep the first of each group of such rows"),
        leaving_out(seen, seen.row_numbers[conflict & earlier], "keep the last of each group of such rows"),
    ]
    if not conflict.all():
        remedies.append(leaving_out(seen, numbers, f"leave out the {len(numbers):,} rows"))
    yield Suspicion(
        where,
        evidence,
        cause,
        remedies,
        fair=judged_without(seen, wrong),
        evident=True,  # a count
    )


def _in_conflict(group: NDArray[np.int64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a row of the same group has another target."""
    low, high = (np.full((group.max() + 1, y.shape[1]), bound) for bound in (np.inf, -np.inf))
    np.minimum.at(low, group, y)
    np.maximum.at(high, group, y)
    return np.asarray(np.any(low < high, axis=1)[group])


def _also_in_conflict(seen: Examination, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each row that measures has the inputs of any other row, and a different target."""
    measured = seen.call.measured
    groups = np.concatenate(equal_rows(x, measured["x"]))
    targets = np.concatenate([y, np.asarray(measured["y"], np.float64).reshape(-1, y.shape[1])])
    return _in_conflict(groups, targets)[len(x) :]


def _floor(group: NDArray[np.int64], y: NDArray[np.float64], loss: str) -> float:
    """The error left when each group gets its best output, as a share of that of the best constant."""
    if loss in _CLASSES:
        _, classes = np.unique(y[:, 0], return_inverse=True)
        return _entropy(group, classes) / max(_entropy(np.zeros_like(group), classes), 1e-300)
    counts = np.bincount(group)
    means = np.stack([np.bincount(group, column) / counts for column in y.T], axis=1)
    return float(np.sum((y - means[group]) ** 2) / max(np.sum((y - y.mean(axis=0)) ** 2), 1e-300))


def _entropy(group: NDArray[np.int64], classes: NDArray[np.int64]) -> float:
    """Of the classes within groups, summed over the rows."""
    both = np.zeros((group.max() + 1, classes.max() + 1))
    np.add.at(both, (group, classes), 1)
    shares = both / np.maximum(both.sum(axis=1, keepdims=True), 1)
    return float(-np.sum(both * np.log(np.where(shares > 0, shares, 1))))


def _repeats(group: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a row is not the first of its group."""
    again = np.ones(len(group), bool)
    again[np.unique(group, return_index=True)[1]] = False
    return again


@conflicting_rows.planted
def _contradicted(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A quarter to three quarters of the training rows once more, with targets of other rows."""
    call = healthy.with_rows_apart()
    chosen = random.permutation(len(call.x))[: round((0.25 + 0.5 * severity) * len(call.x))]
    y = np.concatenate([call.y, call.y[random.permutation(chosen)]])
    return Call(call.network, np.concatenate([call.x, call.x[chosen]]), y, call.settings)


@conflicting_rows.look_alike
def _few_answers(healthy: Call, random: np.random.Generator) -> Call:
    """Inputs of few values, so that rows with the same ones differ as people do."""
    return healthy.with_inputs(lambda x: np.clip(np.round(x), -2, 2))
