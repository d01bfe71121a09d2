"""Pairs of categories of which each two levels have an effect of their own."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import Ridge

import downslope as ds
from downslope.fitting.ensemble import _pairs
from downslope.fitting.ensemble._pairs import telling_pairs
from downslope.tables import TableEncoder, Target, describe
from thorough import one_in


def asked(table: dict[str, object], groups: object = None) -> tuple[ds.Products, ...]:
    """The answer of ``telling_pairs`` for a table."""
    return next(answers(table, [table["y"]], groups))


def answers(table: dict[str, object], targets: Sequence[object], groups: object = None) -> Iterator[Any]:
    """Those for a table with one target after another."""
    frame = pl.DataFrame({**table, "y": targets[0]})
    description = describe(frame, target="y")
    encoder = TableEncoder.fit(frame, description)
    x = encoder.encode(frame).x
    for y in targets:
        column = pl.Series("y", y)
        target = Target.fit(column, description.task)
        yield telling_pairs(x, target.encode(column), target, encoder, groups)


def drawn(rows: int, columns: int, levels: int, seed: int = 0) -> tuple[dict[str, list[str]], np.ndarray]:
    """A table of categories, and the numbers of their levels, (rows, columns)."""
    codes = np.random.default_rng(seed).integers(0, levels, (rows, columns))
    return {f"c{j}": [f"l{code}" for code in codes[:, j]] for j in range(columns)}, codes


def noise(*shape: int, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def effects(codes: np.ndarray, pairs: list[tuple[int, int]], seed: int = 1) -> np.ndarray:
    """Of each level of each column, and of each cell of some pairs."""
    rng, levels = np.random.default_rng(seed), codes.max() + 1
    found = rng.normal(size=(codes.shape[1], levels))[np.arange(codes.shape[1]), codes].sum(axis=1)
    for i, j in pairs:
        found += rng.normal(size=(levels, levels))[codes[:, i], codes[:, j]]
    return found


def columns_of(layers: tuple[object, ...], levels: int) -> list[tuple[int, int]]:
    """The pairs of categories of so many levels."""
    return [(layer.left[0] // levels, layer.right[0] // levels) for layer in layers]


@pytest.mark.parametrize("kind", ["numbers", "two classes", "three classes"])
def test_the_pairs_that_made_the_target_are_found(kind):
    """The first that are; of classes others may follow, as what a probability needs is no sum of effects."""
    table, codes = drawn(1500, 8, 4)
    made = effects(codes, [(1, 3), (0, 6)])
    if kind == "numbers":
        y = made + noise(len(made)) * 0.5
    elif kind == "two classes":
        y = np.where(made > 0, "yes", "no")
    else:
        y = np.array(["low", "mid", "high"])[np.digitize(made, np.quantile(made, [0.3, 0.7]))]
    found = columns_of(asked({**table, "y": y}), 4)
    assert sorted(found[:2]) == [(0, 6), (1, 3)]
    assert kind != "numbers" or len(found) == 2


@pytest.mark.parametrize(
    ("rows", "columns", "levels"),
    one_in(2, [(60, 30, 2), (60, 8, 3), (300, 10, 6), (1000, 20, 4), (1000, 8, 12)]),
)
def test_chance_makes_none(rows, columns, levels):
    """One target in twenty may have one: of twenty, three or more have a probability of 0.08."""
    table, codes = drawn(rows, columns, levels)
    errors = np.random.default_rng(5).standard_t(3, size=(20, rows))
    found = sum(map(bool, answers(table, [effects(codes, []) + 3 * each for each in errors])))
    assert found <= 2


def test_each_product_is_a_cell():
    table, codes = drawn(300, 2, 3)
    table["c1"] = np.where(codes[:, 1] > 0, "yes", "no").tolist()
    y = 2.0 * (codes[:, 0] == 1) * (codes[:, 1] > 0) + codes[:, 0] + noise(300) * 0.1
    (products,) = asked({**table, "y": y})
    x = np.array([[*row, yes] for row in np.eye(3) for yes in (0, 1)], np.float32)
    found = ds.predict(ds.Network(4, [products]), x, parameters={})[:, 4:]
    assert found.sum(axis=1).tolist() == [0, 1] * 3  # "no" is 0 of one input
    assert found[1::2].argmax(axis=1).tolist() == [0, 1, 2]


def test_what_the_plain_number_of_a_long_tail_tells_needs_none():
    """The cells are sixteen ranges of the amount."""
    amounts = np.exp(3 * noise(800, seed=3))
    sixteenth = np.argsort(np.argsort(amounts)) // 50
    table = {"a": [f"l{v}" for v in sixteenth // 4], "b": [f"l{v}" for v in sixteenth % 4]}
    assert asked({**table, "amount": amounts, "y": amounts + 0.1 * noise(800)}) == ()
    assert len(asked({**table, "amount": amounts, "y": np.log(amounts) ** 2})) == 1


def test_rows_of_a_group_explain_nothing_of_each_other():
    """Each cell of two columns is of one person or two, who have an effect of their own."""
    persons = np.repeat(np.arange(60), 10)
    levels = np.random.default_rng(3).integers(0, 8, (60, 2))
    own = np.random.default_rng(4).normal(size=60)
    y = own[persons] + noise(600) * 0.1
    table = {"a": [f"l{v}" for v in levels[persons, 0]], "b": [f"l{v}" for v in levels[persons, 1]], "y": y}
    assert asked(table)
    assert asked(table, persons) == ()


def test_the_shares_are_those_of_models_of_the_other_folds():
    """Beside scikit-learn's ridge regression, and means that are taken cell by cell."""
    rows = 200
    _, codes = drawn(rows, 3, 3)
    columns, outputs = noise(rows, 4), noise(rows, 2, seed=3)
    outputs += columns[:, :2] + effects(codes, [(0, 2)])[:, None]
    within = [np.arange(rows) % 5 == fold for fold in range(5)]
    left = _pairs._left_of(columns, outputs, within)
    scaled = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    for own in within:
        x, y = scaled[~own], outputs[~own]
        # the constant has a penalty too: that of a column of ones
        ones = np.concatenate([x, np.ones((len(x), 1))], axis=1)
        model = Ridge(1e-6 * rows, fit_intercept=False).fit(ones, y)
        expected = outputs[own] - model.predict(
            np.concatenate([scaled[own], np.ones((own.sum(), 1))], axis=1)
        )
        np.testing.assert_allclose(left[own], expected, atol=1e-9)
    explained = _pairs._explained([np.eye(3)[codes[:, j]] for j in range(3)], left, within)
    for i, j in combinations(range(3), 2):
        cells, after = 3 * codes[:, i] + codes[:, j], left.copy()
        for own in within:
            for cell in range(9):
                others = left[(cells == cell) & ~own]
                after[(cells == cell) & own] -= others.sum(axis=0) / (len(others) + 1)
        share = 1 - (after**2).sum() / (left**2).sum()
        assert math.isclose(explained[i, j], share, rel_tol=1e-9)


def test_a_fit_uses_them_and_says_so():
    table, codes = drawn(400, 6, 3)
    y = effects(codes, [(0, 4)]) + noise(400) * 0.1
    model = ds.fit({**table, "y": y}, "y", members=1, epochs=30)
    assert model.summary.pairs == (("c0", "c4"),)
    assert 'of "c0" and "c4"' in model.summary.notes[0]
    assert model.record.linear.root_mean_squared_error < 0.15  # the columns beside each other: 1 or so


@pytest.mark.parametrize("kind", ["effects", "classes", "a sum"])
def test_what_the_columns_tell_to_rounding_needs_none(kind):
    table, codes = drawn(400, 6, 3)
    y = effects(codes, [])
    if kind == "classes":
        y = np.array(["a", "b", "c"])[codes[:, 0]]
    if kind == "a sum":
        table = {f"n{j}": codes[:, j] for j in range(6)}
        y = codes @ np.array([3, 1, 0, 0, 1000, 7])
    assert asked({**table, "y": y}) == ()


def test_there_is_room_for_so_many_cells(monkeypatch):
    table, codes = drawn(1500, 6, 4)
    table["y"] = effects(codes, [(0, 1), (2, 3), (4, 5)])
    assert len(asked(table)) == 3
    monkeypatch.setattr(_pairs, "_CELLS", 40)
    assert len(asked(table)) == 2
    monkeypatch.setattr(_pairs, "_MOST", 1)
    assert len(asked(table)) == 1


def test_wide_tables_have_none(monkeypatch):
    table, codes = drawn(200, 4, 3)
    table["y"] = (codes[:, 0] == codes[:, 1]) + noise(200) * 0.1
    assert asked(table)
    monkeypatch.setattr(_pairs, "_INPUTS", 11)
    assert asked(table) == ()
