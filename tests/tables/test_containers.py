"""One table in any container gives the same kinds, the same inputs of a network and the same predictions."""

import datetime as dt
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.tables import TableEncoder, describe, open_table, write_excel
from thorough import examples

pandas = pytest.importorskip("pandas")
pyarrow = pytest.importorskip("pyarrow")

Columns = dict[str, list[Any]]


def _file(write: Callable[[io.BytesIO], Any]) -> io.BytesIO:
    held = io.BytesIO()
    write(held)
    held.seek(0)
    return held


def _text(columns: Columns) -> Columns:
    """Columns of several kinds as text, as frames of one type hold them."""
    return {
        name: [_word(v) for v in values] if _is_mixed(values) else values for name, values in columns.items()
    }


def _is_mixed(values: list[Any]) -> bool:
    if any(isinstance(v, int) and v >= 2**63 for v in values):  # more than a column of integers holds
        return True
    return any(isinstance(v, str) for v in values) and not all(
        v is None or isinstance(v, str) for v in values
    )


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _polars(columns: Columns) -> pl.DataFrame:
    return pl.DataFrame(
        {name: pl.Series(name, values, strict=False) for name, values in _text(columns).items()}
    )


def _pandas(columns: Columns) -> Any:
    return pandas.DataFrame({name: pandas.Series(values) for name, values in columns.items()})


def _rows(columns: Columns) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _lines(columns: Columns) -> bytes:
    return "\n".join(json.dumps(row, default=str) for row in _rows(columns)).encode()


CONTAINERS: dict[str, Callable[[Columns], Any]] = {
    "dict": lambda columns: columns,
    "rows": _rows,
    "Polars": _polars,
    "pandas": _pandas,
    "pandas of objects": lambda columns: pandas.DataFrame(columns, dtype=object),
    "pandas with its own types": lambda columns: _pandas(columns).convert_dtypes(),
    "pandas over PyArrow": lambda columns: _pandas(_text(columns)).convert_dtypes(dtype_backend="pyarrow"),
    "PyArrow": lambda columns: pyarrow.table(_text(columns)),
    "CSV": lambda columns: _file(_polars(columns).write_csv),
    "CSV of pandas": lambda columns: io.BytesIO(_pandas(columns).to_csv(index=False).encode()),
    "Parquet": lambda columns: _file(_polars(columns).write_parquet),
    "Arrow": lambda columns: _file(_polars(columns).write_ipc),
    "Excel": lambda columns: _file(lambda file: write_excel(_polars(columns), file)),
    "JSON lines": lambda columns: io.BytesIO(_lines(columns)),
}

WORDS = ["red", "green", "blue", "Köln", "a b", "x;y", 'the "x"', "1st"]
KINDS: list[st.SearchStrategy[Any]] = [
    st.integers(-1000, 1000),
    st.integers(-(10**6), 10**6).map(lambda n: n / 64),
    st.sampled_from(WORDS[:2]),
    st.sampled_from(WORDS),
    st.sampled_from(["007", "012", "130"]),
    st.booleans(),
    st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)),
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2030, 1, 1)).map(lambda d: d.replace(microsecond=0)),
    st.sampled_from([1, 2.5, "x", "y"]),
    *(LONG := [st.integers(2**53, 2**53 + 9), st.integers(2**64, 2**64 + 9)]),
]


@st.composite
def tables(draw: st.DrawFn) -> Columns:
    rows = draw(st.integers(4, 30))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    columns: Columns = {"n": [i / 4 for i in range(rows)]}  # so that there is something to learn from
    for place, kind in enumerate(kinds):
        gaps = kind not in LONG and draw(st.booleans())  # beside a gap pandas makes them the nearest floats
        cell = st.one_of(st.none(), kind) if gaps else kind
        columns[f"c{place}"] = draw(st.lists(cell, min_size=rows, max_size=rows))
    columns["y"] = [float(i * i) + 0.5 for i in range(rows)]
    return columns


@pytest.mark.thorough
@settings(max_examples=examples(60), deadline=None)
@given(tables())
def test_a_table_in_any_container_is_the_same_table(columns: Columns) -> None:
    frames = {name: open_table(make(columns)).frame for name, make in CONTAINERS.items()}
    about = {name: describe(frame, target="y") for name, frame in frames.items()}
    encoders = {name: TableEncoder.fit(frame, about[name]) for name, frame in frames.items()}
    kinds = [("category" if c.kind == "yes-no" else c.kind) for c in about["dict"].columns]
    expected = encoders["dict"].encode(frames["dict"])
    for name, frame in frames.items():
        assert [("category" if c.kind == "yes-no" else c.kind) for c in about[name].columns] == kinds, name
        np.testing.assert_array_equal(encoders[name].encode(frame).x, expected.x, name)
        across = encoders["dict"].encode(frame)
        np.testing.assert_array_equal(across.x, expected.x, f"{name} after a dict")
        assert (dict(across.gaps), dict(across.unseen)) == (dict(expected.gaps), {}), name
        np.testing.assert_array_equal(
            encoders[name].encode(frames["dict"]).x, expected.x, f"a dict after {name}"
        )


@pytest.mark.thorough
def test_predictions_are_the_same_from_any_container() -> None:
    rng = np.random.default_rng(0)
    n = 60
    columns: Columns = {
        "size": [None if i % 9 == 0 else float(v) for i, v in enumerate(rng.integers(0, 800, n) / 8)],
        "town": [WORDS[i] for i in rng.integers(0, 5, n)],
        "new": [bool(v) for v in rng.integers(0, 2, n)],
        "sold": [dt.date(2024, 1, 1) + dt.timedelta(int(d)) for d in rng.integers(0, 500, n)],
        "price": [float(v) / 8 for v in rng.integers(0, 8000, n)],
    }
    models = {
        name: ds.fit(make(columns), target="price", hidden=(), members=2) for name, make in CONTAINERS.items()
    }
    expected = models["dict"].predict(columns)
    for name, make in CONTAINERS.items():
        np.testing.assert_array_equal(models[name].predict(columns), expected, name)
        np.testing.assert_array_equal(models["dict"].predict(make(columns)), expected, name)
