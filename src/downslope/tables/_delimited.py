"""Delimited text: which delimiter, whether every row has every cell, and the cells."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from downslope.errors import DownslopeError
from downslope.tables._cells import numbers_in, typed
from downslope.tables._names import listed, name_text
from downslope.tables._sources import Source, as_utf8

__all__ = ["checked_names", "read_delimited"]

_DELIMITERS = (",", ";", "\t", "|", " ")
_SAMPLE = 50
_SEPARATOR_LINE = re.compile(rb"sep=(.)\r?\n", re.IGNORECASE)


def read_delimited(source: Source) -> pl.DataFrame:
    """The table of a CSV or TSV file, with numbers as numbers and gaps as nulls."""
    text = as_utf8(source)
    announced = _SEPARATOR_LINE.match(text)
    text = text[announced.end() :] if announced else text
    skipped = 1 if announced else 0
    delimiter = announced.group(1).decode() if announced else sniffed(text)
    header, first = _beginning(source, text, delimiter, skipped)
    rows, lines = _checked_rows(source, text, delimiter, header, skipped)
    if len(header) < rows:  # R writes the names of the rows without a name of their own
        header = ["row", *header]
    names = checked_names(header, source.name)
    if lines == 0:
        raise DownslopeError(f"{source.name} has a header ({listed(names)}) and no rows; add at least one")
    if first and not numbers_in(pl.Series(header)).null_count():
        raise DownslopeError(
            f"{source.name} starts with numbers ({listed(header)}) where the names of the columns belong; "
            "add a first line with a name for each column"
        )
    frame = _parsed(source, text, delimiter, names, lines)
    return frame.select(typed(column, delimiter) for column in frame)


def sniffed(text: bytes) -> str:
    """The delimiter that cuts the first lines into the same number of cells, and into most.

    >>> sniffed(b"a;b\\n1,5;2\\n"), sniffed(b"a,b\\n1,2\\n")
    (';', ',')
    """
    lines = [line for line in text[: 1 << 18].split(b"\n")[: _SAMPLE + 1] if line.strip()][:_SAMPLE]
    sample = b"\n".join(lines).decode("utf-8", "replace")
    best, most = ",", 1
    for delimiter in _DELIMITERS:
        counts = [len(row) for row in _records(sample, delimiter, strict=False)]
        # R's tables have one name fewer than cells
        steady = len(set(counts)) == 1 or (len(set(counts[1:])) == 1 and counts[0] == counts[1] - 1)
        if steady and min(counts) > most:
            best, most = delimiter, min(counts)
    if most > 1:
        return best
    head = lines[0].decode("utf-8", "replace") if lines else ""
    return max(_DELIMITERS[:-1], key=head.count)


def checked_names(header: Sequence[object], source: str) -> list[str]:
    """The names of the columns, none of them twice; a column without one is named by its index."""
    names = [name_text(name) or f"column{i}" for i, name in enumerate(header, 1)]
    seen: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if name in seen:
            raise DownslopeError(
                f'{source} has two columns named "{name}", the {_nth(seen[name])} and the {_nth(place)}; '
                "rename one of them"
            )
        seen[name] = place
    return names


def _nth(place: int) -> str:
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def _records(text: str, delimiter: str, *, strict: bool) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    return (row for row in reader if any(cell.strip() for cell in row) or len(row) > 1)


def _beginning(source: Source, text: bytes, delimiter: str, skipped: int) -> tuple[list[str], bool]:
    """The header, and whether it could be data."""
    csv.field_size_limit(1 << 30)
    head = text[: 1 << 20].decode("utf-8", "replace")
    try:
        rows = list(itertools.islice(_records(head, delimiter, strict=len(text) <= 1 << 20), 2))
    except csv.Error as error:
        raise _bad_quote(source, text, skipped, error) from None
    if not rows:
        raise DownslopeError(f"{source.name} is empty; give a table with a header and at least one row")
    return rows[0], len(rows) > 1


def _checked_rows(
    source: Source, text: bytes, delimiter: str, header: list[str], skipped: int
) -> tuple[int, int]:
    """The number of cells in each row and the number of rows; raises where they differ."""
    width = len(header)
    counts, line_of = (
        _quoted_counts(source, text, delimiter, skipped) if b'"' in text else _counts(text, delimiter)
    )
    below = counts[1:]
    if len(below) and np.all(below == width + 1):
        return width + 1, len(below)
    wrong = np.flatnonzero(below != width)
    if len(wrong):
        at = int(wrong[0]) + 1
        more = f" ({len(wrong)} rows differ)" if len(wrong) > 1 else ""
        place = f"{source.name}, line {int(line_of[at]) + skipped}"
        raise DownslopeError(
            f"{place}: {_cells(int(counts[at]))} where the header has {width}{more}; correct the row, or put "
            f"quotes around a cell that contains {delimiter!r}"
        )
    return width, len(below)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _counts(text: bytes, delimiter: str) -> tuple[np.ndarray, np.ndarray]:
    """Cells and line number of each line that is not blank, in text without quotes."""
    # a separator that no text holds leaves every line whole
    whole = pl.read_csv(
        io.BytesIO(text), separator="\x01", has_header=False, quote_char=None, infer_schema=False
    )
    lines = whole.to_series().fill_null("")
    cells = lines.str.count_matches(delimiter, literal=True).to_numpy() + 1
    filled = (cells > 1) | (lines.str.strip_chars().str.len_bytes() > 0).to_numpy()
    return cells[filled].astype(np.int64), np.flatnonzero(filled) + 1


def _quoted_counts(
    source: Source, text: bytes, delimiter: str, skipped: int
) -> tuple[np.ndarray, np.ndarray]:
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=delimiter, strict=True)
    counts, lines, last = [], [], 0
    try:
        for row in reader:
            if len(row) > 1 or any(cell.strip() for cell in row):
                counts.append(len(row))
                lines.append(last + 1)
            last = reader.line_num
    except csv.Error as error:
        raise _bad_quote(source, text, skipped + last, error) from None
    return np.array(counts), np.array(lines)


def _bad_quote(source: Source, text: bytes, lines: int, error: csv.Error) -> DownslopeError:
    found = (
        "a quotation mark that is never closed"
        if "unexpected end" in str(error)
        else f"a bad quote ({error})"
    )
    return DownslopeError(
        f"{source.name}, from line {lines + 1} on: {found}; close it, or double it inside a cell"
    )


def _parsed(source: Source, text: bytes, delimiter: str, names: list[str], rows: int) -> pl.DataFrame:
    body = text
    if b'"' not in text and text.rstrip(b"\r\n").count(b"\n") != rows:  # blank lines would read as gaps
        body = b"\n".join(line for line in text.split(b"\n") if line.strip(b"\r "))
    try:
        frame = pl.read_csv(
            io.BytesIO(body),
            separator=delimiter,
            has_header=False,
            skip_rows=0,
            new_columns=names,
            infer_schema=False,
            quote_char='"' if b'"' in body else None,
            truncate_ragged_lines=False,
        ).slice(1)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        frame = None
    if frame is not None and frame.height == rows and frame.width == len(names):
        return frame
    # R's header is one cell short, and quotes in odd places are read alike only by the reader that counted
    records = _records(text.decode("utf-8"), delimiter, strict=True)
    next(records)
    columns = list(zip(*records, strict=True))
    return pl.DataFrame([pl.Series(n, c, pl.String) for n, c in zip(names, columns, strict=True)])
