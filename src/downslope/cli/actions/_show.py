"""``downslope show``: what a file of a model, a network or a run holds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from downslope.cli._model import column_grid, print_scores
from downslope.cli._results import as_json as json_text
from downslope.cli._results import write_form
from downslope.cli._screen import console
from downslope.fitting import Model, Models, load, models_in
from downslope.tables import listed

__all__ = ["show_file"]

_UNITS = ("bytes", "kB", "MB", "GB")


def show_file(*, model: str, all_columns: bool, as_json: bool) -> None:
    """Print what the file holds."""
    found, size = load(model), Path(model).stat().st_size
    if as_json:
        plain = {"file": model, "bytes": size, **_plain(found)}
        write_form("json", json_text(plain), None)
        return
    screen = console()
    if isinstance(found, Model | Models):
        several = isinstance(found, Models)
        of = f"{'models' if several else 'a model'} of {escape(listed(list(models_in(found))))}"
        screen.print(f"[bold]{escape(Path(model).name)}[/]: {of}, {_size(size)}")
        if isinstance(found, Models) and found.unfitted:
            screen.print(f"Without a model, as training was interrupted: {escape(listed(found.unfitted))}")
        for place, each in enumerate(models_in(found).values()):
            screen.print() if place else _print_origin(screen, each)
            _print_model(screen, each, all_columns)
    else:
        screen.print(f"{escape(Path(model).name)}: {escape(_said(found))}, {_size(size)}")


def _print_origin(screen: Console, model: Model) -> None:
    """The table and the settings, which models of several targets share."""
    record = model.record
    rows = record.rows + record.gap_rows
    if record.imported:  # which the scores say that there are none of
        return
    screen.print(f"Fitted to {escape(record.source)}: {rows:,} rows")
    if str(model.reading):
        screen.print(f"Read as: {escape(str(model.reading))}")
    for said in record.notes:
        screen.print(f"Note: {escape(said)}")
    screen.print(f"Asked for: {escape(', '.join(record.asked) or 'the defaults')}")


def _print_model(screen: Console, model: Model, all_columns: bool) -> None:
    record = model.record
    gaps = f" (rows without a value, left out: {record.gap_rows:,})" if record.gap_rows else ""
    cut = "; training was interrupted" if record.interrupted else ""
    screen.print(f"Target [bold]{escape(model.target.name)}[/]: {escape(record.task_reason)}{gaps}{cut}")
    screen.print(f"  {escape(model.summary.values)}")
    screen.print(column_grid(record.columns, *((None,) if all_columns else ())))
    screen.print()
    print_scores(screen, model)


def _plain(found: Any) -> dict[str, Any]:
    """What a file holds, as plain data."""
    if isinstance(found, Models):
        models = {name: _plain(model) for name, model in found.items()}
        return {"kind": "models", "unfitted": list(found.unfitted), "models": models}
    if not isinstance(found, Model):
        return {"kind": type(found).__name__.lower(), "holds": _said(found)}
    return {
        "kind": "model",
        "target": found.target.to_json(),
        "reading": found.reading.to_json(),
        "intervals": found.intervals is not None,
        "parameters": sum(value.size for value in found.parameters.values()),
        **found.record.to_json(),
        "columns": [asdict(column) for column in found.summary.columns],
    }


def _said(found: Any) -> str:
    """What an object says of itself, without the angle brackets of Python."""
    words = repr(found)
    return words[1:-1] if words.startswith("<") else words


def _size(count: float) -> str:
    """A number of bytes in the unit that suits it.

    >>> _size(999), _size(2_028_040)
    ('999 bytes', '2.03 MB')
    """
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    return f"{count:.3g} {_UNITS[unit]}"
