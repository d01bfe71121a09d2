"""A fitted model: table in, predictions out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.fitting._group import both_classes
from downslope.fitting._intervals import CENTRAL, LEVELS, Spread
from downslope.fitting._scores import Scores
from downslope.interchange import ModelFile, read_model_file, write_model_file
from downslope.nets import AnyNetwork, Ensemble, Network
from downslope.tables import Column, Encoded, TableEncoder, Target, as_frame
from downslope.training import forward

__all__ = ["LINEAR", "Kind", "Model", "Record", "load"]

LINEAR = "linear"
"""The name of the kind that is a linear model."""


@dataclass(frozen=True)
class Kind:
    """The members of one kind: a linear model, or a way for networks to read numbers.

    Attributes:
        name: of the kind.
        members: how many.
        share: how much they count in the prediction, of 1; with 0 they were left out of it.
        best_epoch, epochs: the epoch that was kept and the last; iterations for the linear model.
        train_errors, validation_errors: mean error of each epoch, as the loss has it; the latter on the rows
            that each member held out.
    """

    name: str
    members: int
    share: float
    best_epoch: int
    epochs: int
    train_errors: tuple[float, ...]
    validation_errors: tuple[float, ...]


@dataclass(frozen=True)
class Record:
    """How a model came about.

    Attributes:
        source: the table's path, or how it was given.
        columns: every column of the table but the target, with its kind and the reason.
        task_reason: why regression or classification.
        rows, gap_rows: rows that were used, and left out for want of a target.
        measured_rows: rows that measured.
        held_out: whether each of them was measured by networks that did not learn from it.
        trivial, linear, network: the scores of the trivial guess, the linear model and this model on them.
        kinds: what was trained, the linear model first.
        interrupted: whether training was cut short.
    """

    source: str
    columns: tuple[Column, ...]
    task_reason: str
    rows: int
    gap_rows: int
    measured_rows: int
    held_out: bool
    trivial: Scores
    linear: Scores
    network: Scores
    kinds: tuple[Kind, ...]
    interrupted: bool

    @property
    def main(self) -> Kind:
        """The kind that counts most in the prediction, a linear one only where there are no others."""
        networks = [kind for kind in self.kinds if kind.name != LINEAR and kind.share > 0]
        return max(networks or self.kinds, key=lambda kind: kind.share)


@dataclass(frozen=True)
class Model:
    """Networks with everything that takes them from a table to predictions in the target's own terms."""

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]] = field(repr=False)
    encoder: TableEncoder = field(repr=False)
    target: Target
    record: Record = field(repr=False)
    spread: Spread | None = field(default=None, repr=False)

    def encode(self, data: Any) -> Encoded:
        """A table as the network takes it, with counts of gaps, unseen levels and numbers out of range.

        Raises:
            DownslopeError: if a needed column is not there; it is named.
        """
        return self.encoder.encode(as_frame(data, self._columns_for(data)))

    def _columns_for(self, data: Any) -> list[str] | None:
        """A matrix has the columns of the table that the model was fitted to."""
        if not isinstance(data, np.ndarray | list | tuple):
            return None
        return [c.name for c in self.record.columns]

    def predict(self, data: Any) -> NDArray[Any]:
        """Numbers in the target's units, or class names, (rows,).

        Args:
            data: a path, a frame, a dict of columns, or a matrix with the columns of the fitted table.
        """
        return self.decide(self.encode(data).x)

    def predict_proba(self, data: Any) -> NDArray[np.float64]:
        """The probability of each class, (rows, classes), in the order of ``target.classes``.

        Raises:
            DownslopeError: if the target is a number.
        """
        if not self.target.classes:
            raise DownslopeError(f'"{self.target.name}" is a number and has no probabilities; use predict')
        return self.outputs(self.encode(data).x)

    def predict_interval(self, data: Any, level: float = 0.9) -> NDArray[np.float64]:
        """Where the target lies with a probability of ``level``: lower and upper ends, (rows, 2).

        Raises:
            DownslopeError: if the target is a class, the level is none, or the model was fitted to too few
                rows to hold any out.
        """
        if not 0 < level < 1:
            raise DownslopeError(f"a level is a number between 0 and 1, such as 0.9, not {level!r}")
        if self.target.classes:
            raise DownslopeError(f'"{self.target.name}" is a class and has no intervals; use predict_proba')
        if self.spread is None:
            raise DownslopeError(
                f"intervals are learned from rows held out, and {self.record.rows} rows were too few to hold "
                "any out, or training was interrupted; fit to 50 rows or more"
            )
        x = self.encode(data).x
        ends = self.spread.interval(x, self._numbers(x), level)
        return self.target.numbers(ends)

    def _numbers(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """What is predicted of a number as the loss takes it, (rows,)."""
        raw = forward(self.network, self.parameters, x).astype(np.float64)[:, 0]
        # a mean of targets is never beyond them
        return self.target.clipped(raw) if isinstance(self.network, Ensemble) else raw

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers (rows,) or probabilities (rows, classes) for encoded inputs."""
        if not self.target.classes:
            return self.target.numbers(self._numbers(x))
        raw = forward(self.network, self.parameters, x)
        return both_classes(self.network, raw)

    def decide(self, x: NDArray[Any]) -> NDArray[Any]:
        """Numbers or class names, (rows,), for encoded inputs."""
        outputs = self.outputs(x)
        if not self.target.classes:
            return outputs
        chosen: NDArray[Any] = np.array(self.target.classes, dtype=object)[outputs.argmax(axis=1)]
        return chosen

    def member(self, number: int) -> tuple[Network, Mapping[str, NDArray[Any]]]:
        """One of the networks that the model consists of, and its parameters; -1 is the last."""
        if not isinstance(self.network, Ensemble):
            return self.network, self.parameters
        place = range(len(self.network.networks))[number]
        return self.network.networks[place], self.network.of_member(place, self.parameters)

    def encoded_targets(self, frame: pl.DataFrame) -> NDArray[np.float32]:
        """The targets of rows as the network's loss takes them, (rows,)."""
        if self.target.name not in frame.columns:
            raise DownslopeError(f'the table lacks the target "{self.target.name}"')
        return self.target.encode(frame[self.target.name])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, whole or not at all.

        Raises:
            DownslopeError: if it cannot be written there.
        """
        about: dict[str, Any] = {
            "encoder": self.encoder.to_json(),
            "target": self.target.to_json(),
            "record": asdict(self.record),
        }
        spread = self.spread
        if spread is not None:
            about["widening"] = list(spread.widening)
        further = None if spread is None else (spread.network, spread.parameters)
        write_model_file(path, ModelFile(self.network, self.parameters, about, further))


def load(path: str | os.PathLike[str]) -> Model:
    """The model of a file that ``Model.save`` or ``downslope fit`` wrote.

    Raises:
        DownslopeError: if there is no such file, or it is damaged or something else.
    """
    file = read_model_file(path)
    try:
        encoder = TableEncoder.from_json(file.about.get("encoder"))
        target = Target.from_json(file.about.get("target"))
        record = _record(file.about.get("record"))
        outputs = int(file.network.graph().prediction.shape[1])
        wanted = len(target.classes) if len(target.classes) > 2 else 1
        if len(encoder.features) != file.network.inputs or outputs != wanted:
            raise DownslopeError("the encoders do not fit the network")
        spread = _spread(file, len(encoder.features))
    except DownslopeError as error:
        raise DownslopeError(f"{path} is damaged: {error}; fit the model again") from None
    return Model(file.network, file.parameters, encoder, target, record, spread)


def _spread(file: ModelFile, features: int) -> Spread | None:
    if file.spread is None:
        return None
    network, parameters = file.spread
    try:
        widening = tuple(map(float, file.about["widening"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DownslopeError(f"the widening of intervals is damaged: {error!r}") from None
    outputs = int(network.graph().prediction.shape[1])
    if network.inputs != features + 1 or outputs != len(LEVELS) or len(widening) != len(CENTRAL):
        raise DownslopeError("the network of intervals does not fit the encoders")
    return Spread(network, parameters, widening)


def _record(data: Any) -> Record:
    try:
        told = dict(data)
        told["columns"] = tuple(Column(**c) for c in told["columns"])
        for name in ("trivial", "linear", "network"):
            told[name] = Scores(**told[name])
        told["kinds"] = tuple(_kind(k) for k in told["kinds"])
        return Record(**told)
    except (TypeError, ValueError, KeyError) as error:
        raise DownslopeError(f"the training record is damaged: {error!r}") from None


def _kind(data: Any) -> Kind:
    told = dict(data)
    for name in ("train_errors", "validation_errors"):
        told[name] = tuple(map(float, told[name]))
    return Kind(**told)
