"""Model files come back whole, and what is no model file is refused in words."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope import (
    Dense,
    DownslopeError,
    Dropout,
    Elu,
    Embedding,
    Huber,
    LayerNorm,
    LeakyRelu,
    Network,
    Quantile,
    Residual,
)
from downslope.graph import graph_from_json, graph_to_json
from downslope.interchange import ModelFile, read_model_file, write_model_file
from downslope.nets import network_from_json
from sealed import NO_SUM, seal
from thorough import examples

NETWORKS = [
    Network(inputs=3, layers=[Dense(1, bias=False)]),
    Network(inputs=3, layers=[Dense(4, Elu(0.5)), Dense(3)], loss="cross_entropy", l1=0.1, l2=0.2),
    Network(
        inputs=4,
        layers=[
            Embedding((3,), (5,), (2,)),
            Dense(6, LeakyRelu(0.2)),
            Dropout(0.3),
            Residual((LayerNorm(), Dense(6, "tanh", bias=[1.0] * 6))),
            Dense(1, initializer="zeros"),
        ],
        loss=Huber(0.7),
    ),
    Network(inputs=2, layers=[Dense(2)], loss=Quantile((0.25, 0.9))),
]


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "m.downslope"
    network = NETWORKS[2]
    write_model_file(path, ModelFile(network, network.initial_parameters(3), {"record": [1, 2.5, "é"]}))
    return path


@pytest.mark.parametrize("network", NETWORKS)
def test_networks_survive_json(network) -> None:
    again = network_from_json(json.loads(json.dumps(network.to_json())))
    assert again.graph().prediction is network.graph().prediction
    assert again.graph().error is network.graph().error


@pytest.mark.parametrize("network", NETWORKS)
def test_graphs_survive_json(network) -> None:
    outputs = [network.graph(training=True).error, network.graph().prediction]
    assert graph_from_json(json.loads(json.dumps(graph_to_json(outputs)))) == outputs


def test_a_model_comes_back(written) -> None:
    model = read_model_file(written)
    assert model.about == {"record": [1, 2.5, "é"]}
    assert list(model.parameters) == list(NETWORKS[2].graph().parameters)
    for name, value in NETWORKS[2].initial_parameters(3).items():
        np.testing.assert_array_equal(model.parameters[name], value)
    assert [p.name for p in written.parent.iterdir()] == [written.name]


def test_every_truncation_is_refused(written) -> None:
    content = written.read_bytes()
    for size in range(0, len(content), 7):
        written.write_bytes(content[:size])
        with pytest.raises(DownslopeError):
            read_model_file(written)


@pytest.mark.thorough
@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_a_changed_byte_is_refused_or_harmless(tmp_path_factory, data) -> None:
    path = tmp_path_factory.mktemp("m") / "m"
    network = NETWORKS[1]
    write_model_file(path, ModelFile(network, network.initial_parameters(0), {}))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        model = read_model_file(path)
    except DownslopeError:
        return
    assert {n: v.shape for n, v in model.parameters.items()} == {
        n: v.shape for n, v in network.initial_parameters(0).items()
    }


def changed(path, section: str, change) -> None:
    """Change a text of a file, and seal it again."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + size])
    texts = header["__metadata__"]
    texts[section] = change(texts[section])
    if section != "sha256":
        texts["sha256"] = NO_SUM
    packed = json.dumps(header).encode()
    whole = struct.pack("<Q", len(packed)) + packed + content[8 + size :]
    path.write_bytes(seal(whole) if section != "sha256" else whole)


@pytest.mark.parametrize(
    ("section", "change", "message"),
    [
        ("format", lambda s: "other", "no file of Downslope"),
        ("format", lambda s: "downslope 4", "a later version of Downslope wrote; .* update Downslope"),
        ("sha256", lambda s: s[::-1], "damaged: its checksum is that of other content"),
        ("sha256", lambda s: "", "damaged: it has no checksum"),
        ("network", lambda s: "[" * 100_000, "section 'network'"),
        ("network", lambda s: s.replace('"units": 6', '"units": 7'), "damaged"),
        ("network", lambda s: s.replace('"units": 6', '"units": 1e300'), "damaged"),
        ("network", lambda s: s.replace("Dense", "__import__"), "damaged"),
        ("graph", lambda s: s.replace("matmul", "system"), "unknown op 'system'"),
        ("graph", lambda s: s.replace("tanh", "sigmoid"), "not that of the network"),
        (
            "graph",
            lambda s: '{"nodes": [{"op": "add", "inputs": [0, 0]}], "outputs": [0]}',
            "graph is damaged",
        ),
        ("about", lambda s: "3", "no JSON object"),
    ],
)
def test_hostile_headers_are_refused(written, section: str, change, message: str) -> None:
    changed(written, section, change)
    with pytest.raises(DownslopeError, match=message):
        read_model_file(written)


def test_what_is_no_file(tmp_path) -> None:
    with pytest.raises(DownslopeError, match="there is no file"):
        read_model_file(tmp_path / "none")
    with pytest.raises(DownslopeError, match="is a folder"):
        read_model_file(tmp_path)
    with pytest.raises(DownslopeError, match="cannot be written"):
        write_model_file(tmp_path / "no" / "m", ModelFile(NETWORKS[0], NETWORKS[0].initial_parameters(), {}))
    NETWORKS[0].save(tmp_path / "network")
    with pytest.raises(DownslopeError, match=r"holds a network, not a model; read it with ds\.load"):
        read_model_file(tmp_path / "network")
