"""``run.history`` and ``model.history``: the errors of training as columns and as frames."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

import downslope as ds

X = np.random.default_rng(0).normal(size=(25, 2))
Y = X[:, 0] - X[:, 1]
NET = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])


def test_a_run_has_a_row_for_each_epoch():
    run = ds.descend(NET, X, Y, epochs=4, batch_size=6, validation=0.2)  # 20 rows train, in 4 steps
    assert list(run.history) == ["epoch", "step", "loss", "validation_loss"]
    assert run.history["epoch"].tolist() == [1, 2, 3, 4]
    assert run.history["step"].tolist() == [4, 8, 12, 16]
    np.testing.assert_allclose(run.history["loss"], run.losses.reshape(4, 4).mean(axis=1), rtol=1e-15)
    assert np.array_equal(run.history["validation_loss"], run.validation_losses)


def test_an_epoch_that_was_not_finished_is_the_mean_of_its_steps():
    run = ds.descend(NET, X, Y, steps=7, batch_size=9, validation=(X, Y))
    assert run.history["step"].tolist() == [3, 6, 7]
    assert run.history["loss"][-1] == run.losses[-1]
    found = run.history["validation_loss"]
    assert np.array_equal(found[: len(run.validation_losses)], run.validation_losses)
    assert len(found) == 3


def test_without_validation_rows_there_is_no_such_column_and_all_rows_make_an_epoch_of_one_step():
    run = ds.descend(NET, X, Y, steps=5)
    assert list(run.history) == ["epoch", "step", "loss"]
    assert np.array_equal(run.history["loss"], run.losses)
    assert len(ds.descend(NET, X, Y, steps=0).history["loss"]) == 0


def test_frames_have_the_same_columns_and_types():
    history = ds.descend(NET, X, Y, epochs=3, validation=0.2).history
    frame, table = history.to_polars(), history.to_pandas()
    assert isinstance(frame, pl.DataFrame)
    assert isinstance(table, pd.DataFrame)
    assert frame.schema == {
        "epoch": pl.Int64,
        "step": pl.Int64,
        "loss": pl.Float64,
        "validation_loss": pl.Float64,
    }
    for name in history:
        assert frame[name].to_list() == table[name].tolist() == history[name].tolist()


def test_a_frame_without_its_package_says_what_to_install(monkeypatch):
    history = ds.descend(NET, X, Y, steps=1).history
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ds.DownslopeError, match="pip install pandas"):
        history.to_pandas()


def test_a_model_has_the_epochs_of_every_group():
    table = {"a": X[:, 0], "b": X[:, 1], "y": Y}
    model = ds.fit(table, "y", hidden=(3,), members=2, epochs=3)
    frame = model.history.to_polars()
    assert frame.columns == ["group", "epoch", "loss", "validation_loss"]
    for group in model.record.groups:
        own = frame.filter(pl.col("group") == group.name)
        assert own["loss"].to_list() == list(group.train_errors)
        assert own["epoch"].to_list() == list(range(1, len(group.train_errors) + 1))
        kept = own["validation_loss"].to_list()[: len(group.validation_errors)]
        assert kept == list(group.validation_errors)
