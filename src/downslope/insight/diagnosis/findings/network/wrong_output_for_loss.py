"""``wrong-output-for-loss``: a last activation behind which the outputs that the loss asks for do not lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope.engines import Evaluator
from downslope.graph import BATCH, input_, ops
from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LARGE_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import with_last, with_rate_times
from downslope.nets import ACTIVATIONS, Dense

__all__ = ["wrong_output_for_loss"]

_SOURCE = "Bishop, 'Neural Networks for Pattern Recognition' (1995), chapter 6: a loss and its output unit"
_NUMBERS = ("squared_error", "absolute_error", "huber", "quantile")
_SIZES = np.concatenate([np.linspace(0.02, 1, 50), np.geomspace(1, 1e6, 50)])  # of z, times that of targets


@finding("wrong-output-for-loss", _SOURCE)
def wrong_output_for_loss(seen: Examination) -> Iterable[Suspicion]:
    """The least error of outputs within what the last activation can give, chosen for each row alone."""
    call, end = seen.call, seen.call.network.layers[-1]
    if not isinstance(end, Dense) or end.function is None:
        return
    y = np.asarray(call.measured["y"], np.float64)
    low, high = _reach(end, max(1.0, float(np.abs(y).max())))
    is_constant = bool(np.all(high - low <= 1e-12 * np.maximum(np.abs(high), 1)))
    ideal = _ideal(call, y)
    least = 0.0 if ideal is None else seen.yardstick.share(call.restore(np.clip(ideal, low, high)))
    if not is_constant and least < LARGE_SHARE:
        return
    name = str(end.activation) if str(end.activation) in ACTIVATIONS else "activation"
    within = f"{low.min():.3g}" if is_constant else f"{low.min():.3g} to {high.max():.3g}"
    share = Evidence(
        "least error behind the last activation, as a share of that of the best constant",
        *(least, LARGE_SHARE, _SOURCE),
    )
    reach = Evidence("from the smallest output to the largest", float(np.max(high - low)), float(np.ptp(y)))
    yield Suspicion(
        Where(layer=seen.at_end.stages[-1].stage.layer),
        (reach if is_constant else share,),
        f"The {name} of the last layer gives {within}"
        + (" whatever the inputs are: nothing can be learned." if is_constant else f", {_asked(call, y)}."),
        (Remedy("no activation on the last layer", _without),),
        expected="outputs that can have any value" if is_constant else "",
        certain=is_constant,
        evident=True,  # computed, not estimated
    )


def _reach(end: Dense, size: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The smallest and the largest value that each output can have: of z in many directions and sizes."""
    assert end.function is not None
    z = input_("z", (BATCH, end.units))
    random = np.random.default_rng(0)
    drawn = random.standard_normal((16, end.units))
    ways = np.concatenate([np.ones((1, end.units)), 2 * np.eye(end.units) - 1, drawn])
    ways = np.concatenate([ways, -ways])
    given = (size * _SIZES[:, None, None] * ways).reshape(-1, end.units)
    with np.errstate(all="ignore"):
        values = np.asarray(Evaluator([end.function(z)]).rows({"z": given})[0])
    return np.nanmin(values, axis=0), np.nanmax(values, axis=0)


def _ideal(call: Call, y: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The outputs of which the error of each row is least; None of a loss that is a function of its own."""
    loss = call.network.loss_function.name
    if loss in _NUMBERS:
        return y
    if loss == "binary_cross_entropy":
        return np.log(np.maximum(y, 1e-300)) - np.log(np.maximum(1 - y, 1e-300))
    if loss == "poisson":
        return np.log(np.maximum(y, 1e-300))
    if loss == "cross_entropy":
        width = int(call.network.graph().output.shape[1])
        return np.where(np.arange(width) == y[:, None], 1e3, -1e3)
    return None


def _asked(call: Call, y: NDArray[np.float64]) -> str:
    """What the loss asks of the outputs."""
    link = call.network.loss_function.link
    if link is None:
        return f"and the targets go from {y.min():.3g} to {y.max():.3g}"
    own = next(name for name in ("sigmoid", "exp", "softmax") if link is getattr(ops, name))
    return f"and the loss applies a {own} of its own to what is any number"


def _without(call: Call) -> Call:
    return with_last(call, lambda end: replace(end, activation="identity"))


@wrong_output_for_loss.planted
def _bounded(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """An activation that cuts numbers off at 0, or one that squeezes them into probabilities."""
    chosen = "relu" if severity < 0.5 and healthy.network.loss_function.link is None else "sigmoid"
    return with_last(healthy, lambda end: replace(end, activation=chosen))


@wrong_output_for_loss.planted
def _softmax(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """A softmax on the last layer, before a loss that applies its own, or on one unit."""
    return with_last(healthy, lambda end: replace(end, activation=ops.softmax))


@wrong_output_for_loss.look_alike
def _reached(healthy: Call, random: np.random.Generator) -> Call | None:
    """A sigmoid on the last layer, and targets between 0 and 1."""
    if healthy.network.loss_function.link is not None:
        return None
    y = np.asarray(healthy.y, np.float64)
    low, size = y.min() - 0.1, np.ptp(y) + 0.2
    scaled = healthy.with_targets(lambda values: (values - low) / size, lambda z: z * size + low)
    steeper = (
        1 if healthy.settings["optimizer"] == "adam" else 16
    )  # the square of the sigmoid's slope is 1/16
    return with_last(with_rate_times(scaled, steeper), lambda end: replace(end, activation="sigmoid"))
