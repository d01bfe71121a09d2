"""``wrong-loss-for-target``: squared errors of class numbers, or a class for every number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Measure
from downslope.nets import Dense

__all__ = ["wrong_loss_for_target"]

_SOURCE = "Bishop, 'Neural Networks for Pattern Recognition' (1995), chapter 6: what outputs stand for"
_EVENTS = "Peduzzi et al., 'A simulation study of the number of events per variable' (1996)"
_TEN = 10.0  # rows of a class, from which on what it depends on can be told
_NUMBERS = ("squared_error", "absolute_error", "huber")

Values = NDArray[Any]


@finding("wrong-loss-for-target", _SOURCE)
def wrong_loss_for_target(seen: Examination) -> Iterable[Suspicion]:
    """How many whole numbers the targets are, and how many rows there are of each."""
    call, end = seen.call, seen.call.network.layers[-1]
    if not isinstance(end, Dense):
        return
    y = np.asarray(seen.rows["y"])
    loss = call.network.loss_function.name
    levels = _levels(y)
    rows = len(y) / max(len(levels), 1)
    count = Evidence("rows for each value of the target", rows, _TEN, _EVENTS)
    if loss in _NUMBERS and len(levels) > 1 and rows >= _TEN:
        wrong = Measure(lambda z, t: _decided(z, levels) != _classes(t, levels), [*np.eye(len(levels))])
        kind = "one column of 0 and 1 for each class" if y.shape[1] > 1 else "whole numbers"
        yield Suspicion(
            Where(layer=seen.at_end.stages[-1].stage.layer),
            (count,),
            f"The targets are {len(levels)} classes, written as {kind}, and the loss is {loss}: it asks for "
            "a number near that of the class, as if classes lay on a line.",
            (Remedy(f"cross-entropy of {len(levels)} classes", lambda call: _as_classes(call, levels)),),
            fair=lambda call: call.measured_by(wrong),
        )
    if loss == "cross_entropy" and rows < _TEN:
        distance = Measure(lambda z, t: (_expected(z) - t.ravel()) ** 2, [np.array([np.mean(y)])])
        yield Suspicion(
            Where(layer=seen.at_end.stages[-1].stage.layer),
            (count,),
            f"The targets are {len(levels)} different numbers in {len(y):,} rows, and the loss makes a class "
            "of each: it cannot know that near numbers are alike.",
            (
                Remedy("squared error of the number, with one output", _as_numbers),
                Remedy("squared error of the standardised number, with one output", _as_scaled_numbers),
            ),
            fair=lambda call: call.measured_by(distance),
        )


def _levels(y: Values) -> Values:
    """The values that targets have where they can be classes: whole numbers, or columns of 0 and a 1."""
    if y.ndim == 2 and y.shape[1] > 1:
        one_hot = np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all()
        return np.arange(y.shape[1]) if one_hot else np.zeros(0)
    found = np.unique(y)
    return found if np.array_equal(found, np.round(found)) else np.zeros(0)


def _classes(y: Values, levels: Values) -> Values:
    """The numbers of the classes of targets, (rows,)."""
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(y.argmax(axis=1))
    return np.searchsorted(levels, y.reshape(-1)).clip(0, len(levels) - 1)


def _decided(z: Values, levels: Values) -> Values:
    """The classes that outputs stand for, under either loss: one for each class, or one near a level."""
    if z.shape[1] > 1:
        return np.asarray(z.argmax(axis=1))
    return np.asarray(np.abs(z - levels).argmin(axis=1))


def _expected(z: Values) -> Values:
    """The numbers that outputs stand for, under either loss."""
    if z.shape[1] == 1:
        return z[:, 0]
    shares = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(shares @ np.arange(z.shape[1]) / shares.sum(axis=1))


def _as_classes(call: Call, levels: Values) -> Call:
    """The loss of classes: of two, with the one output that there is; of more, with one for each."""
    if len(levels) == 2 and int(call.network.graph().output.shape[1]) == 1:
        low, high = levels
        two = _ended(call, Dense(1), "binary_cross_entropy")
        return two.with_targets(
            lambda y: np.where(y == high, 1.0, 0.0), lambda z: low + (high - low) / (1 + np.exp(-z))
        )
    changed = _ended(call, Dense(len(levels)), "cross_entropy")
    return changed.with_targets(lambda y: _classes(y, levels), lambda z: z)


def _as_numbers(call: Call) -> Call:
    return _ended(call, Dense(1), "squared_error")


def _ended(call: Call, end: Dense, loss: str) -> Call:
    """The same call with another last layer and another loss."""
    layers = (*call.network.layers[:-1], end)
    return call.with_network(replace(call.network, layers=layers, loss=loss))


def _as_scaled_numbers(call: Call) -> Call:
    mean, spread = float(np.mean(call.y)), float(np.std(call.y))
    return _as_numbers(call).with_targets(lambda y: (y - mean) / spread, lambda z: z * spread + mean)


@wrong_loss_for_target.planted
def _squares_of_classes(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Squared errors of the numbers of classes, in that of 24 orders in which they lie least on a line."""
    if healthy.network.loss_function.name != "cross_entropy":
        return None
    columns, y = np.hstack([healthy.x, np.ones((len(healthy.x), 1))]), healthy.y.astype(int)
    orders = [random.permutation(int(y.max()) + 1) for _ in range(24)]
    fits = [columns @ np.linalg.lstsq(columns, order[y], rcond=None)[0] for order in orders]
    misses = [np.square(order[y] - fit).sum() for order, fit in zip(orders, fits, strict=True)]
    order = orders[int(np.argmax(misses))]
    changed = _ended(healthy, Dense(1), "squared_error")
    return changed.with_targets(lambda values: order[values.astype(int)], lambda z: z)


@wrong_loss_for_target.planted
def _class_of_every_number(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Numbers, rounded to up to 300 levels, as classes."""
    if healthy.network.loss_function.name not in _NUMBERS:
        return None
    low, size, levels = healthy.y.min(), np.ptp(healthy.y), int(100 + 200 * severity)
    changed = _ended(healthy, Dense(levels), "cross_entropy")
    return changed.with_targets(lambda y: np.minimum((y - low) / size * levels, levels - 1) // 1, lambda z: z)


@wrong_loss_for_target.look_alike
def _counts(healthy: Call, random: np.random.Generator) -> Call | None:
    """A number that is a count, with few values: near counts are alike."""
    if healthy.network.loss_function.name not in _NUMBERS:
        return None
    return healthy.with_targets(lambda y: np.round(3 * (y - y.min()) / y.std()) // 3, lambda z: z)
