"""How far predictions are from targets: residuals of numbers, the confusion of classes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.nets import Network
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._sampling import (
    column_of,
    counted,
    evenly_spaced,
    names_of,
    quiet,
    task_of,
)
from downslope.training import Arrays, confusion_counts, forward, r_squared

__all__ = ["make", "residuals"]

_PAIRS = 2000
_BINS = 30


def make(session: Session, options: Mapping[str, Any], parameters: Arrays) -> dict[str, Any]:
    """The residuals of the rows that a page chose."""
    network, split = session.state.settings.network, session.state.shown_descent.split
    target = session.state.rows.target
    validating = options.get("rows") == "validation" and split.validation is not None
    data = split.validation if validating and split.validation is not None else split.training
    units: dict[str, Any] = {"scale": target.scale, "centre": target.mean}
    picture = {**residuals(network, parameters, data, **units), **names_of(session), "validates": validating}
    if split.validation is None or validating or picture["task"] != "regression":
        return picture
    others = residuals(network, parameters, split.validation, **units)
    return {**picture, "others": {name: others[name] for name in ("predicted", "targets")}}


@quiet
def residuals(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    data: Mapping[str, NDArray[Any]],
    *,
    scale: float = 1.0,
    centre: float = 0.0,
    output: int = 0,
) -> dict[str, Any]:
    """How far predictions are from targets; each row counts by its weight.

    Args:
        network, parameters: what predicts.
        data: x (n, inputs), y as the graph takes it, row_weights (n,).
        scale, centre: of a regression: a target is scale·y + centre in its own units.
        output: which output, where there are several that are no classes.

    Returns:
        Of a regression ``predicted`` and ``targets`` (k,) of at most 2,000 rows, evenly spaced; ``r2`` (None
        where all targets are the same), ``rms`` and ``mean`` of the residuals, target − predicted; their
        histogram, ``counts`` (30,) and ``edges`` (31,). Of classes ``confusion`` (classes, classes) [target,
        predicted], ``accuracy`` and ``log_loss``; a probability is of the second of two classes.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=1, layers=[Dense(1, bias=False)])
    >>> rows = {"x": np.array([[1.0], [2.0]]), "y": np.array([[3.0], [3.0]]), "row_weights": np.ones(2)}
    >>> residuals(net, {"layer1.weight": np.array([[1.0]])}, rows)["mean"]
    1.5
    """
    weights = np.asarray(data["row_weights"], np.float64)
    targets = column_of(data["y"], output).astype(np.float64)
    found = {"task": task_of(network), "rows": len(targets)}
    if found["task"] != "regression":
        return found | _classified(network, {**parameters, **data}, targets, weights, output)
    predicted = forward(network, parameters, data["x"])[:, output].astype(np.float64)
    return found | _regressed(scale * predicted + centre, scale * targets + centre, weights)


@lru_cache(maxsize=2)
def _classifier(network: Network) -> Evaluator:
    graph = network.graph()
    return Evaluator([graph.output, graph.errors])


def _classified(
    network: Network,
    values: Mapping[str, NDArray[Any]],
    targets: NDArray[np.float64],
    weights: NDArray[np.float64],
    output: int,
) -> dict[str, Any]:
    scores, errors = _classifier(network).rows(values)
    if network.loss == "cross_entropy":
        classes, predicted = scores.shape[1], scores.argmax(axis=1)
    else:
        score = scores[:, output].astype(np.float64)
        classes, predicted = 2, (score > 0).astype(np.int64)
        # of the score, because log(1 − p) is lost where p is 1 within rounding
        errors = np.logaddexp(0, score) - targets * score
    actual = np.round(targets).astype(np.int64)
    confusion = confusion_counts(actual, predicted, classes, weights)
    return {
        "confusion": confusion,
        "accuracy": float(np.trace(confusion) / confusion.sum()),
        "log_loss": float(np.average(errors, weights=weights)),
    }


def _regressed(
    predicted: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64]
) -> dict[str, Any]:
    residual = targets - predicted
    square = float(np.average(residual**2, weights=weights))
    r2 = float(r_squared(targets, predicted, weights))
    kept = evenly_spaced(len(targets), _PAIRS)
    return {
        "predicted": predicted[kept],
        "targets": targets[kept],
        "r2": None if np.isnan(r2) else r2,
        "rms": square**0.5,
        "mean": float(np.average(residual, weights=weights)),
        **counted(residual, _BINS),
        "sampled": len(kept) < len(targets),
    }
