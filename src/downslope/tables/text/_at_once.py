"""Plain numbers with a point, parsed while the text is read and not afterwards: most of a large file."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence

from downslope._extras import polars as pl
from downslope.tables.text._numbers import only_with_point
from downslope.tables.text._plain_numbers import plain_numbers, where

__all__ = ["rounded", "schema_of"]

_ROWS = 1000
_PLACES, _LINES, _CELLS = 8, 64, 1 << 18
_EXACT = float(2**53)


def schema_of(
    text: bytes, start: int, delimiter: str, names: Sequence[str], kept: Collection[str]
) -> dict[str, type[pl.DataType]]:
    """Float64 for the columns that hold numbers with a point in a sample of the rows, text for all others.

    ``kept`` are columns of text in any case. A comma must not be a decimal mark in this text.

    >>> schema_of(b"1.5,x\\n" * 1000, 0, ",", ["a", "b"], ())
    {'a': Float64, 'b': String}
    """
    if len(text) - start < _ROWS * (
        text.find(b"\n", start) - start
    ):  # too few to be worth a look at a sample
        return dict.fromkeys(names, pl.String)
    rows = [
        [cell or None for cell in row]
        for row in csv.reader(_sample(text, start, len(names)), delimiter=delimiter)
        if len(row) == len(names)
    ]
    some = pl.DataFrame(
        [
            pl.Series(name, cells, pl.String)
            for name, cells in zip(names, zip(*rows, strict=True), strict=False)
        ]
    )
    numbers = {name for name, column in plain_numbers(some).items() if column.dtype == pl.Float64}
    pointed = where(some.select(numbers), only_with_point().any()) - set(kept)
    return {name: pl.Float64 if name in pointed else pl.String for name in names}


def _sample(text: bytes, begin: int, width: int) -> list[str]:
    """Whole lines from several places of a text, from one on; the fewer, the more cells they have."""
    lines: list[str] = []
    most = max(2, min(_LINES, _CELLS // (_PLACES * width)))
    for place in range(_PLACES):
        start = begin + (len(text) - begin) * place // _PLACES
        start = text.find(b"\n", start) + 1 if place else begin
        for _ in range(most):
            end = text.find(b"\n", start)
            if end < 0:
                break
            lines.append(text[start:end].decode("utf-8", "replace"))
            start = end + 1
    return lines


def rounded(frame: pl.DataFrame) -> bool:
    """Whether some number is so large that digits of it may be lost."""
    floats = frame.select(pl.col(pl.Float64).abs().max())
    return any(value is not None and value >= _EXACT for value in floats.row(0)) if floats.width else False
