"""What can be written to a file as a description, with parameters or without."""

from __future__ import annotations

import os
from typing import Any

from downslope._files import write_file
from downslope.errors import DownslopeError
from downslope.graph import graph_to_json
from downslope.nets._built import Built
from downslope.nets._point import Point, parameter_values

__all__ = ["Savable"]


class Savable(Built):
    """A description that builds a graph and can be saved."""

    def to_json(self) -> dict[str, Any]:
        """The description as plain data: settings, layers and starting values, without parameters."""
        raise NotImplementedError

    def sections(self) -> dict[str, Any]:
        """What a file says of the network: the description, and the graph of the prediction."""
        return {"network": self.to_json(), "graph": graph_to_json([self.graph().prediction])}

    def save(self, path: str | os.PathLike[str], parameters: Point | None = None) -> None:
        """Write the description to one file, whole or not at all; ``ds.load`` reads it.

        Layers of your own and Python functions are stored as the graph that they made, without their code. A
        network without layers of your own is equal to the one that comes back.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.
            parameters: what to write with it, by name, all in one flat list, or a run's or a model's;
                ``ds.load`` then gives a ``TrainedNetwork``.

        Raises:
            DownslopeError: if the parameters do not fit, or it cannot be written there.
        """
        kind, values = "network", {}
        if parameters is not None:
            kind, values = "trained network", parameter_values(self, parameters)
        write_file(path, kind, self.sections(), values)

    def to_torch(self, parameters: Point) -> Any:
        """The network as a ``torch.nn.Module`` with the same outputs, which trains and is saved as others.

        Its parameters are copies under their names here, such as ``layer1.weight``. ``module(x)`` predicts,
        ``module.output(x)`` gives what stands before the link of the loss, such as logits; dropout acts after
        ``module.train()``.

        Args:
            parameters: by name, all in one flat list, or a run's or a model's.

        Raises:
            DownslopeError: if the parameters do not fit, or torch is not installed.
        """
        values = parameter_values(self, parameters)
        try:
            from downslope.nets._torch_module import TorchNetwork
        except ImportError:
            raise DownslopeError(
                "to_torch makes a module of PyTorch; install it: pip install torch"
            ) from None
        return TorchNetwork(self, values)
