"""What public functions are given: each kind of value works as the plain one does, or is one clear error."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import downslope as ds
from downslope import _checks
from downslope._checks import NOT_NEGATIVE, POSITIVE, Interval


@pytest.mark.parametrize(
    "value",
    [0.5, np.float32(0.5), np.float64(0.5), np.float16(0.5), np.array(0.5), Fraction(1, 2), Decimal("0.5")],
)
def test_a_number_of_any_kind_is_a_float(value):
    found = _checks.number("rate", value, POSITIVE)
    assert type(found) is float
    assert found == 0.5


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.5", "'0.5'; write it without quotes"),
        ("a", "'a'"),
        ("inf", "'inf'"),
        (None, "None"),
        (True, "True"),
        (np.True_, "True"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**400, "an int"),
        (0, "0"),
        (-1.5, "-1.5"),
        (np.float32(-0.5), "-0.5"),
        (1 + 0j, r"\(1\+0j\)"),
        ([0.5], r"\[0.5\]"),
        (np.ones(3), r"array\(\[1., 1., 1.\]\)"),
        (pd.Series([1.0]), "a Series"),
        (date(2020, 1, 1), "datetime.date"),
        (float, "the class float"),
        (len, "the function len"),
    ],
)
def test_what_is_no_number_above_0_is_said(value, shown):
    with pytest.raises(ds.DownslopeError, match=f"^rate needs a number above 0, not {shown}"):
        _checks.number("rate", value, POSITIVE)


def test_bounds_are_in_the_words():
    for within, words in [
        (Interval(0, 1, open_high=True), "a number of at least 0 and below 1"),
        (Interval(0, 1, open_low=True), "a number above 0 and of at most 1"),
        (Interval(high=3), "a number of at most 3"),
    ]:
        with pytest.raises(ds.DownslopeError, match=f"momentum needs {words}, not 7"):
            _checks.number("momentum", 7, within)


@pytest.mark.parametrize(
    "value", [20, 20.0, np.int8(20), np.uint64(20), np.float32(20), Fraction(20), np.array(20)]
)
def test_a_whole_number_of_any_kind_is_an_int(value):
    found = _checks.whole("steps", value, NOT_NEGATIVE)
    assert type(found) is int
    assert found == 20


@pytest.mark.parametrize(
    "value", [1.5, "3", None, False, -1, float("inf"), float("nan"), [3], 2**64 + 0.5 - 2**65]
)
def test_what_is_no_whole_number_is_said(value):
    with pytest.raises(ds.DownslopeError, match=r"^steps needs a whole number of at least 0, not "):
        _checks.whole("steps", value, NOT_NEGATIVE)


def test_seeds_have_64_bits():
    assert _checks.seed("seed", 2**64 - 1) == 2**64 - 1
    for value in (2**64, -1, 0.5, "7"):
        with pytest.raises(ds.DownslopeError, match=r"^seed needs a whole number"):
            _checks.seed("seed", value)


def test_names_forgive_capitals_and_suggest():
    assert _checks.choice("loss", "Huber", ["squared_error", "huber"]) == "huber"
    with pytest.raises(
        ds.DownslopeError, match="loss needs one of mse, huber, not 'hubber'; did you mean 'huber'"
    ):
        _checks.choice("loss", "hubber", ["mse", "huber"])
    with pytest.raises(ds.DownslopeError, match=r"loss needs one of mse, huber, not 3$"):
        _checks.choice("loss", 3, ["mse", "huber"])
    with pytest.raises(ds.DownslopeError, match=r"weighted needs True or False, not 1$"):
        _checks.flag("weighted", 1)


PLAIN = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    "value",
    [
        PLAIN.astype(int),
        PLAIN.astype(np.float16),
        PLAIN.astype(np.longdouble),
        PLAIN.astype(object),
        PLAIN.astype(np.uint8),
        PLAIN[::-1][::-1],
        [[1, 2], [3, 4]],
        ((1, 2.0), (Fraction(3), Decimal(4))),
        pd.DataFrame(PLAIN),
        pd.DataFrame(PLAIN).astype("Int64"),
        pd.DataFrame(PLAIN).astype("Float32"),
        np.ma.array(PLAIN),
        [np.ma.array([1.0, 2.0]), np.ma.array([3.0, 4.0])],
        np.asmatrix(PLAIN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_numbers_of_any_kind_are_float64(value):
    found = _checks.array("x", value)
    assert type(found) is np.ndarray
    assert found.dtype == np.float64
    assert np.array_equal(found, PLAIN)


def test_float32_stays_and_truth_values_are_0_and_1():
    assert _checks.array("x", PLAIN.astype(np.float32)).dtype == np.float32
    assert _checks.array("x", PLAIN, np.float32).dtype == np.float32
    assert _checks.array("x", PLAIN.astype(np.float32), np.dtype(np.float64)).dtype == np.float64
    assert _checks.array("x", [True, False]).tolist() == [1.0, 0.0]
    assert _checks.array("x", np.array([True, 2], object)).tolist() == [1.0, 2.0]
    assert _checks.array("x", 2**53 + 1).item() == 2.0**53
    assert np.signbit(_checks.array("x", [-0.0]))[0]
    assert _checks.array("x", []).shape == (0,)
    assert _checks.array("x", [2**70]).item() == 2.0**70


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ma.array(PLAIN, mask=[[0, 0], [0, 1]]), r"x\[1, 1\] is masked; fill in"),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])], r"x\[0, 1\] is masked"),
        (np.ma.masked, "x is masked"),
        (PLAIN + 1j, "x holds complex numbers"),
        ([[1, 2j]], "x holds complex numbers"),
        (np.array([[1, 2j]], object), r"x\[0, 1\] is 2j, which is no number"),
        (["1", "2"], r"x holds text such as '1'; convert it with .astype\(float\)"),
        (np.array(["1", 2], object), r"x\[0\] is '1', which is no number"),
        ([b"1"], "x holds text"),
        (np.array(["2020-01-01"], "datetime64[D]"), "x holds dates or times; convert"),
        (np.array([1], "timedelta64[D]"), "x holds dates or times"),
        ([timedelta(1)], r"x\[0\] is datetime.timedelta\(days=1\), which is no number"),
        ([1.0, None], r"x\[1\] is nan; fill in a number or leave the row out"),
        ([1.0, np.inf], r"x\[1\] is inf; fill in"),
        (pd.Series([1, pd.NA], dtype="Int64"), r"x\[1\] is nan; fill in"),
        (scipy.sparse.csr_matrix(PLAIN), r"x is a sparse matrix; give x.toarray\(\)"),
        (scipy.sparse.coo_array(PLAIN), "x is a sparse matrix"),
        ([[1], [2, 3]], "x cannot be made an array of numbers"),
        ([1, {}], r"x\[1\] is \{\}, which is no number"),
        ({"a": 1}, "x is {'a': 1}, which is no number"),
        (np.array([(1, 2)], "f8,f8"), "x holds numbers only"),
    ],
)
def test_what_holds_no_numbers_is_said(value, message):
    with pytest.raises(ds.DownslopeError, match=f"^{message}"):
        _checks.array("x", value)


def test_what_is_beyond_the_precision_is_said():
    with pytest.raises(ds.DownslopeError, match=r"x\[1\] is 1e\+39, which is beyond float32; scale"):
        _checks.array("x", [1.0, 1e39], np.float32)
    with pytest.raises(ds.DownslopeError, match=r"x\[0\] is .*, which is beyond float64"):
        _checks.array("x", np.array([np.longdouble("1e400")]))
