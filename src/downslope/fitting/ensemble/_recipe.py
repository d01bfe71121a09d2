"""Which networks for which table, and how they are trained: the defaults of ``fit``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import NOT_NEGATIVE, POSITIVE, SIZE, Interval, choice, number, one_or_more, seed, whole
from downslope._dataclass import dataclass
from downslope.engines import checked_engine
from downslope.fitting.ensemble._bins import bins_of, some_bins, telling_values
from downslope.fitting.ensemble._pairs import telling_pairs
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.evaluation import metric_named
from downslope.nets import (
    Dense,
    Dropout,
    Embedding,
    Layer,
    Network,
    Peaks,
    Periodic,
    PiecewiseLinear,
    Quantile,
    Sinh,
)
from downslope.tables import TAIL_WIDTH, TableEncoder, Target
from downslope.training import AdamW, FlatCosine

__all__ = [
    "LINEAR_PENALTY",
    "FitSettings",
    "bins_learn",
    "embeddings",
    "interval_network",
    "linear_network",
    "linear_penalties",
    "networks_for",
    "networks_with_learned_bins",
]

FEWEST_ROWS = 50
"""Below it no rows are held out and the network is linear."""

_PARALLEL = ("auto", "data", "members")
_OF_ABSOLUTE_ERRORS = ("mean_absolute_error", "median_absolute_error")  # the latter has no useful gradient
_MEMBERS = 8
_MANY_ROWS = 500  # from which on half of the members are enough, and half of the rows to tell errors by
_WIDTH = 128
_DROPOUT = 0.2
_EPOCHS_AT_FIRST, _UPDATES = 40, 1000  # at most
_UPDATES_UNTIL_TIME = 10_000  # at most, where a time limit ends training
_EPOCHS_WHERE_THEY_PAY, _FEW_UPDATES = 100, 3000  # at most, of groups that come after
_EPOCHS_OF_INTERVALS, _UPDATES_OF_INTERVALS = 32, 1500  # at most
_FEWEST_EPOCHS = 8  # however many updates these make
_EMA_DECAY = 0.7  # of the parameters over epochs: errors on few held-out rows jump between epochs
_WAITED = 5  # one epoch in so many goes by without a smaller error before training ends
_FEWEST_WAITED = 3
_COARSE_BINS = 8
_NUMERICAL_FEATURES = 512  # of one table: with more columns there are fewer of each
_FREQUENCIES = 8
_SIGMA = 0.3
LINEAR_PENALTY = 1e-3
_LINEAR_L1 = (0.1, 0.03, 0.01)  # which are tried besides
_ROWS_OF_A_COLUMN = 8  # or fewer, where columns are many
_SHARE = Interval(0, 1, open_high=True)
_FROM_1 = Interval(1)
_MEMBER_COUNTS = Interval(1, limit=1000)  # each takes the time and the memory of a network
_EPOCHS = Interval(1, limit=1_000_000)


@dataclass(frozen=True)
class FitSettings:
    """How networks are fitted; None leaves the choice to the number of rows.

    Args:
        members: networks of each group; with 1, one row in seven is held out to choose the best epoch.
        hidden: units of each hidden layer, or of the only one; () for a linear network.
        activation: of the hidden layers.
        dropout: of the hidden layers, from 0 to below 1; None: 0.2, and 0 where there is little noise.
        learning_rate: the peak of the schedule.
        weight_decay: of AdamW.
        batch_size: rows in a step.
        epochs: the maximum number of epochs.
        time_limit: seconds that fitting may take; None takes what the rows need.
        threads: the maximum number of threads.
        engine, device: that train the networks, as of ``descend``.
        parallel: how ranks share the work, "auto", "data" or "members"; None: this process alone.
        seed: of all random numbers.
        metric: the score that decides which class is said, and the loss of networks for numbers; None for the
            most probable class, and the squared error. Or a function, which the shares of the blend are
            chosen by.
        class_weight: how much the rows of each class count in training, by their names, or "balanced".

    Raises:
        DownslopeError: for a value that does not serve; the message says what does.
    """

    members: int | None = None
    hidden: int | Sequence[int] | None = None
    activation: Any = "silu"
    dropout: float | None = None
    learning_rate: float = 0.004
    weight_decay: float = 0.1
    batch_size: int | None = None
    epochs: int | None = None
    time_limit: float | None = None
    threads: int | None = None
    engine: str | None = None
    device: str | None = None
    parallel: str | None = None
    seed: int = 0
    metric: str | Callable[..., Any] | None = None
    class_weight: str | Mapping[Any, float] | None = None

    def __post_init__(self) -> None:
        checked: dict[str, Any] = {
            "hidden": None if self.hidden is None else one_or_more("hidden", self.hidden, SIZE),
            "learning_rate": number("learning_rate", self.learning_rate, POSITIVE),
            "weight_decay": number("weight_decay", self.weight_decay, NOT_NEGATIVE),
            "seed": seed("seed", self.seed),
        }
        counts = {"members": _MEMBER_COUNTS, "batch_size": _FROM_1, "epochs": _EPOCHS, "threads": _FROM_1}
        for name, within in counts.items():
            if getattr(self, name) is not None:
                checked[name] = whole(name, getattr(self, name), within)
        if self.metric is not None and (isinstance(self.metric, type) or not callable(self.metric)):
            checked["metric"] = metric_named(self.metric)
        if self.class_weight is not None:
            checked["class_weight"] = _checked_class_weight(self.class_weight)
        if self.dropout is not None:
            checked["dropout"] = number("dropout", self.dropout, _SHARE)
        if self.time_limit is not None:
            checked["time_limit"] = number("time_limit", self.time_limit, POSITIVE)
        if self.parallel is not None:
            checked["parallel"] = choice("parallel", self.parallel, _PARALLEL)
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        checked_engine(self.engine, self.device)
        Dense(1, self.activation)  # which refuses what is no activation

    @property
    def idle(self) -> dict[str, Any]:
        """The settings that were given although a linear model has no use for them."""
        if self.hidden != ():
            return {}
        names = ("activation", "dropout", "learning_rate", "weight_decay", "batch_size", "epochs")
        given = {name: getattr(self, name) for name in names}
        return {name: value for name, value in given.items() if value != getattr(FitSettings, name)}

    @property
    def loss_of_numbers(self) -> str:
        """The loss of networks that predict numbers."""
        return "absolute_error" if self.metric in _OF_ABSOLUTE_ERRORS else "squared_error"

    def holds_out(self, rows: int) -> bool:
        """Whether there are enough rows to hold some out."""
        return rows >= FEWEST_ROWS

    def members_for(self, rows: int) -> int:
        """Members of each group, of which each holds a row or more out."""
        return min(self.members or (_MEMBERS if rows < _MANY_ROWS else _MEMBERS // 2), rows)

    def folds_for(self, rows: int) -> int | None:
        """Shares of the rows, of which each member holds one out; None: one for each member."""
        return None if self.members else min(_MEMBERS, rows)

    def layers_for(self, rows: int) -> tuple[int, ...]:
        """The units of the hidden layers: none where there are too few rows."""
        if self.hidden is not None:
            return tuple(self.hidden)  # type: ignore[arg-type]  # a sequence after the checks
        return (_WIDTH, _WIDTH) if rows >= FEWEST_ROWS else ()

    def batch_for(self, rows: int) -> int:
        """Rows in a step: more for larger tables, so that an epoch stays short."""
        most = 256 if rows < 200_000 else 1024
        return self.batch_size or min(most, max(64, (1 << (rows // 10).bit_length()) // 2))

    def epochs_for(self, rows: int) -> int:
        """Epochs that make a thousand updates, within reason for small tables and large.

        With a time limit they make ten thousand: it tells when there are enough.

        >>> [FitSettings(time_limit=limit).epochs_for(20_000) for limit in (None, 60)]
        [12, 40]
        """
        updates = _UPDATES if self.time_limit is None else _UPDATES_UNTIL_TIME
        return self.epochs or self._epochs_of(updates, rows, _EPOCHS_AT_FIRST)

    def more_epochs_for(self, rows: int) -> int:
        """Epochs where the last ones paid: more than at first, as long as they make few updates.

        >>> [FitSettings().more_epochs_for(rows) for rows in (1000, 10_000, 20_000, 50_000, 10**6)]
        [100, 75, 37, 15, 8]
        >>> FitSettings(epochs=30).more_epochs_for(1000)
        30
        """
        return self.epochs or max(self.epochs_for(rows), self._epochs_of_few_updates(rows))

    def epochs_without_dropout_for(self, rows: int) -> int:
        """Epochs where there is little noise: networks without dropout learn in fewer updates.

        >>> [FitSettings().epochs_without_dropout_for(rows) for rows in (1000, 20_000, 50_000, 10**6)]
        [100, 37, 15, 4]
        """
        return self.epochs or max(self.epochs_for(rows) // 2, self._epochs_of_few_updates(rows))

    def epochs_of_intervals_for(self, rows: int) -> int:
        """Epochs of the network of prediction intervals.

        >>> [FitSettings().epochs_of_intervals_for(rows) for rows in (1000, 20_000, 50_000)]
        [32, 18, 8]
        """
        return self.epochs or self._epochs_of(_UPDATES_OF_INTERVALS, rows, _EPOCHS_OF_INTERVALS)

    def _epochs_of(self, updates: int, rows: int, most: int) -> int:
        return min(most, max(_FEWEST_EPOCHS, updates // self._steps(rows)))

    def _epochs_of_few_updates(self, rows: int) -> int:
        return min(_EPOCHS_WHERE_THEY_PAY, _FEW_UPDATES // self._steps(rows))

    def _steps(self, rows: int) -> int:
        """Of an epoch."""
        return -(-rows // self.batch_for(rows))

    def descent(self, rows: int, epochs: int) -> Mapping[str, Any]:
        """The settings of ``descend`` for so many epochs."""
        return {
            "optimizer": AdamW(beta2=0.95, weight_decay=self.weight_decay),
            "learning_rate": FlatCosine(self.learning_rate),
            "epochs": epochs,
            "batch_size": self.batch_for(rows),
            "patience": max(1, min(_FEWEST_WAITED, 3 * epochs // 8), epochs // _WAITED),
            "ema_decay": _EMA_DECAY,
            "threads": self.threads,
            "engine": self.engine,
            "device": self.device,
            "parallel": "data" if self.parallel == "data" else None,
        }


def _checked_class_weight(given: Any) -> str | dict[str, float] | None:
    """Weights by the names of classes; None where there are none."""
    if not isinstance(given, Mapping):
        return choice("class_weight", given, ["balanced"], "a weight for each class, such as {'yes': 5}")
    return {
        _class_name(name): number(f"class_weight[{name!r}]", weight, POSITIVE)
        for name, weight in given.items()
    } or None


def _class_name(given: Any) -> str:
    """A class as the levels of a column are written."""
    if isinstance(given, bool | np.bool_):
        return str(given).lower()
    return str(given)


def networks_for(
    encoder: TableEncoder, target: Target, settings: FitSettings, rows: EncodedRows
) -> Mapping[str, Network]:
    """The architectures for an encoded table, by the numerical embeddings that set them apart.

    Args:
        encoder, target: of the table.
        settings: how the networks are fitted.
        rows: what they are to learn from.
    """
    x = rows.learned_x
    bins = bins_of(x, encoder.code_columns)
    numerical: dict[str, tuple[Layer, ...]] = {"plain": ()}
    if bins:
        columns, most = tuple(bins), _features_of_each(bins)
        values = telling_values(x, bins, rows.learned_y, target, rows.learned_groups)
        peaks = (Peaks(tuple(values), tuple(values.values()), learned=False),) if values else ()
        # bins come last: a product with them is then a lookup
        numerical = {
            "periodic": (
                Periodic(columns, min(most // 2 + 1, _FREQUENCIES), _SIGMA),
                *peaks,
                PiecewiseLinear(columns, some_bins(bins, min(most // 2 + 1, _COARSE_BINS)), learned=False),
            ),
            "piecewise": (*peaks, PiecewiseLinear(columns, some_bins(bins, most), learned=False)),
        }
    layers: list[Layer] = []
    dropout = _DROPOUT if settings.dropout is None else settings.dropout
    for units in settings.layers_for(rows.count):
        layers.append(Dense(units, settings.activation))
        if dropout:
            layers.append(Dropout(dropout))
    # an embedding puts its vectors behind the other columns, which keep their positions
    front = (*_pairs(encoder, target, rows), *embeddings(encoder))
    return {
        name: _network(encoder, target, settings, [*front, *numbers, *layers])
        for name, numbers in numerical.items()
    }


def bins_learn(settings: FitSettings, rows: int) -> bool:
    """Whether the rows are so few that the first group has all its epochs, and the settings leave the choice.

    Of more rows the bins are finer, and a step with bins that learn takes twice the time.
    """
    choice = settings.epochs is None and settings.time_limit is None
    return choice and settings.epochs_for(rows) == _EPOCHS_AT_FIRST


def networks_with_learned_bins(networks: Mapping[str, Network]) -> Mapping[str, Network]:
    """The same architectures with bins that move to where the target changes, if they get the updates."""
    return {
        name: replace(network, layers=[_learned(layer) for layer in network.layers])
        for name, network in networks.items()
    }


def _learned(layer: Layer) -> Layer:
    return replace(layer, learned=True) if isinstance(layer, PiecewiseLinear | Peaks) else layer


def interval_network(encoder: TableEncoder, levels: tuple[float, ...], x: NDArray[np.float32]) -> Network:
    """The network of the quantiles of errors: its inputs are the prediction, then those of the table."""
    codes = tuple(1 + column for column in encoder.code_columns)
    bins = bins_of(x, codes)
    layers: list[Layer] = [*_embedding(codes, encoder.code_levels, most=4)]
    if bins:
        edges = some_bins(bins, _features_of_each(bins))
        layers.append(PiecewiseLinear(tuple(bins), edges, learned=False))
    layers += [Dense(_WIDTH // 2, "silu"), Dropout(0.1), Dense(len(levels))]
    return Network(x.shape[1], layers, loss=Quantile(levels))


def _features_of_each(columns: Sized) -> int:
    """Fewer where there are many columns."""
    return max(2, _NUMERICAL_FEATURES // len(columns))


def linear_network(
    encoder: TableEncoder, target: Target, settings: FitSettings, rows: EncodedRows
) -> Network:
    """The linear model on the same inputs, without a penalty.

    Of columns whose tails are compressed it has the plain numbers besides.

    Args:
        encoder, target, settings, rows: as of ``networks_for``.
    """
    pairs = _pairs(encoder, target, rows)
    numbers = _plain_numbers(encoder, rows.learned_x)
    return _network(encoder, target, settings, [*pairs, *numbers, *embeddings(encoder, _outputs(target))])


def linear_penalties(rows: EncodedRows) -> Sequence[tuple[float, float]]:
    """l2 and l1 of the linear models to choose from: where columns are many, most may be better left out.

    An l1 penalty makes weights 0 (Tibshirani, "Regression shrinkage and selection via the lasso", 1996).
    """
    many = rows.x.shape[1] * _ROWS_OF_A_COLUMN >= rows.count
    return [(LINEAR_PENALTY, 0.0), *[(0.0, l1) for l1 in _LINEAR_L1] * many]


def _pairs(encoder: TableEncoder, target: Target, rows: EncodedRows) -> tuple[Layer, ...]:
    """The layers of pairs of categories, if any tell enough."""
    return telling_pairs(rows.learned_x, rows.learned_y, target, encoder, rows.learned_groups)


def _plain_numbers(encoder: TableEncoder, x: NDArray[Any]) -> Iterator[Layer]:
    """The numbers behind compressed columns, with standard deviations near 1; alike ones share a layer."""
    columns = np.array(encoder.compressed_columns, np.int64)
    # column by column: all in float64 would take several times the memory of x
    deviations = [np.sinh(x[:, column].astype(np.float64) / TAIL_WIDTH).std() for column in columns]
    powers = -np.round(np.log2(np.maximum(deviations, 1e-30)))
    for power in np.unique(powers):
        yield Sinh(tuple(columns[powers == power].tolist()), TAIL_WIDTH, 2.0**power)


def _outputs(target: Target) -> int:
    return len(target.classes) if len(target.classes) > 2 else 1


def _network(
    encoder: TableEncoder,
    target: Target,
    settings: FitSettings,
    layers: Sequence[Layer],
) -> Network:
    losses = {0: settings.loss_of_numbers, 2: "binary_cross_entropy"}
    loss = losses.get(len(target.classes), "cross_entropy")
    output = Dense(_outputs(target), initializer="glorot_uniform")
    return Network(inputs=len(encoder.features), layers=[*layers, output], loss=loss)


def embeddings(encoder: TableEncoder, most: int = 16) -> tuple[Embedding, ...]:
    """The layer of vectors that a network for an encoded table begins with, if any column needs one."""
    return _embedding(encoder.code_columns, encoder.code_levels, most)


def _embedding(columns: Sequence[int], levels: Sequence[int], most: int) -> tuple[Embedding, ...]:
    """Vectors whose length grows slowly with the number of levels, for columns with many."""
    if not columns:
        return ()
    sizes = tuple(min(most, max(1, round(1.6 * count**0.56))) for count in levels)
    return (Embedding(tuple(columns), tuple(levels), sizes),)
