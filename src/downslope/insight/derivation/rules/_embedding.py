"""Embeddings: the vector of a level in place of its number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from downslope.graph import Node
from downslope.graph.notation import (
    Bracketed,
    Expression,
    Infix,
    Listing,
    Number,
)
from downslope.insight.derivation._document import Formula, Item, listing
from downslope.insight.derivation._view import NetworkView
from downslope.insight.derivation.rules._rule import Factors, Rule, Shares, columns_of, scalar
from downslope.nets import Stage

__all__ = ["EmbeddingRule"]

_FEW = 9


def _pieces(node: Node) -> tuple[Node, ...]:
    """What stands side by side in a node."""
    return node.inputs if node.op.name == "concatenate" else (node,)


class EmbeddingRule(Rule):
    """The vector of each level behind the columns that pass"""

    def _layout(self, stage: Stage) -> list[int | tuple[Node, int, int]]:
        """For each unit: a column of the input; or a table, the column with its levels, and a part."""
        found: list[int | tuple[Node, int, int]] = []
        for piece in _pieces(stage.node):
            if piece.op.name == "take":
                (column,) = piece.inputs[1].attributes["indices"]
                found += [(piece.inputs[0], column, part) for part in range(int(piece.shape[1]))]
            else:
                found += columns_of(piece, stage.inputs[0])
        return found

    def _level(self, view: NetworkView, stage: Stage, column: int) -> NDArray[np.int64]:
        return view.value(stage.inputs[0])[:, column].astype(np.int64)

    def forward(self, view: NetworkView, stage: Stage) -> list[Item]:
        layout, (source,) = self._layout(stage), stage.inputs
        symbols: list[Expression] = []
        for entry in layout:
            if isinstance(entry, int):
                symbols.append(view.symbol(source, entry))
            else:
                table, column, part = entry
                level = int(self._level(view, stage, column)[0])
                symbols.append(view.parameter_symbol(table.name, (level, part)))
        columns = list(dict.fromkeys(entry[1] for entry in layout if not isinstance(entry, int)))
        levels = [f"{int(self._level(view, stage, c)[0]) + 1} of column {c + 1}" for c in columns]
        words = (
            f"{stage.layer} puts the vector of a level in place of its number; here level "
            + ", level ".join(levels)
        )
        written = (Listing(tuple(symbols)),) if 1 < len(symbols) <= _FEW else ()
        value = listing(view.value(stage.node)[0])
        return [f"{words}, counted from 1:", Formula((view.symbol(stage.node), *written, value))]

    def passed_back(self, view: NetworkView, stage: Stage, source: Node) -> Expression | None:
        width = int(source.shape[1])
        return (
            Listing(tuple(self._one(view, stage, unit) for unit in range(width)))
            if 1 < width <= _FEW
            else None
        )

    def _one(self, view: NetworkView, stage: Stage, unit: int) -> Expression:
        """The gradient of the unit that a column passes to; the number of a level has none."""
        layout = self._layout(stage)
        return view.gradient_symbol(stage.node, layout.index(unit)) if unit in layout else Number(0)

    def passed_to_unit(self, view: NetworkView, stage: Stage, source: Node, unit: int) -> Shares:
        layout = self._layout(stage)
        number = scalar(view.upstream(stage.node), layout.index(unit)) if unit in layout else Number(0)
        return Shares(self._one(view, stage, unit), number)

    def factors(self, view: NetworkView, stage: Stage, role: str, index: tuple[int, ...]) -> Factors | None:
        level, part = index
        layout = self._layout(stage)
        unit, column = next(
            (unit, entry[1])
            for unit, entry in enumerate(layout)
            if not isinstance(entry, int) and entry[0] is stage.parameters[role] and entry[2] == part
        )
        has_level = self._level(view, stage, column) == level
        condition = Infix("=", (view.symbol(stage.inputs[0], column), Number(float(level), 12)))
        values = np.stack([view.upstream(stage.node)[:, unit], has_level.astype(float)], axis=1)
        return Factors((view.gradient_symbol(stage.node, unit), Bracketed(condition)), values, unit)
