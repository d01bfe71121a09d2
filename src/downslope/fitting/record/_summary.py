"""What a model used and how good it is, to read and to draw."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from downslope._dataclass import dataclass
from downslope.fitting._scores import LINEAR_MODEL, NETWORK, Scores
from downslope.fitting._written import rounded
from downslope.fitting.evaluation import METRICS, Estimate, baseline_for, metric_of
from downslope.fitting.record._record import (
    LINEAR,
    GroupRecord,
    LaterRows,
    LaterScores,
    Record,
    Steered,
    is_added,
)
from downslope.fitting.record._searched import Searched
from downslope.nets import AnyNetwork, Dense, Ensemble, Network, Products
from downslope.tables import Column, TableEncoder, Target, listed

__all__ = ["ColumnUse", "Summary", "group_line", "summary_of"]

_LEFT_OUT = "left out"
_CLASSES = 12
_MEDIANS = "The networks were trained by the absolute error: a prediction is a median and not a mean."
_TELLING = 2.0  # standard errors


@dataclass(frozen=True)
class ColumnUse:
    """A column, its kind and why, and what the network gets of it.

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
    """What was used, and the scores.

    Attributes:
        task: ``"regression"`` or ``"classification"``.
        rows: that were used.
        validation_rows: rows that the scores are of.
        held_out: whether each of them was predicted by networks that were not trained on it.
        group: the column whose groups were held out as a whole, or "".
        values: the classes with their shares, or the range, the mean and the median of the target.
        columns: every column.
        groups: what was trained: members, share, epochs and errors of each group.
        main: the group that counts most.
        layers: the inputs, the units of each hidden layer, and the outputs, of a member of the last group.
        activation: of the hidden layers; empty where there are none.
        temperature: of temperature scaling, by which the logits of classes are divided.
        baseline, linear, network: the scores of the baseline, the linear model and this one.
        interrupted: whether training was ended early.
        gain: by how much the loss of this model is below that of the linear one.
        later: the rows that validated, where they are later than those that trained the networks.
        time_checks: what scores of later rows say, for columns by which the rows may be in order.
        imported: what the model was made of, where it was fitted elsewhere and no scores are known.
        searched: how its settings were searched, where they were.
        pairs: of categories, of which each two levels are an input besides.
        decision: what is said of a row, in words; empty for the most probable class, or the mean.
        metric: the score that the networks were trained by.
        steering: what the groups are blended for, in words; empty where that is the smallest loss.
    """

    task: str
    rows: int
    validation_rows: int
    held_out: bool
    group: str
    values: str
    columns: tuple[ColumnUse, ...]
    groups: tuple[GroupRecord, ...]
    main: GroupRecord
    layers: tuple[int, ...]
    activation: str
    temperature: float
    baseline: Scores
    linear: Scores
    network: Scores
    interrupted: bool
    gain: Estimate
    later: LaterRows | None
    time_checks: tuple[LaterScores, ...]
    imported: str = ""
    searched: Searched | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    decision: str = ""
    metric: str = "root_mean_squared_error"
    steering: str = ""

    @property
    def members(self) -> int:
        """Networks whose predictions are averaged."""
        return sum(group.members for group in self.groups if group.share > 0)

    @property
    def networks(self) -> str:
        """How many networks, in words."""
        return "1 network" if self.members == 1 else f"{self.members} networks"

    @property
    def validation(self) -> str:
        """Which rows the scores are of, in words."""
        if self.imported:
            return f"fitted elsewhere, as {self.imported}: evaluate it on rows to know its scores"
        count = f"{self.validation_rows:,}"
        if self.later is not None:
            others = f" of another {self.group}" if self.group else ""
            whole = "" if self.interrupted else "; then all rows trained the model"
            return (
                f"validated on {count} rows, {self.later}, by networks that were trained on earlier "
                f"rows{others} alone{whole}"
            )
        if self.held_out:
            trained = f"any row of its {self.group}" if self.group else "it"
            return f"validated on {count} rows, each by networks that were not trained on {trained}"
        return f"measured on the {self.validation_rows:,} training rows, too few to hold any out"

    @property
    def compared(self) -> dict[str, Scores]:
        """The scores by what they are of."""
        return {baseline_for(self.metric): self.baseline, LINEAR_MODEL: self.linear, NETWORK: self.network}

    @property
    def learned(self) -> bool:
        """Whether the network predicts better than the baseline."""
        return self._error(self.network) < self._error(self.baseline)

    def _error(self, scores: Scores) -> float:
        """The score that the networks were trained by."""
        found: float | None = getattr(scores, self.metric)
        return float("nan") if found is None else found

    @property
    def conclusion(self) -> str:
        """In a sentence or two, what the network adds."""
        if self.imported:
            return "Nothing is known of how good it is."
        name = METRICS[self.metric].words
        linear, network = (self._error(s) for s in (self.linear, self.network))
        where = " on later rows" if self.later is not None else ""
        nothing = f"not below that of the baseline: these columns do not predict it{where}."
        if self.main.name == LINEAR:
            found = f"The network is the linear model{self._why_linear(name)}."
            return found if self.learned else f"{found} Its {name} is {nothing}"
        if not self.learned:
            return f"The network's {name} is {nothing}"
        if network == linear:
            return f"The network's {name} is that of the linear model."
        apart = _percent(abs(1 - network / linear))
        side, more = ("below", "lower") if network < linear else ("above", "higher")
        if self.gain.value is not None and self.gain.standard_error:
            times = abs(self.gain.value) / self.gain.standard_error
            if times < _TELLING:
                return (
                    "The network and the linear model cannot be told apart on these rows: the network's "
                    f"{name} is {apart} {more}, {times:.1f} standard errors."
                )
        return f"The network's {name} is {apart} {side} that of the linear model."

    def _why_linear(self, name: str) -> str:
        if not self.held_out:
            return ": with so few rows, more layers would memorise them"
        others = [group for group in self.groups if group.name != LINEAR]
        if not others:
            return ""
        best, linear = min(map(_validation_error, others)), _validation_error(self.groups[0])
        if self.metric == "root_mean_squared_error":  # of which the loss is the square
            best, linear = best**0.5, linear**0.5
        if not best > linear > 0:
            return ": hidden layers did not help"
        return f": with hidden layers its {name} on these rows was {_percent(best / linear - 1)} higher"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the scores should know besides, in sentences."""
        found = [said for said in (_worded_pairs(self.pairs), self.decision, self.steering) if said]
        found += [_flattery(check, self.metric) for check in self.time_checks if check.flattered]
        if self.later is not None and self.later.new_classes:
            found.append(
                "Only the later rows have the following classes, so that no network could predict them "
                f"there: {listed(self.later.new_classes)}."
            )
        return (*found, *(() if self.searched is None else self.searched.lines))

    @property
    def line(self) -> str:
        """In one line."""
        if self.imported:
            return f"{self.task}, from {self.imported}, {self.networks}"
        score = self.network.accuracy if self.task == "classification" else self.network.r2
        name = "accuracy" if self.task == "classification" else "R²"
        scored = "" if score is None else f", {name} {score:.4g}"
        cut = ", interrupted" if self.interrupted else ""
        return f"{self.task}, {self.rows:,} rows, {self.networks}{scored}{cut}"

    def __repr__(self) -> str:
        return f"<Summary: {self.line}>"

    def __str__(self) -> str:
        return "\n".join([*self._network_lines(), "", *self._score_lines(), "", *self._column_lines()])

    def _network_lines(self) -> list[str]:
        activation = f", {self.activation}" if self.activation else ""
        cut = "; training was interrupted" if self.interrupted else ""
        scaling = f"; temperature {self.temperature:.2f}" if self.temperature != 1 else ""
        if self.imported:
            units = " - ".join(map(str, self.layers))
            return [self.task, f"{self.networks} of {units} units{activation}"]
        return [
            f"{self.task}, {self.rows:,} rows",
            f"{self.networks} of {' - '.join(map(str, self.layers))} units{activation}{scaling}{cut}",
            *(group_line(group) for group in self.groups),
        ]

    def _score_lines(self) -> list[str]:
        if self.imported:
            return [self.validation]
        width = max(map(len, self.compared))
        names = self.network.known
        lines = [self.validation, f"  {'':{width}}" + "".join(f"  {name:>10}" for name in names)]
        for of, scores in self.compared.items():
            cells = ("–" if (value := scores.known.get(n)) is None else f"{value:.4g}" for n in names)
            padded = (f"  {cell:>{max(10, len(name))}}" for cell, name in zip(cells, names, strict=True))
            lines.append(f"  {of:{width}}" + "".join(padded))
        return [*lines, self.conclusion, *self.notes]

    def _column_lines(self) -> list[str]:
        width = min(30, max(len(column.name) for column in self.columns))
        kinds = max(len(column.kind) for column in self.columns)
        return ["columns"] + [
            f"  {c.name:{width}}  {c.kind:{kinds}}  {c.encoder:10}  {c.inputs:3} inputs  {c.reason}"
            for c in self.columns
        ]


def group_line(group: GroupRecord) -> str:
    """A group and how it was trained, in a line."""
    share = f"{100 * group.share:.0f} % of the prediction" if group.share > 0 else "not in the prediction"
    if is_added(group.name) and group.share > 0:
        share += ", added to the linear model"
    return f"  {group.members} × {group.name}: {share}; best epoch {group.best_epoch} of {group.epochs}"


def _validation_error(group: GroupRecord) -> float:
    """That of the epoch that was kept."""
    return min(group.validation_errors, default=float("inf"))


def _percent(share: float) -> str:
    """A share in percent, which is never shown as 0.

    >>> _percent(0.283), _percent(0.0034)
    ('28 %', '0.34 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.01 else f"{100 * share:.2g} %"


def _flattery(check: LaterScores, metric: str) -> str:
    """That scores of rows held out at random are no scores of later rows."""
    column, rows = check.later.column, str(check.later)
    random, future = (_worded(found, metric) for found in (check.among_others, check.of_the_future))
    return (
        f"{rows[0].upper()}{rows[1:]}: {random} where they are held out at random, {future} where they are "
        "predicted from earlier rows alone. If the model is to predict later rows, the scores above flatter "
        f"it; --time {shlex.quote(column)} (in Python time={column!r}) holds out by time."
    )


def _worded(scores: Scores, metric: str) -> str:
    """The scores that count, in words."""
    if scores.accuracy is not None:
        return f"accuracy {100 * scores.accuracy:.1f} % and log loss {scores.log_loss:.4f}"
    if metric == "mean_absolute_error":
        return f"mean absolute error {scores.mean_absolute_error:.4g}"
    if scores.r2 is None:
        return f"root mean squared error {scores.root_mean_squared_error:.4g}"
    return f"R² {scores.r2:.4f} (root mean squared error {scores.root_mean_squared_error:.4g})"


def summary_of(network: AnyNetwork, encoder: TableEncoder, target: Target, record: Record) -> Summary:
    """What a model used."""
    last = network.networks[-1] if isinstance(network, Ensemble) else network
    dense = [layer for layer in last.layers if isinstance(layer, Dense)]
    activations = dict.fromkeys(str(layer.activation) for layer in dense[:-1])
    return Summary(
        task=target.task,
        rows=record.rows,
        validation_rows=record.validation_rows,
        held_out=record.held_out,
        group=record.group if record.held_out else "",
        values=_values(target, record.constants),
        columns=_uses(record.columns, encoder),
        groups=record.groups,
        main=record.main,
        layers=(len(encoder.features), *(layer.units for layer in dense)),
        activation=", ".join(activations),
        temperature=network.temperature if isinstance(network, Ensemble) else 1.0,
        baseline=record.baseline,
        linear=record.linear,
        network=record.network,
        interrupted=record.interrupted,
        gain=record.gain,
        later=record.later,
        time_checks=record.time_checks,
        imported=record.imported,
        searched=record.searched,
        pairs=tuple(_pairs(last, encoder)),
        decision=_decision(network, target, record),
        metric=metric_of(network.loss),
        steering=_steering(record.steered, METRICS[metric_of(network.loss)].words),
    )


def _pairs(network: Network, encoder: TableEncoder) -> Iterator[tuple[str, str]]:
    """The categories of which each layer of products has the levels."""
    names = [name for name, place in encoder.places.items() for _ in range(place.start, place.stop)]
    for layer in network.layers:
        if isinstance(layer, Products):
            yield names[layer.left[0]], names[layer.right[0]]


def _worded_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    """Of which columns each two levels are an input, in a sentence."""
    if not pairs:
        return ""
    shown = ", of ".join(f'"{one}" and "{other}"' for one, other in pairs)
    return f"Each two levels of {shown} have an input of their own, in the linear model too."


def _steering(steered: Steered | None, loss: str) -> str:
    """What the shares of the groups were chosen by, and what that brings."""
    if steered is None:
        return ""
    if steered.score == steered.usual:
        return (
            f"The groups are blended for {steered.metric}, which is highest on held-out rows "
            f"({steered.score:.5g}) with the shares of the smallest {loss}."
        )
    return (
        f"The groups are blended for the highest {steered.metric}: {steered.score:.5g} on held-out rows, "
        f"{steered.usual:.5g} with the shares of the smallest {loss}."
    )


def _decision(network: AnyNetwork, target: Target, record: Record) -> str:
    """What is said of a row, where that is not the most probable class or the mean, and what it brings."""
    if network.loss == "absolute_error" and not record.imported:
        return _MEDIANS
    if not target.decision:
        return ""
    if record.decided is None:
        return f"{target.rule}, as rows of the classes count in training."
    words = METRICS[record.decided.metric].words
    if len(target.classes) == 2:
        words = f'{words} of "{target.classes[1]}"' if record.decided.metric == "f1" else words
    usual = "0.5" if len(target.classes) == 2 else "the most probable class"
    where = "held-out rows" if record.held_out else "the training rows"
    return (
        f"{target.rule}, for the highest expected {words}: {record.decided.score} on {where}, "
        f"{record.decided.usual} with {usual}."
    )


def _values(target: Target, constants: Sequence[float]) -> str:
    """The classes with their shares, or the range, the mean and the median, of the rows of the fit."""
    if not target.classes and target.low == target.high == 0:
        return "a number"
    if target.classes:
        shares = [f" {100 * share:.3g} %" for share in constants] or [""] * len(target.classes)
        shown = [f"{name}{share}" for name, share in zip(target.classes, shares, strict=True)]
        more = f" and {len(shown) - _CLASSES} more" if len(shown) > _CLASSES else ""
        return f"{', '.join(shown[:_CLASSES])}{more}"
    middle = [f"{name} {rounded(v)}" for name, v in zip(("mean", "median"), constants, strict=False)]
    return ", ".join([f"from {rounded(target.low)} to {rounded(target.high)}", *middle])


def _uses(columns: tuple[Column, ...], encoder: TableEncoder) -> tuple[ColumnUse, ...]:
    encodings = {part.name: part for part in encoder.encodings}
    uses = []
    for column in columns:
        part = encodings.get(column.name)
        kind = _LEFT_OUT if part is None else "embedding" if part.encoding == "codes" else part.encoding
        inputs = 0 if part is None else len(part.features)
        uses.append(ColumnUse(column.name, column.kind, column.reason, kind, inputs))
    return tuple(uses)
