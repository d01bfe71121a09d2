"""Text cells: which stand for a gap, and which are numbers, in the notations that tables use."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["GAPS"]

GAPS = frozenset(
    ["", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "?", "-", "--", "."],
)
"""Cells that mean "no value", in lower case."""

_POWER = r"(?:[eE][+-]?\d+)?"
_SPACES = "[\u0020\u00a0\u202f\u2009'\u2019]"


@dataclass(frozen=True)
class Notation:
    """One way of writing numbers: the cells it covers, its mark, and how to make it a plain number.

    ``mark`` must occur in at least one cell, so that a notation is chosen only where it is seen.
    """

    name: str
    pattern: str
    mark: str
    removed: str
    point: str = "."


PLAIN = Notation("plain", rf"^[+-]?(?:\d+\.?\d*|\.\d+){_POWER}$|^(?i)[+-]?inf(?:inity)?$", "", "")
_COMMA = Notation("decimal comma", rf"^[+-]?(?:\d+(?:,\d*)?|,\d+){_POWER}$", ",", "", ",")
_THOUSANDS = Notation("thousands comma", r"^[+-]?\d{1,3}(?:,\d{3})*(?:\.\d*)?$", r"\d,\d{3}", ",")
_POINTS = Notation(
    "thousands point", r"^[+-]?\d{1,3}(?:\.\d{3})*(?:,\d*)?$", r"\.\d{3}(?:\.|,|$)", r"\.", ","
)
_GROUPED = Notation("thousands space", rf"^[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})*(?:\.\d*)?$", _SPACES, _SPACES)
_GROUPED_COMMA = Notation(
    "thousands space, decimal comma",
    rf"^[+-]?\d{{1,3}}(?:{_SPACES}\d{{3}})*(?:,\d*)?$",
    _SPACES,
    _SPACES,
    ",",
)


def notations(delimiter: str) -> tuple[Notation, ...]:
    """The notations to try, likeliest first.

    In a file cut at commas, "1,234" can only be a quoted cell with a thousands mark; anywhere else a
    comma is first taken for a decimal comma.
    """
    commas = (_THOUSANDS, _COMMA) if delimiter == "," else (_COMMA, _THOUSANDS)
    return (PLAIN, *commas, _POINTS, _GROUPED, _GROUPED_COMMA)


def without_gaps(column: pl.Series) -> pl.Series:
    """Text without spaces around it, and with null for every cell that means "no value".

    >>> without_gaps(pl.Series(["a ", "N/A", " "])).to_list()
    ['a', None, None]
    """
    text = column.cast(pl.String).str.strip_chars()
    gap = text.str.len_bytes().le(5) & text.str.to_lowercase().is_in(list(GAPS))
    text = text.set(gap.fill_null(True), None)
    none = (text.str.len_bytes().eq(4) & text.str.to_lowercase().eq("none")).fill_null(False)
    if none.any():  # among numbers it is a gap; among words it is an answer
        others = text.set(none, None)
        if others.cast(pl.Float64, strict=False).null_count() == others.null_count():
            return others
    return text


def _in_notation(text: pl.Series, notation: Notation) -> pl.Series:
    if notation is PLAIN:
        return text.cast(pl.Float64, strict=False).fill_nan(None)
    fits = text.str.contains(notation.pattern)
    plain = text.set((~fits).fill_null(True), None)
    if notation.removed:
        plain = plain.str.replace_all(notation.removed, "")
    if notation.point == ",":
        plain = plain.str.replace(",", ".", literal=True)
    return plain.cast(pl.Float64, strict=False)


def numbers_in(text: pl.Series, delimiter: str = ",") -> pl.Series:
    """The cells as numbers in the notation that covers most of them; null where a cell is none.

    >>> numbers_in(pl.Series(["1.234,5", "12,0"])).to_list()
    [1234.5, 12.0]
    >>> numbers_in(pl.Series(["1,234", "x"])).to_list()
    [1234.0, None]
    """
    cells = len(text) - text.null_count()
    best = _in_notation(text, PLAIN)
    fewest = best.null_count() - text.null_count()
    # a column in another notation has numbers in it; one without a digit is not worth five more passes
    if (
        not fewest
        or not cells
        or (not text.head(1000).str.contains(r"\d").any() and not text.str.contains(r"\d").any())
    ):
        return best
    for notation in notations(delimiter)[1:]:
        if not text.str.contains(notation.mark).any():
            continue
        tried = _in_notation(text, notation)
        left = tried.null_count() - text.null_count()
        if left < fewest:
            best, fewest = tried, left
    return best


def typed(column: pl.Series, delimiter: str = ",") -> pl.Series:
    """A column of text as Int64 or Float64 where every cell is a number, else as text with its gaps null.

    Codes with a leading zero stay text: "01234" read as 1234 would be another code.

    >>> typed(pl.Series(["1", "NA", "3"])).dtype
    Int64
    """
    plain = column.cast(pl.Float64, strict=False)
    if plain.null_count() == column.null_count() < len(column) and not plain.is_nan().any():
        whole = column.cast(pl.Int64, strict=False)  # most columns of numbers need no more than this
        if whole.null_count() > column.null_count():
            return column if has_leading_zeros(column) else plain
        return column if has_leading_zeros(column) else whole
    text = without_gaps(column)
    if text.null_count() == len(text) or has_leading_zeros(text):
        return text
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    number = numbers_in(text, delimiter)
    return number if number.null_count() == text.null_count() else text


def has_leading_zeros(text: pl.Series) -> bool:
    """Whether any cell is a whole number of two or more digits that starts with 0.

    >>> has_leading_zeros(pl.Series(["01", "12"])), has_leading_zeros(pl.Series(["0", "0.5"]))
    (True, False)
    """
    return bool(text.str.contains(r"^0\d+$").any())


def are_codes(text: pl.Series) -> bool:
    """Whether the cells are digits of one fixed width, some with leading zeros, as post codes are."""
    digits = text.drop_nulls()
    if not has_leading_zeros(digits) or not digits.str.contains(r"^\d+$").all():
        return False
    return digits.str.len_bytes().n_unique() == 1


def level_text(column: pl.Series) -> pl.Series:
    """Any column as the names of its levels, which are those that a file of text would have.

    A whole number is written without a point, a day without its midnight.

    >>> level_text(pl.Series([1.0, 2.5, None])).to_list()
    ['1', '2.5', None]
    """
    if column.dtype == pl.Boolean:
        return column.cast(pl.String)
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        name = whole.cast(pl.String).set(whole.is_null() | (whole != column), None)
        return name.zip_with(name.is_not_null(), column.cast(pl.String))
    if column.dtype == pl.Duration:
        return level_text(column.dt.total_microseconds() / 1e6)
    if column.dtype == pl.Datetime:
        return column.dt.to_string("%Y-%m-%d %H:%M:%S%.f").str.strip_suffix(" 00:00:00")
    if column.dtype == pl.String:
        return without_gaps(column)
    if column.dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String).str.strip_chars()
    return column.cast(pl.String)
