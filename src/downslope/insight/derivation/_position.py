"""Which number of which parameter is meant: counted from 1, as formulas count."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from numbers import Integral

from downslope._checks import show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import Node
from downslope.nets import Network

__all__ = ["Position", "position_of"]

_SHORT = re.compile(r"([wWbB])(\d*)(?:\[([\d, ]+)\])?$")
_LONG = re.compile(r"([\w.]+)(?:\[([\d, ]+)\])?$")


@dataclass(frozen=True)
class Position:
    """One number of one parameter.

    Attributes:
        name: the parameter, such as ``"layer1.weight"``.
        index: where in it, counted from 0.
    """

    name: str
    index: tuple[int, ...]

    def __str__(self) -> str:
        """As in a string: counted from 1."""
        return f"{self.name}[{','.join(str(i + 1) for i in self.index)}]"


def position_of(network: Network, of: str | tuple[str | int, ...] | None) -> Position:
    """The position that is meant; the first weight where nothing is said.

    Layers, units and inputs are counted from 1, as formulas count them.

    Args:
        network: whose parameter.
        of: ``"w2"`` and ``"b"`` of a single neuron, ``"W1[2,3]"`` (layer, unit, input), ``"b1[2]"``,
            ``"layer1.weight[2,3]"`` or ``("layer1.weight", 2, 3)``.

    Raises:
        DownslopeError: if there is no such number.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=3, layers=[Dense(4), Dense(1)])
    >>> position_of(net, "W1[2,3]"), position_of(net, ("layer1.bias", 1))
    (Position(name='layer1.weight', index=(1, 2)), Position(name='layer1.bias', index=(0,)))
    """
    parameters = network.graph().parameters
    if of is None:
        weights = (stage.parameters["weight"] for stage in network.graph().stages if stage.kind == "Dense")
        name = next((weight.name for weight in weights), next(iter(parameters)))
        return Position(name, (0,) * len(parameters[name].shape))
    name, counted = _read(parameters, of) if isinstance(of, str) else _from_tuple(of, parameters)
    if name not in parameters:
        alike = get_close_matches(name, parameters, n=1)
        hint = f"; did you mean {alike[0]!r}?" if alike else ""
        raise _refused(of, parameters, f"there is no parameter {name!r}{hint}")
    shape = tuple(int(s) for s in parameters[name].shape)
    if len(counted) != len(shape) or any(not 1 <= i <= n for i, n in zip(counted, shape, strict=True)):
        raise _refused(of, parameters, f"{name} has the shape {shape}, counted from 1")
    return Position(name, tuple(i - 1 for i in counted))


def _from_tuple(of: object, parameters: Mapping[str, Node]) -> tuple[str, tuple[int, ...]]:
    if isinstance(of, tuple) and of and isinstance(of[0], str):
        indices = of[1:]
        if all(isinstance(i, Integral) and not isinstance(i, bool) for i in indices):
            return of[0], tuple(int(i) for i in indices)
    raise _refused(of, parameters, "write it as a string or a tuple")


def _read(parameters: Mapping[str, Node], of: str) -> tuple[str, tuple[int, ...]]:
    short, long = _SHORT.match(of), _LONG.match(of)
    if short:
        letter, number, inside = short.groups()
        kind = "weight" if letter in "wW" else "bias"
        if inside is None:
            return _of_one_neuron(parameters, of, kind, number)
        return f"layer{number or 1}.{kind}", _numbers(inside)
    if long and "." in of:
        return long.group(1), _numbers(long.group(2) or "")
    raise _refused(of, parameters, "there is no such parameter")


def _of_one_neuron(
    parameters: Mapping[str, Node], of: str, kind: str, number: str
) -> tuple[str, tuple[int, ...]]:
    """``w2`` and ``b``: enough where the first layer is one neuron."""
    name = f"layer1.{kind}"
    node = parameters.get(name)
    if node is None or node.shape[0] != 1 or (kind == "weight" and not number):
        raise _refused(of, parameters, "it does not say which")
    return name, (1, int(number)) if kind == "weight" else (int(number or 1),)


def _numbers(inside: str) -> tuple[int, ...]:
    return tuple(int(part) for part in inside.split(",") if part.strip())


def _refused(of: object, parameters: Mapping[str, Node], reason: str) -> DownslopeError:
    return DownslopeError(
        "of needs one number of a parameter, such as 'W1[2,3]' (layer, unit, input), 'b1[2]' or "
        f"('layer1.weight', 2, 3), not {show(of)}: {reason}; the last ones are {_last(parameters)}"
    )


def _last(parameters: Mapping[str, Node]) -> str:
    """The last number of each parameter, of not too many."""
    shown = [
        f"{name}[{','.join(str(int(size)) for size in node.shape)}]"
        for name, node in list(parameters.items())[:8]
    ]
    more = len(parameters) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
