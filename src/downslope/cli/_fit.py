"""``downslope fit``: the kind of each column, the progress of training, and the scores."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from downslope.cli._screen import ProgressBar, console, note, rounded
from downslope.cli._tables import source_of
from downslope.errors import DownslopeError
from downslope.fitting import LINEAR, Model, Scores, Summary, fit, group_line
from downslope.nets import Dense, Network
from downslope.tables import Description

__all__ = ["fit_table"]

_ORDER = ("number", "yes-no", "category", "date", "identifier", "text", "constant", "empty", "dropped")
_SHOWN = 8


def fit_table(table: str, output: str | None, sheet: str | None, options: Mapping[str, Any]) -> int:
    """Fit, report, save; 130 where Ctrl-C ended training and the best so far was saved."""
    path = Path(output) if output else _default_path(table)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise DownslopeError(
            f"the model cannot be written to {path}; name a file in a folder that you may write to"
        )
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
    _print_scores(screen, model)
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
    ordered = sorted(description.columns, key=lambda column: _ORDER.index(column.kind))
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for kind, group in groupby(ordered, key=lambda column: column.kind):
        columns = list(group)
        shown = columns if not columns[0].used else columns[:_SHOWN]
        for i, column in enumerate(shown):
            title = kind if columns[0].used else f"left out: {kind}"
            grid.add_row(title if i == 0 else "", escape(column.name), escape(column.reason))
        if len(columns) > len(shown):
            grid.add_row("", f"and {len(columns) - len(shown)} more", "")
    screen.print(grid)
    screen.print()


def _print_scores(screen: Console, model: Model) -> None:
    summary = model.summary
    parameters = sum(v.size for v in model.parameters.values())
    screen.print(f"Network: {_shape(model.member(-1)[0])}; {parameters:,} parameters in all networks")
    for group in summary.groups:
        screen.print(escape(group_line(group)))
    screen.print(f"{summary.validation[0].upper()}{summary.validation[1:]}.")
    if not model.target.classes:
        screen.print(f"Errors are in the units of {escape(model.target.name)}.")
    screen.print(_score_table(summary))
    screen.print(_conclusion(model))


def _shape(network: Network) -> str:
    hidden = [layer for layer in network.layers if isinstance(layer, Dense)][:-1]
    units = [f"{layer.units} {layer.activation}" for layer in hidden]
    return " → ".join([f"{network.inputs} inputs", *units, "output"])


def _score_table(summary: Summary) -> Table:
    grid = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="")
    titles: tuple[str, ...]
    cells: list[tuple[str, ...]]
    if summary.task == "classification":
        titles = ("", "accuracy", "log loss")
        cells = [
            (of, f"{100 * _known(s.accuracy):.1f} %", f"{_known(s.log_loss):.4f}")
            for of, s in summary.compared.items()
        ]
    else:
        titles = ("", "mean absolute error", "root mean squared error", "R²")
        cells = [
            (
                of,
                rounded(_known(s.mean_absolute_error)),
                rounded(_known(s.root_mean_squared_error)),
                "-" if s.r2 is None else f"{s.r2:.4f}",
            )
            for of, s in summary.compared.items()
        ]
    for i, title in enumerate(titles):
        grid.add_column(escape(title), justify="left" if i == 0 else "right")
    for row in cells:
        grid.add_row(*row, style="bold" if row[0] == "network" else "")
    return grid


def _known(value: float | None) -> float:
    return float("nan") if value is None else value


def _conclusion(model: Model) -> str:
    """In one sentence, what the network adds."""
    record = model.record
    if record.main.name == LINEAR:
        few = not record.held_out
        why = "with so few rows, more layers would memorise them" if few else "hidden layers did not help"
        return f"The network is the linear model: {why}."
    name = "log loss" if model.target.classes else "root mean squared error"
    baseline, linear, network = (_loss(s) for s in (record.baseline, record.linear, record.network))
    if network >= baseline:
        return f"The network's {name} is not below that of the baseline: these columns do not predict it."
    if network >= linear:
        return f"The network's {name} is not below that of the linear model."
    return f"The network's {name} is {100 * (1 - network / linear):.0f} % below that of the linear model."


def _loss(scores: Scores) -> float:
    return _known(scores.log_loss if scores.log_loss is not None else scores.root_mean_squared_error)
