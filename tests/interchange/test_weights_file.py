"""Parameters under PyTorch's names: PyTorch loads them into its own layers, and predicts the same."""

import numpy as np
import pytest
from exported import NETWORKS, model_of
from safetensors.numpy import load_file

import downslope as ds
from random_networks import data_for

LIKE_TORCH = ds.Network(
    4,
    [
        ds.Dense(5, "tanh"),
        ds.Dropout(0.2),
        ds.LayerNorm(),
        ds.Dropout(0.0),
        ds.Dense(3, ds.LeakyRelu(0.2), bias=False),
        ds.Residual((ds.Dense(2, "gelu"), ds.Dense(3))),
        ds.Dense(2),
    ],
)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_every_layer(network, tmp_path) -> None:
    _, _, _, parameters = data_for(network, 3, 1, np.float32)
    ds.export(network, tmp_path / "net.safetensors", parameters)
    found = load_file(tmp_path / "net.safetensors")
    assert sum(value.size for value in found.values()) == sum(value.size for value in parameters.values())
    wanted = sorted((value.shape, value.tobytes()) for value in parameters.values())
    assert sorted((value.shape, value.tobytes()) for value in found.values()) == wanted


@pytest.mark.torch
def test_pytorch_loads_them(tmp_path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file as load_torch

    class Beside(torch.nn.Sequential):
        def forward(self, h):
            return h + super().forward(h)

    nn = torch.nn
    theirs = nn.Sequential(
        nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.2), nn.LayerNorm(5), nn.Dropout(0.0),
        nn.Linear(5, 3, bias=False), nn.LeakyReLU(0.2),
        Beside(nn.Linear(3, 2), nn.GELU(), nn.Linear(2, 3)), nn.Linear(3, 2),
    ).eval()  # fmt: skip
    x, _, _, parameters = data_for(LIKE_TORCH, 6, 3, np.float32)
    ds.export(LIKE_TORCH, tmp_path / "net.safetensors", parameters)
    theirs.load_state_dict(load_torch(tmp_path / "net.safetensors"))
    found = theirs(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(found, ds.predict(LIKE_TORCH, x, parameters=parameters), 1e-5, 1e-6)


def test_members_are_modules_of_a_list(tmp_path) -> None:
    pair = ds.Ensemble([ds.Network(2, [ds.Dense(3, "relu"), ds.Dense(1)])] * 2)
    exported = ds.export(pair, tmp_path / "pair.safetensors", pair.initial_parameters())
    assert exported.notes == ()
    names = ["0.0.bias", "0.0.weight", "0.2.bias", "0.2.weight"]
    assert sorted(load_file(exported.path)) == [*names, *(f"1{name[1:]}" for name in names)]
    exported = ds.export(model_of("sales"), tmp_path / "model.safetensors")
    assert "weights alone" in exported.notes[0]
