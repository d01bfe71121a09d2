"""The layout of delimited text: which delimiter, what stands above the header, what ends each row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from downslope._dataclass import dataclass
from downslope.tables.text._notation import Reading
from downslope.tables.text._notes import Record, are_values, odd_lines

__all__ = ["Layout", "layout_of", "records"]

DELIMITERS = (",", ";", "\t", "|", " ")
_SAMPLE = 100
_HEAD = 1 << 18
_TITLES = 20
_LONGEST_CELL = 1 << 30


@dataclass(frozen=True)
class Layout:
    """Where the cells of a text are.

    Attributes:
        delimiter: between cells; ``""`` where each line is one.
        above: lines above the header.
        width: cells in each row, or 0 where the rows do not agree.
        ends: whether each row ends with a delimiter, behind which there is no cell.
        row_names: whether the first cell of each row is its name, as R writes tables.
    """

    delimiter: str
    above: int = 0
    width: int = 0
    ends: bool = False
    row_names: bool = False


def records(text: str, delimiter: str, *, strict: bool) -> Iterator[Record]:
    """The rows that are not blank."""
    csv.field_size_limit(_LONGEST_CELL)  # of Python's 131,072, a single cell of text can be longer
    lines = io.StringIO(text, newline="")
    # what divides no cells stands for no delimiter
    reader = csv.reader(lines, delimiter=delimiter or "\x01", strict=strict)
    rows = (Record(reader.line_num, place, row) for place, row in enumerate(reader))
    return (row for row in rows if len(row.cells) > 1 or any(cell.strip() for cell in row.cells))


def layout_of(text: bytes, reading: Reading | None = None) -> Layout:
    """The layout whose rows agree and whose cells are the cleanest, of those that a reading leaves open.

    >>> layout_of(b"size, m2;price, EUR\\n1,5;2,5\\n").delimiter, layout_of(b"x\\n1,5\\n2,7\\n").delimiter
    (';', '')
    >>> layout_of(b"Sales of 2024\\n\\na,b,c\\n1,2,3\\n").above
    2
    """
    reading = reading or Reading()
    filled = (line for line in re.finditer(rb"[^\n]+", text[:_HEAD]) if line.group().strip())
    lines = list(islice(filled, _SAMPLE + 1))
    if len(text) > _HEAD and len(lines) > 1:
        lines.pop()  # which may be cut
    sample = text[: lines[-1].end() if lines else 0].decode("utf-8", "replace")
    tried = DELIMITERS if reading.delimiter is None else (reading.delimiter,)
    found = [
        (layout, score)
        for d in tried
        if (layout := _layout(sample, d, reading))
        for score in [_score(sample, layout)]
    ]
    head = lines[0].group().decode("utf-8", "replace") if lines else ""
    single = reading.delimiter is None and not any(d in head for d in DELIMITERS[:-1])
    if single and _is_column(sample):
        return Layout("", width=1)
    if found:
        return max(found, key=lambda item: item[1])[0]
    if reading.delimiter is not None:
        return Layout(reading.delimiter)
    return Layout("", width=1) if single else Layout(max(DELIMITERS[:-1], key=head.count))


def _layout(sample: str, delimiter: str, reading: Reading) -> Layout | None:
    """The layout with one delimiter, or None where the rows do not agree."""
    rows = list(records(sample, delimiter, strict=False))
    if not delimiter:
        return Layout("", width=1)
    if not rows:
        return None
    width = Counter(len(row.cells) for row in rows[1:] or rows).most_common(1)[0][0]
    rows = _without_odd_lines(rows, width, reading.comment != "")
    counts = [len(row.cells) for row in rows]
    titled = reading.skip_rows is None and delimiter != " "  # words of a title are no cells
    cells = [row.cells for row in rows]
    first = _header_place(cells, width) if titled else 0
    if (width == 2 or counts[0] >= width) and not _has_header(cells[first:]):
        first = 0  # what looks like a title may be a header with few names
    below = counts[first + 1 :]
    if width < 2 or any(count != width for count in below):
        return None
    above = rows[first].line - 1 - sum(cell.count("\n") for cell in cells[first]) if first else 0
    body, header = cells[first + 1 :], cells[first]
    ends = bool(body) and not any(row[-1].strip() for row in body) and not any(header[width - 1 :])
    if len(header) == width:
        return Layout(delimiter, above, width - ends if width > 2 or ends else width, ends)
    if len(header) == width - 1 and ends:
        return Layout(delimiter, above, width - 1, ends=True)
    quoted = sample.count('"') >= 2 * len(body)
    if len(header) == width - 1 and width > 2 and (delimiter in " \t" or quoted):
        return Layout(delimiter, above, width, row_names=True)
    return None


def _without_odd_lines(rows: list[Record], width: int, comments: bool) -> list[Record]:
    """Without comments between rows and notes below them, if rows are left."""
    if width < 2 or all(len(row.cells) == width for row in rows):
        return rows
    between, below = odd_lines(rows, width)
    gone = {row.line for row in (*(between if comments else ()), *below)}
    return [row for row in rows if row.line not in gone] if len(gone) < len(rows) - 1 else rows


def _header_place(rows: Sequence[Sequence[str]], width: int) -> int:
    """The index of the header: the first row with most of its cells, below titles, which have few."""
    place = 0
    for place, row in enumerate(rows[:_TITLES]):
        filled = sum(bool(cell.strip()) for cell in row)
        title = filled <= (2 if width > 3 else 1) and len(row) in {filled, width, width + 1}
        if not title or width < 2 or all(len(below) <= filled for below in rows[place + 1 :]):
            break
    else:
        return 0
    return place if place + 1 < len(rows) else 0


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a column holds values below the first row, and none in it."""
    columns = list(zip(*rows, strict=False))  # the first row may be of another length
    if len(rows) < 2 or not columns:
        return False
    values = are_values([cell for column in columns for cell in column])  # at once: there can be thousands
    held = values.to_numpy().reshape(len(columns), len(rows))
    return bool((held[:, 1:].all(axis=1) & ~held[:, 0]).any())


def _score(sample: str, layout: Layout) -> tuple[float, bool, int]:
    """The share of cells in which no other delimiter divides what is no number, and the number of cells.

    Blanks divide only where nothing else does as well.
    """
    cells = [
        cell
        for row in records(sample, layout.delimiter, strict=False)
        if row.line > layout.above
        for cell in row.cells
    ]
    body = cells[layout.width :] or cells
    others = [d for d in DELIMITERS[:-1] if d != layout.delimiter]
    divided = [cell.strip() for cell in body if any(d in cell for d in others)]
    wrong = len(divided) - int(are_values(divided).sum())
    return 1 - wrong / max(1, len(body)), layout.delimiter != " ", layout.width


def _is_column(sample: str) -> bool:
    """Whether the lines below the first are values as they are, such as numbers with a decimal comma."""
    lines = [line.strip() for line in sample.split("\n")[1:] if line.strip()]
    return bool(lines) and bool(are_values(lines).all())
