"""``downslope fit``: the kind of each column, the progress of training, and the scores."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from downslope.cli._model import column_grid, print_scores
from downslope.cli._screen import ProgressBar, console, note
from downslope.cli._tables import name_of, refuse_same, source_of
from downslope.errors import DownslopeError
from downslope.fitting import Diverged, Model, Models, fit, models_in
from downslope.tables import Description, listed

__all__ = ["fit_table"]


def fit_table(table: str, output: str | None, options: Mapping[str, Any]) -> int:
    """Fit, report, save; 130 where Ctrl-C ended training and the best so far was saved."""
    path = Path(output) if output else _default_path(table)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise DownslopeError(
            f"the model cannot be written to {path}; name a file in a folder that you may write to"
        )
    refuse_same("the model", str(path), table)
    screen = console()
    targets = options["target"] if isinstance(options["target"], list) else [options["target"]]
    several, described = len(targets) > 1, list[Description]()

    def told(description: Description) -> None:
        described.append(description)
        if len(described) == len(targets):
            _print_table(screen, described, table)

    with ProgressBar(named=several) as bar:
        found: Model | Models = _fitted(table, options, bar, told)
    found.save(path)  # before anything is printed: a closed pipe must not cost the model
    models = models_in(found)
    for place, (name, model) in enumerate(models.items()):
        if several:
            screen.print(f"Model of [bold]{escape(name)}[/]")
        print_scores(screen, model)
        if place < len(models) - 1:
            screen.print()
    screen.print(f"\nSaved to {escape(str(path))}.")
    last = list(models.values())[-1]
    unfitted = found.unfitted if isinstance(found, Models) else ()
    if last.record.interrupted or unfitted:
        note(f"downslope: interrupted; {_kept(last, several, unfitted)}")
        return 130
    quoted = escape(shlex.quote(str(path)))
    if not all(model.summary.learned for model in models.values()):
        screen.print(f"Whether it is the table or the training: downslope doctor {quoted}")
    which = f" --target {escape(shlex.quote(last.target.name))}" if several else ""
    screen.print(f"Next: downslope predict {quoted} TABLE   or   downslope explain {quoted} --row 1{which}")
    return 0


def _fitted(
    table: str,
    options: Mapping[str, Any],
    bar: ProgressBar,
    described: Callable[[Description], None],
) -> Model | Models:
    try:
        found: Model | Models = fit(
            table, **options, source=source_of(table), progress=bar.show, described=described
        )
    except Diverged as error:
        target = options["target"] if isinstance(options["target"], str) else options["target"][0]
        words = shlex.join(["downslope", "doctor", table, "--target", target])
        raise DownslopeError(f"{error}. Why: {words}, with the same options") from None
    return found


def _kept(last: Model, several: bool, unfitted: Sequence[str]) -> str:
    """What was saved after Ctrl-C, and what not."""
    of = f" of {last.target.name}" if several else ""
    cut = last.record.interrupted
    kept = f"the best epoch so far{of} was saved" if cut else "what was fitted before was saved"
    return f"{kept}; there is no model of {listed(unfitted)}" if unfitted else kept


def _default_path(table: str) -> Path:
    if table == "-":
        return Path("model.downslope")
    name = Path(table).name
    return Path(f"{name.split('.')[0] or name or 'model'}.downslope")


def _print_table(screen: Console, described: Sequence[Description], table: str) -> None:
    """The table, its targets, and the columns that predict them."""
    first = described[0]
    rows, columns = first.rows + first.gap_rows, len(first.columns) + len(described)
    screen.print(f"[bold]{escape(name_of(table))}[/]: {rows:,} rows, {columns} columns")
    if first.reading:
        screen.print(f"Read as: {escape(first.reading)}")
    for said in first.notes:
        screen.print(f"Note: {escape(said)}")
    for _, alike in groupby(described, key=lambda found: [(c.name, c.kind) for c in found.columns]):
        several = list(alike)
        for found in several:
            gaps = f" (rows without a value, left out: {found.gap_rows:,})" if found.gap_rows else ""
            reason = escape(found.task_reason)
            screen.print(f"Target [bold]{escape(found.target)}[/]: {found.task}, {reason}{gaps}")
        screen.print(column_grid(max(several, key=lambda found: found.rows).columns))
    screen.print()
