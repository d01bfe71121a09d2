"""Rows of a file that are no rows of its table: repeated headers, a row of units, totals at the end."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from downslope.tables._names import listed, shown_value
from downslope.tables.text._cells import numbers_in, without_gaps

__all__ = ["without_extra_rows"]

_TOTAL = re.compile(
    r"(?:grand |sub ?|net )?(?:sum|totals?|average|mean)|(?:gesamt|zwischen|end)?summe|gesamt|insgesamt|"
    r"mittelwert|durchschnitt|somme|moyenne|suma|totale|somma|media|totaal|suma total",
    re.IGNORECASE,
)
_UNIT = r"^[\[(]?(?:%|[\p{L}°µ\p{Sc}][\p{L}°µ²³/%·^0-9-]{0,9})?[\])]?$"
_TOTALS = 3
_ROUNDED = 0.005
_ABOVE = 100


def without_extra_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.int64], tuple[str, ...]]:
    """The table without rows that only repeat or sum up others, where its rows stood, what was left out.

    >>> rows = {"shop": ["A", "B", "Total"], "sales": ["10.5", "20", "30.5"]}
    >>> without_extra_rows(pl.DataFrame(rows))[1:]
    (array([0, 1]), ('row 3 ("Total") sums up the rows above it and is left out',))
    """
    notes: list[str] = []
    kept = _no_headers(frame, notes)
    places = np.flatnonzero(kept)
    frame = frame if kept.all() else frame.filter(pl.Series(kept))
    if _begins_with_units(frame, notes):
        frame, places = frame.tail(-1), places[1:]
    for _ in range(_TOTALS):
        if frame.height < 3 or not _sums_up(frame):
            break
        label = shown_value(_label(frame) or "")
        notes.append(f"row {frame.height} ({label}) sums up the rows above it and is left out")
        frame, places = frame.head(-1), places[:-1]
    return frame, places, tuple(notes)


def _no_headers(frame: pl.DataFrame, notes: list[str]) -> NDArray[np.bool_]:
    """Where all columns are text: which rows do not have the name of each column in it."""
    every = np.ones(frame.height, bool)
    if any(kind != pl.String for kind in frame.dtypes):
        return every
    first = frame.to_series(0)
    if not (first.str.strip_chars() == first.name).any():
        return every
    repeats = frame.select(pl.all_horizontal(pl.col(n).str.strip_chars() == n for n in frame.columns))
    places = repeats.to_series().fill_null(False).arg_true()
    if not len(places) or len(places) == frame.height:
        return every
    rows = listed([str(place + 1) for place in places])
    notes.append(
        f"row {rows} repeats the header and is left out"
        if len(places) == 1
        else f"rows {rows} repeat the header and are left out"
    )
    every[places.to_numpy()] = False
    return every


def _begins_with_units(frame: pl.DataFrame, notes: list[str]) -> bool:
    """Whether the first row holds a unit, or nothing, for each column of numbers, two of them at least."""
    if frame.height < 3:
        return False
    text = [c for c in frame.head(_ABOVE) if c.dtype == pl.String]
    cells = {c.name: (c[0] or "").strip() for c in text}
    if not cells or not pl.Series(list(cells.values())).str.contains(_UNIT).all():
        return False
    numeric = [c for c in text if _is_numeric(c.tail(-1))]
    units = [cells[c.name] for c in numeric if cells[c.name]]
    if len(units) < 2 or len(numeric) < len(frame.columns) - len(text) + len(units):
        return False
    if any(numbers_in(pl.Series([unit])).null_count() == 0 for unit in units):
        return False
    notes.append(f"row 1 holds units ({listed(units)}) and is left out")
    return True


def _is_numeric(column: pl.Series) -> bool:
    text = without_gaps(column)
    return text.null_count() < len(text) and numbers_in(text).null_count() == text.null_count()


def _label(frame: pl.DataFrame) -> str | None:
    """The first cell of the last row, of those that hold anything."""
    return next((str(cell) for cell in frame.row(-1) if _holds(cell)), None)


def _holds(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _sums_up(frame: pl.DataFrame) -> bool:
    """Whether the last row is called a total and mostly empty, or holds nothing but totals of the others."""
    row = dict(zip(frame.columns, frame.row(-1), strict=True))
    held = {name: cell for name, cell in row.items() if _holds(cell)}
    named = bool(_TOTAL.fullmatch((_label(frame) or "").strip(" :.=")))
    if not held or (not named and len(held) > len(row) / 2):
        return False
    label = next(iter(held))
    totals = [name for name in held if not (named and name == label)]
    if not totals:
        return False
    sums = [_is_total(frame[name]) for name in totals]
    if named:
        return any(sums) or (len(held) <= len(row) / 2 and all(_is_number(held[n]) for n in totals))
    return len(totals) < len(row) and all(sums)


def _is_number(cell: Any) -> bool:
    return numbers_in(pl.Series([str(cell)])).null_count() == 0


def _is_total(column: pl.Series) -> bool:
    """Whether its last cell is the sum or the mean of the others, but for rounding."""
    numbers = (
        numbers_in(without_gaps(column))
        if column.dtype == pl.String
        else column.cast(pl.Float64, strict=False)
    )
    last, others = numbers[-1], numbers.head(-1).drop_nulls().to_numpy()
    if last is None or len(others) < 2:
        return False
    totals = np.array([others.sum(), others.mean()])
    return bool((np.abs(totals - last) <= 1e-6 * np.abs(totals) + _ROUNDED).any())
