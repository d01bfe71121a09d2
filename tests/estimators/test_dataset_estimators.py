"""Estimators of tables fitted to datasets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import downslope as ds
from thorough import one_in

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
    with pytest.raises(ds.DownslopeError, match="sample_weight needs the name of a column"):
        ds.TableRegressor(**HOW).fit(rows, "y", np.ones(600))
    with pytest.raises(ds.DownslopeError, match="class_weight is for rows in memory"):
        ds.TableClassifier(**HOW, class_weight="balanced").fit(rows, "c")
    with pytest.raises(ds.DownslopeError, match='the column "kind" holds String, and a perceptron takes'):
        ds.MLPRegressor().fit(rows, "y")
    with pytest.raises(ds.DownslopeError, match="take the rows of a block"):
        ds.TableRegressor(**HOW).partial_fit(frame.select("a"), frame["y"]).predict(rows)


def test_a_network_goes_over_the_frames_by_partial_fit(frame, tmp_path):
    network = ds.MLPRegressor(hidden_layer_sizes=(8,), random_state=0)
    for part in ds.Dataset(tmp_path, columns=["a", "y"]).frames():
        network.partial_fit(part.select("a").to_numpy(), part["y"].to_numpy())
    assert network.t_ == 600


MLP = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 8, "learning_rate_init": 0.02}


@pytest.fixture
def numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 4000)
    draw = np.random.default_rng(1)
    x = draw.normal(size=(1200, 3)).astype(np.float32)
    found = pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0] - x[:, 1], "w": draw.uniform(0, 2, 1200)})
    side = np.where(x[:, 0] + x[:, 1] > 0, "up", "down")
    found = found.with_columns(side=side, count=np.digitize(x[:, 0], [-0.5, 0.5]) + 3, z=x[:, 1] * 2)
    for part in range(3):
        found[400 * part : 400 * (part + 1)].write_parquet(tmp_path / f"{part}.parquet", row_group_size=100)
        found[400 * part : 400 * (part + 1)].write_csv(tmp_path / f"{part}.csv")
    found[:0].write_parquet(tmp_path / "3.parquet")
    return found


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(
    ("kind", "target", "how"),
    one_in(
        4,
        [
            ("Regressor", "y", {}),
            ("Regressor", ["y", "z"], {"early_stopping": True}),
            ("Regressor", "count", {"loss": "poisson", "solver": "sgd"}),
            ("Classifier", "side", {}),
            ("Classifier", "count", {"class_weight": "balanced", "early_stopping": True}),
        ],
    ),
)
def test_a_perceptron_streams_what_does_not_fit_and_has_the_bits_of_arrays_where_it_does(
    numbers, tmp_path, kind, target, how
):
    names = [target] if isinstance(target, str) else target
    columns = ["a", "b", *names, "w"]
    make, inputs = getattr(ds, f"MLP{kind}"), numbers.select("a", "b")
    y = numbers.select(names).to_numpy() if len(names) > 1 else numbers[target].to_numpy()
    weights = numbers["w"].to_numpy()
    wanted = make(**MLP, **how).fit(inputs, y, weights)
    files = str(tmp_path / "*.parquet")
    whole = make(**MLP, **how).fit(ds.Dataset(files, columns), target, "w")
    assert all(np.array_equal(one, two) for one, two in zip(whole.coefs_, wanted.coefs_, strict=True))
    for source in (files, str(tmp_path / "*.csv")) if target in ("y", "side") else (files,):
        rows = ds.Dataset(source, columns, memory="40 kB")
        assert not rows.fits
        found = make(**MLP, **how).fit(rows, target, "w")
        assert found.feature_names_in_.tolist() == ["a", "b"]
        assert found.score(inputs, y) == pytest.approx(wanted.score(inputs, y), abs=0.1)
        assert found.score(rows, target, "w") == pytest.approx(found.score(inputs, y, weights))
        assert np.array_equal(found.predict(files), found.predict(inputs))
        if kind == "Classifier":
            assert found.classes_.tolist() == wanted.classes_.tolist()


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_perceptron_goes_on_in_a_stream_and_refuses_what_needs_all_rows(numbers, tmp_path):
    rows = ds.Dataset(str(tmp_path / "*.parquet"), ["a", "b", "count"], memory="40 kB")
    found = (
        ds.MLPClassifier(**MLP).partial_fit(rows, "count", classes=[3, 4, 5, 6]).partial_fit(rows, "count")
    )
    assert (found.t_, found.predict_proba(rows).shape) == (2400, (1200, 4))
    saved = [ds.Checkpoint(tmp_path / "kept", resume=again) for again in (False, True)]
    one, two = (ds.MLPClassifier(**MLP, checkpoint=c).fit(rows, "count") for c in saved)
    assert np.array_equal(one.coefs_[0], two.coefs_[0])
    assert np.array_equal(one.coefs_[0], ds.MLPClassifier(**MLP).fit(rows, "count").coefs_[0])
    for how, said in (
        ({"solver": "lbfgs"}, "takes all rows at each step"),
        ({"shuffle": False}, "shuffle=False"),
    ):
        with pytest.raises(ds.DownslopeError, match=said):
            ds.MLPClassifier(**MLP, **how).fit(rows, "count")
    with pytest.raises(ds.DownslopeError, match="sample_weight needs the name of a column"):
        ds.MLPClassifier(**MLP).fit(rows, "count", np.ones(1200))
