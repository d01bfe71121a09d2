"""What a model used and how it came about, to read and to draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from downslope.estimators._model import Model
from downslope.estimators._scores import Scores
from downslope.nets import Dense
from downslope.tables import Column, TableEncoder

__all__ = ["ColumnUse", "Summary", "summary_of"]

_LEFT_OUT = "left out"


@dataclass(frozen=True)
class ColumnUse:
    """A column, what kind it was taken for and why, and what the network gets of it.

    ``encoder`` is number, two levels, one-hot, embedding, date, or left out; ``inputs`` how many inputs of
    the network it became.
    """

    name: str
    kind: str
    reason: str
    encoder: str
    inputs: int


@dataclass(frozen=True)
class Summary:
    """What was used.

    Attributes:
        task: ``"regression"`` or ``"classification"``.
        rows, trained_rows, measured_rows: all rows; those the compared models saw; those held out to measure
            them. Equal where there were too few to hold any out.
        columns: every column.
        members: networks whose predictions are averaged.
        layers: the inputs, the units of each hidden layer, and the outputs.
        activation: of the hidden layers; empty where there are none.
        best_epoch, epochs: the epoch that was kept and the last.
        train_errors, validation_errors: mean error of each epoch, as the loss has it.
        trivial, linear, network: the scores of the trivial guess, the linear model and this one on the
            measured rows.
        interrupted: whether training was cut short.
    """

    task: str
    rows: int
    trained_rows: int
    measured_rows: int
    columns: tuple[ColumnUse, ...]
    members: int
    layers: tuple[int, ...]
    activation: str
    best_epoch: int
    epochs: int
    train_errors: tuple[float, ...]
    validation_errors: tuple[float, ...]
    trivial: Scores
    linear: Scores
    network: Scores
    interrupted: bool

    @property
    def measured_on(self) -> str:
        """Which rows the scores are of, in words."""
        if self.trained_rows + self.measured_rows <= self.rows:
            return f"measured on {self.measured_rows:,} rows held out"
        return f"measured on the {self.measured_rows:,} rows themselves, too few to hold any out"

    def __str__(self) -> str:
        return "\n".join([*self._network_lines(), "", *self._score_lines(), "", *self._column_lines()])

    def _network_lines(self) -> list[str]:
        networks = "1 network" if self.members == 1 else f"{self.members} networks"
        how = f", {self.activation}" if self.activation else ""
        cut = "; training was cut short" if self.interrupted else ""
        return [
            f"{self.task}, {self.rows:,} rows",
            f"{networks} of {' - '.join(map(str, self.layers))} units{how}",
            f"epoch {self.best_epoch} of {self.epochs} was the best{cut}",
        ]

    def _score_lines(self) -> list[str]:
        compared = {"trivial guess": self.trivial, "linear model": self.linear, "network": self.network}
        told = [name for name, value in asdict(self.network).items() if value is not None]
        lines = [
            self.measured_on,
            "  " + f"{'':15}" + "".join(f"{name.replace('_', ' '):>18}" for name in told),
        ]
        for who, scores in compared.items():
            values = (getattr(scores, name) for name in told)
            lines.append(f"  {who:15}" + "".join(f"{'–' if v is None else f'{v:.4g}':>18}" for v in values))
        return lines

    def _column_lines(self) -> list[str]:
        width = min(30, max(len(column.name) for column in self.columns))
        kinds = max(len(column.kind) for column in self.columns)
        return ["columns"] + [
            f"  {c.name:{width}}  {c.kind:{kinds}}  {c.encoder:10}  {c.inputs:3} inputs  {c.reason}"
            for c in self.columns
        ]


def summary_of(model: Model) -> Summary:
    """What a model used, from its record, its encoder and its network."""
    record = model.record
    dense = [layer for layer in model.network.layers if isinstance(layer, Dense)]
    activations = dict.fromkeys(layer.activation for layer in dense[:-1])
    return Summary(
        task=model.target.task,
        rows=record.rows,
        trained_rows=record.trained_rows,
        measured_rows=record.measured_rows,
        columns=_uses(record.columns, model.encoder),
        members=1,  # the networks of an ensemble are counted here
        layers=(len(model.encoder.features), *(layer.units for layer in dense)),
        activation=", ".join(map(str, activations)),
        best_epoch=record.best_epoch,
        epochs=record.epochs,
        train_errors=record.train_errors,
        validation_errors=record.validation_errors,
        trivial=record.trivial,
        linear=record.linear,
        network=record.network,
        interrupted=record.interrupted,
    )


def _uses(columns: tuple[Column, ...], encoder: TableEncoder) -> tuple[ColumnUse, ...]:
    encodings = {part.name: part for part in encoder.encodings}
    uses = []
    for column in columns:
        part = encodings.get(column.name)
        kind = _LEFT_OUT if part is None else "embedding" if part.encoding == "codes" else part.encoding
        inputs = 0 if part is None else len(part.features)
        uses.append(ColumnUse(column.name, column.kind, column.reason, kind, inputs))
    return tuple(uses)
