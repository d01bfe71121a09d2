"""Networks come back from their files equal, with the same starting values, graphs and predictions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.nets import ACTIVATIONS, INITIALIZERS, LAYERS, LOSSES
from thorough import examples

INPUTS, LEVELS = 4, 3
KINDS = (
    "Dense",
    "Activation",
    "Dropout",
    "LayerNorm",
    "Residual",
    "Embedding",
    "PiecewiseLinear",
    "Periodic",
    "Peaks",
    "Sinh",
    "Products",
)
NUMBERS = st.floats(-1e300, 1e300, allow_subnormal=True)


def scaled(z):
    return ds.ops.tanh(z) * 0.3


def squared_log(output, target):
    return ds.ops.square(ds.ops.softplus(output - target))


def test_every_kind_of_layer_is_drawn():
    assert set(KINDS) == set(LAYERS)


def of_shape(shape):
    """Numbers as nested lists."""
    count = int(np.prod(shape))
    return st.lists(NUMBERS, min_size=count, max_size=count).map(lambda v: np.reshape(v, shape).tolist())


@st.composite
def layers(draw, kind, width, units=None):
    """A layer on rows of a width."""
    if kind == "Dense":
        units = units or draw(st.integers(1, 5))
        start = st.sampled_from([None, *INITIALIZERS]) | of_shape((units, width))
        activation = st.sampled_from(["identity", *ACTIVATIONS, ds.LeakyRelu(0.3), ds.Elu(1 / 3), scaled])
        bias = draw(st.booleans() | of_shape((units,)))
        return ds.Dense(units, draw(activation), bias=bias, initializer=draw(start))
    if kind == "Activation":
        return ds.Activation(draw(st.sampled_from([*ACTIVATIONS, ds.LeakyRelu(0.3), scaled])))
    if kind == "Dropout":
        return ds.Dropout(draw(st.floats(0, 0.9)))
    if kind == "LayerNorm":
        return ds.LayerNorm(draw(st.floats(1e-9, 1)))
    if kind == "Residual":
        inner = draw(st.sampled_from(["Dropout", "LayerNorm", "Dense", "Residual"]))
        first = draw(layers(inner, width, width))
        return ds.Residual([first, draw(layers("Dense", width, width))])
    columns = tuple(draw(st.sets(st.integers(0, INPUTS - 1), min_size=1, max_size=2)))
    if kind == "Embedding":
        return ds.Embedding(columns, (LEVELS,) * len(columns), (2,) * len(columns))
    if kind == "Periodic":
        return ds.Periodic(columns, draw(st.integers(1, 3)), draw(st.floats(1e-3, 10)))
    if kind == "Products":
        return ds.Products(columns, draw(st.permutations(range(INPUTS)))[:2])
    if kind == "Sinh":
        return ds.Sinh(columns, draw(st.floats(1e-3, 10)), draw(st.floats(1e-3, 10)))
    edges = st.sets(st.floats(-9, 9, width=16), min_size=2, max_size=4).map(sorted)
    made = ds.Peaks if kind == "Peaks" else ds.PiecewiseLinear
    return made(columns, [draw(edges) for _ in columns], learned=draw(st.booleans()))


@st.composite
def networks(draw):
    """A network of any layers: those that read the columns of the table come first."""
    first = st.sampled_from(["Embedding", "PiecewiseLinear", "Peaks", "Periodic", "Sinh", "Products"])
    kinds = [
        *draw(st.lists(first, max_size=1)),
        *draw(
            st.lists(st.sampled_from(["Dense", "Activation", "Dropout", "LayerNorm", "Residual"]), max_size=3)
        ),
    ]
    found = []
    for kind in kinds:
        found.append(draw(layers(kind, width_of(found))))
    loss = draw(
        st.sampled_from([*LOSSES, ds.Huber(0.1), ds.Quantile(1 / 3), ds.Quantile((0.1, 0.9)), squared_log])
    )
    found.append(draw(layers("Dense", width_of(found), 2)))
    penalty = st.sampled_from([0.0, 0.1, 1 / 3])
    return ds.Network(INPUTS, found, loss, l1=draw(penalty), l2=draw(penalty))


def width_of(found):
    return int(ds.Network(INPUTS, found).graph().output.shape[1]) if found else INPUTS


def assert_comes_back(net, path):
    net.save(path)
    again = ds.load(path)
    assert again == net
    assert hash(again) == hash(net)
    for training in (False, True):
        assert again.graph(training=training).error is net.graph(training=training).error
    for name, value in net.initial_parameters(3).items():
        np.testing.assert_array_equal(again.initial_parameters(3)[name], value)
    again.save(f"{path}2")
    assert path.read_bytes() == path.with_name(f"{path.name}2").read_bytes()


@settings(max_examples=examples(60), deadline=None)
@given(net=networks(), seed=st.integers(0, 99))
def test_random_networks_come_back_equal(tmp_path_factory, net, seed):
    path = tmp_path_factory.mktemp("net") / "net"
    assert_comes_back(net, path)
    rng = np.random.default_rng(seed)
    shapes = {name: tuple(map(int, node.shape)) for name, node in net.graph().parameters.items()}
    values = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    net.save(path, values)
    found = ds.load(path)
    assert found.network == net
    assert {name: (v.dtype, v.tolist()) for name, v in found.parameters.items()} == {
        name: (v.dtype, v.tolist()) for name, v in values.items()
    }
    x = rng.integers(0, LEVELS, (7, INPUTS)).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = ds.predict(net, x, parameters=values)
        np.testing.assert_array_equal(ds.predict(found.network, x, parameters=found), expected)


@settings(max_examples=examples(15), deadline=None)
@given(nets=st.lists(networks(), min_size=1, max_size=2), data=st.data())
def test_ensembles_come_back_equal(tmp_path_factory, nets, data):
    members = [ds.Network(INPUTS, net.layers) for net in nets for _ in range(data.draw(st.integers(1, 2)))]
    share = data.draw(st.sampled_from([(), (1.0, *[0.0] * (len(members) - 1))]))
    pair = ds.Ensemble(members, share, data.draw(st.sampled_from([1.0, 1 / 3])))
    assert_comes_back(pair, tmp_path_factory.mktemp("pair") / "pair")


@pytest.mark.parametrize("form", ["mapping", "flat", "run", "trained network", "model"])
def test_parameters_in_any_form_are_saved(form, tmp_path):
    net = ds.Network(2, [ds.Dense(1)])
    run = ds.descend(net, [[1.0, 0.0], [0.0, 1.0]], [1.0, 2.0], steps=3)
    model = ds.fit({"a": [1, 2, 3, 4, 5, 6], "y": [1.0, 4.0, 9.0, 16.0, 25.0, 36.0]}, target="y")
    flat = np.concatenate([np.ravel(v) for v in run.parameters.values()])
    network, given, expected = {
        "mapping": (net, run.parameters, run.parameters),
        "flat": (net, flat.tolist(), run.parameters),
        "run": (net, run, run.parameters),
        "trained network": (net, ds.TrainedNetwork(net, run.parameters), run.parameters),
        "model": (model.network, model, model.parameters),
    }[form]
    network.save(tmp_path / "net", given)
    found = ds.load(tmp_path / "net", ds.TrainedNetwork)
    assert list(found.parameters) == list(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found.parameters[name], value)


def test_parameters_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path):
    net = ds.Network(2, [ds.Dense(1)])
    other = ds.descend(ds.Network(2, [ds.Dense(1, "tanh")]), [[1.0, 0.0]], [1.0], steps=1)
    for wrong, message in (
        ([1.0, 2.0], "needs a flat list of 3 numbers"),
        ({"layer1.weight": [[1.0, 2.0]]}, r"lacks layer1\.bias"),
        ({"layer1.weight": [[1.0, float("nan")]], "layer1.bias": [0.0]}, "is nan"),
        (other, "of another network"),
    ):
        with pytest.raises(ds.DownslopeError, match=message):
            net.save(tmp_path / "net", wrong)
    assert not any(tmp_path.iterdir())


def test_a_layer_of_ones_own_comes_back_as_what_it_built(tmp_path):
    class Gate:
        def build(self, builder, h):
            h = builder.layer(ds.Dropout(0.2), h)
            return h * builder.parameter("gate", (int(h.shape[1]),), initializer=[0.5] * int(h.shape[1]))

    net = ds.Network(3, [ds.Dense(4), Gate(), ds.Dense(1)])
    net.save(tmp_path / "net")
    again = ds.load(tmp_path / "net")
    for training in (False, True):
        assert again.graph(training=training).error is net.graph(training=training).error
    assert again.initial_parameters(5).keys() == net.initial_parameters(5).keys()
    for name, value in net.initial_parameters(5).items():
        np.testing.assert_array_equal(again.initial_parameters(5)[name], value)
    again.save(tmp_path / "again")
    assert ds.load(tmp_path / "again") == again
