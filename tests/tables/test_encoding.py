"""Kinds of columns, the task, and the numbers a network gets."""

import datetime as dt
import json
import tracemalloc

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import OneHotEncoder, RobustScaler

from downslope.errors import DownslopeError
from downslope.tables import Column, Description, Numeric, TableEncoder, Target, as_frame, describe
from downslope.tables._encodings import fitted

N = 40
Y = [i + 0.5 for i in range(N)]
COLUMNS = {
    "number": ([i / 3 for i in range(N)], "number"),
    "whole": ([i % 7 for i in range(N)], "number"),
    "gappy": ([None if i % 5 == 0 else i / 3 for i in range(N)], "number"),
    "text_numbers": ([f"{i},5" for i in range(N)], "number"),
    "colour": ([("red", "green", "blue")[i % 3] for i in range(N)], "category"),
    "codes": ([f"0{i % 5}123" for i in range(N)], "category"),
    "flag": ([i % 2 == 0 for i in range(N)], "yes-no"),
    "answer": ([("yes", "no", None)[i % 3] for i in range(N)], "yes-no"),
    "day": ([dt.date(2024, 1, 1) + dt.timedelta(i) for i in range(N)], "date"),
    "written_day": ([f"{1 + i % 28}.03.2024" for i in range(N)], "date"),
    "user_id": ([1000 + 7 * i for i in range(N)], "identifier"),
    "name": ([f"person{i}" for i in range(N)], "identifier"),
    "comment": ([f"this is what person {i} wrote" for i in range(N)], "text"),
    "same": ([3.0] * N, "constant"),
    "pool": (["yes" if i % 4 == 0 else None for i in range(N)], "category"),
    "nothing": ([None] * N, "empty"),
}


def frame_of(**columns: object) -> pl.DataFrame:
    return pl.DataFrame({**columns, "y": Y})


@pytest.mark.parametrize("name", COLUMNS)
def test_kind(name: str) -> None:
    values, kind = COLUMNS[name]
    about = describe(frame_of(**{name: values, "other": Y}), target="y")
    assert about.columns[0].kind == kind, about.columns[0]
    assert about.columns[0].reason


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (["a", "b"] * 20, "classification"),
        ([True, False] * 20, "classification"),
        ([0, 1] * 20, "classification"),
        ([0, 1, 2, 3] * 10, "classification"),
        (list(range(40)), "regression"),
        ([0.5, 1.5] * 20, "regression"),
        ([3, 17, 200, 9] * 10, "regression"),
        (["1.5", "2.5"] * 20, "regression"),
    ],
)
def test_task(target: list[object], task: str) -> None:
    about = describe(pl.DataFrame({"x": Y, "t": target}), target="t")
    assert about.task == task
    assert about.task_reason


INF = float("inf")
REFUSED = [
    ({"x": Y, "y": Y}, {"target": "yy"}, 'no column "yy"; did you mean "y"'),
    ({"x": Y, "y": Y}, {"target": "y", "drop": ["z"]}, 'no column "z"'),
    ({"x": [1.0], "y": [1.0]}, {"target": "y"}, "at least 2 rows"),
    ({"x": [1.0, 2.0], "y": [None, None]}, {"target": "y"}, "at least 2 rows"),
    ({"x": [1.0, 2.0], "y": ["a", "a"]}, {"target": "y"}, 'single class "a"'),
    ({"x": [1.0, 2.0], "y": [2.5, 2.5]}, {"target": "y"}, "nothing to learn"),
    ({"x": [1, 2, 3, 4], "y": ["a", "b", "c", "d"]}, {"target": "y"}, "4 classes in 4 rows"),
    ({"x": [1.0, INF], "y": [1.0, 2.5]}, {"target": "y"}, 'column "x" holds an infinity in row 2'),
    ({"x": [1.0, 2.0], "y": [1.5, -INF]}, {"target": "y"}, 'column "y" holds an infinity in row 2'),
    ({"x": [1.0, 1.0], "y": [1.0, 2.5]}, {"target": "y"}, "no column beside"),
    (
        {"x": [[1, 2], [3]], "y": [1.0, 2.5]},
        {"target": "y"},
        r'column "x" holds lists, such as "\[1, 2\]" in row 1',
    ),
    ({"x": [1.0, 2.0], "y": [{"a": 1}, None]}, {"target": "y"}, 'column "y" holds records'),
    (
        {"x": [str(i) for i in range(30)] + ["lots"], "y": list(range(31))},
        {"target": "y"},
        'row 31 holds "lots"',
    ),
]


@pytest.mark.parametrize(("columns", "options", "message"), REFUSED)
def test_refused(columns: dict[str, list[object]], options: dict[str, object], message: str) -> None:
    with pytest.raises(DownslopeError, match=message):
        describe(pl.DataFrame(columns), **options)


def test_asked_for_kinds() -> None:
    frame = pl.DataFrame({"x": [*map(str, range(30)), "lots"], "z": Y[:31], "y": Y[:31]})
    asked = describe(frame, target="y", number=["x"], drop="z")
    assert [c.kind for c in asked.columns] == ["number", "dropped"]
    assert describe(frame, target="y", category=["x"]).columns[0].kind == "category"


def encoded(values: list[object], **options: object) -> tuple[TableEncoder, np.ndarray]:
    frame = pl.DataFrame({"c": values, "y": Y[: len(values)]})
    encoder = TableEncoder.fit(frame, describe(frame, target="y", **options))
    return encoder, encoder.encode(frame).x


@settings(deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=40).filter(lambda v: len(set(v)) > 2))
def test_numbers_are_scaled_as_robust_scaler_does(values: list[float]) -> None:
    column = np.array(values)[:, None]
    scaler = RobustScaler().fit(column)
    if scaler.scale_[0] in (0, 1) or np.ptp(column) < 1e-3:
        return
    z = scaler.transform(column)
    _, x = encoded(values[:40], number=["c"])
    expected = 3 * np.arcsinh(z / 3) if np.abs(z).max() > 3 else z
    np.testing.assert_allclose(x, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("values", "centre", "scale"),
    [
        pytest.param([0.0] * 30 + [100.0, 200.0, 300.0, 200.0, 4e4], 0.0, 200.0, id="amounts and zeros"),
        pytest.param([5.0] * 30 + [4.0, 6.0, 7.0], 5.0, 1.5, id="not far apart"),
        pytest.param([0.0] * 30 + [1.0] * 5, 0.0, 0.5, id="two values"),
        pytest.param([-1.7e308] * 30 + [1.7e308] * 3, -1.7e308, 1.7e308, id="as far apart as can be"),
    ],
)
def test_where_most_cells_are_equal_the_others_set_the_scale(
    values: list[float], centre: float, scale: float
) -> None:
    part = fitted(pl.Series("c", values), "number")
    assert isinstance(part, Numeric)
    assert (part.centre, part.scale) == (centre, pytest.approx(scale))


def test_categories_are_one_hot() -> None:
    values = [("red", "green", "blue")[i % 3] for i in range(N)]
    _, x = encoded(values)
    expected = OneHotEncoder(sparse_output=False).fit_transform(np.array(values)[:, None])
    np.testing.assert_array_equal(x, expected)


def test_many_levels_become_codes_and_the_rare_one_is_not_unseen() -> None:
    values = [f"town{i % 20:02}" for i in range(80)] + ["hamlet"]
    frame = pl.DataFrame({"n": range(81), "c": values, "y": [i + 0.5 for i in range(81)]})
    encoder = TableEncoder.fit(frame, describe(frame, target="y"))
    got = encoder.encode(pl.DataFrame({"n": [1, 2, 3, 999], "c": ["town00", "town19", "hamlet", "Atlantis"]}))
    assert got.x[:, encoder.code_columns[0]].tolist() == [1, 20, 0, 0]
    assert encoder.code_levels == (21,)
    assert got.unseen == {"c": 1}
    assert got.out_of_range == {"n": 1}


def test_whole_numbers_that_pandas_has_as_categories_are_categories() -> None:
    pandas = pytest.importorskip("pandas")
    codes = [3, 1, None, 2] * 10
    frame = as_frame(pandas.DataFrame({"c": pandas.Categorical(codes), "y": Y}))
    about = describe(frame, target="y")
    assert (about.columns[0].kind, about.columns[0].reason) == (
        "category",
        "declared as categories, 3 levels, 10 gaps",
    )
    want = [[code == level for level in (1, 2, 3, None)] for code in codes]
    np.testing.assert_array_equal(TableEncoder.fit(frame, about).encode(frame).x, want)


CELLS = st.sampled_from(["a", "b ", " b", "c", "NA", "", None, "7", "7.0"])


@settings(deadline=None)
@given(st.lists(CELLS, min_size=4, max_size=30), st.lists(CELLS, max_size=10))
def test_levels_are_those_of_each_cell_alone(seen: list[str | None], new: list[str | None]) -> None:
    def level(cell: str | None) -> str | None:
        return None if cell in (None, "", "NA") else cell.strip()

    encoder = TableEncoder.fit(
        frame := pl.DataFrame({"n": range(len(seen)), "c": pl.Series(seen, dtype=pl.String)}),
        Description((Column("c", "category", ""),), "n", "regression", "", len(seen), 0),
    )
    given = pl.DataFrame({"c": pl.Series(new, dtype=pl.String)})
    for table in (frame, given):
        cells = [level(cell) for cell in table["c"].to_list()]
        known = {level(cell) for cell in seen}
        levels = sorted(known - {None}) + [None] * (None in known)
        if len(known - {None}) == 2:
            rows = [[0 if c not in known or c is None else (-1, 1)[levels.index(c)]] for c in cells]
            want = [[*row, c is None] for row, c in zip(rows, cells, strict=True)] if None in known else rows
        else:
            want = [[c == one for one in levels] for c in cells]
        found = encoder.encode(table)
        np.testing.assert_array_equal(found.x, np.array(want, np.float32).reshape(found.x.shape))
        assert found.gaps.get("c", 0) == cells.count(None)
        assert found.unseen.get("c", 0) == sum(c is not None and c not in known for c in cells)


def test_a_matrix_is_float32_and_holds_little_beside() -> None:
    """Column by column: no more is taken beside the matrix than a few columns."""
    rows = 200_000
    draw = np.random.default_rng(0)
    frame = pl.DataFrame({f"n{i}": draw.normal(size=rows) for i in range(30)} | {"y": draw.normal(size=rows)})
    encoder = TableEncoder.fit(frame, describe(frame, target="y"))
    tracemalloc.start()
    x = encoder.encode(frame).x
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert x.dtype == np.float32
    assert x.nbytes == 4 * 30 * rows
    assert peak - x.nbytes < 8 * 8 * rows


def test_gaps_have_a_column_of_their_own() -> None:
    encoder, x = encoded([1.0, None, 3.0, 5.0])
    assert encoder.features == ("c", "c is missing")
    assert x[1].tolist() == [0, 1]


def test_dates_turn_in_circles() -> None:
    days = [dt.datetime(2023, 1, 1) + dt.timedelta(days=10 * i, hours=i) for i in range(N)]
    encoder, x = encoded(days)
    assert encoder.features[1:] == tuple(
        f"c, {c} {w}" for c in ("year", "week", "day") for w in ("sine", "cosine")
    )
    np.testing.assert_allclose(x[:, 5] ** 2 + x[:, 6] ** 2, 1, rtol=1e-6)
    six = days.index(next(d for d in days if d.hour == 6))
    np.testing.assert_allclose(x[six, 5:], [1, 0], atol=1e-6)


def test_any_column_survives_json() -> None:
    frame = pl.DataFrame({**{name: values for name, (values, _) in COLUMNS.items()}, "y": Y}, strict=False)
    encoder = TableEncoder.fit(frame, describe(frame, target="y"))
    again = TableEncoder.from_json(json.loads(json.dumps(encoder.to_json())))
    assert again == encoder
    np.testing.assert_array_equal(again.encode(frame).x, encoder.encode(frame).x)
    assert np.all(np.isfinite(encoder.encode(frame).x))
    assert encoder.encode(frame).x.shape == (N, len(encoder.features))


@pytest.mark.parametrize(
    "data", [None, 3, [{}], [{"encoding": "number"}], [{"encoding": "what", "name": "x"}], ["x"]]
)
def test_damaged_json_is_refused(data: object) -> None:
    with pytest.raises(DownslopeError, match="damaged"):
        TableEncoder.from_json(data)


def test_a_missing_column_is_named() -> None:
    encoder, _ = encoded([1.0, 2.0, 4.0])
    with pytest.raises(DownslopeError, match="lacks the column c;"):
        encoder.encode(pl.DataFrame({"d": [1.0]}))


def test_targets() -> None:
    classes = Target.fit(pl.Series("t", [10, 9, 9, 10]), "classification")
    assert classes.classes == ("9", "10")
    assert classes.encode(pl.Series("t", [10, 9])).tolist() == [1, 0]
    with pytest.raises(DownslopeError, match='"7" is none of the classes 9, 10'):
        classes.encode(pl.Series("t", [7]))
    numbers = Target.fit(pl.Series("t", [1.0, 2.0, 6.0]), "regression")
    np.testing.assert_allclose(
        numbers.numbers(numbers.encode(pl.Series("t", [1.0, 2.0, 6.0]))), [1, 2, 6], rtol=1e-6
    )
    assert Target.from_json(json.loads(json.dumps(numbers.to_json()))) == numbers
