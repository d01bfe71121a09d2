"""Descent ahead of a run by the spectrum of its Hessian: exact where the error is quadratic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.insight.diagnosis import Call
from downslope.insight.linear import Quadratic, Recurrence, quadratic
from downslope.training import Constant, Run, Sgd, optimizer_of, schedule_of

__all__ = ["Plain", "Spectrum", "exact_spectrum", "plain_descent", "velocities_of"]

_MOST = 1 << 60
_SCANNED = 1 << 20  # steps; beyond them the error is taken to fall only
_CHUNK = 4096


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A quadratic error around where a run is, direction by direction.

    Attributes:
        curvatures: λ, (directions,).
        distances: from where the error is stationary, (directions,).
        velocities: of descent with momentum, (directions,).
        floor: the error where all distances are 0: at the minimum, if no curvature is below 0.
        rate, momentum: of each step.
    """

    curvatures: NDArray[np.float64]
    distances: NDArray[np.float64]
    velocities: NDArray[np.float64]
    floor: float
    rate: float
    momentum: float

    def error_after(self, steps: int) -> float:
        """The error after some more steps."""
        with np.errstate(all="ignore"):
            powers = np.linalg.matrix_power(self._matrices, steps)
            found = self._errors(np.einsum("dab,db->da", powers, self._state)[None])
        return float(found[0]) if np.isfinite(found[0]) else float("inf")

    def steps_to(self, error: float) -> float:
        """The first of the steps from now on after which the error is at most this; infinity where never."""
        if error < self.floor and np.all(self.curvatures >= 0):
            return float("inf")
        for begin in range(0, _SCANNED, _CHUNK):
            with np.errstate(all="ignore"):
                errors = self._chunk(begin)
            reached = np.flatnonzero(errors <= error)
            if len(reached):
                return begin + int(reached[0])
            if not np.isfinite(errors[-1]) or (errors[-1] == errors[0] and errors[-1] == errors.min()):
                return float("inf")
        low, high = _SCANNED, 2 * _SCANNED
        while self.error_after(high) > error:
            low, high = high, 2 * high
            if high > _MOST:
                return float("inf")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.error_after(middle) <= error else (middle, high)
        return high

    def _chunk(self, begin: int) -> NDArray[np.float64]:
        """The errors of steps in a row, (4,096,)."""
        states = (np.linalg.matrix_power(self._matrices, begin) @ self._state[..., None])[None, ..., 0]
        while len(states) < _CHUNK:
            power = np.linalg.matrix_power(self._matrices, len(states))
            states = np.concatenate([states, np.einsum("dab,kdb->kda", power, states)])
        return self._errors(states)

    @property
    def _state(self) -> NDArray[np.float64]:
        return np.stack([self.distances, self.velocities], axis=1)

    @property
    def _matrices(self) -> NDArray[np.float64]:
        return Recurrence(self.rate, self.momentum).matrices(self.curvatures)

    def _errors(self, states: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.floor + states[..., 0] ** 2 @ self.curvatures / 2
        return found


@dataclass(frozen=True)
class Plain:
    """Descent in which each step is η times the gradient of all rows, or that with momentum."""

    rate: float
    momentum: float


def plain_descent(run: Run, call: Call) -> Plain | None:
    """The rate and the momentum of a run, which are all that its next steps depend on; None of others."""
    given = call.settings
    optimizer = given.get("optimizer", "sgd")
    if run.steps_in_epoch > 1 or not run.state or not given:
        return None
    if isinstance(optimizer, str) and optimizer.lower() == "lbfgs":
        return None
    rule, schedule = optimizer_of(optimizer), schedule_of(given.get("learning_rate"))
    limited = any(given.get(name) for name in ("clip_norm", "clip_value", "frozen"))
    random = any(stage.kind == "Dropout" for stage in run.network.graph().stages)
    if not isinstance(rule, Sgd) or rule.nesterov or not isinstance(schedule, Constant) or limited or random:
        return None
    return Plain(schedule.peak, rule.momentum)


def velocities_of(run: Run) -> dict[str, NDArray[Any]]:
    """What descent with momentum remembers, by the name of the parameter; 0 without momentum."""
    names = run.network.graph().parameters
    return {name: run.state.get(f"{name}.velocity", np.zeros_like(run.state[name])) for name in names}


def exact_spectrum(run: Run, call: Call) -> Spectrum | None:
    """The spectrum of a linear network's squared error where a run is; None of others."""
    plain, rows = plain_descent(run, call), call.rows
    if plain is None:
        return None
    try:
        form = quadratic(call.network, rows["x"], rows["y"], rows["row_weights"])
    except DownslopeError:
        return None
    return _of_form(form, run, plain.rate, plain.momentum)


def _of_form(form: Quadratic, run: Run, rate: float, momentum: float) -> Spectrum:
    found, at = form.decomposition, form.unknowns(run.state)
    end = form.nearest_minimum(at)
    outputs = form.targets.shape[1]
    return Spectrum(
        np.repeat(2 / outputs * found.sizes**2, outputs),
        (found.directions @ (at - end)).ravel(),
        (found.directions @ form.unknowns(velocities_of(run))).ravel(),
        form.error(end),
        rate,
        momentum,
    )
