"""Every format gives the same table, and damaged ones a message."""

import gzip
import io
import json
from contextlib import suppress

import numpy as np
import polars as pl
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from downslope.errors import DownslopeError
from downslope.tables import TableEncoder, as_frame, describe, open_table, read_table
from thorough import examples

FRAME = pl.DataFrame(
    {
        "size": [1.5, None, 3.25],
        "rooms": [1, 2, 3],
        "town": ["Köln", "Zürich, West", 'the "Hague"'],
        "price": [1, 2, 4],
    }
)
DAMAGED = [
    (b"", "is empty"),
    (b"\n\n", "is empty"),
    (b"a,b\n", "has a header .a, b. and no rows"),
    (b"a,a\n1,2\n", 'two columns named "a", the 1st and the 2nd'),
    (b"a,b\n1,2\n\n3\n4,5,6\n", "line 4: 1 cell where the header has 2 .2 rows differ."),
    (b'a,b\n"x",2\n"y",3,4\n', "line 3: 3 cells where the header has 2"),
    (b'a,b\n1,2\n"1,2\n3,4\n', "from line 3 on: a quotation mark that is never closed"),
    (b"1,2\n3,4\n", "starts with numbers"),
    (b"a,b\n1,\x002\n", "line 2 holds the byte 0x00"),
    (b'{"a": 1}\n{"a":\n', "line 2 is not valid JSON"),
    (b'{"a": 1}\n[1]\n', "line 2 is not an object"),
    (b"PAR1" + b"x" * 40, "damaged Parquet"),
    (b"ARROW1\0\0" + b"x" * 40, "damaged Arrow"),
    (b"PK\x03\x04" + b"x" * 40, "cannot be read as Excel"),
    (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "damaged gzip"),
    (zstandard.compress(b"a,b\n1,2\n" * 99)[:-9], "damaged zstd"),
]


def _csv(delimiter: str = ",", **options: object) -> bytes:
    return FRAME.write_csv(separator=delimiter, **options).encode()


def _written(write: str, **options: object) -> bytes:
    held = io.BytesIO()
    getattr(FRAME, write)(held, **options)
    return held.getvalue()


def _excel() -> bytes:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(FRAME.columns)
    for row in FRAME.rows():
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


FORMATS = {
    "comma": _csv,
    "semicolon": lambda: _csv(";"),
    "tab": lambda: _csv("\t"),
    "pipe": lambda: _csv("|"),
    "decimal comma": lambda: _csv(";", decimal_comma=True),
    "latin-1": lambda: _csv().decode().encode("latin-1"),
    "utf-16": lambda: _csv().decode().encode("utf-16"),
    "byte order mark": lambda: b"\xef\xbb\xbf" + _csv(),
    "carriage returns": lambda: _csv().replace(b"\n", b"\r\n"),
    "sep line": lambda: b"sep=;\n" + _csv(";"),
    "gap words": lambda: _csv(null_value="N/A"),
    "JSON lines": lambda: _written("write_ndjson"),
    "JSON": lambda: json.dumps(FRAME.to_dicts()).encode(),
    "Parquet": lambda: _written("write_parquet"),
    "Arrow": lambda: _written("write_ipc"),
    "Arrow stream": lambda: _written("write_ipc_stream"),
    "Excel": _excel,
    "gzip": lambda: gzip.compress(_csv()),
    "zstd": lambda: zstandard.compress(_csv()),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_table(name: str) -> None:
    got = read_table(io.BytesIO(FORMATS[name]()))
    assert got.to_dict(as_series=False) == FRAME.to_dict(as_series=False)


@pytest.mark.parametrize(("content", "message"), DAMAGED, ids=[message for _, message in DAMAGED])
def test_damaged_files_are_refused_in_words(content: bytes, message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        read_table(io.BytesIO(content))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1.234,5", "2.000,0"], [1234.5, 2000.0]),
        (["1 234,5", "12,5"], [1234.5, 12.5]),
        (["1'234.5", "12.5"], [1234.5, 12.5]),
        (["1e3", "-2.5E-1"], [1000.0, -0.25]),
        (["007", "012"], ["007", "012"]),
        (["None", "2.5"], [None, 2.5]),
        (["none", "some"], ["none", "some"]),
    ],
)
def test_numbers_as_people_write_them(cells: list[str], expected: list[object]) -> None:
    text = "a;b\n" + "".join(f"{cell};1\n" for cell in cells)
    assert read_table(io.BytesIO(text.encode()))["a"].to_list() == expected


def test_thousands_in_a_comma_file() -> None:
    assert read_table(io.BytesIO(b'a,b\n"1,234",1\n"2,000,000",1\n'))["a"].to_list() == [1234, 2000000]


def test_a_table_that_r_wrote() -> None:
    got = read_table(io.BytesIO(b'"a" "b"\n"1" 2 3\n"2" 5 6\n'))
    assert got.to_dict(as_series=False) == {"row": [1, 2], "a": [2, 5], "b": [3, 6]}


def test_a_missing_file_names_the_nearest(tmp_path) -> None:
    (tmp_path / "houses.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DownslopeError, match=r'did you mean "houses\.csv"'):
        read_table(tmp_path / "house.csv")
    with pytest.raises(DownslopeError, match="is a folder"):
        read_table(tmp_path)


def test_sheets_are_named() -> None:
    book = _excel()
    assert read_table(io.BytesIO(book), sheet="Sheet").height == 3
    with pytest.raises(DownslopeError, match=r'no sheet "Sheets".*did you mean "Sheet"'):
        read_table(io.BytesIO(book), sheet="Sheets")


CELLS = st.text(st.sampled_from('ab1,;\t|".\n\r -\u00e9'), max_size=120)


@pytest.mark.filterwarnings("ignore:row")  # notes that are left out
@settings(max_examples=examples(400), deadline=None)
@given(CELLS)
@example('"a"b,c\n1,2\n')
@example("a,b\n,\n")
def test_any_text_is_a_table_or_a_message(text: str) -> None:
    with suppress(DownslopeError):
        frame = read_table(io.BytesIO(text.encode()))
        assert frame.width
        assert frame.height


@settings(max_examples=examples(300), deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"PAR1", b"ARROW1\0\0", b"PK\x03\x04", b"\x1f\x8b\x08", b"{"]),
)
def test_any_bytes_are_a_table_or_a_message(junk: bytes, start: bytes) -> None:
    with suppress(DownslopeError):
        assert read_table(io.BytesIO(start + junk)).width


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1), st.integers(-99, 99)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_quoted_text_comes_back(rows: list[tuple[str, int]]) -> None:
    frame = pl.DataFrame(rows, schema=["a", "b"], orient="row")
    got = read_table(io.BytesIO(frame.write_csv(quote_style="always").encode()))
    assert got["b"].to_list() == frame["b"].to_list()


def test_frames_of_every_kind() -> None:
    pandas, pyarrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    plain = FRAME.to_dict(as_series=False)
    mixed = pandas.DataFrame({"a": [1, "x", None]}, dtype=object)
    assert as_frame(FRAME).equals(FRAME)
    assert as_frame(FRAME.lazy()).equals(FRAME)
    assert as_frame(plain).to_dict(as_series=False) == plain
    assert as_frame(pandas.DataFrame(plain)).to_dict(as_series=False) == plain
    assert as_frame(pyarrow.table(plain)).to_dict(as_series=False) == plain
    assert as_frame(mixed)["a"].to_list() == ["1", "x", None]
    assert as_frame(np.array([[1.0, np.nan]])).to_dict(as_series=False) == {"x1": [1.0], "x2": [None]}
    categories = pandas.DataFrame({"a": pandas.Categorical(["x", None, "y"])})
    assert as_frame(categories)["a"].cast(pl.String).to_list() == ["x", None, "y"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros(3), "shape .rows, columns."),
        ([[1, 2], [3]], "same number of values"),
        ({"a": [1], "b": [1, 2]}, "same number of rows"),
        (3, "not int"),
        (pl.DataFrame({"a": []}), "no rows"),
    ],
)
def test_what_is_no_table(data: object, message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        as_frame(data)


def test_a_column_more_costs_no_query_more(monkeypatch):
    """A query of Polars takes a fraction of a millisecond: of 20,000 columns, seconds for each kind of it."""
    asked = []
    collect = pl.LazyFrame.collect
    monkeypatch.setattr(pl.LazyFrame, "collect", lambda *a, **k: asked.append(1) or collect(*a, **k))
    once = pl.LazyFrame._collect_eager
    monkeypatch.setattr(pl.LazyFrame, "_collect_eager", lambda *a, **k: asked.append(1) or once(*a, **k))

    def queries(cell):
        counts = []
        for width in (50, 200):
            rows = [[f"c{j}" for j in range(width)], *([cell(i, j) for j in range(width)] for i in range(60))]
            text = "\n".join(",".join(map(str, row)) for row in rows)
            asked.clear()
            frame = open_table(io.BytesIO(text.encode()), keep_rows=False).frame
            TableEncoder.fit(frame, describe(frame, target="c0")).encode(frame)
            counts.append(len(asked))
        return counts

    for cell in (lambda i, j: (i * 7 + j) % 23 + 0.5, lambda i, j: i if not j else 7 + j * (i % 2)):
        few, many = queries(cell)
        assert few > 0
        assert many == few
