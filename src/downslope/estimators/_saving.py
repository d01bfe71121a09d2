"""Estimators as files: their parameters and what they fitted as plain data and arrays, never as code."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from downslope import training
from downslope._checks import show
from downslope._files import SavedFile, write_file
from downslope.errors import DownslopeError

__all__ = ["KIND", "from_plain", "names_of", "read_parameters", "restored", "save_estimator", "to_plain"]

KIND = "estimator"
"""What a file of an estimator is called."""

_SETTINGS: Mapping[str, type[Any]] = {
    name: getattr(training, name)
    for name in ("Checkpoint", "Constant", "Cosine", "FlatCosine", "OneCycle", "StepDecay", "WarmUp")
}
"""Objects that are their fields and nothing else."""
_KINDS = "biufUO"  # of arrays: truths, whole numbers, numbers, text, and any of these side by side


def save_estimator(
    estimator: Any,
    path: str | os.PathLike[str],
    sections: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
) -> None:
    """Write a fitted estimator: its class, its parameters, and what its class adds.

    Raises:
        NotFittedError: of scikit-learn, if it is not fitted.
        DownslopeError: if a parameter is code or another object that no file here holds, or it cannot be
            written there.
    """
    check_is_fitted(estimator)
    about = {
        "class": type(estimator).__name__,
        "parameters": {
            name: to_plain(name, value) for name, value in estimator.get_params(deep=False).items()
        },
        "inputs": int(estimator.n_features_in_),
        "names": to_plain("feature_names_in_", getattr(estimator, "feature_names_in_", None)),
    }
    write_file(path, KIND, {"estimator": about, **sections}, arrays)


def read_parameters(file: SavedFile, kinds: Mapping[str, Callable[..., Any]]) -> Any:
    """The estimator of a file as its constructor makes it, with the names of its columns.

    Raises:
        ValueError, TypeError, KeyError: if the file does not describe one.
    """
    about = file.section("estimator")
    made = kinds[str(about["class"])]
    given = {str(name): from_plain(value) for name, value in dict(about["parameters"]).items()}
    estimator = made(**given)
    estimator._validate_params()
    restored(estimator, {"n_features_in_": int(about["inputs"])})
    names = names_of(from_plain(about["names"]), estimator.n_features_in_)
    if names is not None:
        estimator.feature_names_in_ = names
    return estimator


def names_of(found: Any, count: int) -> NDArray[Any] | None:
    """Names of columns, or None.

    Raises:
        ValueError: if they are no such thing.
    """
    if found is None:
        return None
    if not isinstance(found, np.ndarray) or found.shape != (count,):
        raise ValueError(f"there are no {count} names of columns")
    if not all(isinstance(name, str) for name in found.tolist()):
        raise ValueError("a name of a column is no text")
    return found


def restored(estimator: Any, attributes: Mapping[str, Any]) -> Any:
    """The estimator with fitted attributes."""
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return estimator


def to_plain(name: str, value: Any) -> Any:
    """A value as JSON data from which ``from_plain`` makes an equal one.

    Raises:
        DownslopeError: if it is code, or an object that has no such form.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        return [to_plain(name, item) for item in value]
    if type(value) in (tuple, set):
        return {"tuple": [to_plain(name, item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[to_plain(name, key), to_plain(name, item)] for key, item in value.items()]}
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        return {"array": to_plain(name, value.tolist()), "dtype": value.dtype.str}
    if _SETTINGS.get(type(value).__name__) is type(value):
        settings = {field.name: to_plain(name, getattr(value, field.name)) for field in fields(value)}
        return {"class": type(value).__name__, "settings": settings}
    raise DownslopeError(
        f"{name} is {show(value)}, which no file holds; save the estimator without it, such as with "
        f"set_params({name}=None) where it is a parameter"
    )


def from_plain(data: Any) -> Any:
    """The value of ``to_plain``.

    Raises:
        ValueError, TypeError, KeyError: if it is none.
    """
    if data is None or type(data) in (bool, int, float, str):
        return data
    if type(data) is list:
        return [from_plain(item) for item in data]
    if set(data) == {"tuple"}:
        return tuple(from_plain(item) for item in data["tuple"])
    if set(data) == {"dict"}:
        return {from_plain(key): from_plain(item) for key, item in data["dict"]}
    if set(data) == {"array", "dtype"}:
        dtype = np.dtype(str(data["dtype"]))
        if dtype.kind not in _KINDS:
            raise ValueError(f"there are no arrays of {dtype}")
        found = from_plain(data["array"])
        return np.array(found) if dtype.kind == "U" else np.array(found, dtype)  # of text as long as it is
    if set(data) == {"class", "settings"}:
        settings = {str(name): from_plain(value) for name, value in data["settings"].items()}
        return _SETTINGS[data["class"]](**settings)
    raise ValueError(f"{show(data)} is no value")
