"""Models that go on with further rows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import downslope as ds

HOW = {"members": 2, "epochs": 20, "hidden": (32,)}


def frame_of(rows: int, seed: int) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pl.DataFrame({"a": draw.normal(size=rows), "kind": draw.choice(["u", "v", "w"], rows)})
    y = (pl.col("a") * 3).sin() + (pl.col("kind") == "u")
    return frame.with_columns(y.alias("y"), (y > 0.5).alias("c"))


@pytest.fixture(scope="module")
def model():
    return ds.fit(frame_of(300, 0).drop("c"), "y", **HOW)


def test_further_rows_make_it_better_and_leave_the_rest_as_it_is(model):
    later, more = frame_of(2000, 1), frame_of(3000, 2)
    found = model.learn(more, epochs=3)
    before, after = (m.evaluate(later).score("root_mean_squared_error").value for m in (model, found))
    assert after < 0.9 * before
    assert found.encoder == model.encoder
    assert found.record.rows == 3300
    assert found.record.network == model.record.network
    scored = model.evaluate(more).score("root_mean_squared_error").value
    assert f"the last 3,000 with a root mean squared error of {scored:.4g} before" in found.record.notes[-1]
    assert len(found.learn(more).record.notes) == len(found.record.notes)


def test_the_same_rows_and_seed_have_the_same_bits(model, tmp_path):
    more = frame_of(200, 3)
    one, two, other = (model.learn(more, seed=seed) for seed in (1, 1, 2))
    one.save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope").learn(more, seed=5)
    for name, value in one.parameters.items():
        assert np.array_equal(value, two.parameters[name])
        assert np.array_equal(loaded.parameters[name], one.learn(more, seed=5).parameters[name])
    assert any(not np.array_equal(value, other.parameters[name]) for name, value in one.parameters.items())


def test_levels_stay_and_new_ones_are_counted(model):
    more = frame_of(100, 4).with_columns(pl.lit("x").alias("kind"))
    found = model.learn(more)
    assert found.encoder.features == model.encoder.features
    assert "100 cells of them with levels that stay unknown" in found.record.notes[-1]


def test_what_does_not_serve_is_refused(model):
    more = frame_of(50, 5)
    with pytest.raises(ds.DownslopeError, match="lacks the column a"):
        model.learn(more.drop("a"))
    with pytest.raises(ds.DownslopeError, match="lacks the target"):
        model.learn(more.drop("y"))
    with pytest.raises(ds.DownslopeError, match="learning_rate"):
        model.learn(more, learning_rate=-1.0)
    with pytest.raises(ds.DownslopeError, match="diverged at a learning rate of 1e"):
        model.learn(more, learning_rate=1e20)
    with pytest.raises(ds.DownslopeError, match="epochs"):
        model.learn(more, epochs=0)
    classes = ds.fit(frame_of(200, 0).drop("y"), "c", **HOW)
    with pytest.raises(ds.DownslopeError, match="none of the classes"):
        classes.learn(more.with_columns(pl.lit("maybe").alias("c")))


@pytest.mark.parametrize("target", ["y", "c"])
def test_estimators_go_on_by_partial_fit(target):
    kind = ds.TableRegressor if target == "y" else ds.TableClassifier
    first, more = frame_of(300, 0), frame_of(2000, 1)
    names = ["a", "kind"]
    how = {"members": 2, "epochs": 12, "hidden_layer_sizes": (16,), "random_state": 0}
    found = kind(**how)
    found.partial_fit(first.select(names), first[target].to_numpy())
    before = found.score(more.select(names), more[target].to_numpy())
    assert found.predict(first.select(names)).shape == (300,)
    for _ in range(2):
        found.partial_fit(more.select(names), more[target].to_numpy())
    later = frame_of(1000, 6)
    assert found.score(later.select(names), later[target].to_numpy()) > before
    assert found.model_.record.rows == 4300
    if target == "c":
        with pytest.raises(ValueError, match="no row of the class True"):
            ds.TableClassifier(**how).partial_fit(first.select(names), np.zeros(300, bool), [False, True])
        with pytest.raises(ValueError, match="y holds the class 'x'"):
            found.partial_fit(first.select(names), np.array(["x"] * 300, object))
