"""Which networks for which table, and how they are trained: the defaults of ``fit``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.nets import Dense, Dropout, Embedding, Layer, Network, Periodic, PiecewiseLinear, Quantile
from downslope.tables import TableEncoder, Target
from downslope.training import AdamW, FlatCosine

__all__ = ["Settings", "embeddings", "linear_network", "spread_network", "suited_networks"]

FEWEST_ROWS = 50
"""Below it no rows are held out and the network is linear."""

_MEMBERS = 8
_WIDTH = 128
_UPDATES = 10_000
_EMA_DECAY = (
    0.7  # of the mean of parameters over epochs: errors on few held-out rows jump from epoch to epoch
)
_COARSE = 8
_BINS = 32
_READINGS = 512  # of one table: with more columns there are fewer of each
_FREQUENCIES = 8
_SIGMA = 0.3
_LOOKED_AT = 20_000  # rows that decide where the bins are


@dataclass(frozen=True)
class Settings:
    """How networks are fitted; None leaves the choice to the number of rows.

    Args:
        members: of each kind; with one, a share of the rows is held out to pick the best epoch.
        hidden: units of each hidden layer; () for a linear network.
        activation: of the hidden layers.
        dropout: of the hidden layers.
        learning_rate: the highest.
        weight_decay: of AdamW.
        batch_size: rows in a step.
        epochs: the most.
        time_limit: seconds that fitting may take; None takes what the rows need.
        threads: the most that steps run on.
        seed: fixes everything but what a time limit cuts short.
    """

    members: int | None = None
    hidden: tuple[int, ...] | None = None
    activation: str = "silu"
    dropout: float = 0.2
    learning_rate: float = 0.004
    weight_decay: float = 0.1
    batch_size: int | None = None
    epochs: int | None = None
    time_limit: float | None = None
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise DownslopeError(
                f"a learning rate is a number above 0, such as {Settings.learning_rate:g}, "
                f"not {self.learning_rate!r}"
            )
        if not 0 <= self.weight_decay < float("inf"):
            raise DownslopeError(f"weight decay is a number of at least 0, not {self.weight_decay!r}")
        if self.time_limit is not None and not self.time_limit > 0:
            raise DownslopeError(f"a time limit is a number of seconds above 0, not {self.time_limit!r}")
        for name, value in (
            ("members", self.members),
            ("batch_size", self.batch_size),
            ("epochs", self.epochs),
        ):
            if value is not None and value < 1:
                raise DownslopeError(f"{name} is at least 1, not {value!r}")

    def holds_out(self, rows: int) -> bool:
        """Whether there are enough rows to hold some out."""
        return rows >= FEWEST_ROWS

    def members_for(self, rows: int) -> int:
        """Members of each kind, of which each holds a row or more out."""
        return min(self.members or _MEMBERS, rows)

    def layers_for(self, rows: int) -> tuple[int, ...]:
        """The units of the hidden layers: none where there are too few rows."""
        if self.hidden is not None:
            return self.hidden
        return (_WIDTH, _WIDTH) if rows >= FEWEST_ROWS else ()

    def batch_for(self, rows: int) -> int:
        """Rows in a step: more for larger tables, so that an epoch stays short."""
        most = 256 if rows < 200_000 else 1024
        return self.batch_size or min(most, max(64, (1 << (rows // 10).bit_length()) // 2))

    def epochs_for(self, rows: int) -> int:
        """Epochs that make some thousand updates, within reason for small tables and large."""
        steps = -(-rows // self.batch_for(rows))
        return self.epochs or min(40, max(8, _UPDATES // steps))

    def descent(self, rows: int, epochs: int) -> Mapping[str, Any]:
        """The settings of ``descend`` for so many epochs."""
        return {
            "optimizer": AdamW(beta2=0.95, weight_decay=self.weight_decay),
            "learning_rate": FlatCosine(self.learning_rate),
            "epochs": epochs,
            "batch_size": self.batch_for(rows),
            "patience": max(1, 3 * epochs // 8),
            "ema_decay": _EMA_DECAY,
            "threads": self.threads,
        }


def suited_networks(
    encoder: TableEncoder, target: Target, settings: Settings, x: NDArray[np.float32]
) -> Mapping[str, Network]:
    """The kinds of networks for an encoded table, by what sets them apart: how they read numbers."""
    columns, edges = _bins(x[:: -(-len(x) // _LOOKED_AT)], encoder.code_columns)
    readings: dict[str, tuple[Layer, ...]] = {"plain": ()}
    if columns:
        few = max(2, _READINGS // len(columns))
        readings = {
            "smooth": (
                PiecewiseLinear(columns, [_fewer(row, min(few // 2 + 1, _COARSE)) for row in edges]),
                Periodic(columns, min(few // 2 + 1, _FREQUENCIES), _SIGMA),
            ),
            "sharp": (PiecewiseLinear(columns, [_fewer(row, min(few, _BINS)) for row in edges]),),
        }
    layers: list[Layer] = []
    for units in settings.layers_for(len(x)):
        layers.append(Dense(units, settings.activation))
        if settings.dropout:
            layers.append(Dropout(settings.dropout))
    front = embeddings(encoder)
    # an embedding puts its vectors behind the other columns, which keep their places
    return {
        name: _ended(encoder, target, [*front, *reading, *layers], l2=0.0)
        for name, reading in readings.items()
    }


def spread_network(encoder: TableEncoder, levels: tuple[float, ...], x: NDArray[np.float32]) -> Network:
    """The network of the quantiles of errors: its inputs are the prediction, then those of the table."""
    codes = tuple(1 + place for place in encoder.code_columns)
    columns, edges = _bins(x[:: -(-len(x) // _LOOKED_AT)], codes)
    few = max(2, _READINGS // max(1, len(columns)))
    layers: list[Layer] = [*_embedding(codes, encoder.code_levels, most=4)]
    if columns:
        layers.append(PiecewiseLinear(columns, [_fewer(row, min(few, _BINS)) for row in edges]))
    layers += [Dense(_WIDTH // 2, "silu"), Dropout(0.1), Dense(len(levels))]
    return Network(x.shape[1], layers, loss=Quantile(levels))


def _bins(x: NDArray[np.float32], codes: Sequence[int]) -> tuple[list[int], list[tuple[float, ...]]]:
    """The columns with more than two values, and for each the edges of bins that hold as many rows each."""
    columns, edges = [], []
    for column in range(x.shape[1]):
        values = np.unique(x[:, column])
        if column in codes or len(values) <= 2:
            continue
        if len(values) > _BINS + 1:
            values = np.unique(np.quantile(x[:, column], np.linspace(0, 1, _BINS + 1)).astype(np.float32))
        apart = values[np.diff(values, prepend=-np.inf) > 1e-5]  # closer ones would make slopes too steep
        if len(apart) > 2:
            columns.append(column)
            edges.append(tuple(map(float, apart)))
    return columns, edges


def _fewer(edges: tuple[float, ...], bins: int) -> tuple[float, ...]:
    """The edges of at most so many bins."""
    chosen = np.unique(np.linspace(0, len(edges) - 1, min(bins + 1, len(edges))).round().astype(int))
    return tuple(edges[i] for i in chosen)


def linear_network(encoder: TableEncoder, target: Target, l2: float) -> Network:
    """The linear model on the same inputs, lightly penalised so that it always has one answer."""
    return _ended(
        encoder,
        target,
        list(embeddings(encoder, most=_outputs(target))),
        l2=l2,
    )


def _outputs(target: Target) -> int:
    return len(target.classes) if len(target.classes) > 2 else 1


def _ended(encoder: TableEncoder, target: Target, layers: list[Layer], l2: float) -> Network:
    losses = {0: "squared_error", 2: "binary_cross_entropy"}
    loss = losses.get(len(target.classes), "cross_entropy")
    output = Dense(_outputs(target), initializer="glorot_uniform")
    return Network(inputs=len(encoder.features), layers=[*layers, output], loss=loss, l2=l2)


def embeddings(encoder: TableEncoder, most: int = 16) -> tuple[Embedding, ...]:
    """The layer of vectors that a network for an encoded table begins with, if any column needs one."""
    return _embedding(encoder.code_columns, encoder.code_levels, most)


def _embedding(columns: Sequence[int], levels: Sequence[int], most: int) -> tuple[Embedding, ...]:
    """Vectors whose length grows slowly with the number of levels, for columns with many."""
    if not columns:
        return ()
    sizes = tuple(min(most, max(1, round(1.6 * count**0.56))) for count in levels)
    return (Embedding(tuple(columns), tuple(levels), sizes),)
