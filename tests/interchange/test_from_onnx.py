"""Files of ONNX, as skl2onnx and PyTorch wrote them and as this package writes them: the same outputs."""

from pathlib import Path

import numpy as np
import pytest
from exported import NETWORKS

import downslope as ds
from downslope.interchange.exports._onnx_file import FileOfOnnx
from downslope.nets import ACTIVATIONS
from random_networks import data_for

runtime = pytest.importorskip("onnxruntime")

FILES = Path(__file__).parent / "onnx_files"
X = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32)


def run_by_onnxruntime(path):
    """Numbers, (rows, outputs); of two classes the probability of the second."""
    session = runtime.InferenceSession(path)
    found = session.run(None, {session.get_inputs()[0].name: X})[-1]
    found = found.reshape(len(X), -1)
    return found[:, 1:] if found.shape[1] == 2 else found


@pytest.mark.parametrize("path", sorted(FILES.glob("*.onnx")), ids=lambda path: path.stem)
def test_files_of_others_have_the_same_outputs(path):
    found = ds.from_onnx(path)
    predicted = ds.predict(found.network, X, parameters=found)
    wanted = run_by_onnxruntime(path)
    np.testing.assert_allclose(predicted, wanted, rtol=0, atol=1e-6 * max(1.0, np.abs(wanted).max()))


def test_functions_in_many_operators_become_activations_with_their_names():
    found = ds.from_onnx(FILES / "torch_sequential.onnx")
    kinds = [str(layer) for layer in found.network.layers]
    assert kinds[:3] == ["8 relu", "layer normalisation", "gelu"]
    assert kinds[3:5] == ["6 silu", "5 mish"]
    assert found.network.loss == "cross_entropy"


@pytest.mark.parametrize("activation", [*ACTIVATIONS, ds.LeakyRelu(0.3), ds.Elu(0.5), ds.ops.cos])
def test_what_this_package_exports_comes_back(activation, tmp_path):
    net = ds.Network(4, [ds.Dense(5, activation), ds.Dropout(0.1), ds.Dense(3, bias=False), ds.Dense(2)])
    values = net.initial_parameters(1)
    ds.export(net, tmp_path / "net.onnx", values)
    found = ds.from_onnx(tmp_path / "net.onnx")
    x = X.astype(float)
    np.testing.assert_allclose(
        ds.predict(found.network, x, parameters=found), ds.predict(net, x, parameters=values), atol=1e-6
    )


@pytest.mark.parametrize(
    ("loss", "outputs"), [("cross_entropy", 3), ("binary_cross_entropy", 1), ("poisson", 1)]
)
def test_the_link_of_a_loss_comes_back(loss, outputs, tmp_path):
    net = ds.Network(4, [ds.Dense(5, "tanh"), ds.Dense(outputs)], loss=loss)
    ds.export(net, tmp_path / "net.onnx", net.initial_parameters(1))
    assert ds.from_onnx(tmp_path / "net.onnx").network == net


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_network_that_this_package_exports_comes_back_as_it_was(network, dtype, tmp_path):
    """Residual blocks, embeddings, ensembles and own layers, which its graph alone does not tell."""
    x, _, _, parameters = data_for(network, 9, 1)
    parameters = {name: value.astype(dtype) for name, value in parameters.items()}
    ds.export(network, tmp_path / "net.onnx", parameters)
    found = ds.from_onnx(tmp_path / "net.onnx")
    assert found.network.sections() == network.sections()
    assert list(found.parameters) == list(parameters)
    for name, value in parameters.items():
        assert np.array_equal(found.parameters[name], value), name
        assert found.parameters[name].dtype == dtype
    wanted = ds.predict(network, x, parameters=parameters)
    assert np.array_equal(ds.predict(found.network, x, parameters=found), wanted)


@pytest.mark.parametrize("names", [("a", "b", "c"), ("c", "a", "b")])
def test_inputs_that_are_put_side_by_side_are_the_columns_in_that_order(names, tmp_path):
    """As exports of tables begin, with an input for each column, whatever the order that declares them."""
    draw, numbers = np.random.default_rng(3), np.dtype(np.float32)
    file = FileOfOnnx("three columns")
    for name, width in (("a", 1), ("b", 2), ("c", 1)):
        file.input(name, numbers, ("n", width))
    file.array("weight", draw.normal(size=(4, 3)).astype(numbers))
    file.operator("Concat", names, "x", {"axis": 1})
    file.operator("MatMul", ["x", "weight"], "z", {})
    file.operator("Tanh", ["z"], "y", {})
    file.output("y", numbers, ("n", 3))
    path = tmp_path / "net.onnx"
    path.write_bytes(file.bytes())
    given = {"a": X[:, :1], "b": X[:, 1:3], "c": X[:, 3:]}
    (wanted,) = runtime.InferenceSession(path).run(None, given)
    found = ds.from_onnx(path)
    x = np.concatenate([given[name] for name in names], axis=1)
    np.testing.assert_allclose(ds.predict(found.network, x, parameters=found), wanted, atol=1e-6)


def test_with_columns_it_is_a_model():
    model = ds.from_onnx(
        FILES / "sklearn_mlpc3.onnx", columns=list("abcd"), target="kind", classes=["u", "v", "w"]
    )
    table = dict(zip("abcd", X.T, strict=True))
    wanted = run_by_onnxruntime(FILES / "sklearn_mlpc3.onnx")
    np.testing.assert_allclose(model.predict_proba(table), wanted, atol=1e-6)


def test_what_cannot_be_taken_is_refused_with_its_name(tmp_path):
    with pytest.raises(ds.DownslopeError, match="there is no file"):
        ds.from_onnx(tmp_path / "none.onnx")
    (tmp_path / "other.onnx").write_bytes(b"no file of ONNX")
    with pytest.raises(ds.DownslopeError, match="is no file of ONNX, or damaged"):
        ds.from_onnx(tmp_path / "other.onnx")
    net = ds.Network(4, [ds.Residual([ds.Dense(4)]), ds.Dense(1)])
    ds.export(net, tmp_path / "net.onnx", net.initial_parameters())
    with pytest.raises(ds.DownslopeError, match=r"Add \(.*one way through"):
        ds.from_onnx(tmp_path / "net.onnx", loss="squared_error")  # by its graph alone
    net = ds.Network(4, [ds.LayerNorm(), ds.Dense(1)])
    ds.export(net, tmp_path / "net.onnx", net.initial_parameters())
    with pytest.raises(ds.DownslopeError, match=r"ReduceSum \(.*is an operator that no network here has"):
        ds.from_onnx(tmp_path / "net.onnx", loss="squared_error")
    table = {"size": [1.0, 2.0, 3.0, 4.0], "kind": ["a", "b", "c", "a"], "price": [1.0, 2.5, 3.0, 4.5]}
    ds.export(ds.fit(table, "price"), tmp_path / "model.onnx")
    with pytest.raises(ds.DownslopeError, match="takes 2 inputs"):
        ds.from_onnx(tmp_path / "model.onnx")


@pytest.mark.thorough
def test_damaged_files_are_refused_or_are_the_same_size(tmp_path):
    content = (FILES / "torch_sequential.onnx").read_bytes()
    draw, path = np.random.default_rng(0), tmp_path / "net.onnx"
    for _ in range(300):
        damaged = bytearray(content)
        for place in draw.integers(0, len(content), draw.integers(1, 4)):
            damaged[place] = draw.integers(0, 256)
        path.write_bytes(damaged[: draw.integers(1, len(content) + 1)] if draw.random() < 0.3 else damaged)
        try:
            assert ds.from_onnx(path).network.inputs == 4
        except ds.DownslopeError:
            continue
