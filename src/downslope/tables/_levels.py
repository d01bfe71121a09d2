"""A column as its distinct cells: what is costly for text is done once for each, and not for each row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.tables.text import TRUTHS, are_codes, level_text

__all__ = ["GAP_LEVEL", "Levels"]

GAP_LEVEL = "(gap)"
"""The name of the level that gaps are, where they are one."""


@dataclass(frozen=True)
class Levels:
    """The distinct cells of a column.

    Attributes:
        cell: which of them each row has, (rows,).
        text: the distinct cells as names of levels, null for gaps; several may have one name.
        rows: how many rows have each.
        written: whether they were text, in which 01 is not 1.

    >>> levels = Levels.of(pl.Series(["b", "a ", "a", None]))
    >>> levels.places(["a", "b"])[levels.cell]
    array([2, 1, 1, 0])
    """

    cell: NDArray[np.uint32]
    text: pl.Series
    rows: NDArray[np.uint32]
    written: bool = True

    @classmethod
    def of(cls, column: pl.Series, known: Sequence[str] = ()) -> Levels:
        """The distinct cells of a column of any type; a word for a gap is none where it is a known level."""
        named = column.dtype.is_float()  # a float is no key to join on
        cells = (level_text(column) if named else column).alias("cell")
        counts = cells.value_counts(name="rows").with_row_index("place")
        place = cells.to_frame().join(counts, on="cell", how="left", maintain_order="left")["place"]
        if place.null_count():  # a null equals nothing in a join
            place = place.fill_null(counts.filter(pl.col("cell").is_null())["place"][0])
        text = counts["cell"] if named else level_text(counts["cell"])
        if column.dtype == pl.String and known and text.null_count():
            stripped = counts["cell"].str.strip_chars()
            text = text.zip_with(~stripped.is_in(list(known)).fill_null(False), stripped)
        return cls(place.to_numpy(), text, counts["rows"].to_numpy(), not column.dtype.is_numeric())

    @classmethod
    def counted(cls, column: pl.Series, counts: pl.DataFrame) -> Levels:
        """The distinct cells ``cell`` of all rows of a column with their ``rows``; no row is at hand."""
        return cls(
            np.zeros(0, np.uint32),
            level_text(counts["cell"]),
            counts["rows"].to_numpy(),
            not column.dtype.is_numeric(),
        )

    def places(self, levels: Sequence[str]) -> NDArray[np.int64]:
        """The place of each distinct cell among some levels, counted from 1; 0 for those not among them.

        Where two levels mean true and false, any word for one of them has its place. Where levels are codes
        of one width with leading zeros, so has a number, which lost them; else it has that of the only level
        that is this number. "7.0", which pandas writes for 7 beside gaps, is "7" among such words or codes.

        >>> levels = Levels.of(pl.Series([True, None, False]))
        >>> levels.places(["No", "Yes"])[levels.cell]
        array([2, 0, 1])
        >>> levels = Levels.of(pl.Series([1, 2]))
        >>> levels.places(["01", "02"])[levels.cell]
        array([1, 2])
        """
        place = {level: i for i, level in enumerate(levels, 1)}
        other = _places_of_truths(levels) or _places_of_codes(levels)
        named = [GAP_LEVEL if text is None else text for text in self.text.to_list()]
        number = {} if self.written else _places_of_numbers(levels)
        found = [
            place.get(t) or other.get(_whole(t).lower()) or number.get(_number_name(t), 0) for t in named
        ]
        return np.array(found, np.int64)

    @property
    def absent(self) -> NDArray[np.bool_]:
        """Which distinct cells are gaps."""
        return self.text.is_null().to_numpy()


def _whole(text: str) -> str:
    """A whole number without a zero behind the point, other text as it is."""
    digits = text.removesuffix(".0")
    return digits if digits.removeprefix("-").isdecimal() else text


def _places_of_truths(levels: Sequence[str]) -> dict[str, int]:
    """The place of each word for true and for false, where all levels are such words; else none.

    A letter alone is one only beside its counterpart.
    """
    places = {TRUTHS.get(level.lower()): i for i, level in enumerate(levels, 1) if level != GAP_LEVEL}
    known = [level for level in levels if level != GAP_LEVEL]
    if None in places or len(places) < len(known) or (len(known) == 1 and len(known[0]) == 1):
        return {}
    return {word: places[truth] for word, truth in TRUTHS.items() if truth in places}


def _places_of_codes(levels: Sequence[str]) -> dict[str, int]:
    """The place of each code of digits without its leading zeros, where all levels are codes of one width."""
    known = pl.Series([level for level in levels if level != GAP_LEVEL], dtype=pl.String)
    if not len(known) or not are_codes(known):
        return {}
    return {level.lstrip("0") or "0": i for i, level in enumerate(levels, 1) if level != GAP_LEVEL}


def _places_of_numbers(levels: Sequence[str]) -> dict[str, int]:
    """The place of each number that names one level and no other."""
    names = [_number_name(level) for level in levels]
    often = Counter(names)
    return {name: i for i, name in enumerate(names, 1) if often[name] == 1}


def _number_name(text: str) -> str:
    """A number without zeros that change nothing; other text as it is."""
    return f"{Decimal(text).normalize():f}" if re.fullmatch(r"[+-]?\d+(\.\d+)?", text) else text
