"""What layers say of themselves: kinds, inputs, parameters by role, and symbols that no two values share."""

from dataclasses import dataclass, fields

import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.graph import topological
from downslope.graph.notation import Symbol, text
from downslope.nets import LAYERS, Embedding, Ensemble, Network, Periodic, PiecewiseLinear
from networks import NETWORKS
from random_networks import LAYERS as LAYER_LISTS

EVERY = {
    **NETWORKS,
    **{name: Network(4, layers) for name, layers in LAYER_LISTS.items()},
    "two norms": Network(3, [ds.LayerNorm(), ds.LayerNorm()]),
    "lookup and norm": Network(3, [ds.Embedding((1, 2), (3, 3), (2, 2)), ds.LayerNorm()]),
    "numeric and lookup": Network(
        3, [PiecewiseLinear((0,), ((0, 1, 2),)), Periodic((0,), 2), Embedding((1,), (3,), (2,)), ds.Dense(1)]
    ),
    "peaks": Network(3, [ds.Peaks((0,), [[0, 1, 3]]), ds.Dense(1)]),
    "hyperbolic sines": Network(3, [ds.Sinh((0, 2)), ds.Dense(1)]),
    "products": Network(3, [ds.Products((0,), (0, 2)), ds.Dense(1)]),
    "blocks in blocks": Network(3, [ds.Residual((ds.Residual((ds.Dense(3, "tanh"),)),)), ds.Dense(1)]),
    "ensemble": Ensemble([NETWORKS["numeric"], NETWORKS["plain"], NETWORKS["numeric"]]),
    "pair of neurons": Ensemble([Network(2, [ds.Dense(1)])] * 2),
}


def every_symbol(graph):
    return [*(stage.symbol for stage in graph.stages), *graph.symbols.whole.values()]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("net", EVERY.values(), ids=EVERY.keys())
def test_no_two_values_share_a_symbol(net, training):
    graph = net.graph(training=training)
    written = [text(symbol) for symbol in every_symbol(graph)]
    assert len(set(written)) == len(written), written


@pytest.mark.parametrize("net", EVERY.values(), ids=EVERY.keys())
def test_stages_cover_the_network(net):
    graph = net.graph()
    reached = {graph.x}
    for stage in graph.stages:
        assert stage.kind in LAYERS or stage.kind == "activation"
        assert set(stage.inputs) <= reached, "inputs are x or the values of stages before"
        below = set(topological([stage.node]))
        assert {*stage.inputs, *stage.parameters.values()} <= below
        assert bool(stage.function) == (stage.kind == "activation")
        reached.add(stage.node)
    owned = {node.name: (stage, role) for stage in graph.stages for role, node in stage.parameters.items()}
    assert list(owned) == list(graph.parameters)
    assert {name: graph.owner(name) for name in graph.parameters} == owned


@pytest.mark.parametrize("net", EVERY.values(), ids=EVERY.keys())
def test_dropout_changes_no_other_symbol(net):
    rest, training = net.graph(), net.graph(training=True)
    kept = [stage.symbol for stage in training.stages if stage.kind != "Dropout"]
    assert kept == [stage.symbol for stage in rest.stages]
    assert training.symbols == rest.symbols


def test_symbols_as_they_are_written():
    neuron = Network(2, [ds.Dense(1)]).graph()
    assert [text(s) for s in every_symbol(neuron)] == ["z", "w", "b"]
    assert text(neuron.symbols.of("layer1.weight", (0, 1))) == "w₂"
    assert text(neuron.symbols.of("layer1.bias", (0,))) == "b"
    layered = Network(2, [ds.Dense(3, "tanh"), ds.LayerNorm(), ds.Dense(1)]).graph()
    written = "z⁽¹⁾ a⁽¹⁾ h⁽²⁾ z⁽³⁾ W⁽¹⁾ b⁽¹⁾ γ⁽²⁾ β⁽²⁾ W⁽³⁾ b⁽³⁾"
    assert " ".join(text(s) for s in every_symbol(layered)) == written
    assert text(layered.symbols.of("layer1.weight", (2, 1))) == "W⁽¹⁾₃,₂"
    mixed = EVERY["numeric and lookup"].graph()
    written = "e⁽¹⁾ e⁽²⁾ h⁽¹⁾ z⁽²⁾ s⁽¹⁾ c⁽¹⁾ ω⁽²⁾ θ⁽²⁾ T⁽¹⁾₂ W⁽²⁾ b⁽²⁾"
    assert " ".join(text(s) for s in every_symbol(mixed)) == written
    assert text(mixed.symbols.of("layer1.column1", (2, 0))) == "T⁽¹⁾₂,₃,₁"
    pair = EVERY["pair of neurons"].graph()
    assert [text(s) for s in every_symbol(pair)] == [
        *("z⁽¹·¹⁾", "z⁽²·¹⁾", "W⁽¹·¹⁾", "b⁽¹·¹⁾", "W⁽²·¹⁾", "b⁽²·¹⁾")
    ]


@dataclass(frozen=True)
class Scale:
    """h ⊙ s, and no stage."""

    def build(self, builder, h):
        return h * builder.parameter("scale", (int(h.shape[1]),), "ones")


def test_a_layer_that_declares_no_stage_gets_one():
    graph = Network(3, [ds.Dense(2, "tanh"), Scale(), ds.Dense(1)]).graph()
    stage = graph.stages[2]
    assert (stage.layer, stage.kind, stage.symbol) == ("layer2", "Scale", Symbol("h", layer="2"))
    assert stage.inputs == (graph.stages[1].node,)
    assert stage.parameters == {"scale": graph.parameters["layer2.scale"]}
    assert text(graph.symbols.of("layer2.scale", (1,))) == "scale⁽²⁾₂"


def test_layers_that_cannot_be_told_apart_are_refused():
    @dataclass(frozen=True)
    class Dense:
        def build(self, builder, h):
            return h * 2.0

    @dataclass(frozen=True)
    class Twice:
        def build(self, builder, h):
            builder.parameter("weight", (1,))
            return h * builder.parameter("weight", (1,))

    @dataclass(frozen=True)
    class Alike:
        def build(self, builder, h):
            return builder.stage("h", builder.stage("h", h * 2.0) * 2.0)

    for layer, match in ((Dense(), "named Dense"), (Twice(), "'weight' twice"), (Alike(), "both be written")):
        with pytest.raises(DownslopeError, match=match):
            Network(3, [layer, ds.Dense(1)])
    assert not fields(Dense)
