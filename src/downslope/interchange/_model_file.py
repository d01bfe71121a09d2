"""The file of a model: networks with their parameters, and what takes them from a table to predictions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from downslope._container import OLD_FORMAT
from downslope._dataclass import dataclass
from downslope._files import SavedFile, read_file, write_file
from downslope.errors import DownslopeError
from downslope.interchange._old_files import upgraded
from downslope.nets import AnyNetwork, checked_parameters, network_in, network_of

__all__ = ["ModelFile", "model_of", "read_model_file", "write_model_file"]

_INTERVALS, _HELD_OUT = "intervals.", "held_out."  # before the names of their arrays


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes:
        network: its description.
        parameters: by name.
        about: JSON data of any further kind: encoders, training record.
        intervals: the network of prediction intervals and its parameters, where there is one.
        held_out: arrays of predictions of held-out rows, by name, where there are any.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any]
    intervals: tuple[AnyNetwork, Mapping[str, NDArray[Any]]] | None = None
    held_out: Mapping[str, NDArray[Any]] | None = None

    def content(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """The sections and the arrays of the file."""
        sections = {**self.network.sections(), "about": self.about}
        arrays = dict(self.parameters)
        if self.intervals is not None:
            network, further = self.intervals
            sections["intervals"] = network.to_json()
            arrays |= {_INTERVALS + name: value for name, value in further.items()}
        if self.held_out is not None:
            sections["held_out"] = sorted(self.held_out)
            arrays |= {_HELD_OUT + name: value for name, value in self.held_out.items()}
        return sections, arrays


def write_model_file(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Write a model file, whole or not at all.

    Raises:
        DownslopeError: if it cannot be written there.
    """
    write_file(path, "model", *model.content())


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """The content of a model file, checked.

    Raises:
        DownslopeError: if there is no such file, or it is damaged or something else.
    """
    file = read_file(path)
    if file.kind != "model":
        raise DownslopeError(f"{file.path} holds a {file.kind}, not a model; read it with ds.load")
    return model_of(file)


def model_of(file: SavedFile) -> ModelFile:
    """The content of a file of a model, checked.

    Raises:
        DownslopeError: if it is damaged.
    """
    with file.reading():
        if file.format == OLD_FORMAT:
            sections, arrays = upgraded(file.sections, file.arrays)
            file = replace(file, sections=sections, arrays=arrays)
        network = network_of(file)
        intervals = None
        if "intervals" in file.sections:
            further = network_in(file, "intervals")
            intervals = further, checked_parameters(further, file.within(_INTERVALS))
        held_out = file.within(_HELD_OUT) if "held_out" in file.sections else None
        others = (_INTERVALS,) * (intervals is not None) + (_HELD_OUT,) * (held_out is not None)
        own = {name: value for name, value in file.arrays.items() if not name.startswith(others)}
        about = file.section("about")
        if not isinstance(about, dict):
            raise DownslopeError("the record of the model is no JSON object")
        return ModelFile(network, checked_parameters(network, own), about, intervals, held_out)
