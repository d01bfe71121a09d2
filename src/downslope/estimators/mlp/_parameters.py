"""What the parameters of the multi-layer perceptrons may be, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Options, StrOptions

from downslope._checks import SIZE, called, choice, items, number, one_or_more, show
from downslope._checks import Interval as Within
from downslope.engines import DEVICES, ENGINES
from downslope.errors import DownslopeError
from downslope.estimators._refusals import Interval
from downslope.estimators.mlp._network import ACTIVATION_NAMES
from downslope.training import Checkpoint

__all__ = ["CONSTRAINTS", "activations", "dropout_rates", "dtype_for", "functions", "keep", "widths"]

PRECISIONS = ("float32", "float64", "bfloat16")
_UNITS = Within(limit=SIZE.limit)
_RATE = Within(0, 1, open_high=True)

_above_0 = Interval(Real, 0, None, closed="neither")
_from_0 = Interval(Real, 0, None, closed="left")
_share = Interval(Real, 0, 1, closed="left")
_from_1 = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _from_1],
    "activation": [StrOptions(set(ACTIVATION_NAMES)), list, tuple],
    "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
    "alpha": [_from_0],
    "batch_size": [StrOptions({"auto"}), _from_1],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [_above_0],
    "power_t": [_from_0],
    "max_iter": [_from_1],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_from_0],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [_share],
    "beta_1": [_share],
    "beta_2": [_share],
    "epsilon": [_above_0],
    "n_iter_no_change": [_from_1, Options(Real, {np.inf})],
    "max_fun": [_from_1],
    "dropout": [_share, "array-like"],
    "clip_norm": [None, _above_0],
    "clip_value": [None, _above_0],
    "schedule": [None, HasMethods("rate")],
    "monitor": [None, str, callable],
    "callbacks": [None, callable, list, tuple],
    "checkpoint": [Checkpoint, None],
    "n_jobs": [None, Integral],
    "precision": [None, StrOptions(set(PRECISIONS))],
    "engine": [None, StrOptions(set(ENGINES))],
    "device": [None, StrOptions(set(DEVICES))],
}
"""scikit-learn's own, then what is not in scikit-learn."""


def keep(estimator: Any, given: dict[str, Any]) -> None:
    """Set the parameters of a constructor as attributes, untouched."""
    for name, value in given.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def widths(hidden_layer_sizes: int | Iterable[int]) -> tuple[int, ...]:
    """The units of each hidden layer.

    Raises:
        DownslopeError: if one of them is no whole number above 0.

    >>> widths(5), widths((4, 3))
    ((5,), (4, 3))
    """
    found = one_or_more("hidden_layer_sizes", hidden_layer_sizes, _UNITS)
    if any(units <= 0 for units in found):
        raise DownslopeError(f"hidden_layer_sizes must be > 0, got {list(found)}.")  # scikit-learn's words
    return found


def activations(given: str | Sequence[str], layers: int) -> tuple[str, ...]:
    """The activation of each hidden layer.

    Raises:
        DownslopeError: if there are more or fewer than layers, or one is no name of an activation.
    """
    found = _per_layer("activation", [given] * layers if isinstance(given, str) else given, layers)
    return tuple(choice("activation", name, ACTIVATION_NAMES) for name in found)


def dropout_rates(given: float | Sequence[float], layers: int) -> tuple[float, ...]:
    """The rate of dropout behind each hidden layer.

    Raises:
        DownslopeError: if there are more or fewer than layers, or one is no number from 0 to below 1.

    >>> dropout_rates(0.5, 2), dropout_rates([0.1, 0.2], 2)
    ((0.5, 0.5), (0.1, 0.2))
    """
    single = np.ndim(given) == 0 if isinstance(given, np.ndarray) else not isinstance(given, Iterable)
    if single:
        return (number("dropout", given, _RATE),) * layers
    found = _per_layer("dropout", given, layers)
    return tuple(number(f"dropout[{i}]", rate, _RATE) for i, rate in enumerate(found))


def _per_layer(name: str, given: Any, layers: int) -> tuple[Any, ...]:
    values = items(name, given, f"one value for each of {layers} hidden layers")
    if len(values) != layers:
        raise DownslopeError(
            f"{name} needs one value for all hidden layers or one for each of {layers}, not {show(given)}"
        )
    return tuple(values)


def functions(callbacks: Callable[[Any], Any] | Sequence[Callable[[Any], Any]] | None) -> list[Any]:
    """The callbacks as a list.

    Raises:
        DownslopeError: if one of them cannot be called.
    """
    given = [] if callbacks is None else [callbacks] if callable(callbacks) else list(callbacks)
    return [called("callbacks", each, "with the estimator after each epoch") for each in given]


def dtype_for(there: np.dtype[Any], precision: str | None) -> np.dtype[Any]:
    """The dtype of the parameters: that of what there is, or of the precision that was asked for."""
    if precision is None:
        return np.dtype(np.float32) if there == np.float32 else np.dtype(np.float64)
    return np.dtype(np.float64 if precision == "float64" else np.float32)
