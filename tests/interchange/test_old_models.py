"""Model files that were written before the format changed predict what they predicted then."""

from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.interchange import read_model_file, write_model_file

FOLDER = Path(__file__).parent / "old_models"
RECORDED = np.load(FOLDER / "predictions.npz")
NETWORKS = sorted({name.split(".")[0] for name in RECORDED if name.endswith(".x")})


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
    np.testing.assert_allclose(model.predict(rows), RECORDED["table.predictions"], rtol=1e-6)
    low, high = model.predict_interval(rows).T  # intervals of 80 % and less lie within now
    before = RECORDED["table.intervals"]
    assert np.all(low <= before[:, 0] + 1e-6)
    assert np.all(before[:, 1] - 1e-6 <= high)
    np.testing.assert_allclose(np.median(high - low), np.median(before[:, 1] - before[:, 0]), rtol=0.05)
