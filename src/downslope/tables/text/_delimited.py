"""Delimited text: whether every row has every cell, and the cells."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.tables._names import listed, name_text, shown_value
from downslope.tables.sources import Source, decoded
from downslope.tables.text._at_once import rounded, schema_of
from downslope.tables.text._cells import numbers_in
from downslope.tables.text._layout import Layout, layout_of, records
from downslope.tables.text._notation import Reading
from downslope.tables.text._notes import COMMENT, odd_lines
from downslope.tables.text._quotes import Quoted, quoted_cells
from downslope.tables.text._written import Written

__all__ = ["checked_names", "read_delimited"]

_Schema: TypeAlias = "Mapping[str, type[pl.DataType]]"
_SEPARATOR_LINE = re.compile(rb"sep=(.)\r?\n", re.IGNORECASE)


@dataclass(frozen=True)
class _Rows:
    """The rows of a text below its header; a large text is not copied for them."""

    whole: bytes
    start: int
    delimiter: str

    @property
    def text(self) -> bytes:
        return self.whole[self.start :]

    @property
    def lines_above(self) -> int:
        return self.whole.count(b"\n", 0, self.start)

    @cached_property
    def quotes(self) -> Quoted | None:
        """None where there are none."""
        if self.whole.find(b'"', self.start) < 0:
            return None
        return quoted_cells(self.whole, self.start, self.delimiter)

    @property
    def decimal_commas(self) -> bool:
        """Whether a comma could be a decimal mark."""
        if self.quotes is not None:
            return self.quotes.commas
        return self.delimiter != "," and self.whole.find(b",", self.start) >= 0

    @property
    def divisions(self) -> int | None:
        """How many delimiters divide cells; None where quotes are in odd places."""
        if self.quotes is not None:
            return self.quotes.divisions
        return self.whole.count(self.delimiter.encode(), self.start)


def read_delimited(
    source: Source, reading: Reading | None = None, text: Collection[str] | None = None
) -> Written:
    """The cells of a CSV or TSV file as they are written, null where empty, and how it is laid out.

    ``text`` are the columns whose cells are kept as they are written, None for all. Plain numbers with a
    point are read as such in the others.

    Raises:
        DownslopeError: if the rows have different numbers of cells, or there are none.
    """
    reading = reading or Reading()
    content, encoding = decoded(source, reading.encoding)
    announced = _SEPARATOR_LINE.match(content)
    if announced:
        reading = replace(reading, delimiter=reading.delimiter or announced.group(1).decode())
    skipped = 1 if announced else reading.skip_rows or 0
    content = _from_line(content, skipped)
    comment = reading.comment if reading.comment is not None else _comment_mark(content)
    if comment:
        content = _without_comments(content, comment.encode())
    layout = layout_of(content, reading)
    content = _from_line(content, layout.above)
    above = skipped + layout.above
    header, start = _header(source, content, layout, above, named=reading.header is not False)
    rows = _Rows(content, start, layout.delimiter)
    schema: _Schema = dict.fromkeys(header, pl.String)
    if text is not None and reading.decimal != "," and layout.delimiter and not rows.decimal_commas:
        schema = schema_of(content, start, layout.delimiter, header, text)
    parsed = _parsed(source, rows, layout, schema, above, reading.comment)
    found = Reading(
        delimiter=layout.delimiter,
        decimal="." if pl.Float64 in parsed.frame.dtypes else None,
        encoding=encoding,
        skip_rows=above - bool(announced) or None,
        header=reading.header,
        comment=comment or parsed.reading.comment,
    )
    return replace(parsed, reading=found.known(reading))


def _from_line(text: bytes, lines: int) -> bytes:
    """The text without its first lines."""
    return text[_start_of(text, lines) :]  # the same object where that is all of it


def _start_of(text: bytes, lines: int) -> int:
    """Where the text below its first lines starts."""
    place = 0
    for _ in range(lines):
        place = text.find(b"\n", place) + 1
        if not place:
            return len(text)
    return place


def _comment_mark(text: bytes) -> str:
    """``#`` where the first line begins with it and holds no names: it has fewer cells than those below."""
    lines = [line for line in text[: 1 << 16].split(b"\n") if line.strip()][:50]
    first = next((i for i, line in enumerate(lines) if not line.startswith(b"#")), 0)
    if not first or len(lines) < first + 2:
        return ""
    delimiter = layout_of(b"\n".join(lines[first:])).delimiter.encode()
    cells = lines[first].count(delimiter) if delimiter else 0
    return (
        "#" if any(line.count(delimiter) != cells for line in lines[:first] if delimiter) or first > 1 else ""
    )


def _without_comments(text: bytes, mark: bytes) -> bytes:
    return b"\n".join(b"" if line.startswith(mark) else line for line in text.split(b"\n"))


def _header(source: Source, text: bytes, layout: Layout, above: int, *, named: bool) -> tuple[list[str], int]:
    """The names of the columns, and where the text below them starts."""
    two_lines = text.find(b"\n", text.find(b"\n") + 1)  # which can be long
    size = max(1 << 20, two_lines if two_lines >= 0 else len(text))
    head = text[:size].decode("utf-8", "replace")
    rows: list[tuple[int, int, list[str]]] = []
    try:
        for row in itertools.islice(records(head, layout.delimiter, strict=len(text) <= size), 2):
            rows.append(row)  # those before a bad quote say where it is
    except csv.Error as error:
        raise _bad_quote(source, above + (rows[-1][0] if rows else 0), error) from None
    if not rows:
        raise DownslopeError(f"{source.name} is empty; give a table with a header and at least one row")
    line, _, header = rows[0]
    if not named:
        return [f"column{i}" for i in range(1, (layout.width or len(header)) + 1)], 0
    if layout.ends and len(header) > layout.width:
        header = header[: layout.width]
    if layout.row_names:  # R writes the names of the rows without a name of their own
        header = ["row", *header]
    if len(rows) > 1 and not numbers_in(pl.Series(header)).null_count():
        raise DownslopeError(
            f"{source.name} starts with numbers ({listed(header)}) where the names of the columns belong; "
            "add a first line with a name for each column, or use --no-header (header=False)"
        )
    names = checked_names(header, source.name)
    if len(rows) == 1:
        raise DownslopeError(f"{source.name} has a header ({listed(names)}) and no rows; add at least one")
    return names, _start_of(text, line)


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


def _parsed(
    source: Source, rows: _Rows, layout: Layout, schema: _Schema, above: int, comment: str | None
) -> Written:
    """The cells of rows that all have as many as there are names.

    Lines that have fewer are left out where they are comments or notes at the end.
    """
    names = list(schema)
    frame = _fast(rows, layout, schema)
    if frame is None and pl.Float64 in schema.values():
        frame = _fast(rows, layout, dict.fromkeys(names, pl.String))
    if frame is not None:
        return Written(frame)
    above += rows.lines_above
    width = len(names) + layout.ends
    counted = _counted(source, rows, layout, above)
    found = Written(pl.DataFrame())
    if (counted.cells != width).any() and layout.delimiter:
        body, found = _without_odd_lines(rows.text, layout, width, comment)
        rows = replace(rows, whole=body, start=0)
        counted = _counted(source, rows, layout, above)
    wrong = np.flatnonzero(counted.cells != width)
    if len(wrong):
        cells, line = int(counted.cells[wrong[0]]), int(counted.lines[wrong[0]])
        more = f" ({len(wrong)} rows differ)" if len(wrong) > 1 else ""
        raise DownslopeError(
            f"{source.name}, line {line + above}: {_cells(cells)} where the header has {width}{more}; "
            f"{_way_out(rows.text, layout, line)}"
        )
    return replace(found, frame=_slow(rows, layout, names, len(counted.cells)), index=counted.places)


def _slow(rows: _Rows, layout: Layout, names: Sequence[str], count: int) -> pl.DataFrame:
    """The rows of a text with blank lines or odd quotes, all with as many cells as there are names."""
    text: _Schema = dict.fromkeys(names, pl.String)
    body = rows.text
    if not rows.quotes:  # blank lines would read as gaps
        filled = b"\n".join(line for line in body.split(b"\n") if line.strip(b"\r "))
        frame = _by_polars(replace(rows, whole=filled, start=0), layout, text)
        if frame is not None and frame.height == count:
            return frame
    frame = _by_polars(rows, layout, text)
    if frame is not None and frame.height == count:
        return frame
    # quotes in odd places are read alike only by the reader that counted
    cells = zip(
        *(row.cells for row in records(body.decode("utf-8"), layout.delimiter, strict=True)), strict=True
    )
    return pl.DataFrame([pl.Series(n, c, pl.String) for n, c in zip(names, cells, strict=False)])


def _without_odd_lines(body: bytes, layout: Layout, width: int, comment: str | None) -> tuple[bytes, Written]:
    """The text without comments and notes at the end, the mark of comments, and what to say."""
    rows = list(records(body.decode("utf-8"), layout.delimiter, strict=False))
    comments, below = odd_lines(rows, width)
    mark = COMMENT if comments and comment is None else None
    gone = {row.line for row in below}
    if mark:
        gone |= {row.line for row in rows if row.cells[0].startswith(mark)}
    found = Written(pl.DataFrame(), Reading(comment=mark))
    if len(gone) >= len(rows):
        return body, found
    lines = body.split(b"\n")
    for line in gone:
        lines[line - 1] = b""
    if below:
        numbers = listed([str(row.place + 1) for row in below])
        shown = shown_value(layout.delimiter.join(below[0].cells))
        one = len(below) == 1
        said = f"row {numbers} ({shown}) is a note" if one else f"rows {numbers} ({shown}) are notes"
        found = replace(found, notes=(f"{said} and {'is' if one else 'are'} left out",))
    return b"\n".join(lines), found


def _way_out(body: bytes, layout: Layout, line: int) -> str:
    """What to do about a line with too many or too few cells."""
    start = re.match(rb"\s*([#%!*;]|//|--)", _from_line(body, line - 1))
    if start and start.group(1) != layout.delimiter.encode():
        return f"if it is a comment, use --comment {start.group(1).decode()}"
    return f"correct the row, or put quotes around a cell that contains {layout.delimiter!r}"


def _fast(rows: _Rows, layout: Layout, schema: _Schema) -> pl.DataFrame | None:
    """Rows without blank lines and quotes in odd places, all of which have the same number of cells."""
    if not layout.delimiter or layout.delimiter == " ":
        return None
    if rows.quotes and rows.divisions is None:
        return None
    frame = _by_polars(rows, layout, schema)  # which refuses longer rows
    if frame is None or rounded(frame):
        return None
    if not rows.quotes and not layout.ends and not frame[:, -1].null_count():  # where a shorter row has a gap
        return frame
    return frame if rows.divisions == (len(schema) + layout.ends - 1) * frame.height else None


def _by_polars(rows: _Rows, layout: Layout, schema: _Schema) -> pl.DataFrame | None:
    every: _Schema = {**schema, "\0end": pl.String} if layout.ends else schema
    try:
        frame = pl.read_csv(
            rows.whole,
            separator=layout.delimiter or "\x01",
            has_header=False,
            skip_lines=rows.lines_above,
            new_columns=list(every),
            schema=every,
            quote_char='"' if rows.quotes else None,
            truncate_ragged_lines=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    return frame.select(list(schema)) if frame.width == len(every) else None


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


class _Counted(NamedTuple):
    """Of each row: its cells, the line that it begins on, from 1, and its place among all rows, from 0."""

    cells: NDArray[np.int64]
    lines: NDArray[np.int64]
    places: NDArray[np.int64]


def _counted(source: Source, rows: _Rows, layout: Layout, above: int) -> _Counted:
    if rows.quotes:
        return _quoted_counts(source, rows.text, layout, above)
    return _counts(rows.text, layout.delimiter)


def _counts(text: bytes, delimiter: str) -> _Counted:
    """Of each line that is not blank, in text without quotes."""
    # a separator that no text holds leaves every line whole
    whole = pl.read_csv(
        io.BytesIO(text), separator="\x01", has_header=False, quote_char=None, infer_schema=False
    )
    lines = whole.to_series().fill_null("")
    cells = (lines.str.count_matches(delimiter, literal=True).to_numpy() if delimiter else 0) + np.ones(
        len(lines)
    )
    filled = (cells > 1) | (lines.str.strip_chars().str.len_bytes() > 0).to_numpy()
    places = np.flatnonzero(filled)
    return _Counted(cells[filled].astype(np.int64), places + 1, places)


def _quoted_counts(source: Source, text: bytes, layout: Layout, above: int) -> _Counted:
    counts, lines, places, last = [], [], [], 0
    try:
        for line, place, row in records(text.decode("utf-8"), layout.delimiter, strict=True):
            counts.append(len(row))
            lines.append(line - sum(cell.count("\n") for cell in row))
            places.append(place)
            last = line
    except csv.Error as error:
        raise _bad_quote(source, above + last, error) from None
    return _Counted(np.array(counts, np.int64), np.array(lines, np.int64), np.array(places, np.int64))


def _bad_quote(source: Source, lines: int, error: csv.Error) -> DownslopeError:
    found = (
        "a quotation mark that is never closed"
        if "unexpected end" in str(error)
        else f"a bad quote ({error})"
    )
    return DownslopeError(
        f"{source.name}, from line {lines + 1} on: {found}; close it, or double it inside a cell"
    )
