"""``explain``: the chain rule of one parameter, in symbols and with the numbers of a network.

Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors" (1986), for the
recursion. Every number is the value of a node of the graph that training runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import index, items, number, show
from downslope._checks import seed as checked_seed
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph.notation import number_text
from downslope.insight.derivation._document import Block, Written, as_json
from downslope.insight.derivation._next_step import NextStep
from downslope.insight.derivation._parameter import ParameterDerivation
from downslope.insight.derivation._position import Position, position_of
from downslope.nets import Network, Point, checked_one, parameter_values
from downslope.training import LEARNING_RATE, Sgd, checked_data, program_of

__all__ = ["Explanation", "explain", "explanation_of_weight"]


@dataclass(frozen=True, repr=False)
class Explanation(Written):
    """The derivation of ∂error/∂parameter at one point, and the update it causes.

    Attributes:
        parameter: the name of the parameter and where in it, counted from 0.
        row: the row, counted from 0; None for the mean over the rows.
        value: of the parameter.
        factors: whose product is the gradient of the data error of the row, or of each row.
        gradient: of the error, penalties included.
        learning_rate: η.
        updated: the value after the step: value − η·gradient in plain descent.
        title, blocks: what is written.
    """

    parameter: Position
    row: int | None
    value: float
    factors: NDArray[np.float64]
    gradient: float
    learning_rate: float
    updated: float
    title: str
    blocks: tuple[Block, ...]

    def __repr__(self) -> str:
        rows = "mean over rows" if self.row is None else f"row {self.row}"
        return f"Explanation({self.parameter}, {rows}, gradient={number_text(self.gradient, 6)})"

    def to_json(self) -> dict[str, Any]:
        """Plain data: the numbers at full precision, and every formula as text and LaTeX."""
        return {
            "title": self.title,
            "parameter": self.parameter.name,
            "index": list(self.parameter.index),
            "row": self.row,
            "value": self.value,
            "factors": self.factors.tolist(),
            "gradient": self.gradient,
            "learning_rate": self.learning_rate,
            "updated": self.updated,
            "steps": as_json(self.blocks),
        }


@suggests_keywords
def explain(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    *,
    parameters: Point | None = None,
    of: str | tuple[str | int, ...] | None = None,
    row: int | None = None,
    learning_rate: float = LEARNING_RATE,
    row_weights: ArrayLike | None = None,
    seed: int = 0,
    features: Sequence[str] | None = None,
) -> Explanation:
    """Write out the chain rule for one parameter of a network.

    Args:
        network: any network; dropout is at rest.
        x: inputs, (rows, network.inputs).
        y: targets, as ``descend`` takes them.
        parameters: by name, all in one flat list, or a run's or a model's; None takes the starting values of
            the seed.
        of: which one, counted from 1: ``"w1"``, ``"W1[2,3]"`` (layer, unit, input), ``"b1[2]"``,
            ``"layer1.weight[2,3]"`` or ``("layer1.weight", 2, 3)``; None takes the first weight.
        row: which row, counted from 0; None takes the mean over all.
        learning_rate: η of the update.
        row_weights: how much each row counts in the mean, (rows,).
        seed: of the starting values.
        features: the names of the columns of x, to name the input that a weight of the first layer takes.

    Raises:
        DownslopeError: if there is no such parameter or row, or the data or the learning rate does not fit.

    >>> from downslope.nets import Dense
    >>> net = Network(inputs=2, layers=[Dense(1, bias=False)])
    >>> explanation = explain(net, [[1.0, 2.0]], [5.0], parameters=[1.0, 1.0], of="w2", row=0)
    >>> explanation
    Explanation(layer1.weight[1,2], row 0, gradient=−8)
    >>> explanation.factors, explanation.gradient, explanation.updated
    (array([-4.,  2.]), -8.0, 1.08)
    """
    position = position_of(checked_one(network), of)
    learning_rate = number("learning_rate", learning_rate)
    if features is not None:
        features = _checked_names(features, network.inputs)
    step = _plain_step(network, x, y, parameters, row, row_weights, seed, learning_rate)
    return explanation_of_weight(step, position, row, features)


def explanation_of_weight(
    step: NextStep, position: Position, row: int | None, features: Sequence[str] | None
) -> Explanation:
    """How a step changes one number: the chain rule on its rows, or of one row, and the optimizer's rule.

    Args:
        step: that is about to be taken.
        position: of the number.
        row: of the table, counted from 0; None writes out the rows of the step.
        features: the names of the columns of x.
    """
    derivation = ParameterDerivation(step, position, row, features)
    return Explanation(
        parameter=position,
        row=row,
        value=derivation.value,
        factors=derivation.factors.values if row is None else derivation.factors.values[0],
        gradient=derivation.gradient,
        learning_rate=step.learning_rate,
        updated=derivation.update.value,
        title=derivation.title,
        blocks=derivation.blocks(),
    )


def _plain_step(
    network: Network,
    x: ArrayLike,
    y: ArrayLike,
    parameters: Point | None,
    row: int | None,
    row_weights: ArrayLike | None,
    seed: int,
    learning_rate: float,
) -> NextStep:
    """The step of plain descent on one row or on all, dropout at rest, in float64."""
    seed = checked_seed("seed", seed)
    data = {name: a.astype(np.float64) for name, a in checked_data(network, x, y, row_weights).items()}
    point = (
        network.initial_parameters(seed)
        if parameters is None
        else parameter_values(network, parameters, np.dtype(np.float64))
    )
    rows = np.arange(len(data["x"]))
    if row is not None:
        rows = rows[[index("row", row, len(rows))]]
        data["row_weights"] = np.ones(len(data["x"]))
    graph = network.graph()
    program = program_of(graph, graph.error, Sgd())
    given = {**point, **{name: column[rows] for name, column in data.items()}}
    gradients = dict(zip(point, evaluate([program.gradients[n] for n in point], given), strict=True))
    return NextStep(network, program, point, gradients, data, rows, learning_rate)


def _checked_names(features: Any, inputs: int) -> list[str]:
    found = items("features", features, f"{inputs} names, one for each column of x")
    if len(found) != inputs or not all(isinstance(name, str) for name in found):
        raise DownslopeError(f"features needs {inputs} names, one for each column of x, not {show(found)}")
    return found
