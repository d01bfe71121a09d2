"""What the symbols of a derivation speak of: units, weights, rows; for a page that links and colours them."""

from __future__ import annotations

from collections.abc import Iterator

from downslope._forks import cached_property
from downslope.graph import Node
from downslope.graph.notation import Differential, Expression, Fraction, Symbol
from downslope.insight.derivation._view import NetworkView

__all__ = [
    "ACTIVATION",
    "DELTA",
    "ERROR",
    "GRADIENT",
    "TARGET",
    "WEIGHT",
    "Links",
    "bias_key",
    "row_key",
    "unit_key",
    "weight_key",
    "weights_of",
]

ERROR, TARGET = "error", "target"
"""What E and y speak of."""

ACTIVATION, WEIGHT, DELTA, GRADIENT = "activation", "weight", "delta", "gradient"
"""The kinds of quantities: what units hold, weights and biases, ∂E/∂(a unit), ∂E/∂(a parameter)."""

_LETTERS = {**dict.fromkeys("xza", ACTIVATION), **dict.fromkeys("wWb", WEIGHT), "δ": DELTA}

_MOST = 5000  # weights of a network of which each is linked


def unit_key(column: int, unit: int) -> str:
    """A unit of the drawing: column 0 holds the inputs, column n the units of the n-th dense layer."""
    return f"unit:{column},{unit}"


def weight_key(layer: int, unit: int, source: int) -> str:
    """A weight of a dense layer; all three counted from 0."""
    return f"weight:{layer},{unit},{source}"


def bias_key(layer: int, unit: int) -> str:
    """The bias of a unit of a dense layer; both counted from 0."""
    return f"bias:{layer},{unit}"


def row_key(row: int) -> str:
    """A row of the table, counted from 0."""
    return f"row:{row}"


def weights_of(view: NetworkView) -> int:
    """How many weights the dense layers have."""
    return sum(int(dense.weight.shape[0]) * int(dense.weight.shape[1]) for dense in view.dense)


class Links:
    """By symbol, its kind and what it speaks of; called with an expression, the attributes of its element."""

    def __init__(self, view: NetworkView) -> None:
        self._view = view

    @cached_property
    def drawn(self) -> bool:
        """Whether the network is small enough that each unit and each weight is linked."""
        return weights_of(self._view) <= _MOST

    def __call__(self, e: Expression) -> str | None:
        """``class`` and ``data-to`` of a symbol or a derivative that is known; None of another."""
        match e:
            case Fraction(Differential(Symbol("E" | "J")), Differential(Symbol() as by)):
                kind, to = self.of(by)
                passed = {ACTIVATION: DELTA, WEIGHT: GRADIENT}.get(kind, "")
                return _attributes(passed, to)
            case Symbol():
                return _attributes(*self.of(e))
        return None

    def of(self, symbol: Symbol) -> tuple[str, str]:
        """The kind of a symbol and the key of what it speaks of; empty where they are not known."""
        if symbol.letter in ("E", "J"):
            return "", ERROR
        if symbol.letter == "y":
            return "", TARGET
        found = self._known.get(symbol)
        return found or (_LETTERS.get(symbol.letter, ""), "")

    @cached_property
    def _known(self) -> dict[Symbol, tuple[str, str]]:
        return dict(self._all()) if self.drawn else {}

    def _all(self) -> Iterator[tuple[Symbol, tuple[str, str]]]:
        view = self._view
        for node, column in self.columns.items():
            for unit in range(int(node.shape[1])):
                to = unit_key(column, unit)
                yield view.symbol(node, unit), (ACTIVATION, to)
                delta = view.gradient_symbol(node, unit)
                if isinstance(delta, Symbol):
                    yield delta, (DELTA, to)
        for layer, dense in enumerate(view.dense):
            units, sources = (int(size) for size in dense.weight.shape)
            for i in range(units):
                for j in range(sources):
                    symbol = view.parameter_symbol(dense.weight.name, (i, j))
                    yield symbol, (WEIGHT, weight_key(layer, i, j))
                if dense.bias is not None:
                    yield view.parameter_symbol(dense.bias.name, (i,)), (WEIGHT, bias_key(layer, i))

    @cached_property
    def columns(self) -> dict[Node, int]:
        """In which column of the drawing the units of a node stand."""
        found, column = {self._view.graph.x: 0}, 0
        for stage in self._view.graph.stages:
            column += stage.kind == "Dense"
            found[stage.node] = column
        return found


def _attributes(kind: str, to: str) -> str | None:
    """As an element has them."""
    known = {"class": kind and f"q-{kind}", "data-to": to}
    return " ".join(f'{name}="{value}"' for name, value in known.items() if value) or None
