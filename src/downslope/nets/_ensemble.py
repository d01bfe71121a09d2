"""Several networks side by side in one program."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import reduce
from operator import add
from typing import Any, TypeAlias

from numpy.typing import NDArray

from downslope._checks import NOT_NEGATIVE, POSITIVE, index, items, number, numbers, show
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope.drawing import panel
from downslope.errors import DownslopeError
from downslope.graph import BATCH, Node, input_, make
from downslope.nets._built import GraphAndStarts, NetworkGraph
from downslope.nets._network import Network, total
from downslope.nets._savable import Savable
from downslope.nets.functions import LossFunction
from downslope.nets.layers import NetworkBuilder, symbols_of

__all__ = ["AnyNetwork", "Ensemble", "checked_network", "checked_one", "last_parameters"]

_ROUNDING = 1e-6  # of a sum of shares


@suggests_keywords
@dataclass(frozen=True)
class Ensemble(Savable):
    """Networks on the same rows, each with its own parameters, that predict their mean.

    Each row has a weight for every member, ``row_weights`` of shape (n, members): a row of weight 0 is one
    that the member does not learn from. The error is the mean of the members' errors, so none feels the
    others (Lakshminarayanan, Pritzel and Blundell, "Deep ensembles", 2017).

    Args:
        networks: the members, of the same inputs, outputs and loss; repeat one for several of a kind.
        shares: how much each member counts in the prediction, of sum 1, or more where it is a number and
            some members are added to others; none given, all count alike.
        temperature: what the last z of each member is divided by in the prediction (Guo et al. 2017).

    Raises:
        DownslopeError: where the members do not fit together.

    >>> from downslope.nets import Dense
    >>> pair = Ensemble([Network(inputs=2, layers=[Dense(1)])] * 2)
    >>> list(pair.graph().parameters)
    ['member1.layer1.weight', 'member1.layer1.bias', 'member2.layer1.weight', 'member2.layer1.bias']
    """

    networks: Sequence[Network]
    shares: Sequence[float] = ()
    temperature: float = 1.0
    _graphs: dict[bool, GraphAndStarts] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        networks = items("networks", self.networks, "networks")
        if not networks:
            raise DownslopeError("networks needs at least one network, such as [net, net]")
        for i, network in enumerate(networks):
            if not isinstance(network, Network):
                raise DownslopeError(f"networks[{i}] needs a Network, not {show(network)}")
        object.__setattr__(self, "networks", tuple(networks))
        alike = {(n.inputs, n.loss, n.graph().output.shape) for n in networks}
        if len(alike) > 1:
            found = " and ".join(sorted(map(str, alike)))
            raise DownslopeError(f"members have the same inputs, loss and outputs, not {found}")
        shares = numbers("shares", self.shares, NOT_NEGATIVE) or (1 / len(networks),) * len(networks)
        most = 1 if self.loss in ("binary_cross_entropy", "cross_entropy") else math.inf
        if len(shares) != len(networks) or not 1 - _ROUNDING <= sum(shares) <= most + _ROUNDING:
            sum_of = "sum 1" if most == 1 else "sum 1 or more"
            raise DownslopeError(
                f"shares needs {len(networks)} numbers of {sum_of}, one for a member, not {show(self.shares)}"
            )
        object.__setattr__(self, "shares", shares)
        object.__setattr__(self, "temperature", number("temperature", self.temperature, POSITIVE))

    def __repr__(self) -> str:
        kinds = "; ".join(f"{count} × {repr(network)[1:-1]}" for network, count in self._kinds().items())
        return f"<Ensemble of {len(self.networks)} networks: {kinds}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: each kind of member, and how many there are of it."""
        kinds = [f"<div>{n} ×</div>{network._repr_html_()}" for network, n in self._kinds().items()]
        return panel("Ensemble", f"of {len(self.networks)} networks", *kinds)

    def to_json(self) -> dict[str, Any]:
        """The description as plain data: each network that differs, and which of them every member is."""
        kinds = list(self._kinds())
        return {
            "networks": [kind.to_json() for kind in kinds],
            "members": [kinds.index(member) for member in self.networks],
            "shares": list(self.shares),
            "temperature": self.temperature,
        }

    def _kinds(self) -> Counter[Network]:
        return Counter(self.networks)

    @property
    def inputs(self) -> int:
        """Number of columns of x."""
        return self.networks[0].inputs

    @property
    def loss(self) -> str | LossFunction | Callable[[Node, Node], Node]:
        """The loss, as ``Network`` has it."""
        return self.networks[0].loss

    @property
    def loss_function(self) -> LossFunction:
        """The loss as a function of nodes."""
        return self.networks[0].loss_function

    def _build(self, builder: NetworkBuilder) -> NetworkGraph:
        x = input_("x", (BATCH, self.inputs))
        outputs, penalised, owned = [], [], []
        for member, network in enumerate(self.networks):
            builder.next_member(member + 1, self.prefix(member))
            before, declared = len(builder.penalised), len(builder.parameters)
            outputs.append(network.output(builder, x))
            penalised.append(builder.penalised[before:])
            owned.append(list(builder.parameters)[declared:])
        first, members = self.networks[0], len(outputs)
        y = first.targets(outputs[0])
        row_weights = input_("row_weights", (BATCH, members))
        errors = [network.errors(z, y) for network, z in zip(self.networks, outputs, strict=True)]
        counts = [make("columns", row_weights, indices=(i,), squeeze=True) for i in range(members)]
        weight_sums = [total(w) for w in counts]
        means = [total(e * w) / s for e, w, s in zip(errors, counts, weight_sums, strict=True)]
        data_error = _sum(means) * (1 / members)
        error = data_error
        l1: dict[str, float] = {}
        for weights, network in zip(penalised, self.networks, strict=True):
            error = network.penalised(error, weights, 1 / members)
            l1 |= network.l1_of(weights, 1 / members)
        scaled = outputs if self.temperature == 1 else [z * (1 / self.temperature) for z in outputs]
        stages, symbols = symbols_of(builder.stages, builder.symbols)
        return NetworkGraph(
            x,
            y,
            row_weights,
            builder.parameters,
            make("concatenate", *outputs),
            _sum([share * first.predicted(z) for share, z in zip(self.shares, scaled, strict=True)]),
            _sum(errors) * (1 / members),
            data_error,
            error,
            {name: s for own, s in zip(owned, weight_sums, strict=True) for name in own},
            stages,
            symbols,
            l1,
        )

    def prefix(self, member: int) -> str:
        """What the names of the parameters of a member, counted from 0, begin with."""
        return f"member{index('member', member, len(self.networks)) + 1}."

    def of_member(self, member: int, values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """The parameters of one member, counted from 0, by the names they have in its own network.

        Raises:
            DownslopeError: if there is no such member, or the values lack a parameter of it.
        """
        prefix = self.prefix(member)
        names = self.networks[int(member)].graph().parameters
        given = values if isinstance(values, Mapping) else {}
        missing = next((prefix + name for name in names if prefix + name not in given), None)
        if missing is not None:
            raise DownslopeError(f"values needs a mapping of parameters with {missing}, not {show(values)}")
        return {name: values[prefix + name] for name in names}


AnyNetwork: TypeAlias = Network | Ensemble
"""What can be trained: one network, or several side by side."""


def checked_network(network: Any) -> AnyNetwork:
    """A network or an ensemble.

    Raises:
        DownslopeError: for anything else.
    """
    if isinstance(network, Network | Ensemble):
        return network
    hint = "; pass its network" if isinstance(getattr(network, "network", None), Network | Ensemble) else ""
    raise DownslopeError(
        f"network needs a Network, such as Network(3, [Dense(1)]), not {show(network)}{hint}"
    )


def checked_one(network: Any) -> Network:
    """A network that is no ensemble.

    Raises:
        DownslopeError: for anything else.
    """
    found = checked_network(network)
    if isinstance(found, Ensemble):
        raise DownslopeError(
            f"network needs one network, not an ensemble of {len(found.networks)}; take a member: "
            "ensemble.networks[0], with the parameters ensemble.of_member(0, parameters)"
        )
    return found


def _sum(parts: Sequence[Node]) -> Node:
    return reduce(add, parts)


def last_parameters(network: AnyNetwork, count: int) -> list[str]:
    """The names of the last parameters of a network, so many, or of each member of an ensemble.

    >>> from downslope.nets import Dense
    >>> last_parameters(Ensemble([Network(inputs=2, layers=[Dense(1)])] * 2), 1)
    ['member1.layer1.bias', 'member2.layer1.bias']
    """
    if isinstance(network, Network):
        return list(network.graph().parameters)[-count:]
    members = enumerate(network.networks)
    return [network.prefix(i) + name for i, member in members for name in last_parameters(member, count)]
