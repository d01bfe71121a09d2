"""What ``fit`` and ``show`` print of a model: its columns, its networks and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from downslope.cli._screen import rounded
from downslope.fitting import Model, Summary, group_line
from downslope.nets import Dense, Network
from downslope.tables import Column

__all__ = ["column_grid", "print_scores"]

_ORDER = ("number", "yes-no", "category", "date", "identifier", "text", "constant", "empty", "dropped")
_SHOWN = 8


def column_grid(columns: Sequence[Column], most: int | None = _SHOWN) -> Table:
    """Columns by their kinds with the reasons: at most so many of each kind that is used, or all."""
    ordered = sorted(columns, key=lambda column: _ORDER.index(column.kind))
    grid = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for kind, group in groupby(ordered, key=lambda column: column.kind):
        alike = list(group)
        shown = alike if not alike[0].used else alike[:most]
        for i, column in enumerate(shown):
            title = kind if alike[0].used else f"left out: {kind}"
            grid.add_row(title if i == 0 else "", escape(column.name), escape(column.reason))
        if len(alike) > len(shown):
            grid.add_row("", f"and {len(alike) - len(shown)} more", "")
    return grid


def print_scores(screen: Console, model: Model) -> None:
    """The networks, the scores beside the baseline and the linear model, and what the networks add."""
    summary = model.summary
    parameters = sum(v.size for v in model.parameters.values())
    screen.print(f"Network: {_shape(model.member(-1)[0])}; {parameters:,} parameters in all networks")
    if summary.imported:
        screen.print(escape(f"{summary.validation[0].upper()}{summary.validation[1:]}."))
        return
    for group in summary.groups:
        screen.print(escape(group_line(group)))
    screen.print(f"{summary.validation[0].upper()}{summary.validation[1:]}.")
    if not model.target.classes:
        screen.print(f"Errors are in the units of {escape(model.target.name)}.")
    screen.print(_score_table(summary))
    for said in (summary.conclusion, *summary.notes):
        screen.print(escape(said))


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
