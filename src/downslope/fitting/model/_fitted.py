"""What a fitted model holds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, whole
from downslope._dataclass import dataclass
from downslope.fitting.ensemble import IntervalNetworks
from downslope.fitting.evaluation import PredictedRows
from downslope.fitting.record import Record, Summary, summary_html, summary_of
from downslope.interchange import ModelFile, write_model_file
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import Reading, TableEncoder, Target
from downslope.training import History

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """What is kept of a fit; ``Model`` says what each part is."""

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    encoder: TableEncoder
    target: Target
    record: Record
    intervals: IntervalNetworks | None = None
    reading: Reading = field(default_factory=Reading)
    held_out: PredictedRows | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", {n: _read_only(v) for n, v in self.parameters.items()})

    @property
    def summary(self) -> Summary:
        """What was used: networks, layers, columns with their encoders, scores. ``print`` it."""
        return summary_of(self.network, self.encoder, self.target, self.record)

    @property
    def history(self) -> History:
        """The errors of each epoch of each group: ``group``, ``epoch``, ``loss``, ``validation_loss``.

        They are as the loss has them; ``validation_loss`` is NaN where there were no such rows. Epochs of the
        linear group are iterations. Groups that have no share in the prediction are there too.
        """
        groups = self.record.groups
        lengths = [len(group.train_errors) for group in groups]
        validation = [
            [*group.validation_errors, *[np.nan] * length][:length]
            for group, length in zip(groups, lengths, strict=True)
        ]
        return History(
            {
                "group": np.repeat([group.name for group in groups], lengths),
                "epoch": np.concatenate([np.arange(1, length + 1) for length in lengths]),
                "loss": np.concatenate([np.array(group.train_errors, float) for group in groups]),
                "validation_loss": np.concatenate([np.array(errors, float) for errors in validation]),
            }
        )

    def __repr__(self) -> str:
        return f"<Model of {self.target.name!r}: {self.summary.line}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the layers, the curves of the errors, the scores and the columns."""
        return summary_html(self.summary, "Model", f"of {self.target.name!r}: {self.summary.line}")

    @property
    def needed_columns(self) -> dict[str, str]:
        """What each column that the model needs is: ``"number"``, ``"date"``, ``"time"`` or ``"level"``."""
        return {part.name: part.wanted for part in self.encoder.encodings}

    @property
    def input_names(self) -> Sequence[str]:
        """What each input of the network stands for, (inputs,)."""
        return self.encoder.features

    def member(self, index: int) -> tuple[Network, Mapping[str, NDArray[Any]]]:
        """One of the networks that the model consists of, and its parameters; -1 is the last.

        Raises:
            DownslopeError: if there are fewer.
        """
        networks = self.network.networks if isinstance(self.network, Ensemble) else [self.network]
        index = whole("index", index, Interval(-len(networks), len(networks) - 1))
        if not isinstance(self.network, Ensemble):
            return self.network, self.parameters
        place = index % len(networks)
        return networks[place], self.network.of_member(place, self.parameters)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, whole or not at all; ``ds.load`` reads it.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if it cannot be written there.
        """
        write_model_file(path, self.file())

    def file(self) -> ModelFile:
        """What a file holds of the model."""
        about: dict[str, Any] = {
            "encoder": self.encoder.to_json(),
            "target": self.target.to_json(),
            "record": self.record.to_json(),
            "reading": self.reading.to_json(),
        }
        intervals = self.intervals
        if intervals is not None:
            about["widening"] = list(intervals.widening)
        further = None if intervals is None else (intervals.network, intervals.parameters)
        held_out = None if self.held_out is None else self.held_out.arrays()
        return ModelFile(self.network, self.parameters, about, further, held_out)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view through which nothing can be changed."""
    view = array.view()
    view.flags.writeable = False
    return view
