"""What the quotes of a text tell, beside Python's own reader of CSV."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.tables import read_table
from downslope.tables.text import _quotes
from thorough import examples, first

CELLS = st.text('ab1,;"\n', max_size=6)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=1, max_size=5), st.sampled_from(",;"))
@pytest.mark.parametrize("block", first(1, [7, 1, 1 << 16]))
def test_divisions_of_any_quoted_table(block: int, rows: list[list[str]], delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_quotes, "_BLOCK", block)
        found = _quotes.quoted_cells(text.getvalue().encode(), 0, delimiter)
    assert found.divisions == sum(len(row) - 1 for row in rows)


@settings(max_examples=examples(500), deadline=None)
@given(st.text('a,"\n', max_size=12))
def test_what_is_not_odd_is_read_alike(text: str) -> None:
    found = _quotes.quoted_cells(text.encode(), 0, ",").divisions
    if found is not None:  # strict: quotes in odd places are an error
        assert found == sum(
            max(0, len(row) - 1) for row in csv.reader(io.StringIO(text, newline=""), strict=True)
        )


@pytest.mark.parametrize(
    ("cell", "commas"), [('"a, b"', False), ('"0,5"', True), ('",5"', True), ('"5,"', True), ("5", False)]
)
def test_commas_that_could_be_decimal_marks(cell: str, commas: bool) -> None:
    assert _quotes.quoted_cells(f"x,{cell},y\n".encode(), 0, ",").commas is commas


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_numbers_are_the_same_quoted_or_not(delimiter: str) -> None:
    frame = pl.DataFrame(
        {"a": [1.5, None, -2e-3], "b": ["x", "y; z", None], "c": [7, 8, 9], "d": [0.5, 1.5, None]}
    )
    texts = [
        frame.write_csv(quote_style=style, separator=delimiter)
        for style in ("necessary", "always", "non_numeric")
    ]
    assert all(read_table(io.BytesIO(text.encode())).equals(frame) for text in texts)


def test_decimal_commas_in_quotes_beside_points() -> None:
    rows = "".join(f'"0,{i}5",{i}.5\n' for i in range(10, 99))
    assert read_table(io.BytesIO(f"a,b\n{rows}".encode()))["a"].to_list() == [
        float(f"0.{i}5") for i in range(10, 99)
    ]
