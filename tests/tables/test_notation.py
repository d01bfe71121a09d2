"""One notation for a whole table: numbers, dates, layout and levels as they are written."""

import datetime as dt
import io
from functools import cache

import polars as pl
import pytest

from downslope import fit
from downslope.errors import DownslopeError
from downslope.tables import Reading, open_table
from downslope.tables._levels import Levels
from downslope.tables.text import _at_once

D = dt.date


@pytest.fixture(autouse=True, params=["as a small table", "as a large one"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of a large table are parsed while the text is read."""
    if request.param == "as a large one":
        monkeypatch.setattr(_at_once, "_ROWS", 0)


def table(text: str | bytes, **options: object):
    content = text.encode() if isinstance(text, str) else text
    return open_table(io.BytesIO(content), **options)


def column(cells: list[str], delimiter: str = ";") -> list[object]:
    lines = "\n".join(f"{cell}{delimiter}1" for cell in cells)
    return table(f"a{delimiter}b\n{lines}\n").frame["a"].to_list()


FILES = {
    "certain cells decide": (
        "id;sales;price\n1;1.299;10,50\n2;850;11,75\n",
        {"id": [1, 2], "sales": [1299, 850], "price": [10.5, 11.75]},
    ),
    "thousands in a TSV": (
        "id\tsales\tprice\n1\t1,299\t10.50\n2\t850\t11.75\n",
        {"id": [1, 2], "sales": [1299, 850], "price": [10.5, 11.75]},
    ),
    "a quoted decimal comma": ('a,b\n"0,125",1\n"0,250",2\n', {"a": [0.125, 0.25], "b": [1, 2]}),
    "beside decimal points": ('a,b\n"0,125",1.5\n"0,25",2.5\n', {"a": [0.125, 0.25], "b": [1.5, 2.5]}),
    "commas in the header": (
        "size, m2;price, EUR\n1,5;2,5\n",
        {"size, m2": [1.5], "price, EUR": [2.5]},
    ),
    "one column": ("x\n1,5\n2,7\n", {"x": [1.5, 2.7]}),
    "a delimiter ends each row": ("a,b,c\n1,2,3,\n4,5,6,\n", {"a": [1, 4], "b": [2, 5], "c": [3, 6]}),
    "and the header": ("a;b;\n1;2;\n4;5;\n", {"a": [1, 4], "b": [2, 5]}),
    "a title": ("Report 2024\na,b,c\n1,2,3\n4,5,6\n", {"a": [1, 4], "b": [2, 5], "c": [3, 6]}),
    "a padded title": ("Report;;\n;;\na;b;c\n1;2;3\n", {"a": [1], "b": [2], "c": [3]}),
    "a title and a blank line": ("Report\n\na;b\n1;2\n4;5\n", {"a": [1, 4], "b": [2, 5]}),
    "a header with few names": ("a,,\n1,2,3\n4,5,6\n", {"a": [1, 4], "column2": [2, 5], "column3": [3, 6]}),
    "text below a title": ("Report\na,b,c\nx,y,z\n", {"a": ["x"], "b": ["y"], "c": ["z"]}),
    "names with commas": ("name\nDoe, John\nRoe, Jane\n", {"name": ["Doe, John", "Roe, Jane"]}),
    "comments": ("# by x\n# today\na,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
    "tags in a comma file": ("a,tags\n1,x;y\n2,z;w\n", {"a": [1, 2], "tags": ["x;y", "z;w"]}),
    "semicolons and decimal points": ("a;b\n1.25;x\n10.5;y\n", {"a": [1.25, 10.5], "b": ["x", "y"]}),
}


@pytest.mark.parametrize("name", FILES)
def test_files(name: str) -> None:
    text, expected = FILES[name]
    assert table(text).frame.to_dict(as_series=False) == expected


CELLS = [
    (["$1,274.46", "$3.00"], [1274.46, 3.0]),
    (["510.577,47 €", "12,00 €"], [510577.47, 12.0]),
    (["(12.50)", "3.25"], [-12.5, 3.25]),
    (["−12.5", "4.25"], [-12.5, 4.25]),
    (["-$5.50", "$-2.25"], [-5.5, -2.25]),
    (["12.50-", "1.25"], [-12.5, 1.25]),
    (["EUR 12,50", "EUR 1.250,75"], [12.5, 1250.75]),
    (["1 234,5", "2\u00a0500,25"], [1234.5, 2500.25]),
    (["1'234.5", "1’000.25"], [1234.5, 1000.25]),
    (["12,34,567.5", "1.25"], [1234567.5, 1.25]),
    (["22%", "7 %"], [0.22, 0.07]),
    (["12,5 %", "7,25 %"], [0.125, 0.0725]),
    (["170 cm", "182 cm"], [170, 182]),
    (["1,5 km/h", "12,25 km/h"], [1.5, 12.25]),
    (["5 m²", "7 m²"], [5, 7]),
    (["170 cm", "1.7 m"], ["170 cm", "1.7 m"]),
    (["$5", "5 €"], ["$5", "5 €"]),
    (["22%", "22"], ["22%", "22"]),
    (["+5", "-3"], [5, -3]),
    (["1e3", "2.5E-1"], [1000.0, 0.25]),
    (["CHF 3.-", "CHF 1'234.50"], [3.0, 1234.5]),
    (["5,- €", "-5,-- €", "7,50 €"], [5.0, -5.0, 7.5]),
    (["12.—", "3.5"], [12.0, 3.5]),
    (["１２．５", "４，５００．２", "５"], [12.5, 4500.2, 5.0]),
    (["００１", "００２"], ["００１", "００２"]),
    (["20240207T103000", "20240208T103000"], ["20240207T103000", "20240208T103000"]),
    (["1er août 2024", "12 décembre 2023"], [D(2024, 8, 1), D(2023, 12, 12)]),
    (["7 de febrero de 2024", "1 de enero de 2023"], [D(2024, 2, 7), D(2023, 1, 1)]),
    (["2024年2月7日", "2024年12月31日"], [D(2024, 2, 7), D(2024, 12, 31)]),
    (["2024년 2월 7일", "2024년 12월"], [D(2024, 2, 7), D(2024, 12, 1)]),
    (["10:30", "3:05 PM"], [dt.time(10, 30), dt.time(15, 5)]),
    (["23:59:59.5", "0:00"], [dt.time(23, 59, 59, 500000), dt.time(0)]),
    (["25:30", "1:15"], [dt.timedelta(hours=25, minutes=30), dt.timedelta(hours=1, minutes=15)]),
    (["7 Feb 2024", "01-Jan-2024"], [D(2024, 2, 7), D(2024, 1, 1)]),
    (["07.02.24", "31.12.99"], [D(2024, 2, 7), D(1999, 12, 31)]),
    (["2024-01", "2024-02-03"], [D(2024, 1, 1), D(2024, 2, 3)]),
    (["25/12/24", "01/02/24"], [D(2024, 12, 25), D(2024, 2, 1)]),
    (["12/25/24", "01/02/24"], [D(2024, 12, 25), D(2024, 1, 2)]),
    (["Feb 7, 2024", "Wed, 7 February 2024"], [D(2024, 2, 7), D(2024, 2, 7)]),
    (["7. Dezember 2024", "1. Mrz 2024"], [D(2024, 12, 7), D(2024, 3, 1)]),
    (
        ["2024-01-05T10:11:12Z", "2024-01-05 10:11:12.25", "2024-01-05T12:11:12+02:00", "2024-01-06"],
        [
            dt.datetime(2024, 1, 5, 10, 11, 12),
            dt.datetime(2024, 1, 5, 10, 11, 12, 250000),
            dt.datetime(2024, 1, 5, 10, 11, 12),
            dt.datetime(2024, 1, 6),
        ],
    ),
    (["30.02.2024", "01.03.2024"], ["30.02.2024", "01.03.2024"]),
    (["1.2.3", "1.10.2"], ["1.2.3", "1.10.2"]),
    (["12345678901234567890", "12345678901234567891"], ["12345678901234567890", "12345678901234567891"]),
    (["NA", "DE", "ZA"], ["NA", "DE", "ZA"]),
    (["NA", "1.5"], [None, 1.5]),
    (["+", "-"], ["+", "-"]),
    (["#DIV/0!", "2.5"], [None, 2.5]),
]


@pytest.mark.parametrize(("cells", "expected"), CELLS, ids=[" ".join(cells) for cells, _ in CELLS])
def test_cells(cells: list[str], expected: list[object]) -> None:
    assert column(cells) == expected


@pytest.mark.parametrize("text", ["id,price\n1,$1,200\n", "id,price\n1,$1,200\n2,$1,300\n"])
def test_an_unquoted_thousands_mark_is_no_shift(text: str) -> None:
    with pytest.raises(DownslopeError, match="3 cells where the header has 2"):
        table(text)


def test_the_reading_is_said() -> None:
    found = table("d;x\n25.12.2024;1.234,5\n")
    assert str(found.reading) == "semicolons, decimal comma, points between thousands, day/month/year"


def test_what_could_be_read_in_two_ways_is_said() -> None:
    found = table("a\tb\n1,299\tx\n450\ty\n")
    assert found.frame["a"].to_list() == [1299, 450]
    assert found.notes == ('column "a": 1,299 is read as 1299; where it is not, use --decimal ,',)
    assert table("a\tb\n1,299\tx\n450\ty\n", reading=Reading(decimal=",")).frame["a"].to_list() == [
        1.299,
        450,
    ]


def test_dates_that_nothing_decides_are_asked_for() -> None:
    rows = "".join(f"{1 + i % 12:02d}/{1 + i * 5 % 12:02d}/24;{i}.5\n" for i in range(24))
    with pytest.raises(DownslopeError, match="day-first, or --date-format month-first"):
        fit(io.BytesIO(f"d;y\n{rows}".encode()), "y", epochs=1, members=1)
    model = fit(io.BytesIO(f"d;y\n{rows}".encode()), "y", epochs=1, members=1, date_format="day-first")
    assert model.reading.dates == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("options", "text", "expected"),
    [
        ({"delimiter": ","}, "a;b,c\n1,2\n", {"a;b": [1], "c": [2]}),
        ({"delimiter": "tab"}, "a\tb\n1\t2\n", {"a": [1], "b": [2]}),
        ({"decimal": ","}, "a\tb\n1,299\tx\n", {"a": [1.299], "b": ["x"]}),
        ({"thousands": ","}, "a\tb\n1,299\tx\n", {"a": [1299], "b": ["x"]}),
        ({"thousands": "."}, "a;b\n1.299;x\n", {"a": [1299], "b": ["x"]}),
        ({"dates": "%Y%m%d"}, "a;b\n20240131;x\n", {"a": [D(2024, 1, 31)], "b": ["x"]}),
        ({"dates": "day-first"}, "a;b\n01/12/24;x\n", {"a": [D(2024, 12, 1)], "b": ["x"]}),
        ({"dates": "month-first"}, "a;b\n01/12/24;x\n", {"a": [D(2024, 1, 12)], "b": ["x"]}),
        ({"skip_rows": 2}, "x;y\nz;w\na;b\n1;2\n", {"a": [1], "b": [2]}),
        ({"header": False}, "1;2\n3;4\n", {"column1": [1, 3], "column2": [2, 4]}),
        ({"comment": "%"}, "a;b\n%1;2\n3;4\n", {"a": [3], "b": [4]}),
        ({"encoding": "cp437"}, "ä;b\n1;2\n".encode("cp437"), {"ä": [1], "b": [2]}),
    ],
)
def test_what_is_given_counts(options: dict[str, object], text: str, expected: object) -> None:
    assert table(text, reading=Reading(**options)).frame.to_dict(as_series=False) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decimal": ":"}, "decimal is"),
        ({"delimiter": ";;"}, "single character"),
        ({"thousands": "x"}, "thousands is one of"),
        ({"decimal": ",", "thousands": ","}, "not the decimal mark"),
        ({"dates": "european"}, "day-first, month-first"),
        ({"skip_rows": -1}, "at least 0"),
        ({"encoding": 3}, "needs text"),
    ],
)
def test_what_is_no_reading(options: dict[str, object], message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        Reading(**options)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Größe, Straße, Müller", "cp1252"),
        ("œuvre à Nîmes, 5 m² à 3 €", "cp1252"),
        ("España – 20 °C “así”", "cp1252"),
        ("Zażółć gęślą jaźń", "cp1250"),
        ("Příliš žluťoučký kůň", "cp1250"),
        ("Привет, мир", "cp1251"),
        ("Привет, мир", "koi8_r"),
        ("Größe, Straße, Müller", "mac_roman"),
        ("Größe, Straße, Müller", "cp850"),
        ("Καλημέρα κόσμε", "cp1253"),
        ("Größe 日本 Привет", "utf-8"),
        ("Größe 日本 Привет", "utf-16"),
        ("Größe 日本 Привет", "utf-32"),
        *(("Größe 一二 Привет", f"utf-{wide}") for wide in ("16-le", "16-be", "32-le", "32-be")),
        ("Łódź Świnoujście Gdańsk", "iso8859_2"),
    ],
)
def test_encodings(text: str, encoding: str) -> None:
    found = table(f"a;b\n{text};1\n".encode(encoding))
    assert found.frame["a"].to_list() == [text]
    assert found.reading.encoding == encoding


def test_a_german_file_is_windows_1252() -> None:
    text = "Wohnfläche;Straße\n" + "".join(f"{i},5;Größe {i}\n" for i in range(200))
    found = table(text.encode("cp1252"))
    assert (found.frame.columns, found.reading.encoding) == (["Wohnfläche", "Straße"], "cp1252")


def _german(rows: int = 60) -> io.BytesIO:
    lines = [f"{1 + i % 28:02d}.{1 + i % 12:02d}.2024;1.{200 + i},50;{i + 1}.000,5" for i in range(rows)]
    return io.BytesIO("\n".join(["tag;fläche;preis", *lines, ""]).encode())


@pytest.fixture(scope="module")
def german():
    return fit(_german(), "preis", epochs=2, members=1)


def test_a_model_reads_later_tables_as_its_own(german) -> None:
    later = german.read(io.BytesIO("tag;fläche\n01.02.24;1.234\n7 Feb 2024;1,5\n".encode()))
    assert later.frame["fläche"].to_list() == [1234.0, 1.5]
    assert later.frame["tag"].dt.date().to_list() == [D(2024, 2, 1), D(2024, 2, 7)]
    frame = pl.DataFrame({"tag": ["2024-02-07"], "fläche": ["1.234"]})
    assert german.read(frame).frame["fläche"].to_list() == [1234.0]


def test_what_contradicts_the_model_is_said(german) -> None:
    with pytest.warns(UserWarning, match='column "fläche": "1.5" in row 1 is none of its numbers'):
        later = german.read(io.BytesIO("tag,fläche\n01.02.24,1.5\n02.02.24,850\n".encode()))
    assert later.frame["fläche"].to_list() == [None, 850.0]


def test_a_later_table_may_be_laid_out_otherwise(german) -> None:
    later = german.read(io.BytesIO("fläche\ttag\n1.234\t01.02.24\n".encode("cp1252")))
    assert later.frame["fläche"].to_list() == [1234]


def test_the_reading_is_in_the_file(german, tmp_path) -> None:
    german.save(tmp_path / "m.downslope")
    import downslope as ds

    loaded = ds.load(tmp_path / "m.downslope")
    assert loaded.reading == german.reading
    assert (loaded.reading.decimal, loaded.reading.thousands) == (",", ".")


def test_cells_that_are_no_numbers_are_counted() -> None:
    found = table("a;b\n1,5;2\nlots;3\nmany;4\n", wanted={"a": "number"})
    assert found.frame["a"].to_list() == [1.5, None, None]
    seen = '"lots" in row 2, "many" in row 3'
    assert found.unread == (f'column "a": 2 cells are no numbers and count as gaps, such as {seen}',)


def test_levels_stay_as_they_are_written() -> None:
    found = table("v;y\n1.10;1\n1.1;2\n", wanted={"v": "level"})
    assert found.frame["v"].to_list() == ["1.10", "1.1"]


YES = ("Yes", "yes", "Y", "TRUE", "True", "true", "1", "ja", "Ja")
NO = ("No", "no", "N", "FALSE", "False", "false", "0", "nein", "Nein")


def test_spellings_of_yes_are_one_level() -> None:
    found = table("a;y\n" + "".join(f"{word};1\n" for word in [*YES, *NO, "Yes", "No", ""]))
    assert found.frame["a"].drop_nulls().unique().sort().to_list() == ["No", "Yes"]
    assert "Yes, " in found.notes[0]
    assert "are the level Yes" in found.notes[0]


def _answers(write) -> dict[str, object]:
    return {"a": [write(i % 3 == 0) for i in range(60)], "y": [i % 3 * 1.5 + i / 100 for i in range(60)]}


def _spelled(kind):
    return kind if callable(kind) else lambda yes: kind[int(yes)]


@cache
def _model_of_answers(kind):
    return fit(_answers(_spelled(kind)), "y", epochs=1, members=1)


@pytest.mark.parametrize("later", [bool, int, *zip(NO, YES, strict=True)], ids=str)
@pytest.mark.parametrize("first", [bool, int, ("No", "Yes"), ("nein", "Ja")], ids=str)
def test_yes_is_yes_in_both_directions(first, later) -> None:
    model = _model_of_answers(first)
    told = model.encode({"a": [_spelled(first)(True), _spelled(first)(False)]})
    other = model.encode({"a": [_spelled(later)(True), _spelled(later)(False)]})
    assert (other.x == told.x).all()
    assert not other.unseen
    assert not other.gaps


@pytest.mark.parametrize(
    ("levels", "later", "places"),
    [
        (["1.10", "1.1"], ["1.1", "1.10"], [2, 1]),
        (["01234", "00017"], [1234, 17], [1, 2]),
        (["1", "2"], [2.0, 1.0], [2, 1]),
        (["1", "2"], ["2.0", "1"], [0, 1]),
        (["01", "1"], [1], [2]),
        (["1.10"], [1.1], [1]),
        (["12345678901234567890", "12345678901234567891"], ["12345678901234567891"], [2]),
        (["+", "-"], ["-"], [2]),
        (["DE", "NA"], ["NA"], [2]),
        (["none", "some"], ["none"], [1]),
    ],
)
def test_the_same_level_in_another_file(levels: list[str], later: list[object], places: list[int]) -> None:
    found = Levels.of(pl.Series(later), levels)
    assert found.places(levels)[found.cell].tolist() == places


@pytest.mark.parametrize(
    "classes", [["+", "-"], ["NA", "DE", "ZA"], ["none", "some"], ["1.10", "1.1"]], ids=str
)
def test_classes_of_a_target(classes: list[str]) -> None:
    rows = "".join(f"{i % 7};{classes[i % len(classes)]}\n" for i in range(60))
    model = fit(io.BytesIO(f"x;y\n{rows}".encode()), "y", task="classification", epochs=1, members=1)
    assert sorted(model.target.classes) == sorted(classes)
    assert model.record.rows == 60


def _written(rows: str):
    return open_table(io.BytesIO(rows.encode()), keep_rows=False)


@pytest.mark.parametrize(
    ("rows", "left", "said"),
    [
        ("town;a;b;c;sales\nBonn;1;2;3;10\nCelle;1;2;3;25\nSum;;;;35\n", 2, 'row 3 ("Sum") sums up'),
        ("town;a;b;c;sales\nBonn;1;2;3;10\nCelle;1;2;3;25\nSumme:;;;;1.234,5\n", 2, "sums up"),
        ("shop,sales\nA,10.5\nB,20\nTotal,30.5\n", 2, "sums up"),
        ("shop,x,y\nA,1,10.5\nB,2,20\n,3,30.5\n", 3, None),
        ("shop,x,y,z\nA,1,10.5,a\nB,2,20,b\n,3,30.5,\n", 2, "sums up"),
        ("x,y,z,w\n1,10.5,a,b\n2,20,b,c\nAverage,15.25,,\n", 2, "sums up"),
        ("shop,x,y\nA,1,10.5\nShell,2,20\nTotal,4,7\n", 3, None),
        ("a,b\n1,x\n2,y\na,b\n3,z\n", 3, "row 3 repeats the header"),
        ("height;mass;name\ncm;kg;\n170;60,5;A\n180;70,5;B\n", 2, "row 1 holds units (cm, kg)"),
        ("height,mass\n[cm],[kg]\n170,60.5\n180,70.5\n", 2, "row 1 holds units"),
        ("a,b\n1,1\n2,2\n3,3\n", 3, None),
        ("a,b\nx,y\nz,w\n1,2\n", 3, None),
    ],
)
def test_rows_that_are_no_rows(rows: str, left: int, said: str | None) -> None:
    found = _written(rows)
    assert found.frame.height == left
    assert (said is None and not found.left_out) or (said is not None and said in found.left_out[0])
    assert table(rows).frame.height == rows.count("\n") - 1


def test_a_total_left_out_leaves_numbers() -> None:
    found = _written("n;a;b;c;sales\n1;1;2;3;10\n2;1;2;3;25\nSum;;;;35\n")
    assert found.frame["n"].to_list() == [1, 2]


@pytest.mark.parametrize("name", ["Unnamed: 0", "Unnamed: 0.1", "", "index"])
def test_an_index_is_no_column(name: str) -> None:
    rows = "".join(f"{i},{i % 5},{i * 1.5}\n" for i in range(60) if i % 9)
    model = fit(io.BytesIO(f"{name},x,y\n0,1,2.5\n{rows}".encode()), "y", epochs=1, members=1)
    assert model.record.columns[0].kind == "identifier"


ODD = {
    "a;b\n1,5;x\n\n2,5;y\n\n": {"a": [1.5, 2.5], "b": ["x", "y"]},
    "a,b\r\n1,2\r\n3,4": {"a": [1, 3], "b": [2, 4]},
    "a,b\n 1, 2\n 3, 4\n": {"a": [1, 3], "b": [2, 4]},
    "phone\n+49 30 123456\n+49 40 654321\n": {"phone": ["+49 30 123456", "+49 40 654321"]},
    "date,x\n2024-01-05,1\n06.01.2024,2\n": {"date": [D(2024, 1, 5), D(2024, 1, 6)], "x": [1, 2]},
    "a;b\n5-10;<5\n10-15;10\n": {"a": ["5-10", "10-15"], "b": ["<5", "10"]},
    "a;b\n1st;1/2\n2nd;3/4\n": {"a": ["1st", "2nd"], "b": ["1/2", "3/4"]},
    "a;b\n1'000;1.000.000\n2'500;2.500\n": {"a": [1000, 2500], "b": [1000000, 2500]},
}


@pytest.mark.parametrize("text", ODD)
def test_odd_files(text: str) -> None:
    assert table(text).frame.to_dict(as_series=False) == ODD[text]


def test_a_comment_between_rows() -> None:
    rows = "a,b\n1,2\n# a note\n3,4\n"
    assert table(rows).frame["a"].to_list() == [1, 3]
    assert table(rows).reading.comment == "#"
    other = rows.replace("#", "//")
    with pytest.raises(DownslopeError, match=r"line 3: 1 cell .* use --comment //"):
        table(other)
    assert table(other, reading=Reading(comment="//")).frame["a"].to_list() == [1, 3]


FOOTERS = {
    "a;b;c\n1;2;3\n4;5;6\nSource: office; Berlin\n": 'row 3 ("Source: office; Berlin") is a note',
    "a;b;c\n1;2;3\n4;5;6\n\nrevised in May\nby the office\n": 'rows 4, 5 ("revised in May") are notes',
    "a,b,c\n1,2,3\n4,5,6\n--- 2 rows ---\n": 'row 3 ("--- 2 rows ---") is a note',
    "a,b,c\n1,2,3\n4,5,6\n* estimated,,\n": 'row 3 ("* estimated") is a note',
    "a,b,c\n1,2,3\n4,5,6\nTotal,7\n": 'row 3 ("Total,7") is a note',
    'a,b,c\n"1",2,3\n4,5,6\nSource: "office"\n': "row 3",
}


@pytest.mark.parametrize("text", FOOTERS)
def test_notes_below_a_table(text: str) -> None:
    found = _written(text)
    assert found.frame.rows() == [(1, 2, 3), (4, 5, 6)]
    assert FOOTERS[text] in found.left_out[0]


@pytest.mark.parametrize("cut", ["4,5", "Bon", "Bonn,5", "New York", "2024-0"])
def test_a_row_that_was_cut_off_is_no_note(cut: str) -> None:
    with pytest.raises(DownslopeError, match=r"line 3: . cells? where the header has 3"):
        _written(f"a,b,c\n1,2,3\n{cut}")


def test_totals_of_parts_are_left_out() -> None:
    found = _written(
        "shop;x;y;z;sales\nA;1;2;3;10\nB;2;3;4;20\nSubtotal;;;;30\nC;3;3;3;5\nD;4;4;4;6\nSubtotal;;;;11\n"
    )
    assert found.frame["sales"].to_list() == [10, 20, 5, 6]
    assert found.index.tolist() == [0, 1, 3, 4]
    assert "row 6" in found.left_out[0]
    assert "row 3" in found.left_out[1]


ROWS = "x;y\n1;2\n\n# pause\n3;4\nx;y\n5;zwei\nSource: office\n"


def test_rows_count_as_the_file_does() -> None:
    found = _written(ROWS)
    assert found.index.tolist() == [0, 3, 5]
    assert "row 5 repeats the header" in found.left_out[1]
    assert "row 7" in found.left_out[0]
    wanted = open_table(io.BytesIO(ROWS.encode()), wanted={"y": "number"}, keep_rows=False)
    assert wanted.unread == ('column "y": "zwei" in row 6 is none of its numbers and counts as a gap',)


def test_rows_of_quoted_text_count_as_a_spreadsheet_does() -> None:
    found = _written('x,y\n"1\n2",a\n\n3,b\n')
    assert found.index.tolist() == [0, 2]


MANY = "".join(f"{i % 17}.5;{i}.25\n" for i in range(40))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x;4.5", r'column "x" holds numbers, but row 43 holds "x"'),
        ("inf;4.5", 'column "x" holds an infinity in row 43'),
        ("4.5;zwei", r'the target "y" holds numbers, but row 43 holds "zwei"'),
    ],
)
def test_messages_count_rows_as_the_file_does(row: str, message: str) -> None:
    text = f"x;y\ncm;kg\n{MANY}5.5;\n{row}\n7.5;8.5\n"
    with pytest.raises(DownslopeError, match=message):
        fit(io.BytesIO(text.encode()), "y")


@pytest.mark.parametrize(
    ("cells", "wanted", "read", "said"),
    [
        (["10:30", "11"], "time", [dt.time(10, 30), None], '"11" in row 2 is none of its clock times'),
        (["10:30", "11"], "number", [None, 11], '"10:30" in row 1 is none of its numbers'),
        (["25:30", "1:00"], "time", [dt.timedelta(hours=25.5), dt.timedelta(hours=1)], None),
    ],
)
def test_clock_times_and_numbers_are_not_each_other(
    cells: list[str], wanted: str, read: list[object], said: str | None
) -> None:
    found = table("x;y\n" + "".join(f"{cell};1\n" for cell in cells), wanted={"x": wanted})
    assert found.frame["x"].to_list() == read
    assert said in found.unread[0] if said else not found.unread


@pytest.mark.parametrize(
    ("trained", "later", "read", "said"),
    [
        ("5%", ["5%", "7 %"], [0.05, 0.07], None),
        ("5%", ["5%", "0.07"], [0.05, 0.07], '"0.07" has no %'),
        ("5%", ["0.05"], [0.05], '"0.05" has no %'),
        ("170 cm", ["120 cm", "130"], [120.0, 130.0], None),
        ("170 cm", ["120 cm", "1.3 m"], [120.0, None], '"1.3 m" in row 2'),
        ("$5", ["-$1,200", "$3"], [-1200.0, 3.0], None),
    ],
)
def test_units_are_those_of_an_earlier_table(
    trained: str, later: list[str], read: list[object], said: str | None
) -> None:
    before = Reading.from_json(table(f"x;y\n{trained};1\n").reading.to_json())
    text = "x;y\n" + "".join(f"{cell};1\n" for cell in later)
    found = table(text, before=before, wanted={"x": "number"})
    assert found.frame["x"].to_list() == read
    assert said in found.unread[0] if said else not found.unread


def test_another_unit_than_that_of_an_earlier_table_is_refused() -> None:
    before = table("x;y\n170 cm;1\n").reading
    with pytest.raises(DownslopeError, match="with cm in training, but row 1 holds"):
        table("x;y\n1.2 m;1\n1.3 m;1\n", before=before, wanted={"x": "number"})


@pytest.mark.parametrize(
    ("text", "line"),
    [('"a;b\nx;1\n', 1), ('a;b\n"x;1\ny;2\n', 2), ('a;b\nx;1\ny;"2\n', 3)],
)
def test_a_quotation_mark_that_is_never_closed_is_named_by_its_line(text: str, line: int) -> None:
    with pytest.raises(DownslopeError, match=f"from line {line} on: a quotation mark that is never closed"):
        table(text)
