"""Any table, written in any notation, layout and container, reads back as itself."""

import datetime as dt
import gzip
import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.tables import open_table
from thorough import examples

DELIMITERS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
THOUSANDS = ("", ",", ".", " ", "\u202f", "'")
SIGNS: dict[str, Callable[[str], str]] = {
    "hyphen": lambda digits: f"-{digits}",
    "minus": lambda digits: f"\u2212{digits}",
    "brackets": lambda digits: f"({digits})",
    "behind": lambda digits: f"{digits}-",
}
MARKS: dict[str, Callable[[str], str]] = {
    "nothing": lambda number: number,
    "before": lambda number: f"€{number}",
    "code": lambda number: f"EUR {number}",
    "behind": lambda number: f"{number} €",
    "unit": lambda number: f"{number} km/h",
}
DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d. %B %Y",
)
TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%SZ", "T%H:%M:%S+00:00", ", %I:%M %p")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "Windows": lambda text: text.replace(b"\n", b"\r\n"),
}
WORDS = ("Köln", "Zürich, West", 'the "Hague"', "São Paulo", "a;b", "x|y", "São\tTomé")


@dataclass(frozen=True)
class Notation:
    """How a table is written."""

    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    sign: str = "hyphen"
    mark: str = "nothing"
    date: str = "%Y-%m-%d"
    time: str = ""
    encoding: str = "utf-8"
    container: str = "plain"
    title: bool = False
    ends: bool = False
    quoted: bool = False

    def number(self, value: float | None) -> str:
        if value is None:
            return ""
        digits = f"{abs(value):,.2f}" if isinstance(value, float) else f"{abs(value):,}"
        digits = digits.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        return MARKS[self.mark](SIGNS[self.sign](digits) if value < 0 else digits)

    def moment(self, value: dt.datetime | None) -> str:
        return "" if value is None else value.strftime(self.date + self.time)

    def cell(self, text: str) -> str:
        special = any(c in text for c in (self.delimiter, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if special or self.quoted else text

    def text(self, rows: list[tuple]) -> str:
        written = [
            [self.number(whole), self.number(amount), self.moment(day), word]
            for whole, amount, day, word in rows
        ]
        lines = [
            self.delimiter.join(map(self.cell, row)) for row in [["n", "amount", "day", "town"], *written]
        ]
        end = self.delimiter if self.ends else ""
        title = ["Sales of the year", ""] if self.title else []
        return "\n".join([*title, *(line + end for line in lines), ""])

    def file(self, rows: list[tuple]) -> bytes:
        encoded = self.text(rows).encode(self.encoding)
        if self.container == "Windows" and self.encoding == "utf-16":
            return encoded
        return CONTAINERS[self.container](encoded)


def _fits(notation: Notation) -> bool:
    western = notation.sign != "minus" and notation.thousands != "\u202f"
    return notation.decimal != notation.thousands and (notation.encoding != "cp1252" or western)


NOTATIONS = st.builds(
    Notation,
    st.sampled_from(DELIMITERS),
    st.sampled_from(DECIMALS),
    st.sampled_from(THOUSANDS),
    st.sampled_from(sorted(SIGNS)),
    st.sampled_from(sorted(MARKS)),
    st.sampled_from(DATES),
    st.sampled_from(TIMES),
    st.sampled_from(ENCODINGS),
    st.sampled_from(sorted(CONTAINERS)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
).filter(_fits)
FIRST = (1234567, 1234567.25, dt.datetime(2024, 12, 25, 13, 30), "Köln")
SECOND = (-850, -850.5, dt.datetime(2024, 2, 1, 9, 5), "Zürich, West")
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(10**9), 10**9),
        st.none() | st.integers(-(10**11), 10**11).map(lambda cents: cents / 100),
        st.none() | st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2067, 12, 31)),
        st.sampled_from(WORDS),
    ),
    max_size=6,
).map(lambda rows: [FIRST, SECOND, *rows])
"""Among the rows are some that can be read in one way only."""


def _shown(moment: dt.datetime | None, notation: Notation) -> dt.datetime | None:
    """What of a moment is written."""
    if moment is None:
        return None
    if not notation.time:
        return dt.datetime(moment.year, moment.month, moment.day)
    return moment.replace(microsecond=0, second=moment.second if "%S" in notation.time else 0)


def _check(notation: Notation, rows: list[tuple]) -> None:
    frame = open_table(io.BytesIO(notation.file(rows))).frame
    assert frame.columns == ["n", "amount", "day", "town"]
    assert frame["n"].to_list() == [row[0] for row in rows]
    assert frame["amount"].to_list() == [row[1] for row in rows]
    assert frame["day"].cast(pl.Datetime("us")).to_list() == [_shown(row[2], notation) for row in rows]
    assert frame["town"].to_list() == [row[3] for row in rows]


@pytest.mark.thorough
@settings(max_examples=examples(300), deadline=None)
@given(NOTATIONS, ROWS)
def test_any_table_in_any_notation(notation: Notation, rows: list[tuple]) -> None:
    _check(notation, rows)


NUMBERS = list(itertools.product(DELIMITERS, DECIMALS, THOUSANDS, SIGNS, MARKS))
MOMENTS = list(itertools.product(DELIMITERS, DATES, TIMES))
FILES = list(
    itertools.product(DELIMITERS, ENCODINGS, CONTAINERS, (False, True), (False, True), (False, True))
)


@pytest.mark.thorough
def test_every_notation_of_numbers() -> None:
    """4 delimiters, 10 pairs of marks, 4 signs, 5 things beside a number."""
    tried = [n for n in (Notation(*parts) for parts in NUMBERS) if _fits(n)]
    assert len(tried) == 4 * 10 * 4 * 5
    for notation in tried:
        _check(notation, [FIRST, SECOND])


@pytest.mark.thorough
def test_every_notation_of_dates() -> None:
    for delimiter, date, time in MOMENTS:
        _check(Notation(delimiter, date=date, time=time), [FIRST, SECOND])


@pytest.mark.thorough
def test_every_layout_and_container() -> None:
    for delimiter, encoding, container, title, ends, quoted in FILES:
        _check(
            Notation(
                delimiter, encoding=encoding, container=container, title=title, ends=ends, quoted=quoted
            ),
            [FIRST, SECOND],
        )


def test_the_same_table_from_containers_of_types() -> None:
    expected = pl.DataFrame([FIRST, SECOND], schema=["n", "amount", "day", "town"], orient="row")
    as_text = Notation(decimal=",", thousands=".", date="%d.%m.%Y", time=" %H:%M")
    cells = [
        {"n": as_text.number(n), "amount": as_text.number(a), "day": as_text.moment(d), "town": t}
        for n, a, d, t in (FIRST, SECOND)
    ]
    held, arrow = io.BytesIO(), io.BytesIO()
    pl.DataFrame(cells).write_parquet(held)
    expected.write_ipc(arrow)
    for content in (json.dumps(cells).encode(), held.getvalue(), arrow.getvalue()):
        frame = open_table(io.BytesIO(content)).frame
        assert frame.rows() == expected.rows()
