"""The predictions of held-out rows that a model keeps."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.fitting.ensemble._folds import folds_of
from downslope.interchange import read_model_file, write_model_file

OLD = Path(__file__).parents[1] / "interchange" / "old_models" / "table.downslope"
RNG = np.random.default_rng(3)
ROWS = 160
TABLE = {
    "a": RNG.normal(size=ROWS),
    "b": RNG.normal(size=ROWS),
    "y": np.where(np.arange(ROWS) % 10 == 3, np.nan, RNG.normal(size=ROWS)),
}
FAST = {"members": 3, "hidden": 32, "epochs": 60, "dropout": 0.0}


@pytest.fixture(scope="module")
def noise():
    """A model of noise."""
    return ds.fit(TABLE, "y", **FAST, row_weights=np.arange(ROWS) % 4)


def test_rows_are_those_of_the_table_with_a_target_and_a_weight(noise):
    wanted = [i for i in range(ROWS) if i % 10 != 3 and i % 4 != 0]
    assert noise.held_out.rows.index.tolist() == wanted
    np.testing.assert_array_equal(noise.held_out.rows.true, TABLE["y"][wanted])
    weights = np.array(wanted) % 4
    np.testing.assert_allclose(noise.held_out.rows.weights, weights / weights.mean(), rtol=1e-6)


def test_each_row_is_predicted_by_the_members_that_held_it_out(noise):
    """By hand: the share of each group times the prediction of its member of the row's fold."""
    rows = np.array(noise.held_out.rows.index)
    x = noise.encode(pl.DataFrame(TABLE)[rows]).x
    scaled = noise.target.encode(pl.Series(TABLE["y"][rows]))
    fold = folds_of(scaled, FAST["members"], 0).of
    wanted, first = np.zeros(len(rows)), 0
    for group in noise.record.groups:
        if group.share == 0:
            continue
        for member in range(group.members):
            network, parameters = noise.member(first + member)
            own = ds.predict(network, x, parameters=parameters)[:, 0]
            own = noise.target.numbers(noise.target.clipped(own))
            wanted += np.where(fold == member, group.share * own, 0.0)
        first += group.members
    np.testing.assert_allclose(noise.held_out.outputs["network"], wanted, atol=1e-5)


def test_scores_are_those_of_the_record(noise):
    found = noise.held_out.evaluation(noise.target, 0).compared
    for of, recorded in (("network", noise.record.network), ("linear model", noise.record.linear)):
        np.testing.assert_allclose(found[of]["r2"].value, recorded.r2, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(
            found[of]["mean_absolute_error"].value, recorded.mean_absolute_error, rtol=1e-5
        )


def test_intervals_of_rows_that_they_did_not_see_hold_as_often_as_they_say():
    rng = np.random.default_rng(5)
    x = rng.uniform(-1, 1, 1500)
    y = x + rng.normal(size=1500) * (0.2 + (x > 0))
    model = ds.fit({"x": x, "y": y}, "y", members=2, hidden=8, epochs=8)
    for found in model.held_out.evaluation(model.target, 0).coverage:
        assert abs(found.share.value - found.level) < 4 * (found.level * (1 - found.level) / 1500) ** 0.5
    low, high = model.held_out.intervals[0.9].T
    wide = (high - low)[x[model.held_out.rows.index] > 0].mean()
    assert wide > 2 * (high - low)[x[model.held_out.rows.index] < 0].mean()


@pytest.mark.parametrize("target", ["y", "kind"])
def test_a_file_keeps_them(target, tmp_path):
    table = {**TABLE, "kind": np.where(TABLE["a"] + TABLE["b"] > 0, "up", "down")}
    model = ds.fit(table, target, **FAST)
    model.save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    before, after = (m.held_out.evaluation(m.target, 5) for m in (model, loaded))
    assert before.to_json() == after.to_json()
    loaded.save(tmp_path / "again.downslope")
    assert (tmp_path / "again.downslope").read_bytes() == (tmp_path / "m.downslope").read_bytes()
    replace(model, held_out=None).save(tmp_path / "without.downslope")
    assert ds.load(tmp_path / "without.downslope").held_out is None


def test_of_many_rows_and_classes_some_are_kept():
    rng = np.random.default_rng(0)
    x = rng.normal(size=2600)
    rows = pl.DataFrame({"x": x, "y": x, "kind": (rng.integers(0, 30, 2600)).astype(str)})
    fast = {"members": 2, "hidden": 2, "epochs": 1}
    kept = ds.fit(rows.drop("kind"), "y", **fast).held_out.rows
    assert len(kept) == 2000
    np.testing.assert_array_equal(kept.true, x[kept.index])
    assert len(ds.fit(rows, "kind", task="classification", **fast).held_out.rows) * 30 <= 40_000


def test_few_rows_and_older_files_have_none():
    assert ds.fit({"x": range(20), "y": range(20)}, "y", task="regression").held_out is None
    assert ds.load(OLD).held_out is None


def test_rows_held_out_by_time_are_compared_with_a_baseline_that_knows_the_earlier_ones(tmp_path):
    rng = np.random.default_rng(4)
    table = {"day": np.arange(300), "x": rng.normal(size=300), "y": np.arange(300) + rng.normal(size=300)}
    model = ds.fit(table, "y", time="day", **FAST)
    model.save(tmp_path / "m.downslope")
    for found in (model.held_out, ds.load(tmp_path / "m.downslope").held_out):
        later = found.rows.index
        assert later.tolist() == list(range(240, 300))
        np.testing.assert_allclose(found.outputs["baseline (mean)"], table["y"][:240].mean(), rtol=1e-5)
        scores = found.evaluation(model.target, 0)
        np.testing.assert_allclose(scores.compared["network"]["r2"].value, model.record.network.r2, rtol=1e-4)
        ends = found.intervals[0.9]
        known = np.isfinite(ends).all(axis=1)
        assert 0 < known.sum() < 60
        within = (ends[:, 0] <= found.rows.true) & (found.rows.true <= ends[:, 1])
        assert scores.coverage[2].share.value == pytest.approx(within[known].mean())


@pytest.mark.parametrize("name", ["index", "true", "weights", "constants", "network", "intervals"])
def test_damaged_ones_are_refused(noise, name, tmp_path):
    path = tmp_path / "m.downslope"
    noise.save(path)
    file = read_model_file(path)
    for wrong in (np.full_like(file.held_out[name], np.inf), file.held_out[name][1:], None):
        held_out = {**file.held_out, name: wrong}
        if wrong is None:
            del held_out[name]
        write_model_file(path, replace(file, held_out=held_out))
        if wrong is None and name == "intervals":
            assert ds.load(path).held_out.intervals == {}
            continue
        with pytest.raises(ds.DownslopeError, match="damaged: the held-out predictions"):
            ds.load(path)


def test_the_table_of_a_fit_is_recognised(noise):
    known = noise.held_out
    assert known.are_in(noise.labelled(TABLE, None, None))
    later = {**TABLE, "y": TABLE["y"] + 1}
    assert not known.are_in(noise.labelled(later, None, None))
    assert not known.are_in(noise.labelled({name: cells[:40] for name, cells in TABLE.items()}, None, None))
