"""Parameters by the names that PyTorch gives them: ``torch.nn.Sequential`` of the same layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from downslope._container import tensors_alone
from downslope.nets import AnyNetwork, Dropout, Network, Point, Residual, Stage, parameter_values

__all__ = ["torch_names", "weights_file"]

_ROLES = {"scale": "weight", "shift": "bias"}
"""What PyTorch calls the parameters of a normalisation."""


def torch_names(network: AnyNetwork) -> dict[str, str]:
    """The name of each parameter: the place of its module, counted from 0 with activations and dropout.

    Members of an ensemble are modules of a list. What has no module in PyTorch keeps the role that it has
    here.

    >>> from downslope.nets import Dense
    >>> torch_names(Network(2, [Dense(3, "tanh"), Dense(1)]))["layer2.weight"]
    '2.weight'
    """
    if isinstance(network, Network):
        return dict(_named(network.layers, _stages(network), ""))
    return {
        f"{network.prefix(place)}{name}": f"{place}.{wanted}"
        for place, member in enumerate(network.networks)
        for name, wanted in torch_names(member).items()
    }


def _stages(network: Network) -> Iterator[list[Stage]]:
    """The stages of each layer; a residual block ends with its own."""
    stages = network.graph(training=True).stages
    return (list(group) for _, group in groupby(stages, key=lambda stage: stage.layer))


def _named(layers: Sequence[Any], stages: Iterator[list[Stage]], prefix: str) -> Iterator[tuple[str, str]]:
    place = 0
    for layer in layers:
        if isinstance(layer, Residual):
            yield from _named(layer.layers, stages, f"{prefix}{place}.")
            next(stages)
            place += 1
        elif isinstance(layer, Dropout) and layer.rate == 0:  # which has no stage
            place += 1
        else:
            own = next(stages)
            for role, node in ((r, n) for stage in own for r, n in stage.parameters.items()):
                yield node.name, f"{prefix}{place}.{_ROLES.get(role, role)}"
            place += len(own)


def weights_file(network: AnyNetwork, parameters: Point) -> bytes:
    """A file of safetensors with each parameter under its name in PyTorch, in the order of the layers."""
    values = parameter_values(network, parameters, None)
    names: Mapping[str, str] = torch_names(network)
    return tensors_alone({"format": "pt"}, {names[name]: value for name, value in values.items()})
