"""A point in parameter space, however it is given: one value for every parameter of a network."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope import _checks
from downslope.errors import DownslopeError
from downslope.nets._built import Built

__all__ = ["Fitted", "Point", "parameter_values", "starting_values"]


@runtime_checkable
class Fitted(Protocol):
    """What has a network and its parameters: a ``Run``, a ``Model``."""

    @property
    def network(self) -> Built:
        """The network."""

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]:
        """Its parameters, by name."""


Point: TypeAlias = Mapping[str, ArrayLike] | ArrayLike | Fitted
"""Parameters by name, or all of them in one flat list in the order of the layers, or a run, or a model."""


def parameter_values(
    network: Built, given: Point, dtype: np.dtype[Any] | None = None, what: str = "parameters"
) -> dict[str, NDArray[Any]]:
    """An array for every parameter of a network, all of which have to be given.

    Args:
        network: whose parameters.
        given: by name, in one flat list, or a run's or a model's of this network.
        dtype: of the arrays; None leaves float32 as it is and makes everything else float64.
        what: the name of the argument, for messages.

    Raises:
        DownslopeError: if something is missing, is not the network's, has another shape, or is no number.
    """
    values = _given(network, given, dtype, what)
    names = network.graph().parameters
    missing = next((name for name in names if name not in values), None)
    if missing is not None:
        raise DownslopeError(f"{what} lacks {missing}; the network has {_listed(names)}")
    return {name: values[name] for name in names}


def starting_values(
    network: Built, start: Point | None, seed: int, dtype: np.dtype[Any]
) -> dict[str, NDArray[Any]]:
    """An array for every parameter to start from; those that are not given are drawn from the seed.

    Raises:
        DownslopeError: if what is given is not the network's, has another shape, or is no number.
    """
    if start is None:
        return network.initial_parameters(seed, dtype)
    given = {name: value.copy() for name, value in _given(network, start, dtype, "start").items()}
    if len(given) == len(network.graph().parameters):
        return {name: given[name] for name in network.graph().parameters}
    return network.initial_parameters(seed, dtype) | given


def _given(network: Built, given: Point, dtype: np.dtype[Any] | None, what: str) -> dict[str, NDArray[Any]]:
    # what it is most often comes first: to ask for a protocol takes as long as a step
    listed = isinstance(given, list | tuple | np.ndarray)
    if not listed and not isinstance(given, Mapping | type) and isinstance(given, Fitted):
        _check_same(network, given, what)
        given = given.parameters
    if isinstance(given, Mapping):
        return _named(network, given, dtype, what)
    if isinstance(given, type) or not (listed or hasattr(given, "__array__")):
        hint = "; pass its parameters" if isinstance(getattr(given, "parameters", None), Mapping) else ""
        raise DownslopeError(
            f"{what} needs a mapping from names to values, a flat list of numbers, a run or a model, not "
            f"{_checks.show(given)}{hint}"
        )
    return _split(network, _checks.array(what, given, dtype), what)


def _check_same(network: Built, fitted: Fitted, what: str) -> None:
    """Refuse what was fitted with another network; penalties and the loss may differ."""
    # nodes are interned: the same output is the same node
    if fitted.network.graph().output is not network.graph().output:
        raise DownslopeError(
            f"{what} is a {type(fitted).__name__} of another network: {fitted.network!r} where "
            f"{network!r} is needed; pass that network, or a mapping of the parameters that fit"
        )


def _named(
    network: Built, given: Mapping[str, ArrayLike], dtype: np.dtype[Any] | None, what: str
) -> dict[str, NDArray[Any]]:
    """An array for each parameter that is given."""
    shapes = network.graph().shapes
    values = {}
    for name, value in given.items():
        if name not in shapes:
            alike = get_close_matches(str(name), shapes, n=1)
            hint = f"did you mean {alike[0]!r}?" if alike else f"the network has {_listed(shapes)}"
            raise DownslopeError(f"{what} names a parameter {name!r} that the network lacks; {hint}")
        values[name] = _checks.array(f"{what}[{name!r}]", value, dtype)
        if values[name].shape != shapes[name]:
            raise DownslopeError(f"{what}[{name!r}] needs the shape {shapes[name]}, not {values[name].shape}")
    return values


def _split(network: Built, flat: NDArray[Any], what: str) -> dict[str, NDArray[Any]]:
    """The parameters that stand one after the other in a flat list."""
    graph = network.graph()
    if flat.shape != (graph.size,):
        raise DownslopeError(
            f"{what} needs a flat list of {graph.size} numbers, one for each of {_listed(graph.shapes)}, not "
            f"the shape {flat.shape}"
        )
    return {name: flat[graph.places[name]].reshape(shape) for name, shape in graph.shapes.items()}


def _listed(names: Mapping[str, Any], most: int = 6) -> str:
    first = list(names)[:most]
    return ", ".join(first) + (f" and {len(names) - most} more" if len(names) > most else "")
