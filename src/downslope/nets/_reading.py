"""Files of networks, and of networks with their parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._files import SavedFile
from downslope.drawing import panel
from downslope.errors import DownslopeError
from downslope.graph import BATCH, graph_from_json, topological
from downslope.nets._ensemble import AnyNetwork, Ensemble
from downslope.nets._network import SETTINGS, Network
from downslope.nets.functions import LOSSES, CustomLoss, from_json
from downslope.nets.layers import layers_from_json, listing_at_most

_LARGEST_VALUE = 1 << 24  # numbers of one row, or of no row, that a node may take beside what the file holds

__all__ = [
    "TrainedNetwork",
    "checked_parameters",
    "network_from_json",
    "network_in",
    "network_of",
    "read_network",
    "read_trained_network",
]


@dataclass(frozen=True, eq=False, repr=False)
class TrainedNetwork:
    """A network with its parameters, as ``network.save(path, parameters)`` wrote them and ``ds.load`` gives.

    What takes the parameters of a run or of a model takes a trained network too: ``start``, ``parameters``.

    Attributes:
        network: its description.
        parameters: by name.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]

    def __repr__(self) -> str:
        return f"<TrainedNetwork of {self.network!r}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: that it has parameters, and the network."""
        return panel("TrainedNetwork", "of a network with its parameters", self.network._repr_html_())


def read_network(file: SavedFile) -> AnyNetwork:
    """The network of a file of one.

    Raises:
        DownslopeError: if the file is damaged.
    """
    with file.reading():
        if file.arrays:
            raise DownslopeError(f"it holds {next(iter(file.arrays))!r}, which no network needs")
        return network_of(file)


def read_trained_network(file: SavedFile) -> TrainedNetwork:
    """The network and the parameters of a file of both.

    Raises:
        DownslopeError: if the file is damaged.
    """
    with file.reading():
        network = network_of(file)
        return TrainedNetwork(network, checked_parameters(network, file.arrays))


def network_of(file: SavedFile) -> AnyNetwork:
    """The network that a file holds, checked: the graph beside it is the graph that it builds.

    Raises:
        DownslopeError: if it is damaged.
    """
    network = network_in(file, "network")
    if graph_from_json(file.section("graph")) != [network.graph().prediction]:
        raise DownslopeError("the graph is not that of the network")
    return network


def network_in(file: SavedFile, section: str) -> AnyNetwork:
    """The network that a section of a file describes, built in memory that is no more than the file's.

    Raises:
        DownslopeError: if it describes none.
    """
    with listing_at_most(sum(map(len, file.sections.values()))):
        return network_from_json(file.section(section))


def checked_parameters(network: AnyNetwork, arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The parameters of a network, in its order: all of them and nothing else.

    Raises:
        DownslopeError: if one is missing, too many, of another shape, or holds what is no finite number.
    """
    wanted = network.graph().shapes
    found = {name: value.shape for name, value in arrays.items()}
    if found != wanted:
        wrong = next(n for n in [*wanted, *found] if found.get(n) != wanted.get(n))
        raise DownslopeError(f"{wrong} has the shape {found.get(wrong)}, not {wanted.get(wrong)}")
    _refuse_larger(network, max(_LARGEST_VALUE, sum(value.size for value in arrays.values())))
    for name, value in arrays.items():
        if value.dtype not in (np.float32, np.float64) or not np.all(np.isfinite(value)):
            raise DownslopeError(f"{name} does not hold finite numbers of float32 or float64")
    return {name: arrays[name] for name in wanted}


def _refuse_larger(network: AnyNetwork, most: int) -> None:
    """Refuse a network whose values grow beyond its parameters: doubled thirty times, one is a gigabyte."""
    for node in topological([network.graph().prediction]):
        size = math.prod(int(length) for length in node.shape if length != BATCH)
        if node.inputs and size > most:
            raise DownslopeError(f"{node.op.name} makes {size:,} numbers of a row, and the file holds fewer")


def network_from_json(data: Any) -> AnyNetwork:
    """The network of ``network.to_json()``.

    Raises:
        DownslopeError: if the data describes no network.
    """
    try:
        network: AnyNetwork = _ensemble_from_json(data) if "networks" in data else _network_from_json(data)
        for training in (False, True):  # stored layers say both, and either can be damaged
            network.graph(training=training)
        return network
    except (
        TypeError,
        KeyError,
        ValueError,
        AttributeError,
        IndexError,
        RecursionError,
        OverflowError,
    ) as error:
        if isinstance(error, DownslopeError):
            raise
        raise DownslopeError(f"the description of the network is damaged: {error!r}") from None


def _ensemble_from_json(data: Any) -> Ensemble:
    kinds = [_network_from_json(item) for item in data["networks"]]
    members = [kinds[_index(i, len(kinds))] for i in data["members"]]
    return Ensemble(members, tuple(data["shares"]), float(data["temperature"]))


def _network_from_json(data: Any) -> Network:
    settings = {name: data[name] for name in SETTINGS}
    loss = from_json(data["loss"], LOSSES, CustomLoss)
    return Network(layers=layers_from_json(data["layers"]), loss=loss, **settings)


def _index(index: Any, count: int) -> int:
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < count:
        raise ValueError(f"there is no network {index!r} of {count}")
    return index
