"""What the parameters of the multi-layer perceptrons may be, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions

from downslope.estimators.mlp._network import ACTIVATION_NAMES

__all__ = ["CONSTRAINTS", "called", "dtype_for", "keep", "per_layer", "widths"]

PRECISIONS = ("float32", "float64", "bfloat16")

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
    "n_jobs": [None, Integral],
    "precision": [None, StrOptions(set(PRECISIONS))],
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
        ValueError: if one of them is not above 0.

    >>> widths(5), widths((4, 3))
    ((5,), (4, 3))
    """
    hidden = hidden_layer_sizes if isinstance(hidden_layer_sizes, Iterable) else [hidden_layer_sizes]
    hidden = list(hidden)
    if np.any(np.array(hidden) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
    return tuple(int(units) for units in hidden)


def per_layer(name: str, given: Any, layers: int) -> tuple[Any, ...]:
    """One value for each hidden layer, from one for all of them or from as many as there are layers.

    Raises:
        ValueError: if there are more or fewer, or one is no name of an activation or no rate of dropout.

    >>> per_layer("activation", "relu", 2), per_layer("dropout", [0.1, 0.2], 2)
    (('relu', 'relu'), (0.1, 0.2))
    """
    values = (given,) * layers if isinstance(given, str) or np.ndim(given) == 0 else tuple(given)
    if len(values) != layers:
        raise ValueError(
            f"{name} needs one value for all hidden layers or one for each of {layers}, got {given!r}"
        )
    for value in values:
        if name == "activation" and value not in ACTIVATION_NAMES:
            raise ValueError(f"there is no activation {value!r}; choose among {', '.join(ACTIVATION_NAMES)}")
        if name == "dropout" and not 0 <= value < 1:
            raise ValueError(f"dropout is at least 0 and below 1 in each layer, got {value!r}")
    return values


def called(callbacks: Callable[[Any], Any] | Sequence[Callable[[Any], Any]] | None) -> list[Any]:
    """The callbacks as a list.

    Raises:
        ValueError: if one of them cannot be called.
    """
    given = [] if callbacks is None else [callbacks] if callable(callbacks) else list(callbacks)
    for callback in given:
        if not callable(callback):
            raise ValueError(f"callbacks are called with the estimator after each epoch; got {callback!r}")
    return given


def dtype_for(there: np.dtype[Any], precision: str | None) -> np.dtype[Any]:
    """The dtype of the parameters: that of what there is, or of the precision that was asked for."""
    if precision is None:
        return np.dtype(np.float32) if there == np.float32 else np.dtype(np.float64)
    return np.dtype(np.float64 if precision == "float64" else np.float32)
