"""Functions of nodes that a layer or a network is given: by name, with settings, or as a Python function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, TypeVar

from downslope._checks import ANY, Interval, choice, number, show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import (
    BATCH,
    Node,
    graph_from_json,
    graph_to_json,
    input_,
    joined_rows,
    substitute,
    topological,
)

__all__ = ["Traced", "WithSettings", "chosen", "from_json", "to_json"]


@dataclass(frozen=True)
class WithSettings:
    """A function that carries its settings: each field is a number.

    Raises:
        DownslopeError: where a setting is no such number.
    """

    name: ClassVar[str]
    within: ClassVar[Interval] = ANY

    def __post_init__(self) -> None:
        for field in fields(self):
            value = number(f"{field.name} of {type(self).__name__}", getattr(self, field.name), self.within)
            object.__setattr__(self, field.name, value)

    def __str__(self) -> str:
        changed = [f for f in fields(self) if getattr(self, f.name) != f.default]
        shown = ", ".join(f"{f.name}={getattr(self, f.name)}" for f in changed)
        return f"{self.name}({shown})" if shown else self.name


@dataclass(frozen=True, repr=False)
class Traced:
    """A Python function of nodes, kept as the graph that it made; equal graphs are equal functions.

    Attributes:
        name: of the function.
        inputs: the leaves that stand for its arguments.
        output: what it computes from them.
        any_width: whether arguments of another width give the same graph.
    """

    arguments: ClassVar[Sequence[str]]
    what: ClassVar[str]

    name: str
    inputs: tuple[Node, ...]
    output: Node
    any_width: bool

    @property
    def width(self) -> int:
        """The number of columns of the arguments it was traced with."""
        return int(self.inputs[0].shape[1])

    def __call__(self, *nodes: Node) -> Node:
        width = nodes[0].shape[1]
        if width != self.width and not self.any_width:
            raise DownslopeError(
                f"the {self.what} {self.name} was made for {self.width} values in each row, not {width}; "
                "give the Python function itself"
            )
        return substitute([self.output], dict(zip(self.inputs, nodes, strict=True)))[0]

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"<{self.what} {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).of_json, (self.to_json(),)

    def to_json(self) -> dict[str, Any]:
        """The function as plain data."""
        graph = graph_to_json([self.output])
        return {"name": self.name, "width": self.width, "any_width": self.any_width, "graph": graph}

    @classmethod
    def of_json(cls: type[T], data: Mapping[str, Any]) -> T:
        """The function of ``to_json``.

        Raises:
            DownslopeError: if the data describes no such function.
        """
        inputs = cls.leaves(int(data["width"]))
        (output,) = graph_from_json(data["graph"])
        name = str(data["name"])
        return cls(name, inputs, cls.checked(name, output, inputs), bool(data["any_width"]))

    @classmethod
    def of(cls: type[T], function: Callable[..., Any], width: int) -> T:
        """The graph of a Python function of arguments of shape (n, width).

        Raises:
            DownslopeError: if the function fails on nodes, or what it gives is of no use.
        """
        name = str(getattr(function, "__name__", type(function).__name__))
        name = "custom" if name == "<lambda>" else name
        inputs = cls.leaves(width)
        try:
            output = function(*inputs)
        except DownslopeError:
            raise
        except Exception as error:
            raise DownslopeError(
                f"the {cls.what} {name} fails on nodes: {error}; make it of ds.ops, such as ds.ops.exp(z)"
            ) from error
        output = cls.checked(name, output, inputs)
        return cls(name, inputs, output, _same_at(function, cls.leaves(width + 1), inputs, output))

    @classmethod
    def leaves(cls, width: int) -> tuple[Node, ...]:
        """What stands for the arguments."""
        return tuple(input_(name, (BATCH, width)) for name in cls.arguments)

    @classmethod
    def checked(cls, name: str, output: Any, inputs: Sequence[Node]) -> Node:
        """The output, if it is a node of the arguments alone and of a shape that can be used."""
        if not isinstance(output, Node):
            raise DownslopeError(
                f"the {cls.what} {name} gives {output!r}, which is no node computed from its arguments"
            )
        others = [node for node in topological([output]) if node.name and node not in inputs]
        if others:
            raise DownslopeError(
                f"the {cls.what} {name} uses {others[0]}, which is none of its arguments; a layer with a "
                "method build can have parameters"
            )
        cls.check_shape(name, output)
        if (joined := joined_rows(output)) is not None:
            raise DownslopeError(
                f"the {cls.what} {name} makes a row depend on the other rows of its batch, by {joined}; it "
                "may depend on its own row only"
            )
        return output

    @classmethod
    def check_shape(cls, name: str, output: Node) -> None:
        """Raise DownslopeError where the shape of the output is of no use."""
        raise NotImplementedError


T = TypeVar("T", bound=Traced)


def _same_at(
    function: Callable[..., Any], wider: Sequence[Node], inputs: Sequence[Node], output: Node
) -> bool:
    """Whether a function gives the same graph for wider arguments."""
    try:
        return function(*wider) is substitute([output], dict(zip(inputs, wider, strict=True)))[0]
    except Exception:  # a function may refuse any width but its own, in any way
        return False


def chosen(value: Any, known: Mapping[str, Any], custom: type[Traced], width: int) -> Any:
    """What is kept for a function that is given: the name of a known one, one with settings, or a graph.

    Raises:
        DownslopeError: if there is no such function.
    """
    what = custom.what
    if isinstance(value, str):
        return choice(what, value, known, "a Python function of nodes")
    if isinstance(value, type) and issubclass(value, WithSettings):
        value = value()
    if isinstance(value, type) or not callable(value):
        hint = f"{value.__name__}()" if isinstance(value, type) else f"one of {', '.join(known)}"
        raise DownslopeError(f"{what} needs a name or a function of nodes, not {show(value)}; write {hint}")
    for name, function in known.items():  # a setting at its default is the name
        if value == function:
            return name
    if isinstance(value, WithSettings | Traced):
        if isinstance(value, custom) or any(isinstance(value, type(function)) for function in known.values()):
            return value
        raise DownslopeError(f"{value!r} is no {what}; choose one of {', '.join(known)}")
    return custom.of(value, width)


def to_json(value: Any) -> Any:
    """A function that ``chosen`` gave as plain data."""
    if isinstance(value, str):
        return value
    if isinstance(value, Traced):
        return value.to_json()
    assert isinstance(value, WithSettings)
    return {"name": value.name, **{f.name: getattr(value, f.name) for f in fields(value)}}


def from_json(data: Any, known: Mapping[str, Any], custom: type[Traced]) -> Any:
    """The function of ``to_json``."""
    if isinstance(data, str):
        return data
    if "graph" in data:
        return custom.of_json(data)
    settings = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name != "name"}
    return type(known[data["name"]])(**settings)
