"""``saddle``: a point where the gradient is nearly 0 and the error curves down, left too slowly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LARGE_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import (
    Call,
    Examination,
    bends,
    derivatives_over_depth,
    least_curvature,
)
from downslope.insight.diagnosis.remedies import drawn_anew, starting_weights, with_each
from downslope.nets import starting_values
from downslope.training import Adam, Sgd

__all__ = ["saddle"]

_SOURCE = "Dauphin et al., 'Identifying and attacking the saddle point problem in high dimensions' (2014)"
_FLAT = 0.01  # of the error of the best constant, which the second half of the run takes off at most
_SHRUNK = 0.1  # an order of magnitude, from the last hidden layer to the first
_NEAR = 0.1  # of the size of the weights, from a point at which the gradient is 0


@finding("saddle", _SOURCE)
def saddle(seen: Examination) -> Iterable[Suspicion]:
    """Where the error no longer falls: the least curvature, and the steps that it takes to leave along it.

    Along a direction of curvature −λ the distance to the saddle, |gradient|/λ, grows by 1 + ηλ a step, with
    momentum μ by about 1 + ηλ/(1 − μ), until it is as large as the weights are.
    """
    half = seen.epochs[len(seen.epochs) // 2 :]
    if seen.failed or len(half) < 2 or seen.score < LARGE_SHARE or not isinstance(seen.optimizer, Sgd):
        return
    if not abs(half[0] - half[-1]) <= _FLAT * seen.constant:
        return
    weights = list(starting_weights(seen.call.network, seen.start))
    *sizes, _ = derivatives_over_depth(seen.at_start)
    if any(each.is_large or each.is_small for each in weights) or (sizes and sizes[0] < _SHRUNK * sizes[-1]):
        return  # the cause is the size of the weights at the start, or how derivatives shrink
    curvature = least_curvature(seen.call.network, seen.end, seen.rows)
    size = float(np.sqrt(sum(float(np.sum(np.square(value))) for value in seen.end.values())))
    slope = seen.at_end.gradient_norm
    if not curvature < 0 or not 0 < slope < _NEAR * -curvature * size:
        return
    pace = seen.rate * -curvature / (1 - seen.optimizer.momentum)
    steps = float(np.log(-curvature * size / slope) / np.log1p(pace))
    yield Suspicion(
        Where(step=len(seen.run.losses)),
        (
            Evidence("norm of the gradient at the end", slope, _NEAR * -curvature * size, _SOURCE),
            Evidence("least curvature at the end", curvature, 0.0),
            Evidence("steps that it takes to leave", steps, seen.steps_asked),
        ),
        f"The run lies at a saddle: the gradient has the norm {slope:.3g}, the error curves down by "
        f"{-curvature:.3g} along one direction, and to leave along it takes about {steps:,.0f} steps more.",
        _remedies(seen.call, seen.optimizer),
    )


def _remedies(call: Call, rule: Sgd) -> list[Remedy]:
    found = drawn_anew(call)
    if rule.momentum < _MOMENTUM:
        found.append(Remedy(f"momentum {_MOMENTUM:g}", _with_momentum))
    return [*found, Remedy("Adam, whose steps are as long however small the gradient is", _with_adam)]


_MOMENTUM = 0.9


def _with_momentum(call: Call) -> Call:
    return call.with_settings(optimizer=Sgd(_MOMENTUM))


def _with_adam(call: Call) -> Call:
    return call.with_settings(optimizer=Adam(), learning_rate=0.01)


@saddle.planted
def _nearly_alike(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Units of tanh that start alike but for a billionth or less, and descend on all rows as one unit does.

    None where that brings them to no saddle within the run.
    """
    if not bends(healthy):
        return None  # one unit is enough
    bent = with_each(healthy, lambda layer: replace(layer, activation="tanh"), last=False)
    apart = 10 ** -(9 + 3 * severity)
    call = bent.with_settings(optimizer=Sgd(0.9), learning_rate=0.02, batch_size=None, epochs=1500)
    drawn = starting_values(call.network, None, call.settings.get("seed", 0), np.dtype(np.float64))
    first, *_ = drawn
    alike = {name: np.full_like(value, 0.6 / np.shape(value)[-1] ** 0.5) for name, value in drawn.items()}
    largest = np.argmax(np.linalg.norm(drawn[first], axis=1))
    alike[first] = np.broadcast_to(drawn[first][largest], drawn[first].shape)
    start = {name: alike[name] * (value.ndim > 1) + apart * value for name, value in drawn.items()}
    planted = call.with_settings(start=start)
    losses = planted.run().losses
    return planted if losses[len(losses) // 2] - losses[-1] <= _FLAT * losses[0] else None


@saddle.look_alike
def _plateau(healthy: Call, random: np.random.Generator) -> Call:
    """A run that has nothing more to learn: the gradient is small, at a minimum."""
    return healthy.with_settings(optimizer=Sgd(0.9), learning_rate=0.05, batch_size=None, epochs=1500)


@saddle.look_alike
def _passed(healthy: Call, random: np.random.Generator) -> Call:
    """Units that start alike but for a tenth: they part soon."""
    drawn = starting_values(healthy.network, None, healthy.settings.get("seed", 0), np.dtype(np.float64))
    first, *_ = drawn
    return healthy.with_settings(start={first: drawn[first].mean(axis=0) + 0.5 * drawn[first]})
