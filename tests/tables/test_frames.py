"""Tables in memory: every kind of column is right, or refused by its name."""

import collections
import dataclasses
import datetime as dt
import decimal
import fractions
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.tables import TableEncoder, Target, as_frame, describe, rows_with_target

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")

DAY = dt.datetime(2024, 1, 1)
D = decimal.Decimal


def pandas_column(values: Any, dtype: Any = None) -> Any:
    return pandas.DataFrame({"a": pandas.Series(values, dtype=dtype)})


CELLS: dict[str, tuple[Callable[[], Any], list[object]]] = {
    "nullable whole numbers": (lambda: pandas_column([1, pandas.NA, 3], "Int64"), [1, None, 3]),
    "nullable booleans": (lambda: pandas_column([True, pandas.NA, False], "boolean"), [True, None, False]),
    "nullable text": (lambda: pandas_column(["x", pandas.NA], "string"), ["x", None]),
    "objects with NA": (lambda: pandas_column([1, pandas.NA, 2.5], object), [1.0, None, 2.5]),
    "objects of text with NA": (lambda: pandas_column(["x", pandas.NA, np.nan], object), ["x", None, None]),
    "a list with NA": (lambda: {"a": [1, pandas.NA, 2]}, [1, None, 2]),
    "a list with NaT": (lambda: {"a": [pandas.Timestamp(DAY), pandas.NaT]}, [DAY, None]),
    "a row with NA": (lambda: {"a": pandas.NA, "b": 1}, [None]),
    "rows with NA": (lambda: [{"a": pandas.NA}, {"a": 2}], [None, 2]),
    "an array of objects with NA": (lambda: np.array([[1], [pandas.NA]], dtype=object), [1, None]),
    "intervals": (lambda: pandas_column(pandas.interval_range(0, 2)), ["(0, 1]", "(1, 2]"]),
    "bins": (
        lambda: pandas_column(pandas.cut([1, 3, np.nan], [0, 2, 4])),
        ["(0.0, 2.0]", "(2.0, 4.0]", None],
    ),
    "periods": (lambda: pandas_column(pandas.PeriodIndex(["2024-01", None], freq="M")), [DAY, None]),
    "quarters": (lambda: pandas_column(pandas.PeriodIndex(["2024Q1"], freq="Q")), [DAY]),
    "durations": (
        lambda: pandas_column(pandas.to_timedelta([1, None], unit="h")),
        [dt.timedelta(hours=1), None],
    ),
    "decimals": (lambda: {"a": [D("1.5"), D("NaN"), D("sNaN"), None]}, [1.5, None, None, None]),
    "long decimals": (lambda: {"a": [D("0." + "3" * 60), D("1e50")]}, [1 / 3, 1e50]),
    "decimals of 256 bits": (
        lambda: pyarrow.table({"a": pyarrow.array([D("1." + "5" * 50)], pyarrow.decimal256(60, 50))}),
        [1.5555555555555556],
    ),
    "decimals of Polars": (lambda: pl.DataFrame({"a": [D("1.50"), D("2")]}), [1.5, 2.0]),
    "whole decimals": (lambda: {"a": [D(2**70), D(1)]}, [str(2**70), "1"]),
    "sparse": (lambda: pandas_column(pandas.arrays.SparseArray([0, 0, 1])), [0, 0, 1]),
    "sparse with gaps": (lambda: pandas_column(pandas.arrays.SparseArray([np.nan, 2.0])), [None, 2.0]),
    "columns of PyArrow": (lambda: pandas_column([1, None], "int64[pyarrow]"), [1, None]),
    "dictionary of PyArrow": (
        lambda: pyarrow.table({"a": pyarrow.array(["x", None]).dictionary_encode()}),
        ["x", None],
    ),
    "a batch of PyArrow": (lambda: pyarrow.record_batch({"a": [1, None]}), [1, None]),
    "unused categories": (lambda: pandas_column(pandas.Categorical(["x"], ["w", "x"])), ["x"]),
    "categories of days": (lambda: pandas_column(pandas.Categorical([DAY])), ["2024-01-01"]),
    "categories of booleans": (lambda: pandas_column(pandas.Categorical([True, None])), ["true", None]),
    "an index": (lambda: pandas.DataFrame({"a": [1, 2]}, index=[7, 7]), [1, 2]),
    "fields": (lambda: np.array([(1, "x"), (2, "y")], [("a", "i4"), ("b", "U1")]), [1, 2]),
    "bytes": (lambda: {"a": [b"K\xc3\xb6ln", None]}, ["Köln", None]),
    "bytes of NumPy": (lambda: {"a": np.array([b"x", b"y"])}, ["x", "y"]),
    "bytes of Polars": (lambda: pl.DataFrame({"a": [b"x"]}), ["x"]),
    "nothing": (lambda: pl.DataFrame({"a": [None, None]}), [None, None]),
    "half precision": (lambda: pandas_column(np.array([1.5, np.nan], np.float16)), [1.5, None]),
    "long precision": (lambda: {"a": np.array([1.5], np.longdouble)}, [1.5]),
    "the other byte order": (lambda: {"a": np.array([1.5], ">f8")}, [1.5]),
    "64 bits without a sign": (lambda: pandas_column([2**64 - 1, 1], "uint64"), [str(2**64 - 1), "1"]),
    "64 bits of Polars": (lambda: pl.DataFrame({"a": pl.Series([3, None], dtype=pl.UInt64)}), [3, None]),
    "128 bits of Polars": (
        lambda: pl.DataFrame({"a": pl.Series([2**70, None], dtype=pl.Int128)}),
        [str(2**70), None],
    ),
    "more than 64 bits": (lambda: {"a": [2**70, 1]}, [str(2**70), "1"]),
    "a matrix of NumPy": (lambda: np.array([[1, 2], [3, 4]]).view(np.matrix), [1, 3]),
    "masked": (lambda: np.ma.array([[1], [2]], mask=[[0], [1]]), [1, None]),
    "seconds of NumPy": (lambda: {"a": np.array(["2024-01-01", "NaT"], "M8[s]")}, [DAY, None]),
    "years of NumPy": (lambda: {"a": np.array(["2024"], "M8[Y]")}, [DAY.date()]),
    "hours of NumPy": (lambda: {"a": np.array([1], "m8[h]")}, [dt.timedelta(hours=1)]),
    "a list of hours of NumPy": (
        lambda: {"a": [np.timedelta64(1, "h"), np.timedelta64("NaT")]},
        [dt.timedelta(hours=1), None],
    ),
    "a list of moments of NumPy": (lambda: {"a": [np.datetime64("2024-01-01"), None]}, [DAY, None]),
    "zones": (
        lambda: {"a": [DAY.replace(tzinfo=dt.timezone(dt.timedelta(hours=-6))), None]},
        [dt.datetime(2024, 1, 1, 6), None],
    ),
    "days and moments": (lambda: {"a": [DAY.date(), DAY]}, [DAY, DAY]),
    "whole and other numbers": (lambda: {"a": [1, 2.5, True]}, [1.0, 2.5, 1.0]),
    "fractions": (lambda: {"a": [fractions.Fraction(1, 4)]}, [0.25]),
    "numbers and text": (lambda: {"a": [1.0, "x", True, 2.5]}, ["1", "x", "true", "2.5"]),
    "numbers and text in rows": (lambda: [[1, "x"], [2, "y"]], [1, 2]),
    "names of its own": (lambda: {"a": [uuid.UUID(int=1)]}, ["00000000-0000-0000-0000-000000000001"]),
    "a generator": (lambda: {"a": (i for i in range(2))}, [0, 1]),
    "a dict by row": (lambda: pandas.DataFrame({"a": [1, 2]}).to_dict(), [1, 2]),
    "series": (lambda: {"a": pandas.Series([1, 2], index=[3, 4]), "b": pl.Series([1, 2])}, [1, 2]),
    "objects of Polars": (
        lambda: pl.DataFrame({"a": pl.Series([1, "x", None], dtype=pl.Object)}),
        ["1", "x", None],
    ),
}


@pytest.mark.parametrize("kind", CELLS)
def test_cells_of_every_kind(kind: str) -> None:
    make, expected = CELLS[kind]
    frame = as_frame(make())
    column = frame.to_series(0)
    assert column.to_list() == expected
    if None in expected and len(set(expected)) > 1:
        assert column.null_count() == expected.count(None)


NESTED = {
    "lists": (lambda: pandas_column([[1, 2], [3]]), "list"),
    "lists of Polars": (lambda: pl.DataFrame({"a": [[1, 2], [3]]}), "lists"),
    "arrays of Polars": (
        lambda: pl.DataFrame({"a": pl.Series([[1], [2]], dtype=pl.Array(pl.Int8, 1))}),
        "lists",
    ),
    "records": (lambda: [{"a": {"x": 1}}, {"a": {"x": 2}}], "dict"),
    "records of Polars": (lambda: pl.DataFrame({"a": [{"x": 1}, {"x": 2}]}), "records"),
    "maps": (
        lambda: pyarrow.table(
            {"a": pyarrow.array([[("k", 1)]] * 2, pyarrow.map_(pyarrow.string(), pyarrow.int8()))}
        ),
        "k",
    ),
    "sets": (lambda: {"a": [{1}, {2}]}, "set"),
    "complex": (lambda: {"a": np.array([1, 2j])}, "complex"),
    "bytes that are no text": (lambda: {"a": [b"\xff", b"\xfe"]}, "bytes"),
    "offsets": (lambda: pandas_column([pandas.DateOffset(months=1)] * 2), "DateOffset"),
}


@pytest.mark.parametrize("kind", NESTED)
def test_what_is_no_single_value_is_refused_by_name(kind: str) -> None:
    make, word = NESTED[kind]
    frame = as_frame(make()).with_columns(b=pl.Series([1.0, 2.0]), y=pl.Series([1.5, 2.5]))
    for options in ({}, {"category": ["a"]}, {"number": ["a"]}):
        with pytest.raises(DownslopeError, match=f'column "a" holds .*{word}.* --drop "a"'):
            describe(frame, target="y", **options)
    with pytest.raises(DownslopeError, match=r'column "a" holds .* as the target'):
        describe(frame, target="a")
    encoder = TableEncoder.fit(frame, describe(frame, target="y", drop=["a"]))
    assert encoder.features == ("b",)


TARGETS = {
    "Int64": (pandas.array([1, pandas.NA, 5, 9], "Int64"), "regression"),
    "boolean": (pandas.array([True, pandas.NA, False, True], "boolean"), "classification"),
    "string": (pandas.array(["x", pandas.NA, "y", "x"], "string"), "classification"),
    "objects": ([1.5, pandas.NA, 2.5, None], "regression"),
    "decimals": ([D("1.5"), D("2.5"), D("NaN"), D("1e3")], "regression"),
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("container", [dict, pandas.DataFrame])
def test_targets_with_gaps(kind: str, container: Any) -> None:
    values, task = TARGETS[kind]
    frame = as_frame(container({"x": [1.0, 2.0, 3.0, 4.5], "y": values}))
    about = describe(frame, target="y")
    assert about.task == task
    assert about.rows == sum(v is not pandas.NA and v is not None and v == v for v in values)
    known = rows_with_target(frame, "y")[0]["y"]
    assert np.isfinite(Target.fit(known, task).encode(known)).all()


ROWS = [[1.0, 2.0, 3.5], [2.0, 1.0, 4.0], [3.0, 5.0, 8.5], [4.0, 3.0, 9.0]]
LEVELS = pandas.MultiIndex.from_tuples([("a", "x"), ("a", "y"), ("b", "")])


@pytest.mark.parametrize(
    ("names", "target", "inputs"),
    [
        ([0, 1, 2], 2, ("0", "1")),
        ([2019.0, 2020.0, 2021.0], 2021, ("2019", "2020")),
        ([" size", "rooms ", "the  price"], "the price", ("size", "rooms")),
        (LEVELS, ("b", ""), ("a x", "a y")),
        (LEVELS, "b", ("a x", "a y")),
        (
            pandas.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
            "2024-03-01",
            ("2024-01-01", "2024-02-01"),
        ),
        (
            pandas.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"]),
            pandas.Timestamp("2024-03-01"),
            ("2024-01-01", "2024-02-01"),
        ),
    ],
)
def test_names_that_are_no_text(names: Any, target: Any, inputs: tuple[str, ...]) -> None:
    frame = pandas.DataFrame(ROWS, columns=names)
    model = ds.fit(frame, target=target, hidden=())
    assert model.encoder.features == inputs
    np.testing.assert_array_equal(model.predict(frame), model.predict(as_frame(frame)))


def test_names_that_are_no_text_are_chosen_by_what_they_are() -> None:
    frame = pandas.DataFrame(ROWS, columns=[0, ("a", "x"), 2])
    assert ds.fit(frame, target=2, drop=[("a", "x")], hidden=()).encoder.features == ("0",)


@pytest.mark.parametrize(
    "data",
    [
        pandas.DataFrame([[1, 2, 3]], columns=["b", "a", "a"]),
        pyarrow.table([[1], [2], [3]], names=["b", "a", "a"]),
        pandas.DataFrame([[1, 2, 3]], columns=["b", "1", 1]).rename(columns={"1": "a", 1: " a"}),
        {"b": [1], "a": [2], "a ": [3]},
    ],
)
def test_repeated_names_are_refused(data: Any) -> None:
    with pytest.raises(DownslopeError, match='two columns named "a", the 2nd and the 3rd'):
        as_frame(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a": [1, 2], "b": "xy"}, 'column "b" is one value of type str'),
        ({"a": [1, 2], "b": {1, 2}}, 'column "b" is one value of type set'),
        ({"a": np.ones((2, 2))}, r'column "a" is an array of shape \(2, 2\)'),
        ([1, [2]], "not a list of 2 other values"),
    ],
)
def test_what_is_no_column(data: Any, message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        as_frame(data)


def encoder_of(values: Any) -> TableEncoder:
    frame = as_frame({"a": values, "y": np.arange(len(values)) ** 1.5})
    return TableEncoder.fit(frame, describe(frame, target="y"))


DAYS = [DAY + dt.timedelta(i) for i in range(6)]
NUMBERS = [1.5, 2.5, 0.5, 3.0, 9.0, 7.0]
TIMES = [dt.time(hour, 30) for hour in range(6)]


@pytest.mark.parametrize(
    ("trained", "later", "message"),
    [
        (NUMBERS, DAYS, 'column "a" holds dates where numbers belong'),
        (NUMBERS, [d.date() for d in DAYS], 'column "a" holds dates where numbers belong'),
        (NUMBERS, ["2024-01-01"], 'column "a" held numbers in training.* row 1 holds "2024-01-01"'),
        (NUMBERS, [None, "much"], 'column "a" held numbers in training.* row 2 holds "much"'),
        (NUMBERS, [[1, 2]], 'column "a" holds values of type list.* in training it held numbers'),
        (DAYS, NUMBERS, 'column "a" held dates in training.* row 1 holds "1.5"'),
        (DAYS, ["soon"], 'column "a" held dates in training.* row 1 holds "soon"'),
        (NUMBERS, [dt.time(10, 30)], 'column "a" held numbers in training.* row 1 holds "10:30:00"'),
        (NUMBERS, [dt.timedelta(hours=3)], 'column "a" held numbers in training.* row 1 holds "10800"'),
        (TIMES, NUMBERS, 'column "a" held clock times in training.* row 1 holds "1.5"'),
        (TIMES, ["10"], 'column "a" held clock times in training.* row 1 holds "10"'),
        (["x", "y", "x", "y", "z", "z"], [{"b": 1}], 'column "a" holds values of type dict'),
    ],
)
def test_another_kind_of_column_than_in_training_is_refused(trained: Any, later: Any, message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        encoder_of(trained).encode(as_frame({"a": later}))


def test_dates_where_the_target_held_numbers_are_refused() -> None:
    target = Target.fit(pl.Series("y", [1.5, 2.5]), "regression")
    with pytest.raises(DownslopeError, match='column "y" holds dates'):
        target.encode(pl.Series("y", DAYS))


TRUTHS = {
    "booleans": [True, False, True],
    "nullable booleans": pandas.array([True, False, True], "boolean"),
    "whole numbers": [1, 0, 1],
    "numbers": [1.0, 0.0, 1.0],
    "digits": ["1", "0", "1"],
    "Python's words": ["True", "False", "True"],
    "a spreadsheet's words": ["TRUE", "FALSE", "TRUE"],
    "a German spreadsheet's": ["WAHR", "FALSCH", "WAHR"],
    "answers": ["Yes", "no", "yes"],
    "letters": ["Y", "N", "y"],
    "numbers as text": ["1.0", "0.0", "1.0"],
    "categories": pandas.Categorical([True, False, True]),
}


@pytest.mark.parametrize("trained", [name for name in TRUTHS if name != "answers"])
@pytest.mark.parametrize("later", TRUTHS)
def test_words_for_true_and_false_are_two_levels(trained: str, later: str) -> None:
    if trained == "letters":
        values: Any = ["Y", "N", "Y"] * 20
    else:
        values = (
            list(TRUTHS[trained]) * 20
            if trained != "categories"
            else pandas.Categorical([True, False, True] * 20)
        )
    encoder = encoder_of(values)
    first = encoder.encode(as_frame({"a": values})).x[:3]
    again = encoder.encode(as_frame({"a": TRUTHS[later]}))
    np.testing.assert_array_equal(again.x, first)
    assert not again.unseen
    assert not again.gaps


@pytest.mark.parametrize("later", TRUTHS)
def test_classes_true_and_false_are_found_in_any_words(later: str) -> None:
    for trained in ([True, False], [1, 0], ["Yes", "No"]):
        target = Target.fit(as_frame({"y": trained})["y"], "classification")
        np.testing.assert_array_equal(target.encode(as_frame({"y": TRUTHS[later]})["y"]), [1, 0, 1])


def test_a_letter_is_no_word_for_true_or_false_by_itself() -> None:
    values = ["n", None, "n", None, "n", None]
    assert encoder_of(values).encode(as_frame({"a": ["f", "n"]})).unseen == {"a": 1}


LEVEL_NAMES = [
    ([1, 2, 3], ["1", "2", "3"]),
    ([1.0, 2.0, 2.5], ["1", "2", "2.5"]),
    (np.array([0.1, 0.2, 1e7], np.float32), ["0.1", "0.2", "10000000"]),
    ([1e15, 2.0**52, -0.0], ["1000000000000000", "4503599627370496", "0"]),
    ([DAY.date(), None, dt.date(2025, 1, 1)], ["2024-01-01", None, "2025-01-01"]),
    ([DAY, DAY.replace(hour=3), None], ["2024-01-01", "2024-01-01 03:00:00", None]),
    (pandas.Categorical([" x", "y ", None]), ["x", "y", None]),
    ([D("1.50"), D("2"), D("3")], ["1.5", "2", "3"]),
    ([dt.timedelta(hours=1, minutes=2), dt.timedelta(0), None], ["3720", "0", None]),
    ([12345, 678, 90], ["12345", "678", "90"]),
    (["00123", "01234", "12345"], [123, 1234, 12345]),
    (["00123", "01234", "12345"], ["123.0", "1234.0", "12345.0"]),  # pandas writes numbers beside gaps so
]


@pytest.mark.parametrize(("values", "written"), LEVEL_NAMES)
def test_levels_have_the_names_that_a_file_of_text_has(values: Any, written: Any) -> None:
    def encoded(trained: Any, later: Any) -> np.ndarray:
        frame = as_frame({"a": trained, "y": [1.5, 2.5, 9.0]})
        encoder = TableEncoder.fit(frame, describe(frame, target="y", category=["a"]))
        found = encoder.encode(as_frame({"a": later}))
        assert not found.unseen
        return found.x

    np.testing.assert_array_equal(encoded(values, values), encoded(values, written))


@pytest.mark.parametrize(("values", "written"), LEVEL_NAMES[:-2])
def test_levels_of_a_file_of_text_have_the_names_of_a_frame(values: Any, written: Any) -> None:
    test_levels_have_the_names_that_a_file_of_text_has(written, values)


@dataclasses.dataclass
class House:
    size: float
    town: str


_ROWS: dict[str, Callable[[], Any]] = {
    "Series": lambda: _pandas_rows().iloc[0],
    "record": lambda: _pandas_rows().to_records(index=False)[0],
    "named tuple": lambda: collections.namedtuple("Row", "town size")("Bonn", 2.5),
    "itertuples": lambda: next(_pandas_rows().itertuples()),
    "data class": lambda: House(2.5, "Bonn"),
    "dict": lambda: pl.DataFrame({"size": [2.5], "town": ["Bonn"]}).row(0, named=True),
}


def _pandas_rows() -> Any:
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"size": [2.5, 3.5], "town": ["Bonn", "Celle"]})


@pytest.mark.parametrize("kind", _ROWS)
def test_rows_that_name_their_cells(kind: str) -> None:
    row = _ROWS[kind]()
    assert as_frame(row).select("size", "town").rows() == [(2.5, "Bonn")]
    assert as_frame([row, row]).select("size", "town").rows() == [(2.5, "Bonn")] * 2


def test_rows_that_name_nothing_are_refused_with_advice() -> None:
    for values in (_pandas_rows()["size"], pl.Series("size", [2.5])):
        with pytest.raises(DownslopeError, match=r"give a frame, such as frame\[\[name\]\]"):
            as_frame(values)
    with pytest.raises(DownslopeError, match=r"give one row as \[row\]"):
        as_frame((2.5, "Bonn"))
    assert as_frame([(2.5, "Bonn")]).rows() == [(2.5, "Bonn")]
