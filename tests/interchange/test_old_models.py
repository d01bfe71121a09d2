"""Files that were written before the format changed predict what they predicted then."""

from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope._files import read_file
from downslope.interchange import read_model_file, write_model_file

FOLDER = Path(__file__).parent / "old_models"
RECORDED = np.load(FOLDER / "predictions.npz")
NETWORKS = sorted({name.split(".")[0] for name in RECORDED if name.endswith(".x")})


def assert_close(found, expected, tolerance):
    """A processor adds float32 in its own order: the error is as large as the parts, not as their sum."""
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * expected.std())


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_predict_as_recorded(name, tmp_path):
    x, expected = RECORDED[f"{name}.x"], RECORDED[f"{name}.predictions"]
    old = read_model_file(FOLDER / f"{name}.downslope")
    np.testing.assert_allclose(ds.predict(old.network, x, parameters=old.parameters), expected, rtol=1e-12)
    write_model_file(tmp_path / "new.downslope", old)
    new = read_model_file(tmp_path / "new.downslope")
    assert new.network == old.network
    assert list(new.parameters) == list(new.network.graph().parameters)


def test_settings_moved_to_where_they_belong():
    net = read_model_file(FOLDER / "layers.downslope").network
    assert net.loss == ds.Huber(delta=0.7)
    assert net.layers[3].activation == ds.LeakyRelu(slope=0.2)
    assert net.layers[6].layers[0].activation == ds.Elu(alpha=0.7)
    assert "numeric1.slope" in net.graph().parameters
    assert read_model_file(FOLDER / "quantiles.downslope").network.loss == ds.Quantile((0.1, 0.5, 0.9))
    assert read_model_file(FOLDER / "huber.downslope").network.loss == "huber"


def test_a_fitted_table_predicts_as_recorded():
    model = ds.load(FOLDER / "table.downslope")
    rows = str(FOLDER / "table.csv")
    assert_close(model.predict(rows), RECORDED["table.predictions"], 1e-6)
    low, high = model.predict_interval(rows).T  # intervals of 80 % and less lie within now
    before = RECORDED["table.intervals"]
    assert np.all(low <= before[:, 0] + 1e-6)
    assert np.all(before[:, 1] - 1e-6 <= high)
    np.testing.assert_allclose(np.median(high - low), np.median(before[:, 1] - before[:, 0]), rtol=0.05)


BEFORE = Path(__file__).parent / "old_files"
ROWS = str(BEFORE / "rows.csv")
THEN = np.load(BEFORE / "recorded.npz")


def of_format(path):
    """What a file says of its format."""
    return read_file(path).format


def test_models_of_format_2_predict_as_recorded(tmp_path):
    models = ds.load(BEFORE / "models-2.downslope", ds.Models)
    assert_close(models["y"].predict(ROWS), THEN["models.y"], 1e-6)
    np.testing.assert_allclose(models["c"].predict_proba(ROWS), THEN["models.c"], rtol=1e-5)
    model = ds.load(BEFORE / "model-2.downslope", ds.Model)
    assert_close(model.predict(ROWS), THEN["model.predictions"], 1e-6)
    assert_close(model.predict_interval(ROWS), THEN["model.intervals"], 1e-5)
    model.save(tmp_path / "again")
    assert (of_format(BEFORE / "model-2.downslope"), of_format(tmp_path / "again")) == (
        "downslope 2",
        "downslope 3",
    )
    assert np.array_equal(ds.load(tmp_path / "again").predict(ROWS), model.predict(ROWS))


def test_networks_checkpoints_and_runs_of_format_2_are_as_recorded():
    x = THEN["x"]
    network = ds.load(BEFORE / "network-2.downslope", ds.Network)
    checkpoint = ds.load(BEFORE / "checkpoint-2.downslope", ds.TrainedNetwork)
    run = ds.load(BEFORE / "run-2.downslope", ds.Run)
    assert network == checkpoint.network == run.network
    for parameters in (checkpoint, run):
        np.testing.assert_allclose(ds.predict(network, x, parameters=parameters), THEN["run"], rtol=1e-12)
    assert np.array_equal(run.losses, THEN["losses"])
    settings = {"optimizer": "adam", "epochs": 2, "batch_size": 5, "validation": 0.3, "ema_decay": 0.5}
    further = ds.descend(network, x, THEN["t"], start=run, **settings)
    np.testing.assert_allclose(ds.predict(network, x, parameters=further), THEN["further"], rtol=1e-6)
