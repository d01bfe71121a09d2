"""``compare``: several models on the same rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from downslope._checks import items, show
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.fitting._load import load_fitted
from downslope.fitting._models import Models, model_for, models_in, refuse_missing
from downslope.fitting.evaluation import METRICS, Comparison, metric_named, metric_of, statistics_of
from downslope.fitting.model import Model
from downslope.tables import counted_in

__all__ = ["compare"]

AnyModel = Model | Models | str | os.PathLike[str]
"""A model, or models of several targets, or the path of their file."""


@suggests_keywords
def compare(
    models: Sequence[AnyModel] | Mapping[str, AnyModel],
    data: Any,
    target: Any = None,
    *,
    metric: str | None = None,
    row_weights: ArrayLike | str | None = None,
    source: str | None = None,
) -> Any:  # a union would have to be told apart at each call
    """Scores of models on the same rows, with the differences from the first and their standard errors.

    Models that err on the same rows differ by less than their own standard errors suggest: the standard
    error of a difference is that of the differences row by row, as in the paired t test. The answer is a
    ``Comparison``; of ``Models`` a dict of one for each target that all of them have.

    Args:
        models: two or more models or paths of their files, or a dict of them by the names to show.
        data, row_weights, source: as of ``Model.evaluate``.
        target: the name of one target, where there are models of several, or as of ``Model.evaluate``.
        metric: the score that counts, for targets that have it; elsewhere, and where none is named, it is the
            root mean squared error or the log loss, or the mean absolute error where the first model was
            fitted by it.

    Raises:
        DownslopeError: if the models predict different things, or for what ``Model.evaluate`` refuses.

    >>> import numpy as np
    >>> from downslope.fitting import fit
    >>> x = np.random.default_rng(0).normal(size=(90, 2))
    >>> y = np.abs(x[:, 0])
    >>> line, curve = (fit(x[:60], y[:60], hidden=hidden, members=1) for hidden in ((), 16))
    >>> found = compare({"line": line, "curve": curve}, x[60:], y[60:])
    >>> difference = found.differences["curve"]["root_mean_squared_error"]
    >>> difference.value < -2 * difference.standard_error  # the curve is better
    True
    """
    named = _named(models)
    asked = (metric, row_weights, source)
    if isinstance(target, str):
        return _comparison(
            {name: model_for(model, target) for name, model in named.items()}, data, None, *asked
        )
    pairs = _pairs(named)
    if not all(isinstance(model, Models) for model in named.values()):
        (pair,) = pairs.values()
        return _comparison(pair, data, target, *asked)
    if target is not None:
        raise DownslopeError(
            "target needs the name of one, as these are models of several, or None for all that they share"
        )
    source = os.fsdecode(data) if source is None and isinstance(data, str | os.PathLike) else source
    table, having = next(iter(named.values())).read(data), _having(metric, pairs)
    refuse_missing(list(pairs), table.frame)
    return {
        of: _comparison(pair, table, None, metric if of in having else None, row_weights, source)
        for of, pair in pairs.items()
    }


def _pairs(models: Mapping[str, Model | Models]) -> dict[str, dict[str, Model]]:
    """The models by their names, for each target that all of them have.

    Raises:
        DownslopeError: if there is none.
    """
    (name, first), *others = models.items()
    shared = list(models_in(first))
    for other, model in others:
        shared = [of for of in shared if of in models_in(model)]
        if not shared:
            raise _unlike(name, first, other, model)
    return {of: {name: models_in(model)[of] for name, model in models.items()} for of in shared}


def _having(metric: str | None, pairs: Mapping[str, Mapping[str, Model]]) -> list[str]:
    """The targets that have a score, or all where none of them has it, which is then refused."""
    tasks = {of: next(iter(pair.values())).target.task for of, pair in pairs.items()}
    known = None if metric is None else METRICS[metric_named(metric)]
    return [of for of, task in tasks.items() if known is not None and known.task == task] or list(pairs)


def _comparison(
    named: Mapping[str, Model],
    data: Any,
    target: Any,
    metric: str | None,
    row_weights: ArrayLike | str | None,
    source: str | None,
) -> Comparison:
    """Models of one target on the same rows."""
    first = next(iter(named.values()))
    _refuse_others(named)
    metric = metric_of(first.network.loss) if metric is None else metric_named(metric, first.target.task)
    rows = first.labelled(data, target, row_weights)
    statistics, notes = {}, []
    for name, model in named.items():
        with counted_in(rows.index):
            encoded = model.encode(rows.frame)
        statistics[name] = statistics_of(rows, model.target, model.outputs(encoded.x))
        notes += [f"{name}: {note}" for note in (*encoded.notes, *model.flattered(data, source))]
    estimates, differences = (
        {
            name: {of: figure.estimate(rows.weights) for of, figure in found.items()}
            for name, found in figures.items()
        }
        for figures in (statistics, _differences(statistics))
    )
    return Comparison(
        first.target.name,
        first.target.task,
        len(rows),
        rows.left_out,
        metric,
        estimates,
        differences,
        tuple(notes),
    )


def _differences(statistics: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By how much the figures of all but the first are above those of the first."""
    (_, reference), *others = statistics.items()
    return {name: {of: figure - reference[of] for of, figure in figures.items()} for name, figures in others}


def _named(models: Any) -> dict[str, Model | Models]:
    """The models by their names: those given, those of their files, or numbers."""
    if isinstance(models, Mapping):
        given = {str(name): model for name, model in models.items()}
    else:
        several = items("models", models, "models or paths of their files")
        given = dict(zip(file_names(several), several, strict=True))
    if len(given) < 2:
        raise DownslopeError(f"models needs at least two models, not {len(given)}; model.evaluate scores one")
    return {name: _model(model) for name, model in given.items()}


def file_names(models: Sequence[Any]) -> list[str]:
    """What models are called by their files; numbered without one, and where two have one name.

    >>> file_names(["a/houses", "b/houses"])
    ['houses (1)', 'houses (2)']
    """
    names = [_file_name(model) or f"model {place}" for place, model in enumerate(models, 1)]
    if len(set(names)) == len(names):
        return names
    return [f"{name} ({place})" for place, name in enumerate(names, 1)]


def _file_name(model: Any) -> str | None:
    return Path(os.fsdecode(model)).name if isinstance(model, str | os.PathLike) else None


def _model(given: Any) -> Model | Models:
    if isinstance(given, str | os.PathLike):
        return load_fitted(given)
    if not isinstance(given, Model | Models):
        raise DownslopeError(f"models needs models or paths of their files, not {show(given)}")
    return given


def _refuse_others(models: Mapping[str, Model]) -> None:
    """Refuse a model that predicts something else than the first."""
    (name, first), *others = models.items()
    for other, model in others:
        if (model.target.name, model.target.classes) != (first.target.name, first.target.classes):
            raise _unlike(name, first, other, model)


def _unlike(name: str, first: Model | Models, other: str, model: Model | Models) -> DownslopeError:
    return DownslopeError(
        f"models needs models of the same target: {name} predicts {_targets(first)}, and {other} "
        f"{_targets(model)}; compare those that predict the same"
    )


def _targets(found: Model | Models) -> str:
    return ", ".join(
        f'"{name}"' + (f" ({len(model.target.classes)} classes)" if model.target.classes else " (a number)")
        for name, model in models_in(found).items()
    )
