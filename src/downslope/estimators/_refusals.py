"""What scikit-learn's validation refuses, as errors of this package: its words and types stay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

from downslope._checks import array, show
from downslope.errors import DownslopeError

__all__ = [
    "Interval",
    "ParameterValueError",
    "UnusableTypeError",
    "check_parameters",
    "in_scikit_learns_words",
    "plain_weights",
    "refuse_no_array",
]


class ParameterValueError(DownslopeError, InvalidParameterError):  # type: ignore[misc]
    """A parameter of an estimator that is not what it can be."""


class UnusableTypeError(DownslopeError, TypeError):
    """What scikit-learn calls a TypeError, such as a cell that is a list."""


class Interval(_Interval):  # type: ignore[misc]
    """scikit-learn's, which fails for numbers that NumPy does not know, such as a fraction."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Whether a value lies in it."""
        try:
            return bool(super().is_satisfied_by(val))
        except TypeError:
            return False


def check_parameters(estimator: Any) -> None:
    """Check the parameters of an estimator against its constraints.

    Raises:
        ParameterValueError: in scikit-learn's words, for the first that is not as it has to be.
    """
    constraints, name = estimator._parameter_constraints, type(estimator).__name__
    for parameter, value in estimator.get_params(deep=False).items():
        try:
            validate_parameter_constraints(constraints, {parameter: value}, caller_name=name)
        except InvalidParameterError as error:
            raise ParameterValueError(str(error).replace(repr(value), show(value))) from None


@contextmanager
def in_scikit_learns_words(prefix: str = "") -> Iterator[None]:
    """Make errors of scikit-learn's validation errors of this package, with the same words."""
    try:
        yield
    except DownslopeError:
        raise
    except TypeError as error:
        raise UnusableTypeError(f"{prefix}{error}") from None
    except ValueError as error:
        raise DownslopeError(f"{prefix}{error}") from None


def refuse_no_array(name: str, value: Any) -> None:
    """Refuse what is no array at all, of which NumPy would make a single object.

    Raises:
        UnusableTypeError: for text, mappings, sets, functions and the like.
    """
    if hasattr(value, "frames"):
        raise UnusableTypeError(
            f"{name} needs an array or a table here, not a ds.Dataset: take the rows of a block, such as "
            "next(dataset.frames())"
        )
    if any(hasattr(value, name) for name in ("shape", "__array__", "__dataframe__")) and not isinstance(
        value, type
    ):
        return
    no_sequence = isinstance(value, type | str | bytes | dict | set) or not hasattr(value, "__len__")
    if no_sequence and value is not None and not hasattr(value, "__float__"):
        raise UnusableTypeError(f"{name} needs an array or a table, not {show(value)}")


def plain_weights(weights: Any) -> Any:
    """Weights of rows, or one for all of them, as finite floating-point numbers; None stays.

    Raises:
        DownslopeError: it names the first that is no finite number.
    """
    if weights is None:
        return None
    found = array("sample_weight", weights)
    return found if found.ndim else float(found)
