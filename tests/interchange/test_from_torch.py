"""Networks of PyTorch, as modules and as state dicts: the same outputs, refusals in words."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import downslope as ds
from downslope.cli._run import run

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
nn = torch.nn

X = np.random.default_rng(0).normal(size=(50, 4))


def normalised(width):
    """A BatchNorm1d that has seen rows."""
    layer = nn.BatchNorm1d(width)
    for value in (layer.running_mean, layer.weight, layer.bias):
        nn.init.normal_(value)
    nn.init.uniform_(layer.running_var, 0.5, 2.0)
    return layer


def outputs(module, x=X):
    with torch.no_grad():
        return module.double().eval()(torch.tensor(x)).numpy()


def check(module, x=X, wanted=None, **settings):
    wanted = outputs(module, x) if wanted is None else wanted
    found = ds.from_torch(module, **settings)
    np.testing.assert_allclose(
        ds.predict(found.network, x.astype(float), parameters=found), wanted, rtol=1e-12, atol=1e-13
    )
    return found


FUNCTIONS = [
    nn.CELU(0.5),
    nn.ELU(0.3),
    nn.GELU(),
    nn.GELU(approximate="tanh"),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.Hardtanh(-0.5, 0.4),
    nn.LeakyReLU(0.2),
    nn.LogSigmoid(),
    nn.Mish(),
    nn.PReLU(),
    nn.ReLU(),
    nn.ReLU6(),
    nn.SELU(),
    nn.SiLU(),
    nn.Sigmoid(),
    nn.Softplus(),
    nn.Softplus(2.0),
    nn.Softsign(),
    nn.Tanh(),
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_every_activation_has_the_same_outputs(function, tmp_path):
    found = check(nn.Sequential(nn.Linear(4, 8), function, nn.Linear(8, 2)), 3 * X)
    found.network.save(tmp_path / "net.downslope", found)
    again = ds.load(tmp_path / "net.downslope")
    same = (ds.predict(each.network, X, parameters=each) for each in (found, again))
    assert np.array_equal(*same)


def test_normalisations_dropout_and_nested_layers():
    module = nn.Sequential(
        normalised(4),
        nn.Linear(4, 8, bias=False),
        normalised(8),
        nn.Sequential(nn.ReLU(), nn.LayerNorm(8), nn.GELU(), nn.Dropout(0.2)),
        normalised(8),
        nn.Identity(),
        nn.Linear(8, 3),
    )
    found = check(module)
    kinds = [type(layer).__name__ for layer in found.network.layers]
    assert kinds == ["Dense", "LayerNorm", "Activation", "Dropout", "Dense"]


def test_a_layer_that_stands_there_twice_is_taken_twice():
    again = nn.ReLU()
    found = check(nn.Sequential(nn.Linear(4, 5), again, nn.Linear(5, 6), again, nn.Linear(6, 1)))
    assert [layer.activation for layer in found.network.layers] == ["relu", "relu", "identity"]


@pytest.mark.parametrize(
    ("last", "outputs_", "loss"),
    [(nn.Sigmoid(), 1, "binary_cross_entropy"), (nn.Softmax(dim=1), 3, "cross_entropy")],
)
def test_a_last_function_is_what_the_loss_makes_of_an_output(last, outputs_, loss):
    found = check(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs_), last))
    assert found.network.loss == loss


def test_logits_are_probabilities_under_the_loss_that_is_named():
    module = nn.Sequential(nn.Linear(4, 3))
    wanted = torch.softmax(torch.tensor(outputs(module)), 1).numpy()
    check(module, wanted=wanted, loss="cross_entropy")
    check(nn.Sequential(module, nn.LogSoftmax(dim=1)), wanted=wanted)
    check(nn.Sequential(nn.Linear(4, 1), nn.Sigmoid()), loss="squared_error")


@pytest.mark.parametrize("columns", [1, 2])
def test_an_embedding_in_front(columns):
    module = nn.Sequential(nn.Embedding(5, 3), nn.Flatten(), nn.Linear(3 * columns, 2)).double()
    levels = np.random.default_rng(1).integers(0, 5, (20, columns))
    found = check(module, levels)
    assert found.network.inputs == columns


def test_numbers_of_half_precision_are_taken():
    module = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1)).bfloat16()
    found = ds.from_torch(module)
    assert found.parameters["layer1.weight"].dtype == np.float32
    assert np.array_equal(found.parameters["layer1.weight"], module[0].weight.detach().float().numpy())


def test_a_state_dict_is_told_by_names_and_shapes():
    module = nn.Sequential(
        nn.Linear(4, 8), normalised(8), nn.ReLU(), nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 2)
    )
    wanted = outputs(module)
    found = ds.from_torch(module.state_dict(), activation="relu")
    np.testing.assert_allclose(ds.predict(found.network, X, parameters=found), wanted, rtol=1e-12, atol=1e-13)
    normed = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Tanh(), nn.Linear(8, 1))
    wanted, found = outputs(normed), ds.from_torch(normed.state_dict(), activation="tanh")
    np.testing.assert_allclose(ds.predict(found.network, X, parameters=found), wanted, rtol=1e-12, atol=1e-13)


def test_a_state_dict_of_arrays_needs_no_torch():
    code = (
        "import sys, numpy as np, downslope as ds\n"
        "state = {'0.weight': np.ones((2, 3)), '0.bias': np.zeros(2), '2.weight': np.ones((1, 2))}\n"
        "print(ds.from_torch(state, activation='tanh').network, 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "<Network 3 inputs → 2 tanh → 1; squared_error; 10 parameters> False"


def test_with_columns_it_is_a_model():
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(dim=1))
    wanted = outputs(module)
    model = ds.from_torch(module, columns=list("abcd"), target="kind", classes=["u", "v", "w"])
    table = dict(zip("abcd", X.T, strict=True))
    np.testing.assert_allclose(model.predict_proba(table), wanted, rtol=1e-12, atol=1e-13)
    assert model.predict(table).tolist() == [["u", "v", "w"][k] for k in wanted.argmax(axis=1)]


def hooked(layer):
    layer.register_forward_hook(lambda layer, given, result: 2 * result)
    return layer


class Own(nn.Module):
    """A forward of one's own."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1)


@pytest.mark.parametrize(
    ("module", "settings", "message"),
    [
        (nn.Sequential(nn.Linear(4, 8), nn.Conv1d(1, 1, 1)), {}, r"Conv1d \(1\) is a layer that no network"),
        (Own(), {}, "Own has a forward of its own.*ds.from_onnx"),
        (nn.Sequential(nn.Linear(4, 4), Own()), {}, r"Own \(1\) has a forward of its own"),
        (nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8)), {}, r"BatchNorm1d \(2\) scales each"),
        (nn.Sequential(nn.BatchNorm1d(4), nn.ReLU()), {}, r"BatchNorm1d \(0\) scales each"),
        (
            nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False)),
            {},
            "train it with track_running_stats",
        ),
        (nn.Sequential(nn.Linear(4, 8), nn.Softmax(1), nn.Linear(8, 1)), {}, r"Softmax \(1\) stands where"),
        (nn.Sequential(nn.Linear(4, 8), nn.Linear(9, 1)), {}, r"Linear \(1\) takes 9 values, and .* gives 8"),
        (hooked(nn.Linear(4, 1)), {}, "Linear.* has hooks, which can change"),
        (nn.Sequential(nn.Linear(4, 8), nn.PReLU(8)), {}, "PReLU has a slope for each value"),
        (nn.Sequential(nn.ReLU()), {}, "there is no layer with weights"),
        (nn.Sequential(), {}, "this Sequential has none"),
        (nn.Linear(4, 1), {"activation": "relu"}, "leave out activation"),
        ({"0.weight": np.ones((2, 3)), "2.weight": np.ones((1, 2))}, {}, "does not hold the activation"),
        ({"0.weight": np.ones((2, 3, 1))}, {}, "the layer '0' of the state dict holds weight"),
        (nn.Linear(4, 2), {"columns": list("abcd")}, "2 outputs, and a model predicts one target"),
        (nn.Linear(4, 1), {"columns": list("abc")}, "columns needs 4 names"),
        (
            nn.Linear(4, 1),
            {"columns": list("abcd"), "classes": ["u", "v"]},
            "classes belong to a network with",
        ),
        (
            nn.Linear(4, 2),
            {"columns": list("abcd"), "classes": ["u"], "loss": "cross_entropy"},
            "needs 2 diff",
        ),
        (nn.Linear(4, 1), {"columns": list("abca")}, "need names of their own"),
        ({"0.weight": np.full((2, 3), np.nan)}, {}, "layer1.weight holds numbers that are not finite"),
        (3, {}, "module needs a torch.nn.Sequential or a state dict, not 3"),
        (nn.Linear, {}, "module needs a torch.nn.Sequential or a state dict"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_name_and_what_to_do(module, settings, message):
    with pytest.raises(ds.DownslopeError, match=message):
        ds.from_torch(module, **settings)


def test_commands_take_the_file_of_a_network(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3), nn.Softmax(dim=1))
    found = ds.from_torch(module)
    found.network.save("net.downslope", found)
    rows = "".join(
        f"{a:.2f},{b:.2f},{kind}\n" for (a, b), kind in zip(X[:30, :2], ["u", "v", "w"] * 10, strict=True)
    )
    Path("rows.csv").write_text("width,height,kind\n" + rows)
    wanted = outputs(
        module, np.loadtxt("rows.csv", delimiter=",", skiprows=1, usecols=(0, 1), max_rows=1)[None]
    )
    assert run(["explain", "net.downslope", "rows.csv", "--row", "1", "--of", "largest", "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["rows"][0]["prediction"] == pytest.approx(wanted.max(), rel=1e-6)
    assert run(["doctor", "net.downslope", "rows.csv", "--no-proof"]) in (0, 1)
    assert run(["importance", "net.downslope", "rows.csv"]) == 0
    capsys.readouterr()
    assert run(["evaluate", "net.downslope", "rows.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 30
    assert run(["play", "net.downslope", "--table", "rows.csv", "--export", "page.html"]) == 0
    assert run(["explain", "net.downslope", "--row", "1"]) == 2
    assert "holds a network, which knows no columns" in capsys.readouterr().err
    Path("other.csv").write_text("width,kind\n1,u\n2,v\n")
    assert run(["explain", "net.downslope", "other.csv", "--row", "1"]) == 2
    assert 'column "kind" held numbers in training, and no cell of it does now' in capsys.readouterr().err
