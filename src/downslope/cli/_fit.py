"""``downslope fit``: what was decided, how training goes, how good the result is."""

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

from downslope.cli._screen import Bar, console, figure, note
from downslope.errors import DownslopeError
from downslope.fitting import LINEAR, Model, Scores, fit
from downslope.nets import Dense, Network
from downslope.tables import Description, read_table

__all__ = ["fit_table"]

_ORDER = ("number", "yes-no", "category", "date", "identifier", "text", "constant", "empty", "dropped")
_SHOWN = 8


def fit_table(table: str, output: str | None, sheet: str | None, options: Mapping[str, Any]) -> int:
    """Fit, report, save; 130 where Ctrl-C ended training and the best so far was saved."""
    path = Path(output) if output else _beside(table)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise DownslopeError(
            f"the model cannot be written to {path}; name a file in a folder that may be written to"
        )
    screen = console()
    frame = read_table(table, sheet=sheet)
    with Bar() as bar:
        model = fit(
            frame,
            **options,
            source="standard input" if table == "-" else str(Path(table).resolve()),
            progress=bar.show,
            described=lambda about: _tell_columns(screen, about, frame.height, table),
        )
    model.save(path)  # before anything is told: a closed pipe must not cost the model
    _tell_scores(screen, model)
    screen.print(f"\nSaved to {escape(str(path))}.")
    if model.record.interrupted:
        note("downslope: interrupted; the best epoch so far was saved")
        return 130
    named = escape(shlex.quote(str(path)))
    screen.print(f"Next: downslope predict {named} TABLE   or   downslope explain {named} --row 1")
    return 0


def _beside(table: str) -> Path:
    if table == "-":
        return Path("model.downslope")
    name = Path(table).name
    return Path(f"{name.split('.')[0] or name or 'model'}.downslope")


def _tell_columns(screen: Console, about: Description, rows: int, table: str) -> None:
    name = "standard input" if table == "-" else Path(table).name
    screen.print(f"[bold]{escape(name)}[/]: {rows:,} rows, {len(about.columns) + 1} columns")
    gone = f" (left out, without a value: {about.gap_rows:,})" if about.gap_rows else ""
    screen.print(f"Target [bold]{escape(about.target)}[/]: {about.task}, {escape(about.task_reason)}{gone}")
    ordered = sorted(about.columns, key=lambda column: _ORDER.index(column.kind))
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


def _tell_scores(screen: Console, model: Model) -> None:
    record = model.record
    weights = sum(v.size for v in model.parameters.values())
    screen.print(f"Network: {_shape(model.member(-1)[0])}, {weights:,} parameters in all")
    for kind in record.kinds:
        if kind.share > 0:
            screen.print(
                f"  {kind.members} {escape(kind.name)}, {100 * kind.share:.0f} % of the prediction; "
                f"best epoch {kind.best_epoch} of {kind.epochs}"
            )
    if record.held_out:
        screen.print(
            f"Measured on {record.measured_rows:,} rows, each by members that did not learn from it."
        )
    else:
        screen.print(f"Measured on the {record.rows:,} rows it was trained on: too few to hold any out.")
    if not model.target.classes:
        screen.print(f"Errors are in the units of {escape(model.target.name)}.")
    screen.print(_score_table(model))
    screen.print(_verdict(model))


def _shape(network: Network) -> str:
    hidden = [layer for layer in network.layers if isinstance(layer, Dense)][:-1]
    units = [f"{layer.units} {layer.activation}" for layer in hidden]
    return " → ".join([f"{network.inputs} inputs", *units, "output"])


def _score_table(model: Model) -> Table:
    record, target = model.record, model.target
    grid = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="")
    rows = (("trivial guess", record.trivial), ("linear model", record.linear), ("network", record.network))
    titles: tuple[str, ...]
    cells: list[tuple[str, ...]]
    if target.classes:
        titles = ("", "accuracy", "log loss")
        cells = [(name, f"{100 * _of(s.accuracy):.1f} %", f"{_of(s.log_loss):.4f}") for name, s in rows]
    else:
        titles = ("", "typical error", "root mean square", "R²")
        cells = [
            (name, figure(_of(s.typical_error)), figure(_of(s.root_mean_square)), _share(s.r2))
            for name, s in rows
        ]
    for i, title in enumerate(titles):
        grid.add_column(escape(title), justify="left" if i == 0 else "right")
    for row in cells:
        grid.add_row(*row, style="bold" if row[0] == "network" else "")
    return grid


def _of(value: float | None) -> float:
    return float("nan") if value is None else value


def _share(r2: float | None) -> str:
    return "-" if r2 is None else f"{r2:.4f}"


def _verdict(model: Model) -> str:
    """In one sentence, what the network adds."""
    record = model.record
    if record.main.name == LINEAR:
        few = not record.held_out
        why = "with so few rows more layers would only memorise them" if few else "more layers did not help"
        return f"The network is the linear model: {why}."
    name = "log loss" if model.target.classes else "root mean square error"
    trivial, linear, network = (_loss(s) for s in (record.trivial, record.linear, record.network))
    if network >= trivial:
        return f"The network's {name} is no better than the trivial guess's: these columns do not tell."
    if network >= linear:
        return f"The network adds nothing to the linear model in {name}."
    return f"The network's {name} is {100 * (1 - network / linear):.0f} % below the linear model's."


def _loss(s: Scores) -> float:
    return _of(s.log_loss if s.log_loss is not None else s.root_mean_square)
