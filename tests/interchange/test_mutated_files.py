"""Model files with other bytes and other settings: read and run, or refused with a DownslopeError."""

import json
import math
from copy import deepcopy

import numpy as np
import pytest
from safetensors.numpy import save

import downslope as ds
from downslope.graph import graph_to_json
from downslope.interchange import ModelFile, read_model_file, write_model_file
from downslope.nets import network_from_json

MODELS = [
    ds.Network(5, [ds.Embedding((1, 3), (4, 3), (2, 3)), ds.Dense(4, "relu"), ds.Dense(1)]),
    ds.Network(
        5,
        [
            ds.PiecewiseLinear((0, 2), [[0.0, 1.0], [0.0, 0.5, 1.0]]),
            ds.Periodic((4,), 2),
            ds.Embedding((3,), (3,), (2,)),
            ds.Residual([ds.LayerNorm(), ds.Dense(11)]),
            ds.Dense(3),
        ],
        loss="cross_entropy",
    ),
    ds.Ensemble([ds.Network(5, [ds.Dense(3, "tanh"), ds.Dense(1)])] * 2),
]


def predict_from(path, rng):
    """Read a file, predict rows with and without a level, and train a step; say no with a DownslopeError."""
    try:
        model = read_model_file(path)
        x = rng.integers(-1, 5, (33, model.network.inputs)) * rng.choice([1.0, 0.5])
        ds.predict(model.network, np.abs(np.round(x)) % 3, parameters=model.parameters)
        ds.predict(model.network, x, parameters=model.parameters)
    except ds.DownslopeError:
        return


@pytest.mark.parametrize("network", MODELS, ids=range(len(MODELS)))
def test_mutated_bytes_of_model_files(network, tmp_path):
    rng = np.random.default_rng(MODELS.index(network))
    path = tmp_path / "model"
    write_model_file(path, ModelFile(network, network.initial_parameters(0, np.float32), {}))
    whole = bytearray(path.read_bytes())
    for _ in range(40):
        damaged = bytearray(whole)
        for at in rng.integers(0, len(whole) if rng.random() < 0.5 else 12, rng.integers(1, 4)):
            damaged[at] = rng.choice([0, 1, 48, 57, 255, int(rng.integers(256))])
        if rng.random() < 0.2:
            damaged = damaged[: rng.integers(len(damaged))]
        path.write_bytes(damaged)
        predict_from(path, rng)


@pytest.mark.parametrize("network", MODELS, ids=range(len(MODELS)))
def test_mutated_settings_of_model_files(network, tmp_path):
    """Where the settings still build a network, its graph and parameters are in the file with them."""
    rng = np.random.default_rng(7 + MODELS.index(network))
    path = tmp_path / "model"
    for _ in range(60):
        description = network.to_json()
        for _ in range(rng.integers(1, 4)):
            paths = list(settings(description))
            *where, last = paths[rng.integers(len(paths))]
            target = description
            for key in where:
                target = target[key]
            target[last] = [-1, 0, 1, 2, 3, 7, 2.5, 1e300, -1e9, True, None, "x", [], [0], [1, 1]][
                rng.integers(15)
            ]
        try:
            changed = network_from_json(deepcopy(description))
            sizes = [node.shape for node in changed.graph().parameters.values()]
            if sum(map(math.prod, sizes)) > 10**6:
                continue
            values = changed.initial_parameters(0)
        except (ds.DownslopeError, ValueError, TypeError, KeyError):
            header = json.dumps(description), json.dumps(graph_to_json([network.graph().prediction]))
            values = network.initial_parameters(0)
        else:
            header = json.dumps(description), json.dumps(graph_to_json([changed.graph().prediction]))
        metadata = {"format": "downslope 2", "network": header[0], "graph": header[1], "about": "{}"}
        path.write_bytes(save(values, metadata=metadata))
        predict_from(path, rng)


def settings(tree, path=()):
    """The path of every value in nested JSON."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, part in parts:
        yield (*path, key)
        yield from settings(part, (*path, key))
