"""A file of ONNX, run by onnxruntime, says what the engine says."""

import numpy as np
import onnxruntime
import polars as pl
import pytest
from exported import CUSTOM, EXAMPLES, NETWORKS, TABLES, cells_of, model_of
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from random_networks import data_for, networks
from thorough import examples, first


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def predicted(network, parameters, x, path):
    ds.export(network, path, parameters)
    return session(path).run(["prediction"], {"x": x})[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_layer_activation_and_loss(network, dtype, tmp_path) -> None:
    x, _, _, parameters = data_for(network, 9, 1, dtype)
    wanted = ds.predict(network, x, parameters=parameters)
    found = predicted(network, parameters, x, tmp_path / "net.onnx")
    assert found.dtype == dtype
    # erf is in float32 everywhere, and other sums of float32 are in another order
    rounded = (
        1e-7 if network in (NETWORKS["gelu"], NETWORKS["embeddings"], NETWORKS["pair"], CUSTOM) else 1e-12
    )
    tolerance = rounded if dtype == np.float64 else 3e-6
    np.testing.assert_allclose(found, wanted, tolerance, tolerance * max(1, np.max(np.abs(wanted))))


@settings(max_examples=examples(40), deadline=None)
@given(networks(), st.integers(0, 99))
def test_any_network(tmp_path_factory, network, seed: int) -> None:
    x, _, _, parameters = data_for(network, 5, seed)
    wanted = ds.predict(network, x, parameters=parameters)
    found = predicted(network, parameters, x, tmp_path_factory.mktemp("onnx") / "net.onnx")
    np.testing.assert_allclose(found, wanted, 1e-5, 1e-6 * max(1, np.max(np.abs(wanted))))


def test_far_from_zero_and_levels_that_are_none(tmp_path) -> None:
    network = ds.Network(1, [ds.Dense(1, "softplus"), ds.Dense(1)])
    z = np.array([[-800.0], [-40.0], [0.0], [40.0], [800.0]])
    found = predicted(network, [1.0, 0.0, 1.0, 0.0], z, tmp_path / "net.onnx")
    np.testing.assert_allclose(found, np.logaddexp(0, z), rtol=1e-12, atol=1e-16)
    network = ds.Network(1, [ds.Embedding((0,), (3,), (2,)), ds.Dense(1)])
    parameters = network.initial_parameters()
    x = np.array([[0.0], [2.0], [3.0], [-1.0], [0.5], [np.nan]])
    found = predicted(network, parameters, x, tmp_path / "net.onnx")
    np.testing.assert_allclose(found[:2], ds.predict(network, x[:2], parameters=parameters), rtol=1e-12)
    assert np.isnan(found[2:]).all()


def given_to(model, frame):
    kinds = model.needed_columns
    return {
        name: np.array(cells, object if kinds[name] == "level" else np.float64)[:, None]
        for name, cells in cells_of(model, frame).items()
    }


def close(model, found, wanted, message="") -> None:
    """Within 1e-5 of the standard deviation of the target."""
    np.testing.assert_allclose(found[:, 0], wanted, 1e-5, 1e-5 * model.target.scale, err_msg=message)


@pytest.mark.parametrize("name", TABLES)
def test_every_encoder_and_the_whole_blend(name: str, tmp_path) -> None:
    model, (frame, _) = model_of(name), TABLES[name]
    ds.export(model, tmp_path / "model.onnx")
    runs = session(tmp_path / "model.onnx")
    assert [i.name for i in runs.get_inputs()] == list(model.needed_columns)
    found = dict(
        zip([o.name for o in runs.get_outputs()], runs.run(None, given_to(model, frame)), strict=True)
    )
    wanted = model.predict(frame)
    if model.target.classes:
        np.testing.assert_allclose(found["probabilities"], model.predict_proba(frame), rtol=1e-5, atol=1e-6)
        assert found["prediction"].tolist() == wanted.tolist()
    else:
        close(model, found["prediction"], wanted)


MESSY = {
    "invoices.csv": {"target": "Betrag"},
    "survey.csv": {"target": "satisfied"},
    "laboratory.csv": {"target": "bacteria", "number": ["nitrate"]},
    "branches.xlsx": {"target": "Sales 2023", "sheet": "Branches!A4:G66"},
    "orders.csv": {"target": "Total"},
    "sensors.tsv": {"target": "power"},
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", first(2, sorted(MESSY, reverse=True)))
def test_every_messy_table(name: str, tmp_path) -> None:
    path = EXAMPLES / "messy" / name
    model = ds.fit(path, epochs=3, members=1, hidden=8, **MESSY[name])
    table = model.read(path, sheet=MESSY[name].get("sheet"))
    ds.export(model, tmp_path / "model.onnx")
    *_, found = session(tmp_path / "model.onnx").run(None, given_to(model, table.frame))
    if model.target.classes:
        np.testing.assert_allclose(found, model.predict_proba(table), rtol=1e-5, atol=1e-6)
    else:
        close(model, found, model.predict(table))


@pytest.mark.thorough
def test_unseen_levels_and_gaps_of_every_column(tmp_path) -> None:
    model, (frame, _) = model_of("every encoder"), TABLES["every encoder"]
    ds.export(model, tmp_path / "model.onnx")
    runs, few = session(tmp_path / "model.onnx"), frame.head(4)
    for name, kind in model.needed_columns.items():
        for cell in [None, *(["never seen", "n/a", "NO", "3", "0003", "3.0"] if kind == "level" else [])]:
            changed = few.with_columns(few[name].clear().extend_constant(cell, 4).alias(name))
            found = runs.run(["prediction"], given_to(model, changed))[0]
            close(model, found, model.predict(changed), f"{name}: {cell}")


@pytest.mark.thorough
def test_every_day_of_the_calendar(tmp_path) -> None:
    days = pl.date_range(pl.date(1895, 12, 20), pl.date(2105, 1, 10), eager=True)
    table = pl.DataFrame({"day": days, "y": np.arange(len(days)) % 365.0})
    model = ds.fit(table.sample(400, seed=1), target="y", epochs=2, members=1)
    ds.export(model, tmp_path / "model.onnx")
    found = session(tmp_path / "model.onnx").run(["prediction"], given_to(model, table))[0]
    close(model, found, model.predict(table))


def test_a_column_called_as_an_output(tmp_path) -> None:
    table = {"prediction": [1.0, 2.0, 3.0, 4.0], "y": [2.0, 4.0, 6.0, 8.5]}
    model = ds.fit(table, target="y")
    ds.export(model, tmp_path / "model.onnx")
    runs = session(tmp_path / "model.onnx")
    assert [o.name for o in runs.get_outputs()] == ["prediction_1"]
    found = runs.run(None, {"prediction": np.array([[2.5]])})[0]
    np.testing.assert_allclose(found[:, 0], model.predict({"prediction": 2.5}), rtol=1e-6)
