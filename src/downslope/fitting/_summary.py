"""What a model used and how it came about, to read and to draw."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from downslope.fitting._model import Kind, Model
from downslope.fitting._scores import Scores
from downslope.nets import Dense, Ensemble
from downslope.tables import Column, TableEncoder

__all__ = ["ColumnUse", "Summary", "kind_line", "summary_of"]

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
        rows: that were used.
        measured_rows, held_out: rows that measured, and whether by networks that did not learn from them.
        columns: every column.
        kinds: what was trained: members, share, epochs and errors of each kind.
        main: the kind that counts most.
        layers: the inputs, the units of each hidden layer, and the outputs, of a member of the last kind.
        activation: of the hidden layers; empty where there are none.
        temperature: by which calibration divides the last z of classes.
        trivial, linear, network: the scores of the trivial guess, the linear model and this one on the
            measured rows.
        interrupted: whether training was cut short.
    """

    task: str
    rows: int
    measured_rows: int
    held_out: bool
    columns: tuple[ColumnUse, ...]
    kinds: tuple[Kind, ...]
    main: Kind
    layers: tuple[int, ...]
    activation: str
    temperature: float
    trivial: Scores
    linear: Scores
    network: Scores
    interrupted: bool

    @property
    def members(self) -> int:
        """Networks whose predictions are averaged."""
        return sum(kind.members for kind in self.kinds if kind.share > 0)

    @property
    def measured_on(self) -> str:
        """Which rows the scores are of, in words."""
        if self.held_out:
            return f"measured on {self.measured_rows:,} rows, each by networks that did not learn from it"
        return f"measured on the {self.measured_rows:,} rows themselves, too few to hold any out"

    def __str__(self) -> str:
        return "\n".join([*self._network_lines(), "", *self._score_lines(), "", *self._column_lines()])

    def _network_lines(self) -> list[str]:
        networks = "1 network" if self.members == 1 else f"{self.members} networks"
        how = f", {self.activation}" if self.activation else ""
        cut = "; training was cut short" if self.interrupted else ""
        warm = f"; temperature {self.temperature:.2f}" if self.temperature != 1 else ""
        return [
            f"{self.task}, {self.rows:,} rows",
            f"{networks} of {' - '.join(map(str, self.layers))} units{how}{warm}{cut}",
            *(kind_line(kind) for kind in self.kinds),
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


def kind_line(kind: Kind) -> str:
    """A kind and what became of it, in a line."""
    counts = f"{100 * kind.share:.0f} % of the prediction" if kind.share > 0 else "left out of the prediction"
    return f"  {kind.members} {kind.name}: {counts}, epoch {kind.best_epoch} of {kind.epochs} was the best"


def summary_of(model: Model) -> Summary:
    """What a model used, from its record, its encoder and its network."""
    record = model.record
    dense = [layer for layer in model.member(-1)[0].layers if isinstance(layer, Dense)]
    activations = dict.fromkeys(layer.activation for layer in dense[:-1])
    return Summary(
        task=model.target.task,
        rows=record.rows,
        measured_rows=record.measured_rows,
        held_out=record.held_out,
        columns=_uses(record.columns, model.encoder),
        kinds=record.kinds,
        main=record.main,
        layers=(len(model.encoder.features), *(layer.units for layer in dense)),
        activation=", ".join(map(str, activations)),
        temperature=model.network.temperature if isinstance(model.network, Ensemble) else 1.0,
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
