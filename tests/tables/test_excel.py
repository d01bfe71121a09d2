"""Sheets of Excel as people have them: where the table is, and what its cells hold."""

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.errors import DownslopeError
from downslope.tables import read_table, write_excel
from thorough import examples

openpyxl = pytest.importorskip("openpyxl")


def book(rows: Sequence[Sequence[Any]], merged: Sequence[str] = (), name: str = "S") -> bytes:
    """An .xlsx file with one sheet."""
    made = openpyxl.Workbook()
    made.active.title = name
    for row in rows:
        made.active.append(row)
    for area in merged:
        made.active.merge_cells(area)
    held = io.BytesIO()
    made.save(held)
    return held.getvalue()


def read(content: bytes, sheet: str | None = None) -> dict[str, list[Any]]:
    return read_table(io.BytesIO(content), sheet=sheet).to_dict(as_series=False)


BONN = [["Bonn", 1, 2, 3, 4], ["Celle", 5, 6, 7, 8]]
SOLD = {
    "town": ["Bonn", "Celle"],
    "sales 2023": [1, 5],
    "sales 2024": [2, 6],
    "cost 2023": [3, 7],
    "cost 2024": [4, 8],
}
TABLES = {
    "empty rows and columns before it": (
        ([[], [], [None, None, "a", "b"], [None, None, 1, 2]], ()),
        {"a": [1], "b": [2]},
    ),
    "empty rows in it": (([["a", "b"], [1, 2], [], [], [3, None]], ()), {"a": [1, 3], "b": [2, None]}),
    "an empty column in it": (
        ([["a", None, "b"], [1, None, 2], [3, None, 4]], ()),
        {"a": [1, 3], "b": [2, 4]},
    ),
    "a header of two rows": (
        (
            [[None, "sales", None, "cost", None], ["town", "2023", "2024", "2023", "2024"], *BONN],
            ("B1:C1", "D1:E1"),
        ),
        SOLD,
    ),
    "a header of two rows with years": (
        (
            [["town", "sales", None, "cost", None], [None, 2023, 2024, 2023, 2024], *BONN],
            ("A1:A2", "B1:C1", "D1:E1"),
        ),
        SOLD,
    ),
    "a header of two rows, merged down": (
        ([["town", "sales", "cost"], [None, "net", "net"], ["Bonn", 1, 2], ["Celle", 3, 4]], ("A1:A2",)),
        {"town": ["Bonn", "Celle"], "sales net": [1, 3], "cost net": [2, 4]},
    ),
    "a header of three rows": (
        (
            [
                ["town", "sales", None],
                [None, "net", None],
                [None, 2023, 2024],
                ["Bonn", 1, 2],
                ["Celle", 3, 4],
            ],
            ("A1:A3", "B1:C1", "B2:C2"),
        ),
        {"town": ["Bonn", "Celle"], "sales net 2023": [1, 3], "sales net 2024": [2, 4]},
    ),
    "years as names": (([[2019, 2020], [1, 2]], ()), {"2019": [1], "2020": [2]}),
    "words in the first row": (
        ([["name", "town", "n"], ["Ann", "Bonn", 1], ["Bob", "Celle", 2]], ()),
        {"name": ["Ann", "Bob"], "town": ["Bonn", "Celle"], "n": [1, 2]},
    ),
    "cells merged over rows": (
        ([["region", "n"], ["N", 1], [None, 2], ["S", 3], [None, 4], [None, 5]], ("A2:A3", "A4:A5")),
        {"region": ["N", "N", "S", "S", None], "n": [1, 2, 3, 4, 5]},
    ),
    "numbers and days as names": (
        ([["town", 2019, 2020.0, 2020.5, dt.date(2024, 1, 1)], ["a", 1, 2, 3, 4]], ()),
        {"town": ["a"], "2019": [1], "2020": [2], "2020.5": [3], "2024-01-01": [4]},
    ),
    "gaps in the first row": (
        ([["name", "n"], ["x", "NA"], ["y", 1]], ()),
        {"name": ["x", "y"], "n": [None, 1]},
    ),
    "no name": (([[None, "b"], ["x", 1], ["y", 2]], ()), {"column1": ["x", "y"], "b": [1, 2]}),
    "blanks": (([[" a  b ", "c"], ["  ", 1], ["x", 2]], ()), {"a b": [None, "x"], "c": [1, 2]}),
    "one column": (([["a"], [1], [2.5]], ()), {"a": [1.0, 2.5]}),
    "a column without cells": (([["a", "b"], [1, None], [2, None]], ()), {"a": [1, 2], "b": [None, None]}),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_table_of_a_sheet(name: str) -> None:
    (rows, merged), expected = TABLES[name]
    assert read(book(rows, merged)) == expected


NAMES = {
    "a header of two rows, not merged": (
        [["town", "sales", None], [None, "net", "gross"], ["Bonn", 1, 2], ["Celle", 3, 4]],
        {"town": ["Bonn", "Celle"], "sales net": [1, 3], "sales gross": [2, 4]},
        "sales net",
    ),
    "units below the names": (
        [["town", "size", "price"], [None, "m2", "EUR"], ["Bonn", 50, 200], ["Celle", 60, 300]],
        {"town": ["Bonn", "Celle"], "size m2": [50, 60], "price EUR": [200, 300]},
        "size m2",
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_two_rows_of_names_that_are_not_merged_are_said(name: str) -> None:
    rows, expected, said = NAMES[name]
    with pytest.warns(UserWarning, match=f'rows 1 to 2 are read as names, such as "{said}"'):
        assert read(book(rows)) == expected


AROUND = {
    "a title": ([["Report"], ["of 2024"], [], ["a", "b"], [1, 2]], r'A1:A2 \("Report"\)'),
    "a title right above": ([["Report"], ["a", "b"], [1, 2]], r'A1:B1 \("Report"\)'),
    "a note below": ([["a", "b"], [1, 2], [], ["Source: me"]], r'A4 \("Source: me"\)'),
    "notes right below": ([["a", "b"], [1, 2], ["* estimated"], ["and so on"]], r'A3:B4 \("\* estimated"\)'),
    "a note beside": ([["a", "b", None, "seen by Ann"], [1, 2]], r'D1 \("seen by Ann"\)'),
}


@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_a_table_is_left_out_and_said(name: str) -> None:
    rows, said = AROUND[name]
    with pytest.warns(UserWarning, match=rf'the sheet "S" of the open file: left out.*: {said}'):
        assert read(book(rows)) == {"a": [1], "b": [2]}


TWO = [["a", "b"], [1, 2], [3, 4], [], ["c", "d"], [5, 6], [7, 8]]


def test_several_tables_are_said_and_one_is_chosen_by_its_area() -> None:
    with pytest.raises(DownslopeError, match=r"holds 2 tables, in A1:B3, A5:B7; .* 'S!A1:B3'"):
        read(book(TWO))
    assert read(book(TWO), "S!A5:B7") == {"c": [5, 7], "d": [6, 8]}
    assert read(book(TWO, name="my sheet"), "'my sheet'!A1:B2") == {"a": [1], "b": [2]}
    beside = [["a", "b", None, "c", "d"], [1, 2, None, 5, 6], [3, 4, None, 7, 8], [9, 9]]
    with pytest.raises(DownslopeError, match=r"holds 2 tables, in A1:B4, D1:E3"):
        read(book(beside))
    with pytest.raises(DownslopeError, match='has no sheet "T!A1:B2"'):
        read(book(TWO), "T!A1:B2")


CELLS: dict[str, tuple[list[Any], list[Any]]] = {
    "late text": ([*range(1200), "x"], [*map(str, range(1200)), "x"]),
    "early text": (["x", *range(20)], ["x", *map(str, range(20))]),
    "late fractions": ([*range(1200), 0.5], [*map(float, range(1200)), 0.5]),
    "numbers of all sizes": ([1 / 3, 1e-10, 1e20, -2.5e-300], [1 / 3, 1e-10, 1e20, -2.5e-300]),
    "numbers among text": (
        [1 / 3, "x", 1e-10, 2.0, "1.10"],
        ["0.3333333333333333", "x", "1e-10", "2", "1.10"],
    ),
    "codes": (["007", "012"], ["007", "012"]),
    "numbers as text": (["1.5", "2"], [1.5, 2.0]),
    "booleans": ([True, None, False], [True, None, False]),
    "booleans and text": ([True, 5, "x"], ["true", "5", "x"]),
    "days": (
        [dt.date(2024, 1, 1), None, dt.date(2024, 2, 1)],
        [dt.date(2024, 1, 1), None, dt.date(2024, 2, 1)],
    ),
    "days and text": ([dt.date(2024, 1, 1), "soon"], ["2024-01-01", "soon"]),
    "moments": (
        [dt.datetime(2024, 1, 1, 3, 4, 5), dt.date(2024, 1, 2)],
        [dt.datetime(2024, 1, 1, 3, 4, 5), dt.datetime(2024, 1, 2)],
    ),
    "times of the day": ([dt.time(10, 30), dt.time(0)], [dt.time(10, 30), dt.time(0)]),
    "durations": (
        [dt.timedelta(hours=30), dt.timedelta(minutes=1)],
        [dt.timedelta(hours=30), dt.timedelta(minutes=1)],
    ),
    "times and durations": (
        [dt.time(1), dt.timedelta(hours=25)],
        [dt.timedelta(hours=1), dt.timedelta(hours=25)],
    ),
}


@pytest.mark.parametrize("name", CELLS)
def test_cells_are_what_they_are(name: str) -> None:
    cells, expected = CELLS[name]
    content = book([["a", "b"], *[[cell, 1] for cell in cells]])
    assert read(content)["a"] == expected


def test_cells_that_hold_no_value_are_said() -> None:
    errors = book([["a", "b"], [1, "#N/A"], ["#DIV/0!", 2], [3, 4]])
    with pytest.warns(UserWarning, match="cells with errors count as gaps: 2, such as #N/A in B2"):
        assert read(errors) == {"a": [1, None, 3], "b": [None, 2, 4]}
    formulas = book([["a", "b"], [1, "=A2*2"], [2, "=A3*2"]])
    with pytest.warns(UserWarning, match="formulas without a saved value count as gaps: 2, such as B2"):
        assert read(formulas) == {"a": [1, 2], "b": [None, None]}


def test_no_library_speaks(capfd: Any, caplog: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        read(
            book(
                [["a", "b", "c"], [1, "#N/A", True], ["x", None, dt.time(1)], [2.5, "=1/0", dt.timedelta(2)]]
            )
        )
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_numbers_where_names_belong_are_refused() -> None:
    with pytest.raises(DownslopeError, match=r'"S" of the open file starts with numbers \(1.5, 2\)'):
        read(book([[1.5, 2], [3, 4]]))


@pytest.mark.parametrize("rows", [[], [[]], [[None, " "]]])
def test_an_empty_sheet_is_refused(rows: list[list[Any]]) -> None:
    with pytest.raises(DownslopeError, match='the sheet "S" of the open file is empty'):
        read(book(rows))


def test_other_sheets_are_said() -> None:
    made = openpyxl.Workbook()
    made.active.title = "cover"
    made.create_sheet("data").append(["a"])
    made["data"].append([1])
    held = io.BytesIO()
    made.save(held)
    with pytest.raises(
        DownslopeError, match='the sheet "cover" of the open file is empty; name another one: data'
    ):
        read(held.getvalue())
    assert read(held.getvalue(), "data") == {"a": [1]}
    made["cover"].append(["b"])
    made["cover"].append([2])
    made.save(held)
    with pytest.warns(UserWarning, match='has 2 sheets, of which "cover" is read: cover, data'):
        assert read(held.getvalue()) == {"b": [2]}


CELLS_OF_ANY_KIND = st.sampled_from(
    [
        *(None, None, 1, 2.5, 2020, 1e-12, True, "x", "two words", "", " ", "1.5", "007", "#N/A", "=1+1"),
        *(dt.date(2024, 1, 1), dt.datetime(2024, 1, 1, 3), dt.time(3), dt.timedelta(hours=30)),
    ]
)
MERGED = st.sampled_from([(), ("A1:B1",), ("A1:A2",), ("B2:C2",), ("A2:A4", "B1:C1"), ("A1:D1",)])


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.lists(CELLS_OF_ANY_KIND, max_size=4), max_size=7), MERGED)
def test_any_sheet_is_a_table_or_a_message(rows: list[list[Any]], merged: tuple[str, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with suppress(DownslopeError):
            frame = read_table(io.BytesIO(book(rows, merged)))
            assert frame.height
            assert frame.width


def open_document(rows: Sequence[Sequence[Any]]) -> bytes:
    """An .ods file with one sheet, as OpenDocument 1.3, part 3, section 9 has it."""

    def cell(value: Any) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, bool):
            return (
                f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(value).lower()}"/>'
            )
        if isinstance(value, dt.date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        if isinstance(value, int | float):
            return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {names}><office:body><office:spreadsheet>'
            f'<table:table table:name="S">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return held.getvalue()


def test_a_sheet_of_open_document() -> None:
    day = dt.date(2024, 1, 1)
    rows = [
        ["Report"],
        [],
        ["a", "b", "c", 2020],
        [1 / 3, "x", day, True],
        [2, None, day, False],
        [3, "y", None, True],
    ]
    with pytest.warns(UserWarning, match=r'A1 \("Report"\)'):
        assert read(open_document(rows)) == {
            "a": [1 / 3, 2.0, 3.0],
            "b": ["x", None, "y"],
            "c": [day, day, None],
            "2020": [True, False, True],
        }


def test_a_wide_sheet_is_read_as_it_is() -> None:
    values = np.random.default_rng(0).standard_normal((50, 40)).round(9)  # a file holds 15 digits
    content = book([[f"c{i}" for i in range(40)], *values.tolist()])
    np.testing.assert_array_equal(read_table(io.BytesIO(content)).to_numpy(), values)
    assert read_table(io.BytesIO(content)).schema["c0"] == pl.Float64


WRITTEN = pl.DataFrame(
    {
        "whole": [1, 2**53, None],
        "long": [2**60, 1, None],
        "number": [0.1, -1e-300, None],
        "text": ["=1+1", "https://x.y", " 007"],
        "truth": [True, False, None],
        "day": [dt.date(2024, 1, 1), dt.date(2024, 2, 29), None],
        "moment": [dt.datetime(2024, 1, 1, 3, 4, 5), dt.datetime(2024, 1, 1), None],
        "time": [dt.time(1, 2, 3), dt.time(0), None],
        "span": [dt.timedelta(hours=30), dt.timedelta(seconds=1), None],
        "Text": pl.Series(["x", None, "y"], dtype=pl.Categorical),
    }
)


def written(frame: pl.DataFrame) -> bytes:
    held = io.BytesIO()
    write_excel(frame, held)
    return held.getvalue()


def test_a_table_that_was_written_is_read_back_and_openpyxl_agrees() -> None:
    expected = WRITTEN.with_columns(pl.col("Text").cast(pl.String)).to_dict(as_series=False)
    assert read(written(WRITTEN)) == {**expected, "text": ["=1+1", "https://x.y", "007"]}
    sheet = openpyxl.load_workbook(io.BytesIO(written(WRITTEN))).active
    assert [cell.value for cell in sheet[1]] == WRITTEN.columns
    assert [cell.value for cell in sheet[2]][:6] == [
        1,
        str(2**60),
        0.1,
        "=1+1",
        True,
        dt.datetime(2024, 1, 1),
    ]
    assert sheet["D2"].data_type == "s"  # no formula


def test_what_a_sheet_cannot_hold_is_written_as_text_or_refused() -> None:
    odd = pl.DataFrame(
        {
            "old": [dt.date(1066, 10, 14), dt.date(2024, 1, 1)],
            "zone": pl.Series([dt.datetime(2024, 1, 1, 12)] * 2).dt.replace_time_zone("Asia/Tokyo"),
            "endless": [float("inf"), 1.0],
            "nan": [float("nan"), 1.0],
            "list": [[1], None],
        }
    )
    assert read(written(odd)) == {
        "old": [dt.date(1066, 10, 14), dt.date(2024, 1, 1)],
        "zone": [dt.datetime(2024, 1, 1, 3)] * 2,
        "endless": [float("inf"), 1.0],
        "nan": [None, 1.0],
        "list": ["[1]", None],
    }
    with pytest.raises(DownslopeError, match="holds 1,048,575 rows and 16,384 columns"):
        written(pl.DataFrame({"a": np.zeros(1_048_576)}))
    with pytest.raises(DownslopeError, match='column "a" has text of more than 32,767'):
        written(pl.DataFrame({"a": ["x" * 32_768]}))
