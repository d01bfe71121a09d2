"""Fits that ranks share, here threads: one process is the oracle."""

import numpy as np
import polars as pl
import pytest
from thread_ranks import on_ranks

import downslope as ds
from thorough import first

RNG = np.random.default_rng(2)
TABLE = {name: RNG.normal(size=240).round(3) for name in "abc"}
TABLE["kind"] = [("red", "green", "blue")[n % 3] for n in range(240)]
TABLE["y"] = np.sin(TABLE["a"]) + TABLE["b"] * (np.arange(240) % 3)
FIT = {"target": "y", "members": 3, "epochs": 3, "hidden": (8,)}


def values(model: ds.Model) -> np.ndarray:
    return np.concatenate([value.ravel() for value in model.parameters.values()])


def test_ranks_that_share_rows_fit_the_model_of_one_process(monkeypatch):
    one = ds.fit(TABLE, **FIT)
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(TABLE, **FIT, parallel="data"))
    for model in found:
        np.testing.assert_array_equal(values(model), values(found[0]))
        assert np.abs(values(model) - values(one)).max() < 1e-5 * np.abs(values(one)).max()
    assert any("2 ranks share the rows of every batch" in note for note in found[0].record.notes)


def test_networks_that_are_spread_are_those_of_one_process(monkeypatch):
    asked = {**FIT, "epochs": 1, "dropout": 0}  # whose masks go by the place of a member; one epoch is best
    one = ds.fit(TABLE, **asked)
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(TABLE, **asked, parallel="members"))
    for model in found:
        np.testing.assert_array_equal(values(model), values(found[0]))
        assert np.abs(values(model) - values(one)).max() < 1e-5 * np.abs(values(one)).max()


@pytest.mark.thorough
@pytest.mark.parametrize("parallel", first(1, ["auto", "members", "data"]))
def test_a_dataset_is_fitted_in_each_way(monkeypatch, tmp_path, parallel):
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 1000)
    for part in range(3):
        pl.DataFrame(TABLE)[part * 80 : (part + 1) * 80].write_parquet(tmp_path / f"{part}.parquet")
    asked = {**FIT, "epochs": 1, "dropout": 0, "batch_size": 16}
    rows = ds.Dataset(tmp_path, memory=20_000)
    one = ds.fit(rows, **asked)
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(rows, **asked, parallel=parallel))
    for model in found:
        np.testing.assert_array_equal(values(model), values(found[0]))
        assert np.abs(values(model) - values(one)).max() < 1e-5 * np.abs(values(one)).max()
    notes = " ".join(found[0].record.notes)
    assert ("networks of their own" if parallel == "members" else "share the rows of every batch") in notes
    assert "shuffled in windows of" in notes


@pytest.mark.thorough
@pytest.mark.parametrize(("members", "does"), [(4, "train networks of their own"), (1, "share the rows")])
def test_what_takes_less_time_is_chosen(monkeypatch, members, does):
    asked = {**FIT, "members": members, "epochs": 1, "hidden": (600, 600)}
    found = on_ranks(monkeypatch, 2, lambda rank: ds.fit(TABLE, **asked, parallel="auto"))
    assert any(f"2 ranks {does}" in note for note in found[0].record.notes)


@pytest.mark.thorough
def test_a_time_limit_is_that_of_the_first_rank(monkeypatch):
    limits = [1.5, 1e6]
    found = on_ranks(
        monkeypatch, 2, lambda rank: ds.fit(TABLE, **FIT, parallel="data", time_limit=limits[rank])
    )
    np.testing.assert_array_equal(values(found[0]), values(found[1]))


def test_another_way_is_refused():
    with pytest.raises(ds.DownslopeError, match="parallel"):
        ds.fit(TABLE, **FIT, parallel="rows")
