"""The messy tables of the examples are read as what they were made from, value by value."""

import datetime as dt
import importlib.util
import io
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from downslope.tables import describe, open_table

FOLDER = Path(__file__).parents[2] / "examples" / "messy"
_spec = importlib.util.spec_from_file_location("write_tables", FOLDER / "write_tables.py")
assert _spec is not None
assert _spec.loader is not None
write_tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(write_tables)

TRUE = {"yes", "y", "true"}


def meant(name: str, row: tuple) -> tuple:
    """A row as it was made, with what a table cannot know before it is told: -999 is no gap yet."""
    if name == "laboratory.csv":
        return (*row[:3], -999 if row[3] is None else row[3], *row[4:])
    if name == "sensors.tsv":
        return (row[0].astimezone(dt.UTC).replace(tzinfo=None), *row[1:])
    return row


def as_read(name: str, row: tuple) -> tuple:
    """A row of the table, with words for yes and no as what they mean, and the index left out."""
    if name == "survey.csv":
        _, country, age, owns, share, car, satisfied = row
        return (country, age, owns.lower() in TRUE, share, bool(car), satisfied.lower() in TRUE)
    if name == "sensors.tsv":
        time = row[0].astimezone(dt.UTC) if row[0].tzinfo else row[0]
        return (time.replace(tzinfo=None), *row[1:])
    return row


@pytest.mark.parametrize("name", write_tables.TABLES)
def test_every_value_is_what_it_was_made_from(name: str) -> None:
    made = write_tables.TABLES[name]()
    sheet = "Branches!A1:G66" if name == "branches.xlsx" else None
    table = open_table(FOLDER / name, sheet=sheet, keep_rows=False)
    rows = [as_read(name, row) for row in table.frame.rows()]
    assert rows == [meant(name, row) for row in made.rows]
    assert [n for n in table.frame.columns if n != "column1"] == made.names


@pytest.mark.parametrize("name", [name for name in write_tables.TABLES if name.endswith("sv")])
def test_the_files_are_those_that_the_script_writes(name: str) -> None:
    assert write_tables.TABLES[name]().file == (FOLDER / name).read_bytes()


def test_the_workbook_is_the_one_that_the_script_writes(tmp_path: Path) -> None:
    (tmp_path / "made.xlsx").write_bytes(write_tables.TABLES["branches.xlsx"]().file)
    made, kept = (
        list(openpyxl.load_workbook(path).worksheets[0].values)
        for path in (tmp_path / "made.xlsx", FOLDER / "branches.xlsx")
    )
    assert made == kept


def test_ids_of_twenty_digits_do_not_merge_where_a_column_is_described() -> None:
    ids = [str(90071992547409931000 + n) for n in range(40)]
    frame = pl.DataFrame({"number": ids, "x": range(40), "y": [0.5 * n for n in range(40)]})
    (number, _) = describe(frame, target="y").columns
    assert (number.kind, number.reason) == ("identifier", "40 different values in 40 rows")


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ([-999.0, 4.0, 21.0, -999.0], "-999 (2 times)"),
        ([1, 2, 99, 99, 3], "99 (2 times)"),
        ([-999.0, 4.0, 21.0], None),  # once: a number as any other
        ([96, 97, 20, 99, 99], None),  # an age
        ([-998.0, 4.0, 21.0, -998.0], None),
    ],
)
def test_a_code_that_may_stand_for_a_gap_is_said(cells: list, code: str | None) -> None:
    frame = pl.DataFrame({"x": cells, "y": [0.5 * n for n in range(len(cells))]})
    (column,) = describe(frame, target="y").columns
    said = column.reason.partition("; ")[2]
    assert said == (f"{code} may stand for a gap: empty such cells if so" if code else "")


@pytest.mark.parametrize("titles", [["Report"], ["Report", "of 2024"], ["Report", "of 2024", "by Jo; Ann"]])
def test_several_title_lines_are_no_header(titles: list[str]) -> None:
    text = "\n".join([*titles, "", "a;b;c;d", "1;2;3;4", "5;6;7;8", ""])
    table = open_table(io.BytesIO(text.encode()))
    assert table.frame.rows() == [(1, 2, 3, 4), (5, 6, 7, 8)]
    assert table.frame.columns == ["a", "b", "c", "d"]


def test_a_header_is_repeated_where_a_column_has_no_name() -> None:
    table = open_table(io.BytesIO(b",a,b\n0,1,x\n1,2,y\n,a,b\n2,3,x\n"), keep_rows=False)
    assert table.frame.rows() == [(0, 1, "x"), (1, 2, "y"), (2, 3, "x")]
    assert table.left_out == ("row 3 repeats the header and is left out",)


def test_each_kind_of_cell_that_becomes_a_gap_is_shown() -> None:
    table = open_table(io.BytesIO(b"a,b\n1,x\nn.d.,y\n<0.5,x\nn.d.,y\n2,x\n"), wanted={"a": "number"})
    assert table.unread == (
        'column "a": 3 cells are no numbers and count as gaps, such as "n.d." in row 2, "<0.5" in row 3',
    )


def test_rows_that_are_alike_are_all_looked_at_for_the_layout() -> None:
    table = open_table(io.BytesIO(b"Report\nfor Jo\n\nx\ty\tz\tw\n" + b"1\t2\ta\t3\n" * 5))
    assert table.frame.rows() == [(1, 2, "a", 3)] * 5
