"""Plain numbers with a point, parsed while the text is read and not afterwards: most of a large file."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence

import polars as pl

from downslope.tables.text._numbers import decimal_votes

__all__ = ["rounded", "schema_of"]

_PLACES, _LINES = 8, 64
_EXACT = float(2**53)


def schema_of(
    text: bytes, start: int, delimiter: str, names: Sequence[str], kept: Collection[str]
) -> dict[str, type[pl.DataType]]:
    """Float64 for the columns that hold numbers with a point in a sample of the rows, text for all others.

    ``kept`` are columns of text in any case. A comma must not be a decimal mark in this text.

    >>> schema_of(b"1.5,x\\n2.25,y\\n", 0, ",", ["a", "b"], ())
    {'a': Float64, 'b': String}
    """
    plain: dict[str, type[pl.DataType]] = dict.fromkeys(names, pl.String)
    rows = [row for row in csv.reader(_sample(text, start), delimiter=delimiter) if len(row) == len(names)]
    for name, cells in zip(names, zip(*rows, strict=True), strict=False):
        column = pl.Series([cell or None for cell in cells], dtype=pl.String).drop_nulls()
        numbers = column.cast(pl.Float64, strict=False)
        if name not in kept and len(column) and not numbers.null_count() and decimal_votes(column).point:
            plain[name] = pl.Float64
    return plain


def _sample(text: bytes, begin: int) -> list[str]:
    """Whole lines from several places of a text, from one on."""
    lines: list[str] = []
    for place in range(_PLACES):
        start = begin + (len(text) - begin) * place // _PLACES
        start = text.find(b"\n", start) + 1 if place else begin
        part = text[start : start + (1 << 16)].split(b"\n")[:_LINES]
        lines += [line.decode("utf-8", "replace") for line in part[: -1 if len(part) < _LINES else None]]
    return lines


def rounded(frame: pl.DataFrame) -> bool:
    """Whether some number is so large that digits of it may be lost."""
    floats = frame.select(pl.col(pl.Float64).abs().max())
    return any(value is not None and value >= _EXACT for value in floats.row(0)) if floats.width else False
