"""What the layers of a network say of themselves: the values on the way, and what to call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.graph import Node
from downslope.graph.notation import Symbol, text

__all__ = ["ACTIVATION", "Stage", "Symbols", "symbols_of"]

ACTIVATION = "activation"
"""The kind of the stage after an activation function."""


@dataclass(frozen=True)
class Stage:
    """A value on the way through the network that has a name in the mathematics.

    Attributes:
        layer: the name of its layer, unique in the network, such as ``"layer1"``.
        kind: the name of the class of its layer, such as ``"Dense"``; ``"activation"`` after an activation.
        inputs: the nodes that it is computed from: x, nodes of earlier stages, or what lies between.
        node: the value, (n, width).
        parameters: by their role, such as ``{"weight": W, "bias": b}``.
        symbol: what the value is called, such as z⁽¹⁾; no two stages of a network share one.
        function: the name of the activation function; empty for other kinds.
    """

    layer: str
    kind: str
    inputs: tuple[Node, ...]
    node: Node
    parameters: Mapping[str, Node]
    symbol: Symbol
    function: str = ""


@dataclass(frozen=True)
class Symbols:
    """What the parameters of a network are called.

    Attributes:
        whole: the symbol of each parameter, by name, such as W⁽¹⁾; no two share one.
        single: whether the network is one neuron, whose weights are w₁, w₂, … and whose bias is b.
    """

    whole: Mapping[str, Symbol]
    single: bool

    def of(self, name: str, index: tuple[int, ...] = ()) -> Symbol:
        """The symbol of a parameter, or of one number of it.

        Args:
            name: of the parameter.
            index: of the number, counted from 0; empty for the whole parameter.
        """
        symbol = self.whole[name]
        if self.single and symbol.letter in ("w", "b") and index:
            index = index[1:]
        counted = [str(i + 1) for i in index]
        return replace(symbol, index=",".join([symbol.index, *counted] if symbol.index else counted))


def symbols_of(stages: Sequence[Stage], drafts: Mapping[str, Symbol]) -> tuple[tuple[Stage, ...], Symbols]:
    """The stages and parameters with their final symbols, without numbers of layers where none is needed.

    Args:
        stages: with the numbers of their layers in their symbols.
        drafts: the symbol of each parameter with the number of its layer.

    Raises:
        DownslopeError: if two would be written alike.
    """
    # dropout is there in training only, and must not change what the others are called
    lasting = [stage for stage in stages if stage.kind != "Dropout"]
    dense = [stage for stage in stages if stage.kind == "Dense"]
    plain = [replace(stage.symbol, layer="") for stage in lasting]
    numbered = len(dense) > 1 or len(lasting) > 2 or _repeated(plain)
    short = {name: _unnumbered(symbol) for name, symbol in drafts.items()}
    single = (
        not numbered
        and all(stage.node.shape[1] == 1 for stage in dense)
        and not _repeated([*plain, *short.values()])
    )
    if not numbered:
        stages = [
            stage if stage.kind == "Dropout" else replace(stage, symbol=replace(stage.symbol, layer=""))
            for stage in stages
        ]
    whole = short if single else dict(drafts)
    taken = _repeated([*(stage.symbol for stage in stages), *whole.values()])
    if taken:
        raise DownslopeError(
            f"two values of the network would both be written {text(taken)}; give one another symbol"
        )
    return tuple(stages), Symbols(whole, single)


def _unnumbered(symbol: Symbol) -> Symbol:
    return replace(symbol, letter="w" if symbol.letter == "W" else symbol.letter, layer="")


def _repeated(symbols: Sequence[Symbol]) -> Symbol | None:
    """A symbol that stands there twice."""
    return next((symbol for symbol, count in Counter(symbols).items() if count > 1), None)
