"""Factors of products with what each speaks of, and where each comes from in its turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from downslope._dataclass import dataclass
from downslope.graph import Node
from downslope.graph.notation import Expression, Fraction, Symbol, mathml, number_text, text
from downslope.insight.derivation._backward import activation_of, own_gradient
from downslope.insight.derivation._document import Item, items_html
from downslope.insight.derivation._links import ACTIVATION, DELTA, WEIGHT, Links, row_key, unit_key
from downslope.insight.derivation._sums import largest, sum_of_others
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules import elementwise, prime, slopes
from downslope.nets import Stage

__all__ = ["Bar", "Factor", "FactorBuilder", "Opened"]

_TERMS = 4  # of a sum that are written out


@dataclass(frozen=True)
class Factor:
    """One factor of a product.

    Attributes:
        symbol, value: how it is written, and its number.
        kind: activation, weight, delta or gradient.
        refers: the keys of what it speaks of: a unit, a weight, the row.
        meaning: what it is, in words.
        typical: the root of its mean square over the rows of the step; None where that is not known.
    """

    symbol: Expression
    value: float
    kind: str
    refers: tuple[str, ...]
    meaning: str
    typical: float | None = None

    def to_json(self, bar: Bar) -> dict[str, Any]:
        """Plain data, its size as a share of a bar."""
        return {
            "symbol": mathml(self.symbol),
            "text": text(self.symbol),
            "value": self.value,
            "kind": self.kind,
            "refers": [key for key in self.refers if key],
            "meaning": self.meaning,
            "bar": bar.share(self.value),
            "typical": None if self.typical is None else bar.share(self.typical),
        }


@dataclass(frozen=True)
class Opened:
    """Where a factor comes from: a sum of products, and what its terms that are not shown come to."""

    of: Factor
    terms: tuple[tuple[Factor, ...], ...]
    items: tuple[Item, ...] = ()
    others: tuple[int, float] | None = None

    def factors(self) -> list[Factor]:
        """All that its terms are products of."""
        return [factor for term in self.terms for factor in term]

    def to_json(self, bar: Bar, links: Links) -> dict[str, Any]:
        """Plain data, its formulas as linked MathML."""
        return {
            "of": self.of.to_json(bar),
            "terms": [[factor.to_json(bar) for factor in term] for term in self.terms],
            "html": items_html(self.items, links),
            "others": self.others,
        }


class Bar:
    """Sizes on a logarithmic scale around 1, which changes no product: from −1 to 1."""

    def __init__(self, factors: Sequence[Factor]) -> None:
        sizes = [abs(size) for f in factors for size in (f.value, f.typical or 0.0)]
        exponents = [abs(math.log10(size)) for size in sizes if 0 < size < math.inf]
        self._most = max([1.0, *exponents])

    def share(self, value: float) -> float:
        size = abs(value)
        if not 0 < size < math.inf:
            return -1.0 if size == 0 else 1.0
        return math.log10(size) / self._most


@dataclass(frozen=True)
class FactorBuilder:
    """Factors of one row."""

    view: NetworkView
    links: Links
    row: int

    def factor(self, symbol: Expression, value: float, meaning: str, typical: float | None = None) -> Factor:
        """A factor by its symbol."""
        kind, to = self._link(symbol)
        refers = tuple(key for key in (to, "" if kind == WEIGHT else row_key(self.row)) if key)
        return Factor(symbol, value, kind, refers, meaning, typical)

    def product(
        self,
        symbols: Sequence[Expression],
        values: Iterable[float],
        meanings: Sequence[str],
        typical: Sequence[float],
    ) -> tuple[Factor, ...]:
        """The factors of a product, in their order."""
        given = zip(symbols, values, meanings, typical, strict=True)
        return tuple(self.factor(symbol, float(value), words, usual) for symbol, value, words, usual in given)

    def _link(self, symbol: Expression) -> tuple[str, str]:
        if isinstance(symbol, Symbol):
            return self.links.of(symbol)
        return (DELTA if isinstance(symbol, Fraction) else ACTIVATION), ""

    def unit_words(self, stage: Stage) -> str:
        """What the δ of a unit is."""
        last = stage.node is self.view.graph.output or activation_of(self.view, stage.node) is None
        outputs = int(stage.node.shape[1])
        if last and stage.node is self.view.graph.output:
            return "how the error changes with " + ("z" if outputs == 1 else "the z of this output")
        return f"what comes back to this unit of {stage.layer}"

    def opened(self, node: Node, unit: int) -> Iterator[Opened]:
        """Where the gradient by a unit comes from: on the way that weighs most, up to the error."""
        view = self.view
        while True:
            of = self._gradient(node, unit)
            items = tuple(own_gradient(view, node, unit))
            uses = view.uses(node)
            use = uses[0] if uses is not None and len(uses) == 1 else None
            if use is None:
                yield Opened(of, (), items)
                return
            if use.kind == "Dense":
                opened, unit = self._sum(of, use, unit)
                yield opened
                node = use.node
            elif activation_of(view, node) is use and elementwise(use):
                back = self._gradient(use.node, unit)
                yield Opened(of, ((back, self._slope(use, unit)),), items[:-1])
                node = use.node
            elif int(use.node.shape[1]) == int(node.shape[1]):
                yield Opened(of, (), items)
                node = use.node
            else:
                yield Opened(of, (), items)
                return

    def _gradient(self, node: Node, unit: int) -> Factor:
        """∂E/∂(a unit)."""
        symbol = self.view.gradient_symbol(node, unit)
        to = unit_key(self.links.columns[node], unit)
        value = float(self.view.upstream(node)[0, unit])
        own = self.view.stage(node)
        words = "what comes back" if own is None else self.unit_words(own)
        return Factor(symbol, value, DELTA, (to, row_key(self.row)), words)

    def _slope(self, use: Stage, unit: int) -> Factor:
        """φ′(z) of a unit."""
        view, z = self.view, use.inputs[0]
        value = float(slopes(view, use)[0, unit])
        to = unit_key(self.links.columns[z], unit)
        words = f"the slope of {use.function} at z = {number_text(float(view.value(z)[0, unit]), 4)}"
        return Factor(prime(use, view.symbol(z, unit)), value, ACTIVATION, (to, row_key(self.row)), words)

    def _sum(self, of: Factor, use: Stage, unit: int) -> tuple[Opened, int]:
        """Σ weight·δ over the units of the next layer, and the unit that weighs most."""
        view, name = self.view, use.parameters["weight"].name
        weights = view.value(use.parameters["weight"])[:, unit]
        terms = weights * view.upstream(use.node)[0]
        order = largest(terms, _TERMS).tolist()
        pairs = []
        for m in order:
            symbol = view.parameter_symbol(name, (m, unit))
            weight = self.factor(symbol, float(weights[m]), "the weight that leads there")
            pairs.append((weight, self._gradient(use.node, m)))
        left = len(terms) - len(order)
        others = (left, sum_of_others(terms, order)) if left else None
        return Opened(of, tuple(pairs), (), others), max(order, key=lambda m: abs(float(terms[m])))
