"""The solver ``lbfgs``: SciPy's L-BFGS-B on the error of all rows, which the engine evaluates.

The numbers are float64 whatever X is, since the line search compares errors that hardly differ; the arrays
of the estimator keep their dtype.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.utils.optimize import _check_optimize_result

from downslope.engines import Evaluator
from downslope.errors import DownslopeError
from downslope.estimators._threads import threads_of
from downslope.estimators.mlp._fit import Fit, MLPSettings
from downslope.estimators.mlp._network import objective
from downslope.estimators.mlp._rows import MLPRows
from downslope.graph import gradient
from downslope.nets import Network

__all__ = ["fit_lbfgs"]

Arrays = Mapping[str, NDArray[Any]]
Vector = NDArray[np.float64]


def fit_lbfgs(
    settings: MLPSettings,
    network: Network,
    rows: MLPRows,
    start: Fit,
    after_iteration: Callable[[Fit], bool] | None = None,
) -> Fit:
    """Train from where a fit stands.

    Args:
        settings: of the estimator.
        network: what to train.
        rows: to train on, in float64.
        start: the parameters to begin with, in float64, and the record so far.
        after_iteration: whether to stop there; None where nobody asks to be called.

    Raises:
        ValueError: if dropout, clipping or a schedule is asked for, which need single steps.
    """
    for name in ("dropout", "clip_norm", "clip_value", "schedule"):
        if np.any(getattr(settings, name)):
            raise DownslopeError(f"solver='lbfgs' takes all rows and whole gradients; leave out {name}")
    if settings.precision == "bfloat16":
        raise DownslopeError("solver='lbfgs' computes in float64; leave out precision='bfloat16'")
    error = _Error(settings, network, rows)
    now = replace(start, epochs=0)
    stopped = False

    def seen(intermediate_result: Any) -> None:
        nonlocal now, stopped
        loss = float(intermediate_result.fun)
        now = replace(now, values=error.named(intermediate_result.x), epochs=now.epochs + 1, loss=loss)
        if settings.verbose:
            print(f"Iteration {now.epochs}, loss = {loss:.8f}")
        if after_iteration is not None and after_iteration(now):
            stopped = True
            raise StopIteration

    found = minimize(
        error,
        np.concatenate([np.ravel(value) for value in start.values.values()]),
        method="L-BFGS-B",
        jac=True,
        callback=seen,
        options={"maxfun": settings.max_fun, "maxiter": settings.max_iter, "gtol": settings.tol},
    )
    epochs = now.epochs if stopped else _check_optimize_result("lbfgs", found, settings.max_iter)
    return replace(now, values=error.named(found.x), epochs=int(epochs), loss=error.reported(found.x))


class _Error:
    """The error of all rows and its gradient as functions of one vector; sparse rows go through in parts."""

    def __init__(self, settings: MLPSettings, network: Network, rows: MLPRows) -> None:
        self._parameters = network.graph().parameters
        self._rows = rows
        descended, reported = objective(network, 0.0)
        gradients = gradient(descended, list(self._parameters.values()))
        self._descended = Evaluator([descended, *gradients], keeps_memory=True)
        self._reported = Evaluator([reported])
        self._threads = threads_of(settings.n_jobs)
        self._alpha = float(settings.alpha)
        self._weight = float(rows.weights.sum())
        shapes = {name: tuple(map(int, node.shape)) for name, node in self._parameters.items()}
        self._shapes = shapes
        self._ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])[:-1]
        matrices = [np.full(shape, float(len(shape) == 2)) for shape in shapes.values()]
        self._penalised = np.concatenate([np.ravel(m) for m in matrices])
        firsts = range(0, len(rows), rows.rows_at_once)
        self._slices = [slice(first, first + rows.rows_at_once) for first in firsts]
        self._whole = rows.columns() if len(self._slices) == 1 else None

    def named(self, x: Vector) -> dict[str, NDArray[Any]]:
        """The parameters of the network by name."""
        parts = zip(self._shapes.items(), np.split(x, self._ends), strict=True)
        return {name: part.reshape(shape) for (name, shape), part in parts}

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        error, *slopes = self._mean(self._descended, x)
        decay = self._alpha * self._penalised * x / self._weight
        slope = np.concatenate([np.ravel(s) for s in slopes]) + decay
        return float(error) + 0.5 * float(decay @ x), slope

    def reported(self, x: Vector) -> float:
        """The loss as scikit-learn reports it."""
        (loss,) = self._mean(self._reported, x)
        return float(loss) + 0.5 * self._alpha * float(self._penalised @ x**2) / self._weight

    def _mean(self, wanted: Evaluator, x: Vector) -> list[Any]:
        """Means over the rows, each part of them weighted by its rows."""
        values = self.named(x)
        total: list[Any] = []
        for chosen in self._slices:
            data = self._rows.columns(chosen) if self._whole is None else self._whole
            share = float(data["row_weights"].sum()) / self._weight
            if share == 0:  # rows without weight have no mean
                continue
            part = [share * mean for mean in wanted.mean({**data, **values}, threads=self._threads)]
            total = part if not total else [a + b for a, b in zip(total, part, strict=True)]
        return total
