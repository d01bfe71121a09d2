"""A point in parameter space is one argument: every public function takes it in every form."""

from types import SimpleNamespace

import numpy as np
import pytest

import downslope as ds
from downslope.nets import parameter_values, starting_values

NET = ds.Network(2, [ds.Dense(3, "tanh"), ds.Dense(1)])
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 2)), RNG.normal(size=30)
RUN = ds.descend(NET, X, Y, steps=7)
FLAT = np.concatenate([value.ravel() for value in RUN.parameters.values()])
FORMS = {
    "mapping": RUN.parameters,
    "lists": {name: value.tolist() for name, value in RUN.parameters.items()},
    "flat array": FLAT,
    "flat list": FLAT.tolist(),
    "run": RUN,
    "model": SimpleNamespace(network=NET, parameters=RUN.parameters),
    "another loss": ds.descend(
        ds.Network(2, NET.layers, loss="huber", l2=0.1), X, Y, start=RUN.parameters, steps=0
    ),
}
READERS = {
    "predict": lambda at: ds.predict(NET, X, parameters=at),
    "gradient": lambda at: ds.gradient(NET, X, Y, parameters=at)["layer1.weight"],
    "gradient_norms": lambda at: ds.gradient_norms(NET, X, Y, parameters=at),
    "hessian_vector_product": lambda at: ds.hessian_vector_product(
        NET, X, Y, parameters=at, vector=RUN.parameters
    )["layer1.weight"],
    "vector": lambda at: ds.hessian_vector_product(NET, X, Y, parameters=RUN.parameters, vector=at)[
        "layer1.weight"
    ],
    "explain": lambda at: ds.explain(NET, X, Y, parameters=at).gradient,
    "explain_row": lambda at: str(ds.explain_row(NET, X, Y, parameters=at, row=0)),
    "explain_unit": lambda at: str(ds.explain_unit(NET, X, Y, parameters=at, layer="layer1", unit=1)),
    "descend": lambda at: ds.descend(NET, X, Y, start=at, steps=3).losses[-3:],
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_taken_and_gives_the_same(reader, form):
    expected = READERS[reader](RUN.parameters)
    assert np.array_equal(READERS[reader](FORMS[form]), expected)


def test_forecast_starts_from_a_run():
    line = ds.Network(2, [ds.Dense(1)])
    run = ds.descend(line, X, Y, steps=4, learning_rate=0.1)
    found = ds.forecast(line, X, Y, start=run, learning_rate=0.1)
    again = ds.forecast(line, X, Y, start=run.parameters, learning_rate=0.1)
    assert found.error_after(3) == again.error_after(3)


def test_a_fitted_model_is_a_point_of_its_network():
    table = {"a": X[:, 0], "b": X[:, 1], "y": X[:, 0] * X[:, 1]}
    model = ds.fit(table, target="y", members=2, epochs=5)
    x = model.encode(table).x
    np.testing.assert_array_equal(
        ds.predict(model.network, x, parameters=model),
        ds.predict(model.network, x, parameters=model.parameters),
    )
    with pytest.raises(ds.DownslopeError, match="parameters is a Model of another network: <"):
        ds.predict(NET, X, parameters=model)
    with pytest.raises(ds.DownslopeError, match="start is a Model of another network"):
        ds.descend(NET, X, Y, start=model)


def test_some_parameters_are_enough_to_start_from():
    drawn = NET.initial_parameters(5)
    found = starting_values(NET, {"layer2.bias": [7.0]}, 5, np.dtype(np.float64))
    assert found["layer2.bias"] == [7.0]
    assert all(np.array_equal(found[name], drawn[name]) for name in drawn if name != "layer2.bias")


def test_a_start_is_a_copy():
    start = {name: value.copy() for name, value in RUN.parameters.items()}
    found = starting_values(NET, start, 0, np.dtype(np.float64))
    found["layer1.bias"][:] = 99
    assert np.array_equal(start["layer1.bias"], RUN.parameters["layer1.bias"])


OTHER = ds.descend(ds.Network(2, [ds.Dense(4, "tanh"), ds.Dense(1)]), X, Y, steps=0)
SIGMOID = ds.descend(ds.Network(2, [ds.Dense(3, "sigmoid"), ds.Dense(1)]), X, Y, steps=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            OTHER,
            r"parameters is a Run of another network: <Network 2 inputs → 4 tanh → 1; .*> where <Network",
        ),
        (SIGMOID, "parameters is a Run of another network: .* pass that network, or a mapping"),
        ([1.0] * 12, r"parameters needs a flat list of 13 numbers, one for each of layer1.weight, .*\(12,\)"),
        ([[1.0] * 13], r"not the shape \(1, 13\)"),
        ([1.0] * 12 + ["a"], "parameters holds text"),
        ([1.0] * 12 + [np.nan], r"parameters\[12\] is nan"),
        ("run", "parameters needs a mapping from names to values, a flat list of numbers, a run or a model"),
        (0.5, "parameters needs a mapping .* not 0.5"),
        (None, "parameters needs a mapping .* not None"),
        (ds.Run, "not the class Run"),
        (len, "not the function len"),
        ({}, "parameters lacks layer1.weight; the network has layer1.weight, layer1.bias"),
        ({**RUN.parameters, "layer1.wieght": 1}, "did you mean 'layer1.weight'?"),
        ({**RUN.parameters, 3: 1}, "names a parameter 3 that the network lacks"),
        ({**RUN.parameters, "layer2.bias": [np.inf]}, r"parameters\['layer2.bias'\]\[0\] is inf"),
        ({**RUN.parameters, "layer2.bias": ["1.0"]}, r"parameters\['layer2.bias'\] holds text"),
        ({**RUN.parameters, "layer2.bias": [1j]}, r"parameters\['layer2.bias'\] holds complex"),
        ({**RUN.parameters, "layer2.bias": 1.0}, r"parameters\['layer2.bias'\] needs the shape \(1,\)"),
    ],
)
def test_what_is_no_point_is_said(given, message):
    with pytest.raises(ds.DownslopeError, match=message):
        parameter_values(NET, given, np.dtype(np.float64))


def test_a_run_of_another_network_does_not_start_one():
    with pytest.raises(ds.DownslopeError, match="start is a Run of another network"):
        ds.descend(NET, X, Y, start=OTHER)
