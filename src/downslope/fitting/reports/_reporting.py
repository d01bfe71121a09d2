"""``report``: from a model, or several, to a page about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from downslope._checks import NOT_NEGATIVE, called, show, text, whole
from downslope._checks import seed as checked_seed
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.fitting._load import load_fitted
from downslope.fitting._models import Models, models_in
from downslope.fitting.model import Model
from downslope.fitting.reports._findings import findings_of
from downslope.fitting.reports._report import Report
from downslope.fitting.reports._rows import ReportRows, source_name

__all__ = ["report"]


@suggests_keywords
def report(
    model: Any,
    data: Any = None,
    *,
    row: int | None = None,
    of_class: Any = None,
    source: str | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """One page about a model: data, decisions, training, scores, errors, columns, one row, limits.

    Errors are of held-out rows, which the networks that predict them were not trained on; the model keeps
    them. Importance, curves and the explained row are of the table that the model was fitted to, if it is
    still where it was. All of them are of ``data``, where that is given and holds other rows.

    Args:
        model: a model, or models of several targets, whose parts follow one another; or the path of a file.
        data: rows with the target, as for ``Model.evaluate``; None for those of the fit.
        row: the row to explain, counted from 0, below the header of a file; None for the first.
        of_class: the class that curves and contributions are of; None for the most probable one.
        source: the path that the table was read from; where ``data`` is a path, that is known.
        seed: of the shuffles of importance, and of the random orders of sampled contributions.
        progress: called with what is computed next.

    Raises:
        DownslopeError: if the table does not serve, or there is no such row or class.

    >>> import numpy as np
    >>> from downslope.fitting import fit
    >>> x = np.random.default_rng(0).normal(size=(90, 2))
    >>> table = {"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] ** 2}
    >>> found = report(fit(table, "y", members=2, epochs=5), table)
    >>> found
    <Report on 'y': 90 held-out rows; importance of 2 columns>
    >>> found.html()[:15], "<script" in found.html()
    ('<!DOCTYPE html>', False)
    """
    row, seed = None if row is None else whole("row", row, NOT_NEGATIVE), checked_seed("seed", seed)
    if progress is not None:
        called("progress", progress, "while the report is made")
    source = None if source is None else text("source", source)
    step = progress or (lambda _: None)
    parts = []
    for each in _models(model):
        step(f"{each.target.name}: table")
        rows, missing = _rows(each, data, source)
        asked = {"given": data is not None, "row": row, "of_class": of_class, "seed": seed}
        parts.append(findings_of(each, rows, missing, step=step, **asked))
    return Report(tuple(parts))


def _models(model: Any) -> Iterable[Model]:
    """The models of a file or an object."""
    try:
        fitted = load_fitted(model) if isinstance(model, str | os.PathLike) else model
    except DownslopeError as error:
        raise DownslopeError(f"model: {error}") from None
    if not isinstance(fitted, Model | Models):
        raise DownslopeError(f"model needs a model or the path of its file, not {show(model)}")
    return models_in(fitted).values()


def _rows(model: Model, data: Any, source: str | None) -> tuple[ReportRows | None, str]:
    """The table to look at; where there is none, why."""
    if data is not None:
        path = os.fsdecode(data) if isinstance(data, str | os.PathLike) else source
        name = "the table" if path is None else Path(path).name
        return _table(model, name, data, path), ""
    path = model.record.source
    if not (os.path.isabs(path) and Path(path).is_file()):
        return None, (
            f"The table of the fit ({source_name(path)}) is not at hand, and a model holds no inputs of it. "
            "Name a table to see this part: downslope report MODEL --table TABLE."
        )
    try:
        return _table(model, Path(path).name, path, path), ""
    except DownslopeError as error:
        return None, (
            f"The table of the fit, {source_name(path)}, does not serve any more: {error}. "
            "Name another to see this part: downslope report MODEL --table TABLE."
        )


def _table(model: Model, name: str, data: Any, path: str | None) -> ReportRows:
    table = model.read(data)
    model.encoder.refuse_missing(table.frame)
    try:
        return ReportRows(name, table, model.labelled(table), path)
    except DownslopeError:
        return ReportRows(name, table, None, path)
