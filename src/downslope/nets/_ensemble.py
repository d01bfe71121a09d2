"""Several networks of one description, trained side by side in one program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, input_, make
from downslope.nets._initializers import generator, initialize
from downslope.nets._layers import Builder
from downslope.nets._network import Network, NetworkGraph

__all__ = ["Ensemble"]


@dataclass(frozen=True)
class Ensemble:
    """Members of one description on the same rows, each with its own parameters; they predict their mean.

    Each row has a weight for every member, ``row_weights`` of shape (n, members): a row of weight 0 is one that
    the member does not learn from. The error is the mean of the members' errors, so none feels the others.
    Lakshminarayanan, Pritzel and Blundell, "Deep ensembles" (2017).

    Args:
        network: what each member is.
        members: how many there are.

    >>> from downslope.nets import Dense
    >>> pair = Ensemble(Network(inputs=2, layers=[Dense(1)]), members=2)
    >>> list(pair.graph().parameters)
    ['member1.layer1.weight', 'member1.layer1.bias', 'member2.layer1.weight', 'member2.layer1.bias']
    """

    network: Network
    members: int
    _graphs: dict[bool, NetworkGraph] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.members < 1:
            raise DownslopeError(f"an ensemble has at least 1 member, not {self.members!r}")

    def __getstate__(self) -> dict[str, Any]:
        """What a copy needs: the graph is built again, to the same nodes."""
        return {"network": self.network, "members": self.members}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _graphs={})

    @property
    def inputs(self) -> int:
        """Number of columns of x."""
        return self.network.inputs

    @property
    def loss(self) -> str:
        """The loss by name."""
        return self.network.loss

    def graph(self, *, training: bool = False) -> NetworkGraph:
        """The nodes, with dropout at work where ``training``."""
        if training not in self._graphs:
            self._graphs[training] = self._build(Builder(training))
        return self._graphs[training]

    def _build(self, builder: Builder) -> NetworkGraph:
        x = input_("x", (BATCH, self.inputs))
        outputs = []
        for member in range(self.members):
            builder.next_member(prefix_of(member))
            outputs.append(self.network.output(builder, x))
        y = self.network.targets(outputs[0])
        row_weights = input_("row_weights", (BATCH, self.members))
        errors = [self.network.errors(z, y) for z in outputs]
        data_error = _mean([_weighted(e, row_weights, i) for i, e in enumerate(errors)])
        return NetworkGraph(
            x,
            y,
            row_weights,
            builder.parameters,
            make("concatenate", *outputs),
            _mean([self.network.predicted(z) for z in outputs]),
            _mean(errors),
            data_error,
            self.network.penalised(data_error, builder),
            tuple(builder.stages),
        )

    def initial_parameters(self, seed: int = 0, dtype: Any = np.float64) -> dict[str, NDArray[Any]]:
        """Starting values for every parameter of every member, a function of the seed alone."""
        initializers = self.network.initializers
        values = {}
        for i, (name, node) in enumerate(self.graph().parameters.items()):
            start = initializers[name.partition(".")[2]]
            shape = tuple(map(int, node.shape))
            values[name] = initialize(start, shape, generator(seed, i)).astype(dtype)
        return values

    def of_member(self, member: int, values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The parameters of one member, counted from 0, by the names they have in ``network``."""
        prefix = prefix_of(member)
        return {name: values[prefix + name] for name in self.network.graph().parameters}


def prefix_of(member: int) -> str:
    """What the names of a member's parameters begin with."""
    return f"member{member + 1}."


def _weighted(errors: Node, row_weights: Node, member: int) -> Node:
    weights = make("columns", row_weights, indices=(member,), squeeze=True)
    total = [make("sum", part, axes=None, keepdims=False) for part in (errors * weights, weights)]
    # a batch in which every row is held out from a member teaches it nothing
    return total[0] / make("maximum", total[1], 1e-6)


def _mean(parts: list[Node]) -> Node:
    return reduce(add, parts) * (1 / len(parts))
