"""``class-imbalance``: a class so rare that descent hardly hears of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, output_of

__all__ = ["class_imbalance"]

_SOURCE = (
    "King and Zeng, 'Logistic regression in rare events data' (2001); "
    "Menon et al., 'Long-tail learning via logit adjustment' (2021)"
)
_CLASSES = ("binary_cross_entropy", "cross_entropy")
_RARE = 0.2  # of the share that each class would have, were all alike
_HALF = 0.5  # of its rows, at least, that are told from the others where a class is learned


@finding("class-imbalance", _SOURCE)
def class_imbalance(seen: Examination) -> Iterable[Suspicion]:
    """Rows of rare classes that the network takes for others; the trial takes the mere rarity off."""
    rows = seen.rows
    if seen.failed or str(seen.call.network.loss) not in _CLASSES or rows["y"].size != len(rows["y"]):
        return
    y = rows["y"].ravel().astype(int)
    if not np.array_equal(y, rows["y"].ravel()):
        return
    classes = max(2, int(seen.call.network.graph().output.shape[1]))
    weights = rows["row_weights"].reshape(len(y), -1)[:, 0].astype(np.float64)
    counts = np.bincount(y, weights, minlength=classes)
    shares = counts / counts.sum()
    rare = np.flatnonzero((shares < _RARE / classes) & (counts > 0))
    if not len(rare) or np.count_nonzero(counts) < classes:
        return
    prior = _prior(shares, classes)
    outputs = output_of(seen.call.network, seen.run.parameters, rows["x"])
    told = _told(outputs, y, classes)
    yield from _other_shares(seen, shares, rare)
    worst = int(rare[np.argmin(told[rare])])
    if told[worst] >= _HALF:
        return
    factors, mixed = _factors(seen.call, 1 / (classes * shares))

    def adjusted(call: Call) -> Call:
        """Measured as if all classes were alike: what the rarity adds to the output is taken off."""
        measured, before = call.measured["y"].ravel().astype(int), call.restore
        there = np.bincount(measured, minlength=classes)
        balanced = call.measured["row_weights"] * (1 / np.maximum(there, 1))[measured]
        balanced *= len(measured) / balanced.sum()
        return replace(call.judged(balanced), restore=lambda z: before(z) - prior)

    def weighted(call: Call) -> Call:
        """Rows of each class together count alike, and outputs need nothing taken off."""
        before = call.restore
        return replace(call.with_weights_times(factors), restore=lambda z: before(z) + prior)

    yield Suspicion(
        Where(rows=tuple(int(row) for row in seen.row_numbers[y == worst])),
        (
            Evidence(f"share of class {worst} that is told", float(told[worst]), _HALF, _SOURCE),
            Evidence(f"share of class {worst} of all rows", float(shares[worst]), _RARE / classes),
        ),
        f"Class {worst} has {100 * shares[worst]:.2g}% of the weight and is not learned: the gradient is "
        "that of the other rows.",
        [
            Remedy(
                "weigh rows by the inverse of the share of their class",
                weighted,
                lambda call: call.with_weights_times(mixed),
            )
        ],
        fair=adjusted,
    )


def _other_shares(
    seen: Examination, shares: NDArray[np.float64], rare: NDArray[np.int64]
) -> Iterable[Suspicion]:
    """Classes that are rare by the weights of the rows and not among the rows that measure."""
    measured = seen.call.measured
    weights = measured["row_weights"].reshape(len(measured["y"]), -1)[:, 0].astype(np.float64)
    there = np.bincount(measured["y"].ravel().astype(int), weights, minlength=len(shares))
    there = there / there.sum()
    worst = int(rare[np.argmin(shares[rare] / np.maximum(there[rare], 1e-300))])
    if not there[worst] or shares[worst] >= _RARE * there[worst] or not there.all():
        return
    factors, mixed = _factors(seen.call, there / shares)
    yield Suspicion(
        Where(rows=tuple(int(row) for row in seen.row_numbers[seen.rows["y"].ravel() == worst])),
        (Evidence(f"share of class {worst} of the weight", float(shares[worst]), _RARE * there[worst]),),
        f"Class {worst} has {100 * shares[worst]:.2g}% of the weight of the rows that are learned from, and "
        f"{100 * there[worst]:.2g}% of that of the rows that measure: what is foretold of it is too low.",
        [
            Remedy(
                "weigh rows so that each class has the share that it has in the rows that measure",
                lambda call: call.with_weights_times(factors),
                lambda call: call.with_weights_times(mixed),
            )
        ],
        evident=True,  # a count
    )


def _factors(call: Call, by_class: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A weight for each row of the table by its class; and the same weights, handed round among the rows."""
    factors = np.ones(call.table_rows)
    factors[call.row_numbers] = by_class[call.rows["y"].ravel().astype(int)]
    mixed = factors.copy()
    mixed[call.row_numbers] = np.random.default_rng(0).permutation(factors[call.row_numbers])
    return factors, mixed


def _prior(shares: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    """What the shares of classes add to the outputs of a network that has learned them."""
    logs = np.log(shares)
    return logs[1:] - logs[:1] if classes == 2 else logs - logs.mean()


def _told(outputs: NDArray[Any], y: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """The share of the rows of each class that have it as the likeliest."""
    logits = np.hstack([np.zeros((len(outputs), 1)), outputs]) if outputs.shape[1] == 1 else outputs
    right = logits.argmax(axis=1) == y
    return np.bincount(y, right, minlength=classes) / np.maximum(np.bincount(y, minlength=classes), 1)


@class_imbalance.planted
def _drowned(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Rows of all classes but one counting a thousand to 100,000 times as much."""
    if str(healthy.network.loss) not in _CLASSES:
        return None
    call = healthy.with_rows_apart()
    last = int(np.max(call.y))
    weights = np.where(np.asarray(call.y).ravel() == last, 1.0, 10 ** (3 + 2 * severity))
    return call.with_settings(row_weights=weights)


@class_imbalance.look_alike
def _rare_and_learned(healthy: Call, random: np.random.Generator) -> Call | None:
    """A class with a tenth of its rows, which is learned as well as the others, in as many steps."""
    if str(healthy.network.loss) not in _CLASSES:
        return None
    y = np.asarray(healthy.y).ravel()
    kept = (y != y.max()) | (random.uniform(size=len(y)) < 0.1)
    rare = Call(healthy.network, healthy.x[kept], healthy.y[kept], healthy.settings)
    return rare.with_settings(epochs=round(healthy.settings["epochs"] * len(y) / kept.sum()))
