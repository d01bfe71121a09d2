"""``downslope fit``: the kind of each column, the progress of training, and the scores."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from downslope.cli._model import column_grid, print_scores
from downslope.cli._screen import ProgressBar, console, note
from downslope.cli._tables import refuse_same, source_of
from downslope.errors import DownslopeError
from downslope.fitting import fit
from downslope.tables import Description

__all__ = ["fit_table"]


def fit_table(table: str, output: str | None, sheet: str | None, options: Mapping[str, Any]) -> int:
    """Fit, report, save; 130 where Ctrl-C ended training and the best so far was saved."""
    path = Path(output) if output else _default_path(table)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise DownslopeError(
            f"the model cannot be written to {path}; name a file in a folder that you may write to"
        )
    refuse_same("the model", str(path), table)
    screen = console()
    with ProgressBar() as bar:
        model = fit(
            table,
            sheet=sheet,
            **options,
            source=source_of(table),
            progress=bar.show,
            described=lambda description: _print_columns(screen, description, table),
        )
    model.save(path)  # before anything is printed: a closed pipe must not cost the model
    print_scores(screen, model)
    screen.print(f"\nSaved to {escape(str(path))}.")
    if model.record.interrupted:
        note("downslope: interrupted; the best epoch so far was saved")
        return 130
    quoted = escape(shlex.quote(str(path)))
    screen.print(f"Next: downslope predict {quoted} TABLE   or   downslope explain {quoted} --row 1")
    return 0


def _default_path(table: str) -> Path:
    if table == "-":
        return Path("model.downslope")
    name = Path(table).name
    return Path(f"{name.split('.')[0] or name or 'model'}.downslope")


def _print_columns(screen: Console, description: Description, table: str) -> None:
    rows = description.rows + description.gap_rows
    name = "standard input" if table == "-" else Path(table).name
    screen.print(f"[bold]{escape(name)}[/]: {rows:,} rows, {len(description.columns) + 1} columns")
    if description.reading:
        screen.print(f"Read as: {escape(description.reading)}")
    for said in description.notes:
        screen.print(f"Note: {escape(said)}")
    gaps = f" (rows without a value, left out: {description.gap_rows:,})" if description.gap_rows else ""
    screen.print(
        f"Target [bold]{escape(description.target)}[/]: {description.task}, "
        f"{escape(description.task_reason)}{gaps}"
    )
    screen.print(column_grid(description.columns))
    screen.print()
