"""Text cells: which stand for a gap, and which are numbers."""

from __future__ import annotations

from downslope._extras import polars as pl
from downslope.tables.text._numbers import Numbers, decimal_votes, numbers_by

__all__ = ["GAPS"]

_BLANK = ("", "na", "n/a", "<na>", "nan", "-nan", "null", "?", "-", "--", ".", "\u2013", "\u2014")
_ERRORS = ("#n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!")  # of a spreadsheet

GAPS = frozenset([*_BLANK, *_ERRORS])
"""Cells that mean "no value", in lower case."""

TRUTHS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1", "ja", "j", "wahr", "oui", "vrai"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0", "nein", "falsch", "non", "faux"), False),
}
"""Words for true and false in lower case, those of spreadsheets in other languages among them."""

_LONGEST = max(len(word.encode()) for word in GAPS)
_SOME, _FEW = 1000, 500
_LIKE_LEVELS = ((r"^[+\-\u2212]+$", 1), (r"^[A-Z]{2}$", 2), (r"^[a-z]{2}$", 2))
"""How all other cells of a column look where such a gap word is a level, and how many there are at least.

``-`` beside ``+`` is a sign, and ``NA`` among codes of two letters is Namibia.
"""


def without_gaps(column: pl.Series) -> pl.Series:
    """Text without spaces around it, and with null for every cell that means "no value" in this column.

    >>> without_gaps(pl.Series(["a ", "N/A", " "])).to_list()
    ['a', None, None]
    >>> without_gaps(pl.Series(["+", "-", ""])).to_list()
    ['+', '-', None]
    >>> without_gaps(pl.Series(["DE", "NA", "ZA"])).to_list()
    ['DE', 'NA', 'ZA']
    """
    text = column.cast(pl.String)
    return text if _has_no_gaps(text) else _gapped(text)


def _has_no_gaps(text: pl.Series) -> bool:
    """Whether a column with few different cells is without gaps and blanks, for which those are enough."""
    if text.head(_SOME).n_unique() > _FEW or len(text) <= _SOME:
        return False
    distinct = text.unique()
    return len(distinct) * 2 < len(text) and _gapped(distinct).equals(distinct)


def _gapped(text: pl.Series) -> pl.Series:
    stripped = text.str.strip_chars()
    gap = stripped.str.len_bytes().le(_LONGEST) & stripped.str.to_lowercase().is_in(list(GAPS))
    text = stripped.set(gap.fill_null(True), None)
    words = stripped.filter(gap & (stripped != "")).unique()
    if len(words):
        kept = [word for word in words if _is_level(word, text)]
        text = text.zip_with(text.is_not_null(), stripped.set(~stripped.is_in(kept), None)) if kept else text
    none = (text.str.len_bytes().eq(4) & text.str.to_lowercase().eq("none")).fill_null(False)
    if none.any():  # among numbers it is a gap; among words it is an answer
        others = text.set(none, None)
        if numbers_in(others).null_count() == others.null_count():
            return others
    return text


def _is_level(word: str, others: pl.Series) -> bool:
    """Whether a word for a gap is a level like all others of its column."""
    for pattern, fewest in _LIKE_LEVELS:
        if pl.Series([word]).str.contains(pattern).any():
            cells = others.drop_nulls()
            if cells.head(1000).str.contains(pattern).all() and cells.str.contains(pattern).all():
                return cells.n_unique() >= fewest
    return False


def numbers_in(text: pl.Series) -> pl.Series:
    """The cells as numbers in the notation that the column itself speaks for; null where a cell is none.

    >>> numbers_in(pl.Series(["1.234,5", "12,0"])).to_list()
    [1234.5, 12.0]
    >>> numbers_in(pl.Series(["1,234.0", "x"])).to_list()
    [1234.0, None]
    """
    return _own_numbers(text).values


def _own_numbers(text: pl.Series) -> Numbers:
    plain = text.cast(pl.Float64, strict=False).fill_nan(None)
    left = plain.is_null() & text.is_not_null()
    if not left.any() or not text.filter(left).str.contains(r"\d").any():
        return Numbers(plain, left)
    votes = decimal_votes(text)
    comma = votes.comma > votes.point or (votes.comma == votes.point and "," in votes.example)
    return numbers_by(text, "," if comma else ".")


def has_leading_zeros(text: pl.Series) -> bool:
    """Whether any cell is a whole number of two or more digits that starts with 0.

    >>> has_leading_zeros(pl.Series(["01", "12"])), has_leading_zeros(pl.Series(["0", "0.5"]))
    (True, False)
    """
    zero = text.str.starts_with("0") | text.str.starts_with("０")
    return bool(zero.any()) and bool(text.filter(zero).str.contains(r"^[0０]\d+$").any())


def are_codes(text: pl.Series) -> bool:
    """Whether the cells are digits of one fixed width, some with leading zeros, as post codes are."""
    digits = text.drop_nulls()
    if not has_leading_zeros(digits) or not digits.str.contains(r"^\d+$").all():
        return False
    return digits.str.len_bytes().n_unique() == 1


def is_clock(kind: pl.DataType) -> bool:
    """Whether columns of a type hold clock times: of the day, or durations."""
    return kind in (pl.Time, pl.Duration)


def seconds(column: pl.Series) -> pl.Series:
    """Durations or times of the day as numbers of seconds.

    >>> import datetime
    >>> seconds(pl.Series([datetime.time(1, 2), None])).to_list()
    [3720.0, None]
    """
    of_a_day = column.dtype == pl.Time
    parts, unit = (column.cast(pl.Int64), 1e9) if of_a_day else (column.dt.total_microseconds(), 1e6)
    # Polars multiplies by 1 / unit, which makes 3720.0000000000005 of an hour and two minutes
    return pl.Series(column.name, parts.to_numpy() / unit).fill_nan(None)


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
        return level_text(seconds(column))
    if column.dtype == pl.Datetime:
        return column.dt.to_string("%Y-%m-%d %H:%M:%S%.f").str.strip_suffix(" 00:00:00")
    if column.dtype == pl.String:
        return without_gaps(column)
    if column.dtype in (pl.Categorical, pl.Enum):
        return column.cast(pl.String).str.strip_chars()
    return column.cast(pl.String)
