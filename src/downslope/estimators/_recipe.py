"""Which network for which table, and how it is trained: the defaults of ``fit``."""

from __future__ import annotations

from dataclasses import dataclass

from downslope.errors import DownslopeError
from downslope.nets import Dense, Dropout, Embedding, Layer, Network
from downslope.tables import TableEncoder, Target

__all__ = ["Settings", "linear_network", "suited_network"]

_FEWEST_ROWS = 50
_WIDTH = 128
_UPDATES = 6000


@dataclass(frozen=True)
class Settings:
    """How a network is fitted; None leaves the choice to the number of rows.

    Args:
        hidden: units of each hidden layer; () for a linear network.
        activation: of the hidden layers.
        dropout: of the hidden layers.
        learning_rate: the highest; it falls along half a cosine.
        weight_decay: of AdamW.
        batch_size: rows in a step.
        epochs: the most.
        validation: the share of the rows that picks the best epoch, and as many again that only measure.
        seed: fixes everything.
    """

    hidden: tuple[int, ...] | None = None
    activation: str = "silu"
    dropout: float = 0.1
    learning_rate: float = 0.003
    weight_decay: float = 0.02
    batch_size: int | None = None
    epochs: int | None = None
    validation: float = 0.15
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise DownslopeError(
                f"a learning rate is a number above 0, such as 0.003, not {self.learning_rate!r}"
            )
        if not 0 <= self.weight_decay < float("inf"):
            raise DownslopeError(f"weight decay is a number of at least 0, not {self.weight_decay!r}")
        if not 0 <= self.validation < 0.5:
            raise DownslopeError(f"the validation share is at least 0 and below 0.5, not {self.validation!r}")
        for name, value in (("batch_size", self.batch_size), ("epochs", self.epochs)):
            if value is not None and value < 1:
                raise DownslopeError(f"{name} is at least 1, not {value!r}")

    def holds_out(self, rows: int) -> bool:
        """Whether there are enough rows to hold some out."""
        return rows >= _FEWEST_ROWS and rows * self.validation >= 1

    def layers_for(self, rows: int) -> tuple[int, ...]:
        """The units of the hidden layers: none where there are too few rows."""
        if self.hidden is not None:
            return self.hidden
        return (_WIDTH, _WIDTH) if rows >= _FEWEST_ROWS else ()

    def batch_for(self, rows: int) -> int:
        """Rows in a step: more for larger tables, so that an epoch stays short."""
        return self.batch_size or min(512, max(16, 1 << (rows // 60).bit_length()))

    def epochs_for(self, rows: int) -> int:
        """Epochs that make some thousand updates, within reason for small tables and large."""
        steps = -(-rows // self.batch_for(rows))
        return self.epochs or min(200, max(20, _UPDATES // steps))


def suited_network(encoder: TableEncoder, target: Target, settings: Settings, rows: int) -> Network:
    """The network for an encoded table; the linear one where there are no hidden layers."""
    if not settings.layers_for(rows):
        return linear_network(encoder, target)
    layers: list[Layer] = [*_embedding(encoder, most=16)]
    for units in settings.layers_for(rows):
        layers.append(Dense(units, settings.activation))
        if settings.dropout:
            layers.append(Dropout(settings.dropout))
    return _ended(encoder, target, layers, l2=0.0)


def linear_network(encoder: TableEncoder, target: Target) -> Network:
    """The linear model on the same inputs, lightly penalised so that it always has one answer."""
    return _ended(encoder, target, list(_embedding(encoder, most=_outputs(target))), l2=1e-4)


def _outputs(target: Target) -> int:
    return len(target.classes) if len(target.classes) > 2 else 1


def _ended(encoder: TableEncoder, target: Target, layers: list[Layer], l2: float) -> Network:
    losses = {0: "squared_error", 2: "binary_cross_entropy"}
    loss = losses.get(len(target.classes), "cross_entropy")
    output = Dense(_outputs(target), initializer="glorot_uniform")
    return Network(inputs=len(encoder.features), layers=[*layers, output], loss=loss, l2=l2)


def _embedding(encoder: TableEncoder, most: int) -> tuple[Embedding, ...]:
    """Vectors whose length grows slowly with the number of levels, for columns with many."""
    if not encoder.code_columns:
        return ()
    sizes = tuple(min(most, max(1, round(1.6 * levels**0.56))) for levels in encoder.code_levels)
    return (Embedding(encoder.code_columns, encoder.code_levels, sizes),)
