"""Features of fixed bins: lookups in the place of products give what the products give."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import plan
from downslope.engines.native._point import plan_at_point
from downslope.engines.native.lowering import Opcode, lower
from downslope.engines.reference._plan import Plan
from downslope.graph import input_, make, parameter
from downslope.training import OPTIMIZERS, training_program

ROWS = 130
RNG = np.random.default_rng(0)
EDGES = [np.sort(RNG.normal(size=count)).tolist() for count in (14, 9, 23)]
VALUES = [np.arange(9.0) - 4, np.array([-1, -0.5, 0, 2, 2.25, 7])]
SETTINGS = {"learning_rate": 0.01, "epochs": 2, "seed": 3}


def bins(learned=False):
    return ds.PiecewiseLinear((0, 2, 1), EDGES, learned=learned)


def peaks(learned=False):
    return ds.Peaks((1, 2), VALUES, learned=learned)


LAYERS = {
    "bins": [bins()],
    "peaks and bins": [peaks(), bins()],
    "bins and peaks": [bins(), peaks()],
    "behind waves": [ds.Periodic((0, 1), 5, 0.3), peaks(), bins()],
    "behind an embedding": [ds.Embedding((3,), (5,), (2,)), bins()],
    "two layers of bins": [bins(), ds.PiecewiseLinear((1,), [[-2, -1, 0, 1, 2]], learned=False)],
}


def network(front, units=40, loss="squared_error"):
    return ds.Network(4, [*front, ds.Dense(units, "silu"), ds.Dense(7, "tanh"), ds.Dense(1)], loss=loss)


def table(rows, dtype=np.float64):
    """Numbers, some of them on edges, and some far outside; the last column has the numbers of levels."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 4))
    x[:, 3] = rng.integers(0, 5, rows)
    x[: len(EDGES[0]), 0] = EDGES[0]
    x[: len(VALUES[1]), 2] = VALUES[1]
    x[20, :3], x[21, :3] = 60.0, -60.0
    return x.astype(dtype), (x[:, :1] ** 2 + np.abs(x[:, 1:2])).clip(-9, 9).astype(dtype)


def step_of(net, **options):
    program = training_program(net, OPTIMIZERS["adamw"])
    return lower([program.graph.error], dict(program.assignments), **options)


def opcodes(tape):
    return [i.opcode for i in tape.instructions]


@pytest.mark.parametrize(("dtype", "near"), [(np.float64, 1e-12), (np.float32, 3e-5)])
@pytest.mark.parametrize("batch", [33, ROWS])
@pytest.mark.parametrize("name", LAYERS)
def test_a_descent_is_that_of_the_reference(name, batch, dtype, near):
    net, (x, y) = network(LAYERS[name]), table(ROWS, dtype)
    assert Opcode.BIN_LOOKUP in opcodes(step_of(net))
    found, expected = (
        ds.descend(net, x, y, optimizer="adamw", batch_size=batch, engine=engine, **SETTINGS)
        for engine in ("native", "reference")
    )
    np.testing.assert_allclose(found.losses, expected.losses, rtol=near)
    for each, value in expected.parameters.items():
        np.testing.assert_allclose(found.parameters[each], value, rtol=near, atol=near)


@pytest.mark.parametrize("name", LAYERS)
def test_predictions_are_those_of_the_reference_for_any_number_of_rows(name):
    net, (x, _) = network(LAYERS[name]), table(ROWS)
    x = np.vstack([x, [[1e4, 1e4, -1e4, 1]]])
    values = net.initial_parameters(5)
    prediction = net.graph().prediction
    expected = Plan([prediction]).run({**values, "x": x})[0]
    (found,) = plan([prediction]).run({**values, "x": x})
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    (one,) = plan([prediction]).run({**values, "x": x[7:8]})
    np.testing.assert_array_equal(one, found[7:8])


def test_a_missing_number_gives_no_number():
    net, (x, _) = network(LAYERS["peaks and bins"]), table(40)
    x[3, 1] = np.nan
    (found,) = plan([net.graph().prediction]).run({**net.initial_parameters(0), "x": x})
    assert np.isnan(found[3]).all()
    assert np.isfinite(np.delete(found, 3, axis=0)).all()


def test_predictions_follow_the_parameters():
    """Tables of sums are kept from call to call, but not when parameters are set."""
    net, (x, _) = network(LAYERS["behind waves"]), table(ROWS)
    prediction = net.graph().prediction
    kept = plan([prediction], keeps_memory=True)
    for seed in (1, 2, 1):
        values = {**net.initial_parameters(seed), "x": x}
        for _ in range(2):
            np.testing.assert_allclose(kept.run(values)[0], Plan([prediction]).run(values)[0], rtol=1e-12)
    point = plan_at_point([prediction], net.initial_parameters(2))
    expected = Plan([prediction]).run({**net.initial_parameters(2), "x": x})[0]
    for rows in (1, 3, ROWS, 1):
        np.testing.assert_allclose(point.run(x[:rows])[0], expected[:rows], rtol=1e-12)


@pytest.mark.parametrize("rows", [1025, 4099])
def test_a_full_batch_of_many_alike_rows_keeps_its_digits(rows):
    net = network([ds.PiecewiseLinear((0,), [[0, 0.25, 0.5, 0.75, 1]], learned=False)])
    x = np.full((rows, 4), 0.4)
    y = np.full((rows, 1), 3.0)
    start = net.initial_parameters(0)
    single, double = (
        ds.descend(net, x.astype(d), y.astype(d), start=start, learning_rate=1.0, steps=1, engine="native")
        for d in (np.float32, np.float64)
    )
    for name, value in double.parameters.items():
        change, expected = single.parameters[name] - start[name].astype(np.float32), value - start[name]
        np.testing.assert_allclose(change, expected, rtol=2e-5, atol=1e-6 * np.abs(expected).max())


def test_threads_give_the_same_bits():
    net, (x, y) = network(LAYERS["behind waves"]), table(2000, np.float32)
    one, two, three = (
        ds.descend(net, x, y, optimizer="adamw", batch_size=500, threads=count, **SETTINGS).parameters
        for count in (1, 2, 3)
    )
    for name, value in one.items():
        np.testing.assert_array_equal(value, two[name])
        np.testing.assert_array_equal(value, three[name])


def test_members_of_an_ensemble_learn_as_they_would_alone():
    nets, (x, y) = [network(LAYERS["bins"])] * 4, table(ROWS)
    ensemble = ds.Ensemble(nets)
    found, expected = (
        ds.descend(ensemble, x, y, optimizer="adamw", batch_size=32, engine=engine, threads=2, **SETTINGS)
        for engine in ("native", "reference")
    )
    for name, value in expected.parameters.items():
        np.testing.assert_allclose(found.parameters[name], value, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    "front",
    [
        [bins(learned=True)],
        [bins(), ds.Periodic((0,), 4)],  # bins are not the last
        [ds.PiecewiseLinear((0, 1, 2), [[0, 1], [0, 1, 2], [0, 2]], learned=False)],  # few bins
        [bins(), ds.LayerNorm()],
    ],
    ids=["learned", "in the middle", "few", "normalised"],
)
def test_other_features_are_multiplied(front):
    net, (x, y) = network(front), table(ROWS)
    assert Opcode.BIN_LOOKUP not in opcodes(step_of(net))
    found, expected = (
        ds.descend(net, x, y, batch_size=40, engine=engine, **SETTINGS).parameters
        for engine in ("native", "reference")
    )
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-11, atol=1e-12)


def test_products_in_bfloat16_are_products():
    assert Opcode.BIN_LOOKUP not in opcodes(step_of(network(LAYERS["bins"]), bfloat16=True))


@pytest.mark.parametrize(
    ("slopes", "offsets"),
    [
        ((2.0,) * 4, (0.0, -1.0, -2.0, -2.5)),  # the last overlaps
        ((2.0,) * 4, (0.0, -1.0, -2.0, -4.0)),  # a gap
        ((2.0, 2.0, -2.0, 2.0), (0.0, -1.0, -2.0, -3.0)),
        ((2.0, 2.0, 0.0, 2.0), (0.0, -1.0, -2.0, -3.0)),
    ],
    ids=["overlap", "gap", "falling", "flat"],
)
def test_lines_that_are_no_bins_are_multiplied(slopes, offsets):
    """Whatever the lines are, the values are those of the reference."""
    x, w = input_("x", ("n", 2)), parameter("w", (3, 6))
    repeated = make("concatenate", *[make("columns", x, indices=(0,), squeeze=False)] * 4)
    lines = make("lines", repeated, slopes=slopes, offsets=offsets)
    ramps = make("minimum", make("maximum", lines, 0.0), 1.0) * 0.5
    z = make("concatenate", x, ramps) @ w.T
    assert Opcode.BIN_LOOKUP not in opcodes(lower([z]))
    values = {"x": RNG.normal(size=(50, 2)), "w": RNG.normal(size=(3, 6))}
    np.testing.assert_allclose(plan([z]).run(values)[0], Plan([z]).run(values)[0], rtol=1e-12)


def test_bins_of_a_value_that_nothing_else_reads():
    x, w = input_("x", ("n", 1)), parameter("w", (2, 5))
    lines = make(
        "lines",
        make("concatenate", *[make("exp", x)] * 4),
        slopes=(2.0,) * 4,
        offsets=(0.0, -1.0, -2.0, -3.0),
    )
    z = make("concatenate", x, make("minimum", make("maximum", lines, 0.0), 1.0) * 0.5) @ w.T
    assert Opcode.BIN_LOOKUP in opcodes(lower([z]))
    values = {"x": RNG.uniform(-1, 1, (50, 1)), "w": RNG.normal(size=(2, 5))}
    np.testing.assert_allclose(plan([z]).run(values)[0], Plan([z]).run(values)[0], rtol=1e-12)


def test_features_that_are_asked_for_too_are_computed():
    x, w = input_("x", ("n", 1)), parameter("w", (2, 5))
    repeated = make("concatenate", *[x] * 4)
    lines = make("lines", repeated, slopes=(2.0,) * 4, offsets=(0.0, -1.0, -2.0, -3.0))
    features = make("concatenate", x, make("minimum", make("maximum", lines, 0.0), 1.0) * 0.5)
    z = features @ w.T
    values = {"x": RNG.uniform(-1, 3, (50, 1)), "w": RNG.normal(size=(2, 5))}
    for found, expected in zip(plan([z, features]).run(values), Plan([z, features]).run(values), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_gradient_that_nobody_reads_is_not_computed():
    """Of the derivatives by 2 inputs, 10 waves and 50 bins those by the first 12 are enough."""
    net = ds.Network(2, [ds.Periodic((0, 1), 5), bins_of_two(), ds.Dense(8, "tanh"), ds.Dense(1)])
    rows = [i.args[4] for i in step_of(net).instructions if i.opcode == Opcode.PRODUCT]
    assert sorted(rows) == [1, 8, 8, 12]


def bins_of_two():
    return ds.PiecewiseLinear((0, 1), [np.linspace(-2, 2, 26)] * 2, learned=False)
