"""Estimators of tables fitted to datasets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope as ds

HOW = {"members": 2, "epochs": 1, "hidden_layer_sizes": (8,), "random_state": 0}


@pytest.fixture
def frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    draw = np.random.default_rng(0)
    found = pl.DataFrame({"a": draw.normal(size=600), "kind": draw.choice(["u", "v", "w"], 600)})
    found = found.with_columns((pl.col("a") * 2).alias("y"), (pl.col("a") > 0).cast(pl.Int64).alias("c"))
    found.write_parquet(tmp_path / "a.parquet", row_group_size=100)
    return found


def test_a_regressor_of_a_dataset_is_that_of_the_table(frame, tmp_path):
    rows = ds.Dataset(tmp_path, columns=["a", "kind", "y"])
    found = ds.TableRegressor(**HOW).fit(rows, "y")
    wanted = ds.TableRegressor(**HOW).fit(frame.select("a", "kind"), frame["y"].to_numpy())
    inputs = frame.select("a", "kind")
    assert np.array_equal(found.predict(inputs), wanted.predict(inputs))
    assert found.feature_names_in_.tolist() == ["a", "kind"]
    assert found.feature_importances_.argmax() == 0
    found.save(tmp_path / "it.downslope")
    assert np.array_equal(ds.load(tmp_path / "it.downslope").predict(inputs), found.predict(inputs))


@pytest.mark.parametrize(("target", "classes"), [("c", [0, 1]), ("kind", ["u", "v", "w"])])
def test_a_classifier_streams_and_gives_the_classes_of_the_column(frame, tmp_path, target, classes):
    other = "kind" if target == "c" else "c"
    rows = ds.Dataset(tmp_path, columns=["a", other, target], memory="60 kB")
    found = ds.TableClassifier(**HOW).fit(rows, target)
    assert found.classes_.tolist() == classes
    inputs = frame.select("a", other)
    assert set(found.predict(inputs).tolist()) <= set(classes)
    assert found.predict_proba(inputs).shape == (600, len(classes))


def test_what_a_dataset_cannot_be_given_with_is_refused(frame, tmp_path):
    rows = ds.Dataset(tmp_path)
    with pytest.raises(ds.DownslopeError, match="y needs the name of a column"):
        ds.TableRegressor(**HOW).fit(rows, frame["y"].to_numpy())
    with pytest.raises(ds.DownslopeError, match="sample_weight is for rows in memory"):
        ds.TableRegressor(**HOW).fit(rows, "y", np.ones(600))
    with pytest.raises(ds.DownslopeError, match="class_weight is for rows in memory"):
        ds.TableClassifier(**HOW, class_weight="balanced").fit(rows, "c")
    with pytest.raises(ds.DownslopeError, match="go over its frames by partial_fit"):
        ds.MLPRegressor().fit(rows, "y")


def test_a_network_goes_over_the_frames_by_partial_fit(frame, tmp_path):
    network = ds.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for part in ds.Dataset(tmp_path, columns=["a", "y"]).frames():
        network.partial_fit(part.select("a").to_numpy(), part["y"].to_numpy())
    assert network.t_ == 600
