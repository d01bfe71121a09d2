"""``explain_row``: one row's way through a network and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import NOT_NEGATIVE, whole
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.graph.notation import Expression, Number, Words, number_text, partial
from downslope.insight.derivation._backward import backward
from downslope.insight.derivation._document import Block, Grid, Item, Written
from downslope.insight.derivation._loss import error_of_row
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._steps import forward
from downslope.insight.derivation._sums import largest
from downslope.insight.derivation._view import NetworkView, view_at
from downslope.nets import Network, Point

__all__ = ["RowExplanation", "explain_row", "explanation_of_row"]

_LISTED = 12


@dataclass(frozen=True, repr=False)
class RowExplanation(Written):
    """The way of a row through a network and back.

    Attributes:
        row: the row, counted from 0.
        error: of the row.
        gradients: ∂(the row's error)/∂parameter, by parameter.
        title, blocks: what is written.
    """

    row: int
    error: float
    gradients: Mapping[str, NDArray[np.float64]]
    title: str
    blocks: tuple[Block, ...]

    def __repr__(self) -> str:
        return f"RowExplanation(row {self.row}, error={number_text(self.error, 6)})"


@suggests_keywords
def explain_row(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point | None = None,
    row: int,
) -> RowExplanation:
    """Write out one row's way forward, its error, the way back, and its gradient for every parameter.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, all in one flat list, or a run's or a model's; None takes the starting values.
        row: which row, counted from 0.

    Raises:
        DownslopeError: if there is no such row, or the data does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> explanation = explain_row(net, [[1.0, 2.0]], [5.0], parameters=[1.0, 1.0], row=0)
    >>> explanation
    RowExplanation(row 0, error=4)
    >>> explanation.gradients
    {'layer1.weight': array([[-4., -8.]])}
    """
    row = whole("row", row, NOT_NEGATIVE)
    return _explanation(view_at(network, x, y, parameters, row), row)


def explanation_of_row(step: NextStep, row: int) -> RowExplanation:
    """A row of the table on its way through a network, as the step that is about to be taken has it."""
    return _explanation(step.of_row(row), row)


def _explanation(view: NetworkView, row: int) -> RowExplanation:
    gradients = {name: view.value(plain) for name, (plain, _) in view.gradients.items()}
    blocks = (
        forward(view, None, 0),
        error_of_row(view),
        backward(view, view.graph.stages[0], None),
        _gradients(view, gradients),
    )
    error = float(view.value(view.graph.errors)[0])
    return RowExplanation(row, error, gradients, f"Row {row + 1}: forward and back", blocks)


def _gradients(view: NetworkView, gradients: Mapping[str, NDArray[Any]]) -> Block:
    positions = [(name, index) for name, values in gradients.items() for index in np.ndindex(values.shape)]
    flat = np.concatenate([np.ravel(values) for values in gradients.values()])
    headings: tuple[Expression, ...] = (Words("gradient"), Words("value"))
    cells = tuple(
        (partial(view.error, view.parameter_symbol(*positions[i])), Number(float(flat[i])))
        for i in largest(flat, _LISTED).tolist()
    )
    items: list[Item] = [Grid(headings, cells)]
    if len(cells) < len(flat):
        items.append(f"The {len(cells)} largest of {len(flat):,} are written out.")
    return Block("The gradient by every parameter", tuple(items))
