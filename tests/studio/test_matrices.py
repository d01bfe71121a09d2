"""Matrices as pictures, layers as cards: against definitions in plain NumPy, number by number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.studio.server._wire import pack, unpack
from downslope.studio.views.matrices._cards import card
from downslope.studio.views.matrices._levels import NOT_A_NUMBER, matrix

NUMBERS = st.floats(-1e6, 1e6, width=32)
SHAPES = st.tuples(st.integers(1, 10), st.integers(1, 10))  # their scale is their largest number
MATRICES = st.one_of(
    arrays(np.float32, SHAPES, elements=NUMBERS), arrays(np.float64, SHAPES, elements=NUMBERS)
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@given(MATRICES, st.booleans())
@settings(deadline=None)
def test_a_level_is_within_half_a_level_of_its_number(values, by_norm):
    found = matrix(values, by_norm=by_norm)
    shown = values[np.ix_(found["rows"], found["columns"])]
    told = found["levels"] / 127 * found["scale"]
    clipped = np.clip(shown, -found["scale"], found["scale"])
    assert np.abs(told - clipped).max() <= found["scale"] / 254 * (1 + 1e-5) + 1e-30


@given(MATRICES, st.booleans())
@settings(deadline=None)
def test_the_scale_of_a_small_matrix_is_its_largest_number(values, by_norm):
    found = matrix(values, by_norm=by_norm)
    assert found["scale"] == found["largest"] == np.abs(values).max()
    assert found["norm"] == pytest.approx(np.linalg.norm(values.astype(np.float64)), rel=1e-5)
    size = float(np.abs(values).max())
    assert found["mean"] == pytest.approx(values.astype(np.float64).mean(), rel=1e-5, abs=1e-6 * size)


@given(MATRICES, st.integers(1, 6), st.booleans())
@settings(deadline=None)
def test_a_block_has_the_level_of_its_largest_number(values, most, by_norm):
    whole, found = matrix(values, by_norm=by_norm), matrix(values, by_norm=by_norm, most=most)
    height, width = found["block"]
    assert max(found["levels"].shape) <= most
    np.testing.assert_array_equal(found["rows"], whole["rows"][::height])
    np.testing.assert_array_equal(found["columns"], whole["columns"][::width])
    for i, j in np.ndindex(found["levels"].shape):
        block = whole["levels"][i * height : (i + 1) * height, j * width : (j + 1) * width]
        assert abs(int(found["levels"][i, j])) == np.abs(block.astype(int)).max()
        assert found["levels"][i, j] in block


@given(arrays(np.float64, SHAPES, elements=st.integers(-9, 9).map(float)))
@settings(deadline=None)
def test_by_norm_the_largest_come_first(values):
    found = matrix(values, by_norm=True)
    for axis, order in ((1, found["rows"]), (0, found["columns"])):
        norms = np.linalg.norm(values, axis=axis)
        assert sorted(order) == list(range(len(norms)))
        assert np.all(np.diff(norms[order]) <= 1e-9)


def test_one_outlier_leaves_the_others_their_colours():
    values = normal(300, 200)
    values[7, 9] = 1e6
    found = matrix(values, by_norm=False)
    assert 2.4 < found["scale"] < 2.8  # 2.58 deviations hold 99 % of a normal distribution
    assert found["levels"][7, 9] == 127
    assert found["largest"] == 1e6


def test_the_scale_is_read_from_every_column():
    values = np.zeros((1024, 1024), np.float32)
    values[:, 3::8] = normal(1024, 128)
    sizes = np.sort(np.abs(values), axis=None)
    assert matrix(values, by_norm=False)["scale"] == pytest.approx(sizes[int(0.99 * sizes.size)], rel=0.1)


def test_the_scale_of_blocks_is_that_of_what_is_shown():
    values = normal(1200, 900)
    found = matrix(values, by_norm=False, most=300)
    shown = np.sort(np.abs(values).reshape(300, 4, 300, 3).max(axis=(1, 3)), axis=None)
    assert found["scale"] == pytest.approx(shown[int(0.99 * shown.size)], rel=0.1)


def test_a_single_large_weight_is_seen_in_a_large_matrix():
    values = np.zeros((2500, 3000), np.float32)
    values[1234, 2345] = -5
    found = matrix(values, by_norm=False)
    assert found["shape"] == [2500, 3000]
    assert found["block"] == [3, 3]
    (i,), (j,) = np.nonzero(found["levels"])
    assert found["levels"][i, j] == -127
    assert (found["rows"][i], found["columns"][j]) == (1233, 2343)


def test_what_is_no_number_has_a_level_of_its_own():
    values = np.array([[np.nan, np.inf, -np.inf], [1, -2, 0]], np.float32)
    found = matrix(values, by_norm=False)
    assert found["levels"].tolist() == [[NOT_A_NUMBER, 127, -127], [64, -127, 0]]
    assert not found["finite"]
    assert matrix(values, by_norm=False, most=1)["levels"].tolist() == [[NOT_A_NUMBER]]
    assert unpack(pack(found))["norm"] is None


@pytest.mark.parametrize("size", [np.inf, np.nan, 1e300, 1e-300, 0.0])
def test_extremes_are_drawn_without_warnings(size):
    found = matrix(np.full((40, 30), size), by_norm=True)
    level = {np.inf: 127, 1e300: 127, 1e-300: 0, 0.0: 0}.get(size, NOT_A_NUMBER)
    assert set(found["levels"].ravel().tolist()) == {level}


def test_a_view_of_a_matrix_is_drawn_as_its_copy():
    values = normal(20, 30)
    np.testing.assert_array_equal(
        matrix(values.T[::2], by_norm=True)["levels"], matrix(values.T[::2].copy(), by_norm=True)["levels"]
    )


def test_a_card_counts_and_measures():
    weight, bias, a = normal(5, 7), normal(5), normal(11, 5, seed=1)
    told = card("layer2", weight, bias, a, "silu")
    assert (told["name"], told["activation"], told["shape"]) == ("layer2", "silu", [5, 7])
    assert (told["weights"], told["biases"], told["rows"]) == (35, 5, 11)
    assert told["norm"] == pytest.approx(np.linalg.norm(weight), rel=1e-6)
    assert told["largest"] == np.abs(weight).max()
    assert (told["mean"], told["std"]) == pytest.approx((a.mean(), a.std()), rel=1e-5)
    assert told["dead"]["count"] == 0


def test_without_activations_a_card_says_none_of_them():
    told = card("layer1", normal(5, 7), None, None, "relu")
    assert (told["biases"], told["dead"], told["mean"], told["rows"]) == (0, None, None, None)


@pytest.mark.parametrize(
    ("activation", "columns", "dead"),
    [
        ("relu", [[0, 0], [0, 1], [1, 1]], [0]),
        ("identity", [[0, 0], [0, -1], [1, 1]], [0]),
        ("sigmoid", [[0.0005, 0.0002], [0.9995, 0.0002], [0.9995, 0.5], [0.998, 1]], [0, 1]),
        ("tanh", [[-0.9995, 0.9995], [0, 0], [0.0005, 0.5], [-1, 0.99]], [0, 1]),
    ],
)
def test_dead_units_are_zero_or_saturated_on_every_row(activation, columns, dead):
    a = np.array(columns, np.float32).T
    told = card("layer1", np.ones((len(columns), 2), np.float32), None, a, activation)["dead"]
    assert told["units"].tolist() == dead
    assert told["count"] == len(dead)
    assert told["share"] == len(dead) / len(columns)


def test_of_many_dead_units_fifty_are_named():
    told = card("layer1", np.ones((80, 2)), None, np.zeros((3, 80)), "relu")["dead"]
    assert told["units"].tolist() == list(range(50))
    assert (told["count"], told["share"]) == (80, 1.0)


@pytest.mark.parametrize("by_norm", [False, True])
def test_a_picture_travels(by_norm):
    found = matrix(normal(9, 5), by_norm=by_norm)
    arrived = unpack(pack(found))
    for name in ("levels", "rows", "columns"):
        assert arrived[name].dtype == found[name].dtype
        np.testing.assert_array_equal(arrived[name], found[name])
    assert arrived["scale"] == found["scale"]
