"""What the layers of a network declare while its graph is built, and the kinds of layer there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from typing import Any, Protocol, TypeVar

from downslope._checks import SIZE, items, show, whole
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, joined_rows, parameter
from downslope.graph.notation import Symbol
from downslope.nets.layers._initializers import Start
from downslope.nets.layers._stages import ACTIVATION, Stage

__all__ = [
    "LAYERS",
    "Layer",
    "LayerBuilder",
    "NetworkBuilder",
    "check_columns",
    "check_listed",
    "checked_layers",
    "described",
    "layer_kind",
    "listing_at_most",
]

_LETTERS = {"weight": "W", "bias": "b"}
_COUNTED = "layer"

_most_listed: ContextVar[float] = ContextVar("most_listed", default=SIZE.limit)  # of columns, by one node


@contextmanager
def listing_at_most(count: int) -> Iterator[None]:
    """While a file is read: its graph lists every column that a node chooses, so that no layer lists more.

    Without it a file of a kilobyte could make a layer list a thousand million columns.
    """
    token = _most_listed.set(count)
    try:
        yield
    finally:
        _most_listed.reset(token)


def check_listed(layer: Layer, count: int) -> None:
    """Refuse a layer that would list more columns than the file that it comes from.

    Raises:
        DownslopeError: with how many.
    """
    if count > _most_listed.get():
        raise DownslopeError(f"{type(layer).__name__} lists {count:,} columns, which the file does not have")


class Layer(Protocol):
    """Settings that build nodes from the nodes before them; a frozen dataclass, so that equals are equal."""

    def build(self, builder: LayerBuilder, h: Node) -> Node:
        """The nodes of this layer on the input h of shape (n, width)."""


def described(layer: Layer) -> str:
    """A layer in words: what it says of itself, or the name of its class."""
    kind = type(layer)
    return kind.__name__ if kind.__str__ is object.__str__ else str(layer)


LAYERS: dict[str, type[Layer]] = {}
"""Every kind of layer of this package, by the name of its class."""

_counted: dict[str, str] = {}

L = TypeVar("L", bound=type)


def layer_kind(counted: str = _COUNTED) -> Callable[[L], L]:
    """Register a class of layers of this package.

    Args:
        counted: what its layers are named and numbered under: ``"layer"`` gives layer1, layer2, …
    """

    def register(cls: L) -> L:
        LAYERS[cls.__name__] = cls
        _counted[cls.__name__] = counted
        return cls

    return register


@dataclass
class NetworkBuilder:
    """What the layers of a network, or of several side by side, declare.

    Attributes:
        training: whether the graph is for training, where dropout acts.
        parameters, symbols, initializers: of each parameter, by name.
        penalised: the parameters that the penalties act on.
        stages: the values that have a name.
        layers: the word that each named layer is counted under, by its name.
        streams: how many streams of random numbers are used.
    """

    training: bool
    parameters: dict[str, Node] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)
    initializers: dict[str, Start] = field(default_factory=dict)
    penalised: list[Node] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    layers: dict[str, str] = field(default_factory=dict)
    streams: int = 0
    _prefix: str = ""
    _member: str = ""
    _counts: Counter[str] = field(default_factory=Counter)

    def next_member(self, member: int, prefix: str) -> None:
        """Start another network, counted from 1: its layers count from 1 again."""
        self._prefix, self._member, self._counts = prefix, f"{member}.", Counter()

    def numbered(self, counted: str) -> tuple[str, str]:
        """The name of the next layer that is counted under a word, and its number in symbols."""
        self._counts[counted] += 1
        number = self._counts[counted]
        name = f"{self._prefix}{counted}{number}"
        self.layers[name] = counted
        return name, f"{self._member}{number}"

    def declare(
        self, name: str, shape: tuple[int, ...], initializer: Start, *, penalised: bool, symbol: Symbol
    ) -> Node:
        """A new parameter; penalties act on those that are ``penalised``."""
        node = self.parameters[name] = parameter(name, shape)
        self.symbols[name], self.initializers[name] = symbol, initializer
        if penalised:
            self.penalised.append(node)
        return node

    def layer(self, layer: Layer, h: Node) -> Node:
        """The nodes of a layer on the input h."""
        return LayerBuilder(self, layer, h).build()


def checked_layers(name: str, layers: Any) -> tuple[Layer, ...]:
    """Layers that follow each other, at least one.

    Raises:
        DownslopeError: for anything else; it names the first that is no layer.
    """
    found = items(name, layers, "layers, such as [Dense(1)]")
    if not found:
        raise DownslopeError(f"{name} needs at least one layer, such as Dense(1)")
    for i, layer in enumerate(found):
        if isinstance(layer, type) or not callable(getattr(layer, "build", None)):
            write = f"Dense({layer})" if isinstance(layer, int) and layer > 0 else "Dense(1)"
            raise DownslopeError(f"{name}[{i}] needs a layer, such as {write}, not {show(layer)}")
    return tuple(found)


def check_columns(layer: Layer, columns: Sequence[int], h: Node) -> None:
    """Refuse columns that the input h of a layer does not have.

    Raises:
        DownslopeError: if one is beyond its width.
    """
    width = int(h.shape[1])
    if max(columns) >= width:
        raise DownslopeError(
            f"columns of {type(layer).__name__} needs numbers from 0 to {width - 1}, the columns of its "
            f"input, not {max(columns)}"
        )


class LayerBuilder:
    """What one layer declares while it is built: its parameters, and the values that have a name.

    Attributes:
        training: whether the graph is for training, where dropout acts.
        network: what all layers up to here have declared.
    """

    def __init__(self, network: NetworkBuilder, layer: Layer, h: Node) -> None:
        self.training = network.training
        self.network, self._layer = network, layer
        self._kind = type(layer).__name__
        if LAYERS.get(self._kind, type(layer)) is not type(layer):
            raise DownslopeError(f"a layer of another class is already named {self._kind}; rename yours")
        self._h = self._before = h
        self._named: tuple[str, str] | None = None
        self._pending: dict[str, Node] = {}

    def build(self) -> Node:
        """The nodes of the layer; a layer that declares no stage gets one, h."""
        out = self._layer.build(self, self._h)
        if self._kind not in LAYERS:
            self._check(out)
        known = out is self._h or any(stage.node is out for stage in self.network.stages)
        if not known:
            self.stage("h", out)
        if self._pending:
            unused = ", ".join(self._pending)
            raise DownslopeError(f"the layer {self._kind} declares {unused} but does not use it")
        return out

    def _check(self, out: object) -> None:
        """That a custom layer gives values for each row, which depend on that row alone."""
        if not isinstance(out, Node) or len(out.shape) != 2 or out.shape[0] != BATCH or out.shape[1] == BATCH:
            found = f"a node of the shape {out.shape}" if isinstance(out, Node) else repr(out)
            raise DownslopeError(f"build of the layer {self._kind} returns {found}, not one of (n, width)")
        if (joined := joined_rows(out)) is not None:
            raise DownslopeError(
                f"the layer {self._kind} makes a row depend on the other rows of its batch, by {joined}; its "
                "values may depend on their own row only"
            )

    def _name(self) -> tuple[str, str]:
        if self._named is None:
            self._named = self.network.numbered(_counted.get(self._kind, _COUNTED))
        return self._named

    def parameter(
        self,
        role: str,
        shape: tuple[int, ...],
        initializer: Start = "zeros",
        *,
        penalised: bool = False,
        symbol: Symbol | None = None,
    ) -> Node:
        """A new parameter of the layer.

        Args:
            role: what it is to the layer, such as ``"weight"``; ``"layer2.weight"`` is then its name.
            shape: of its values.
            initializer: of its values, by name, or the values themselves.
            penalised: whether the penalties l1 and l2 act on it.
            symbol: what it is called, without the number of the layer; None takes W, b or the role.

        Raises:
            DownslopeError: if the role is no plain word or taken, or the shape is not made of sizes.
        """
        if not isinstance(role, str) or not role.isidentifier():
            raise DownslopeError(f"the role of a parameter is a plain word such as 'weight', not {role!r}")
        for size in shape:
            whole(f"the shape of {role} of the layer {self._kind}", size, SIZE)
        layer, number = self._name()
        name = f"{layer}.{role}"
        if name in self.network.parameters:
            raise DownslopeError(f"the layer {self._kind} declares the parameter {role!r} twice")
        written = symbol or Symbol(_LETTERS.get(role, role))
        written = Symbol(written.letter, written.index, number)
        sizes = tuple(map(int, shape))
        node = self.network.declare(name, sizes, initializer, penalised=penalised, symbol=written)
        self._pending[role] = node
        return node

    def stage(
        self, letter: str, node: Node, *, inputs: Sequence[Node] = (), function: str | None = None
    ) -> Node:
        """Name a value of the layer, and return it.

        Args:
            letter: of its symbol, which gets the number of the layer.
            node: the value.
            inputs: what it is computed from; none given, the layer's input or its stage before.
            function: of an activation, its name.
        """
        layer, number = self._name()
        kind = self._kind if function is None else ACTIVATION
        sources = tuple(inputs) or (self._before,)
        stage = Stage(layer, kind, sources, node, self._pending, Symbol(letter, layer=number), function or "")
        self.network.stages.append(stage)
        self._before, self._pending = node, {}
        return node

    def layer(self, layer: Layer, h: Node) -> Node:
        """The nodes of a layer inside this one on the input h."""
        return self.network.layer(layer, h)

    def random_stream(self) -> int:
        """The number of a stream of random numbers that nothing else of the network uses."""
        self.network.streams += 1
        return self.network.streams
