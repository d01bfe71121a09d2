"""Reading a table from a file of any common format."""

from __future__ import annotations

import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, BinaryIO

import numpy as np

from downslope._extras import polars as pl
from downslope._known_files import LOOKED_AT, begins_as_saved
from downslope.errors import DownslopeError
from downslope.tables._guarded import read_guarded
from downslope.tables._names import listed
from downslope.tables._objects import column_of_objects
from downslope.tables._polars import check_polars
from downslope.tables.sources import Source, as_utf8, open_source
from downslope.tables.text import Reading, Written, checked_names, read_delimited, typed

__all__ = ["read_table", "written_tables"]

_JSON = {".jsonl", ".ndjson", ".json"}


def read_table(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    sheet: str | None = None,
    reading: Reading | None = None,
) -> pl.DataFrame:
    """A table from a file of CSV, TSV, JSON lines, Parquet, Arrow (Feather) or Excel.

    The format is detected from the content, as are compression (gzip, zstd, bzip2, xz) and the delimiter,
    the encoding and the decimal mark of text. What is compressed or comes from a pipe may be 2 GiB, or 8
    times the file; so may Parquet, Arrow and Excel. ``DOWNSLOPE_MAX_BYTES`` in the environment sets another
    number of bytes.

    Args:
        source: a path, ``"-"`` for standard input, or a file open for bytes.
        sheet: of an Excel file, by name, also with an area such as "Sales!B3:F20"; the first where none is
            given.
        reading: what is known of how the text is written; the rest is decided from the table.

    Raises:
        DownslopeError: if there is no such file, or it is no table; the message says where and what to do.
            Also if this process was forked from one that had used tables.

    >>> import io
    >>> read_table(io.BytesIO(b"size;price\\n1,5;200\\nNA;300\\n")).to_dict(as_series=False)
    {'size': [1.5, None], 'price': [200, 300]}
    """
    (outcome,) = written_tables(source, sheet, [reading or Reading()], text=())
    if isinstance(outcome, DownslopeError):
        raise outcome
    for note in outcome.notes:
        warnings.warn(note, stacklevel=2)
    return typed(outcome.frame, outcome.reading).frame


def written_tables(
    source: str | os.PathLike[str] | BinaryIO,
    sheet: str | None,
    readings: Iterable[Reading],
    text: Collection[str] | None = None,
) -> Iterator[Written | DownslopeError]:
    """The table that each reading of a file gives, or why it gives none.

    ``text`` are the columns whose cells are kept as they are written; None for all.
    """
    check_polars()
    opened = open_source(source)
    read = None
    for reading in readings:
        try:
            read = read or _reader(opened, sheet)
            yield _written(opened, read, reading, text)
        except DownslopeError as error:
            yield error


_Reader = Callable[[], Written]


def _written(source: Source, read: _Reader | None, reading: Reading, text: Collection[str] | None) -> Written:
    if read is None:
        written = read_delimited(source, reading, text)
    elif reading.layout:
        raise DownslopeError(
            f"{source.name} is no delimited text: {', '.join(reading.layout)} "
            f"{'says' if len(reading.layout) == 1 else 'say'} nothing of it; leave that out"
        )
    else:
        written = replace(read(), reading=reading)
    frame = written.frame
    checked_names(frame.columns, source.name)
    if not frame.width or not frame.height:
        raise DownslopeError(
            f"{source.name} has {frame.width} columns ({listed(frame.columns)}) and no rows; add at least one"
        )
    return written


_BEGINNINGS = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"\xff\xff\xff\xff": "Arrow stream",
    b"PK\x03\x04": "Excel",
    b"\xd0\xcf\x11\xe0": "Excel",
}
"""The first bytes of the formats that other libraries read."""


def _reader(source: Source, sheet: str | None) -> _Reader | None:
    """What reads a file, once; None for delimited text."""
    start = source.content[:8]
    if start.startswith(b"PK\x03\x04"):
        _refuse_archive(source)
    if begins_as_saved(source.content[:LOOKED_AT]):
        raise DownslopeError(
            f"{source.name} is a file of Downslope, not a table; name a table here, and such a file where a "
            "model is asked for"
        )
    for beginning, kind in _BEGINNINGS.items():
        if start.startswith(beginning):
            return cache(lambda: read_guarded(source, kind, sheet))  # noqa: B023
    if sheet is not None:
        raise DownslopeError(f"{source.name} has no sheets: only an Excel file does; leave the sheet out")
    if start.startswith(b"FEA1"):
        raise DownslopeError(
            f"{source.name} is Feather version 1, which nothing writes any more; save it as version 2"
        )
    if source.suffix in _JSON or source.content.lstrip()[:2] in (b'{"', b"[{"):
        return cache(lambda: _json(source))
    return None


def _refuse_archive(source: Source) -> None:
    """Refuse an archive that is no spreadsheet, which is one too."""
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return  # whatever is wrong with it, the reader of spreadsheets says it
    if not any(name.startswith(("xl/", "content.xml", "Index/")) for name in names):
        raise DownslopeError(
            f"{source.name} is an archive of {listed(names)}; unpack it, and give the table that is in it"
        )


def _json(source: Source) -> Written:
    text = as_utf8(source)
    numbered = _json_array(source, text) if text.lstrip().startswith(b"[") else _json_lines(source, text)
    if b"\\u" in text:
        _refuse_halves(source, numbered)
    rows = list(numbered.values())
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame([_json_column(name, [row.get(name) for row in rows]) for name in names])
    return Written(frame, index=np.array(list(numbered), np.int64))


def _refuse_halves(source: Source, rows: Mapping[int, Mapping[str, Any]]) -> None:
    """Refuse text with half of a character, such as "\\ud800" alone, which no file of text can hold."""
    for place, row in rows.items():
        try:
            json.dumps(row, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            found = error.object[error.start : error.end].encode("ascii", "backslashreplace").decode()
            raise DownslopeError(
                f'{source.name}, row {place + 1}: "{found}" is half of a character; write it again as UTF-8'
            ) from None


def _json_array(source: Source, text: bytes) -> dict[int, dict[str, Any]]:
    """The objects of an array by their places."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DownslopeError(
            f"{source.name} is not valid JSON: {error}; give one object for each row"
        ) from None
    for place, row in enumerate(rows, 1):
        if not isinstance(row, dict):
            raise DownslopeError(
                f"{source.name}: element {place} is not an object; give one object for each row"
            )
    return dict(enumerate(rows))


def _json_lines(source: Source, text: bytes) -> dict[int, dict[str, Any]]:
    """The objects of lines by the places of these."""
    rows = {}
    for number, line in enumerate(text.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DownslopeError(
                f"{source.name}, line {number} is not valid JSON: {error}; give one object on each line"
            ) from None
        if not isinstance(row, dict):
            raise DownslopeError(f"{source.name}, line {number} is not an object such as {{'size': 1.5}}")
        rows[number - 1] = row
    return rows


def _json_column(name: str, values: list[Any]) -> pl.Series:
    return column_of_objects(name, [json.dumps(v) if isinstance(v, list | dict) else v for v in values])
