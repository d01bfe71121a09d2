"""The step that a derivation is of: its program, the values it starts from, the rows it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.engines import Evaluator, evaluate
from downslope.graph import Node, input_, substitute
from downslope.graph.notation import Symbol
from downslope.insight.derivation._view import NetworkView
from downslope.nets import Network
from downslope.training import Arrays, Program

__all__ = ["NextStep"]


@dataclass(frozen=True, eq=False)
class NextStep:
    """A step of a descent that is about to be taken.

    Attributes:
        network: what descends.
        program: what the step computes.
        values: parameters and optimizer states by name, as they are before it.
        gradients: ∂error/∂parameter before clipping, by parameter, as an engine computes them for this step.
        data: all rows of the table, by the name of the input.
        rows: those that the step takes, in their order; indices of the table.
        learning_rate: η of the step.
        number: of the step, counted from 1; None where no run is meant.
        seed: of dropout.
        most_rows: whose numbers a derivation looks at, at most.
    """

    network: Network
    program: Program
    values: Mapping[str, NDArray[Any]]
    gradients: Mapping[str, NDArray[Any]]
    data: Arrays
    rows: NDArray[np.int64]
    learning_rate: float
    number: int | None = None
    seed: int = 0
    most_rows: int | None = None

    @cached_property
    def viewed_rows(self) -> NDArray[np.int64]:
        """The rows of the step whose numbers a derivation looks at: the first ones."""
        return self.rows[: self.most_rows]

    @cached_property
    def over_rows(self) -> NetworkView:
        """The network on these rows, dropout at work as in the step."""
        given = self._given(self.viewed_rows)
        return NetworkView(self.network, self.program.graph, given, one_row=False)

    @property
    def rows_in_words(self) -> str:
        """How many rows of the table the step takes."""
        count, whole = len(self.rows), len(self.data["x"])
        return f"all {whole:,} rows" if count == whole else f"{count:,} of the {whole:,} rows"

    def takes(self, row: int) -> bool:
        """Whether a row of the table is one of those that the step takes."""
        return bool(np.any(self.rows == row))

    def of_row(self, row: int) -> NetworkView:
        """The network on a row of the table: as the step has it, or with dropout at rest if it has it not."""
        graph, rest, alone = self.program.graph, self.network.graph(), np.array([row])
        rows = alone
        if not self.takes(row):
            graph = rest
        elif graph.errors is not rest.errors:  # what dropout makes of a row depends on its place
            rows = self.rows[: int(np.argmax(self.rows == row)) + 1]
        error = Symbol("E", index="" if np.array_equal(self.rows, alone) else str(row + 1))
        return NetworkView(self.network, graph, self._given(rows), one_row=True, error=error)

    def data_gradient(self, name: str) -> NDArray[Any]:
        """∂error/∂parameter on the rows of the step, without penalties."""
        plain, whole = self.over_rows.gradients[name]
        if plain is whole:
            return self.gradients[name]
        return Evaluator([plain]).mean(self._given(self.rows))[0]

    def _given(self, rows: NDArray[np.int64]) -> dict[str, Any]:
        chosen = {name: column[rows] for name, column in self.data.items()}
        parameters = {name: self.values[name] for name in self.program.graph.parameters}
        return {**parameters, **chosen, **self._draws}

    @property
    def _draws(self) -> dict[str, int]:
        """What dropout draws its masks from."""
        return {"seed": self.seed, "draw": self.number or 0}

    def evaluated(self, nodes: Sequence[Node]) -> list[NDArray[Any]]:
        """The values of nodes that the step computes from its gradients, such as updates."""
        names = {name: f"{name}.gradient" for name in self.gradients}
        slopes = self.program.gradients
        replaced = substitute(nodes, {slopes[n]: input_(names[n], slopes[n].shape) for n in names})
        scalars = {"learning_rate": self.learning_rate, "step": float(self.number or 1)}
        given = {names[n]: value for n, value in self.gradients.items()}
        return evaluate(replaced, {**self.values, **given, **scalars})
