"""How the text of a table is read: what a file is written with, decided once and kept with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.tables.text._dates import DAY_FIRST, MONTH_FIRST, worded

__all__ = ["Reading"]

_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars", " ": "spaces"}
_MARKS = {",": "commas", ".": "points", " ": "spaces", "'": "apostrophes", "_": "underscores"}
_DATES = {"day-first": DAY_FIRST, "month-first": MONTH_FIRST}
_LAYOUT = ("delimiter", "encoding", "skip_rows", "header", "comment")
_ONE_CHARACTER = ("delimiter", "decimal", "thousands")


@dataclass(frozen=True)
class Reading:
    """What the text of a table is written with. None is what is not known, or left to be decided.

    Attributes:
        delimiter: between the cells of a row; ``""`` for a single column.
        decimal: the decimal mark, ``"."`` or ``","``.
        thousands: the mark that was seen between groups of digits. Others are read as well.
        dates: the order of dates such as 01/12/24, ``"%d/%m/%Y"`` or ``"%m/%d/%Y"``, or another format of
            ``strptime`` that all dates have.
        encoding: of the file, such as ``"utf-8"`` or ``"cp1252"``.
        skip_rows: how many lines stand above the header.
        header: whether the first row holds the names of the columns.
        comment: what a line begins with that is no row.
        exchanged: columns that are written with the other decimal mark.
        units: the columns whose numbers stand with a percent sign, a unit or a currency, each with that.

    >>> print(Reading(delimiter=";", decimal=",", thousands=".", dates="%d/%m/%Y"))
    semicolons, decimal comma, points between thousands, day/month/year
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    dates: str | None = None
    encoding: str | None = None
    skip_rows: int | None = None
    header: bool | None = None
    comment: str | None = None
    exchanged: tuple[str, ...] = ()
    units: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        for name in ("delimiter", "decimal", "thousands", "dates", "encoding", "comment"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise DownslopeError(f"{name} needs text, not {value!r}")
        object.__setattr__(
            self, "delimiter", {"\\t": "\t", "tab": "\t"}.get(self.delimiter or "", self.delimiter)
        )
        object.__setattr__(self, "dates", _DATES.get(self.dates or "", self.dates))
        for name in _ONE_CHARACTER:
            value = getattr(self, name)
            if value is not None and len(value) > 1:
                raise DownslopeError(f"{name} is a single character, not {value!r}")
        if self.decimal not in (None, ".", ","):
            raise DownslopeError(f'decimal is "." or ",", not {self.decimal!r}')
        if self.thousands is not None and (self.thousands not in _MARKS or self.thousands == self.decimal):
            raise DownslopeError(
                f"thousands is one of {' '.join(map(repr, _MARKS))} and not the decimal mark, "
                f"not {self.thousands!r}"
            )
        if self.decimal is None and self.thousands in (",", "."):
            object.__setattr__(self, "decimal", "." if self.thousands == "," else ",")
        if self.dates is not None and "%" not in self.dates:
            raise DownslopeError(
                f"a date format is day-first, month-first or such as %d.%m.%Y, not {self.dates!r}"
            )
        if self.skip_rows is not None and (not isinstance(self.skip_rows, int) or self.skip_rows < 0):
            raise DownslopeError(f"skip_rows is a whole number of at least 0, not {self.skip_rows!r}")

    def known(self, other: Reading) -> Reading:
        """This reading, with what it leaves open from another one."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.decimal not in (None, other.decimal):  # which the marks were seen beside
            other = replace(other, decimal=None, thousands=None, exchanged=())
        return replace(other, **{name: value for name, value in given.items() if value not in (None, ())})

    @property
    def notation(self) -> Reading:
        """What another file of the same data has in common with this one: how cells are written."""
        return Reading(
            decimal=self.decimal,
            thousands=self.thousands,
            dates=self.dates,
            exchanged=self.exchanged,
            units=self.units,
        )

    @property
    def layout(self) -> tuple[str, ...]:
        """The names of what is known of where the cells are, which only delimited text has."""
        return tuple(n for n in _LAYOUT if getattr(self, n) is not None)

    @property
    def described(self) -> dict[str, str]:
        """What is known, in words, by the names of the attributes; the usual encoding is not said.

        >>> Reading(delimiter=";", decimal=",", encoding="utf-8").described
        {'delimiter': 'semicolons', 'decimal': 'decimal comma'}
        """
        found = {}
        if self.delimiter is not None:
            between = _DELIMITERS.get(self.delimiter, f"cells divided by {self.delimiter!r}")
            found["delimiter"] = between if self.delimiter else "one column"
        if self.decimal is not None:
            found["decimal"] = "decimal comma" if self.decimal == "," else "decimal point"
        if self.thousands:
            found["thousands"] = f"{_MARKS[self.thousands]} between thousands"
        if self.dates is not None:
            found["dates"] = worded(self.dates)
        if self.encoding not in (None, "utf-8"):
            found["encoding"] = str(self.encoding)
        if self.skip_rows:
            found["skip_rows"] = f"{self.skip_rows} line{'s' * (self.skip_rows > 1)} above the header"
        if self.header is False:
            found["header"] = "no header"
        if self.comment:
            found["comment"] = f"lines that begin with {self.comment} left out"
        if self.exchanged:
            other = "point" if self.decimal == "," else "comma"
            found["exchanged"] = f"but a decimal {other} in {', '.join(self.exchanged)}"
        return found

    def __str__(self) -> str:
        return ", ".join(self.described.values())

    def to_json(self) -> dict[str, Any]:
        """Plain data from which ``from_json`` makes the same reading: what is known."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    @classmethod
    def from_json(cls, data: Any) -> Reading:
        """The reading of ``to_json``; raises DownslopeError where the data is not of that form."""
        try:
            found = dict(data if isinstance(data, Mapping) else {})
            found["exchanged"] = tuple(map(str, found.get("exchanged", ())))
            found["units"] = tuple((str(name), str(unit)) for name, unit in found.get("units", ()))
            return cls(**found)
        except (TypeError, ValueError) as error:
            raise DownslopeError(f"how tables are read is damaged: {error!r}") from None
