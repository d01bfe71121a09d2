"""Which parameter is meant: names as mathematics writes them, or as Python does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral

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

    Args:
        network: whose parameter.
        of: counted from 1 in a string: ``"w2"`` of a single neuron, ``"b"``, ``"W1[2,3]"`` (layer, unit,
            input), ``"b1[2]"``, ``"layer1.weight[2,3]"``; counted from 0 in a tuple:
            ``("layer1.weight", 1, 2)``.

    Raises:
        DownslopeError: if there is no such number.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=3, layers=[Dense(4), Dense(1)])
    >>> position_of(net, "W1[2,3]"), position_of(net, ("layer1.bias", 0))
    (Position(name='layer1.weight', index=(1, 2)), Position(name='layer1.bias', index=(0,)))
    """
    parameters = network.graph().parameters
    if of is None:
        weights = (stage.parameters["weight"] for stage in network.graph().stages if stage.kind == "Dense")
        name = next((weight.name for weight in weights), next(iter(parameters)))
        return Position(name, (0,) * len(parameters[name].shape))
    if isinstance(of, str):
        name, index = _read(parameters, of)
    else:
        name, index = _from_tuple(of)
    if name not in parameters:
        raise DownslopeError(f"there is no parameter {name!r}; there are {_known(parameters)}")
    shape = tuple(int(s) for s in parameters[name].shape)
    if len(index) != len(shape) or any(not 0 <= i < size for i, size in zip(index, shape, strict=True)):
        counted = "1" if isinstance(of, str) else "0"
        raise DownslopeError(
            f"{of!r} is no position in {name}, which has the shape {shape}, counted from {counted}; "
            f"write for example {_example(name, shape)}"
        )
    return Position(name, index)


def _from_tuple(of: object) -> tuple[str, tuple[int, ...]]:
    if isinstance(of, tuple) and of and isinstance(of[0], str):
        indices = of[1:]
        if all(isinstance(i, Integral) and not isinstance(i, bool) for i in indices):
            return of[0], tuple(int(i) for i in indices)
    raise DownslopeError(
        f"{of!r} names no parameter; write a string such as 'W1[2,3]' or a tuple such as "
        "('layer1.weight', 1, 2)"
    )


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
    raise DownslopeError(f"{of!r} names no parameter; there are {_known(parameters)}")


def _of_one_neuron(
    parameters: Mapping[str, Node], of: str, kind: str, number: str
) -> tuple[str, tuple[int, ...]]:
    """``w2`` and ``b``: enough where the first layer is one neuron."""
    name = f"layer1.{kind}"
    node = parameters.get(name)
    if node is None or node.shape[0] != 1 or (kind == "weight" and not number):
        raise DownslopeError(f"{of!r} does not say which; write W1[2,3] for layer, unit and input, or b1[2]")
    return name, (0, int(number) - 1) if kind == "weight" else (int(number or 1) - 1,)


def _numbers(inside: str) -> tuple[int, ...]:
    return tuple(int(part) - 1 for part in inside.split(",") if part.strip())


def _example(name: str, shape: tuple[int, ...]) -> str:
    return f"{name}[{','.join(str(size) for size in shape)}]"


def _known(parameters: Mapping[str, Node]) -> str:
    shown = [_example(name, tuple(map(int, node.shape))) for name, node in list(parameters.items())[:8]]
    more = len(parameters) - len(shown)
    return ", ".join(shown) + (
        f" and {more} more (last positions shown)" if more else " (last positions shown)"
    )
