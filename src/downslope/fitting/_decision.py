"""Which class is said, given the probabilities: the rule with the highest expected score on held-out rows.

A rule is a weight for each class; the class with the largest probability × weight is said. The expected score
is computed from calibrated probabilities and not from the true classes: where a class is rare there are few
true rows to choose by, and every row has a probability.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting._recording import validated_rows
from downslope.fitting._training import Trained
from downslope.fitting.ensemble import FitSettings, class_weights_of
from downslope.fitting.evaluation import METRICS, metric_named, statistics_of
from downslope.fitting.record import Decided

__all__ = ["best_weights", "decided", "refuse_unsuitable", "said_for", "with_decision"]

_SMALLEST = 1e-12
_ROUNDS = 20
_CELLS = 2_000_000  # of probabilities that decide

_DECIDING = ("balanced_accuracy", "f1", "f1_macro")
"""The scores for which another class than the most probable one may be better."""


def refuse_unsuitable(settings: FitSettings, tasks: Collection[str]) -> None:
    """Refuse a metric that is of none of the targets, and weights of classes where there are none.

    Args:
        settings: of the fit.
        tasks: of the targets.

    Raises:
        DownslopeError: it says which there are.
    """
    metric = settings.metric
    if settings.class_weight is not None and "classification" not in tasks:
        raise DownslopeError("class_weight is for classes, and the target is a number; leave it out")
    if isinstance(metric, str) and METRICS[metric].task not in tasks:
        metric_named(metric, next(iter(tasks)))


def with_decision(trained: Trained, settings: FitSettings) -> Trained:
    """What was trained, with targets that know which class is said: for the metric, or by weights of classes.

    Probabilities are of rows that all count alike. Where rows of class k count wₖ times, what is right most
    often by these counts is the class with the largest wₖ pₖ.
    """
    metric, held, target = settings.metric, trained.validation, trained.rows.target
    counts = class_weights_of(settings, target, trained.rows.y)
    if isinstance(metric, str) and metric in _DECIDING and target.classes:
        weights = best_weights(metric, trained.fitted.blend, trained.measured.w[held].astype(np.float64))
    elif counts is not None and counts.min() < counts.max():
        weights = tuple((counts.astype(np.float64) / counts.min()).tolist())
    else:
        return trained
    same = trained.measured is trained.rows
    rows = replace(trained.rows, target=replace(trained.rows.target, decision=weights))
    measured = trained.measured
    measured = rows if same else replace(measured, target=replace(measured.target, decision=weights))
    return replace(trained, rows=rows, measured=measured)


def said_for(
    metric: str, probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, ...]:
    """The weights of ``best_weights``, or none where the most probable class is the best for a metric."""
    return best_weights(metric, probabilities, weights) if metric in _DECIDING else ()


def decided(trained: Trained, metric: str | Callable[..., Any] | None) -> Decided | None:
    """What the decision for the metric brings on the validation rows; None where there is none."""
    target, labelled = trained.measured.target, validated_rows(trained)
    if not isinstance(metric, str) or metric not in _DECIDING or not target.decision:
        return None
    by = (target, target.plain)
    found = (statistics_of(labelled, each, trained.fitted.blend)[metric] for each in by)
    return Decided(metric, *(figure.estimate(labelled.weights) for figure in found))


def best_weights(
    metric: str, probabilities: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, ...]:
    """The weight of each class with which a score is expected to be highest, the smallest of them 1.

    Args:
        metric: ``"balanced_accuracy"``, ``"f1"`` or ``"f1_macro"``.
        probabilities: calibrated, (rows, classes).
        weights: how much each row counts, (rows,).

    >>> p = np.array([0.1, 0.2, 0.6])
    >>> best_weights("balanced_accuracy", np.stack([1 - p, p], axis=1), np.ones(3))
    (1.0, 2.33...)
    """
    every = -(-probabilities.size // _CELLS)
    p, w = np.maximum(probabilities[::every], _SMALLEST), weights[::every]
    if metric == "balanced_accuracy":
        found = 1 / (w @ p)
    elif metric == "f1" and p.shape[1] == 2:
        half = _best_f1(p[:, 1], w) / 2
        found = np.array([half, 1 - half])
    else:
        found = _for_mean_f1(p, w)
    return tuple((found / found.min()).tolist())


def _best_f1(p: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    """The highest expected F1 of a class with these probabilities, over all thresholds.

    The class is best said where its probability is above half of that (Lipton, Elkan and Naryanaswamy,
    "Optimal thresholding of classifiers to maximize F1 measure", 2014): a row that is said adds 2p to the
    numerator of F = 2 S / (N + T) and 1 to its denominator, which makes F larger while 2p > F.
    """
    order = np.argsort(-p, kind="stable")
    hits, said = np.cumsum((w * p)[order]), np.cumsum(w[order])
    return float((2 * hits / (said + hits[-1])).max())


def _for_mean_f1(p: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights for the mean F1: for one class after another the best, given the others."""
    found, score = np.ones(p.shape[1]), 0.0
    for _ in range(_ROUNDS):
        before = score
        for k in range(p.shape[1]):
            found[k], score = _best_weight(p, w, found, k)
        if score <= before * (1 + 1e-9):
            break
    return found


def _best_weight(
    p: NDArray[np.float64], w: NDArray[np.float64], given: NDArray[np.float64], k: int
) -> tuple[float, float]:
    """The weight of class k with the highest expected mean F1, the others given, and that F1.

    As it grows, row after row goes over to class k, each at the weight at which its products are equal.
    """
    products = p * given
    products[:, k] = -1.0
    other = products.argmax(axis=1)
    turn = products.max(axis=1) / p[:, k]
    order = np.argsort(turn, kind="stable")
    turn, other, p, w = turn[order], other[order], p[order], w[order]
    total = w @ p
    f1s = np.zeros(len(w) + 1)  # of so many rows that went over
    for j in range(p.shape[1]):
        moved = np.ones(len(w), bool) if j == k else other == j
        hits, said = (_running(np.where(moved, of, 0.0)) for of in (w * p[:, j], w))
        if j != k:
            hits, said = hits[-1] - hits, said[-1] - said
        f1s += 2 * hits / (said + total[j]) / p.shape[1]
    apart = np.append(np.insert(np.diff(turn) > 0, 0, True), True)  # equal rows go over together
    best = int(np.where(apart, f1s, -1.0).argmax())
    low = turn[best - 1] if best else turn[0] / 4
    high = turn[best] if best < len(turn) else turn[-1] * 4
    return float(np.sqrt(low * high)), float(f1s[best])


def _running(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of the first 0, 1, 2, … values."""
    return np.concatenate([[0.0], np.cumsum(values)])
