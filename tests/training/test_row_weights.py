"""Row weights: batches of any size descend the weighted mean over all rows, at any scale of the weights."""

import dataclasses

import numpy as np
import pytest

import downslope as ds
from downslope.nets import Quantile
from downslope.training import Frozen, Loop, ShuffledBatches, State, relative_weights, training_program
from engine_names import ENGINES
from thorough import first

ROWS = 64


@pytest.fixture(params=ENGINES, autouse=True)
def engine(request, monkeypatch):
    monkeypatch.setenv("DOWNSLOPE_ENGINE", request.param)
    return request.param


def data(rows=ROWS, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    return x, np.sin(x[:, 0]) + x[:, 1], rng.exponential(size=rows) ** 2


NETWORK = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])
CONSTANT = ds.Network(1, [ds.Dense(1)])


@pytest.mark.parametrize("size", [1, 2, 4, 8, 16, 32, 64])
def test_the_gradients_of_the_batches_average_to_that_of_all_rows(size):
    """Of a tiny learning rate, an epoch is the sum of the gradients at the start."""
    x, y, weights = data()
    start = NETWORK.initial_parameters(1)
    rate = 1e-9
    run = ds.descend(
        *(NETWORK, x, y),
        start=start,
        row_weights=weights,
        batch_size=size,
        epochs=1,
        learning_rate=rate,
    )
    gradient = ds.gradient(NETWORK, x, y, parameters=start, row_weights=weights)
    batches = ROWS // size
    for name, value in start.items():
        moved = (value - run.parameters[name]) / (rate * batches)
        np.testing.assert_allclose(moved, gradient[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", first(2, [None, 64, 4, 1]))
def test_a_constant_finds_the_weighted_mean(size):
    finds_the_weighted_mean(size)


@pytest.mark.parametrize("engine", ["native"], indirect=True)
@pytest.mark.parametrize("size", [4, 1])
def test_a_constant_finds_the_weighted_mean_in_small_batches(size, engine):
    finds_the_weighted_mean(size)


def finds_the_weighted_mean(size):
    """Half of the rows are 0 with weight 1, half are 1 with weight 9: 0.9."""
    x, y, weights = np.zeros((200, 1)), np.repeat([0.0, 1.0], 100), np.repeat([1.0, 9.0], 100)
    rates = ds.Cosine(0.05)
    run = ds.descend(
        CONSTANT, x, y, row_weights=weights, batch_size=size, epochs=60 if size else 600, learning_rate=rates
    )
    assert run.parameters["layer1.bias"][0] == pytest.approx(0.9, abs=0.004)


@pytest.mark.thorough
@pytest.mark.parametrize("size", [None, 8, 1])
def test_a_constant_finds_the_weighted_quantile(size):
    x, y = np.zeros((99, 1)), np.arange(99.0)
    weights = np.where(y < 33, 4.0, 1.0)
    network = ds.Network(1, [ds.Dense(1)], loss=Quantile(0.5))
    rates = ds.Cosine(1.0 if size else 4.0)
    run = ds.descend(network, x, y, row_weights=weights, batch_size=size, epochs=400, learning_rate=rates)
    # Σw = 33·4 + 66 = 198, and 99 of them are below 24.75
    assert run.parameters["layer1.bias"][0] == pytest.approx(24.5, abs=0.8)


@pytest.mark.parametrize("network", [NETWORK, ds.Ensemble([NETWORK] * 2)], ids=["network", "ensemble"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", first(2, [2.0**-30, 1e8, 1e-8, 2.0**30]))
def test_the_scale_of_weights_does_not_matter(network, dtype, scale):
    x, y, weights = data()
    settings = {"batch_size": 16, "epochs": 5, "optimizer": "adam", "validation": 0.25}
    runs = [
        ds.descend(network, x.astype(dtype), y, row_weights=weights * s, **settings) for s in (1.0, scale)
    ]
    tolerance = 0 if np.log2(scale) % 1 == 0 else 1e-4 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(runs[0].losses, runs[1].losses, rtol=tolerance)
    np.testing.assert_allclose(runs[0].validation_losses, runs[1].validation_losses, rtol=tolerance)


@pytest.mark.parametrize("weight", [0.3, 1e-300, 7e200])
def test_equal_weights_are_none(weight):
    x, y, _ = data()
    plain = ds.descend(NETWORK, x, y, batch_size=10, epochs=2)
    equal = ds.descend(NETWORK, x, y, batch_size=10, epochs=2, row_weights=np.full(ROWS, weight))
    assert np.array_equal(plain.losses, equal.losses)


def test_rows_of_weight_0_are_no_rows():
    x, y, weights = data()
    weights[::3] = 0
    there = weights > 0
    settings = {"epochs": 30, "learning_rate": 0.1}
    with_them = ds.descend(NETWORK, x, y, row_weights=weights, **settings)
    without = ds.descend(NETWORK, x[there], y[there], row_weights=weights[there], **settings)
    np.testing.assert_allclose(with_them.losses, without.losses, rtol=1e-12)


@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize(
    "optimizer",
    [
        ds.Sgd(0.9, nesterov=True),
        ds.Adam(),
        ds.AdamW(weight_decay=0.1),
        ds.RMSprop(),
        ds.Adagrad(),
        Frozen(ds.Adam()),
    ],
)
def test_a_batch_without_weight_changes_nothing(optimizer, relative):
    """Neither parameters, by momentum, weight decay or penalties, nor what the optimizer remembers."""
    x, y, weights = data()
    weights[np.random.default_rng(1).random(ROWS) < 0.5] = 0
    network = dataclasses.replace(NETWORK, l1=0.1, l2=0.1)
    program = training_program(network, optimizer, clip_norm=0.5, relative=relative, skip_empty=True)
    states = {name: np.zeros(node.shape) for name, node in program.states.items()}
    columns = {"x": x, "y": y[:, None], "row_weights": relative_weights(weights)}
    batches = ShuffledBatches(columns, 2, 0)
    state = State(0, {**network.initial_parameters(0), **states})
    loop = Loop(program, batches, lambda first, count: np.full(count, 0.1), state)
    kinds = set()
    for step in range(1, 33):
        before = loop.values()
        empty = not np.any(batches.block(step, step).rows()["row_weights"])
        assert np.isfinite(loop.advance(step).errors).all()
        changed = [n for n, value in loop.values().items() if not np.array_equal(value, before[n])]
        assert bool(changed) != empty
        kinds.add(empty)
    assert kinds == {True, False}


def test_rows_that_count_alike_keep_their_program(monkeypatch):
    """Weights of 0 and 1 need no numbers of rows; only where batches can be empty they are tested for it."""
    x, y, weights = data(200)
    asked = []

    def program(*args, **settings):
        asked.append((settings["relative"], settings["skip_empty"]))
        return training_program(*args, **settings)

    monkeypatch.setattr("downslope.training._descend.training_program", program)
    half = (np.arange(200) % 2).astype(float)
    for given, size in [
        (None, 50),
        (half * 3, 100),
        (half, 10),
        (weights, 50),
        (weights, None),
        (weights * half, 4),
    ]:
        ds.descend(NETWORK, x, y, row_weights=given, batch_size=size, steps=2)
    assert asked == [
        (False, False),
        (False, False),
        (False, True),
        (True, False),
        (False, False),
        (True, True),
    ]


def test_whole_descents_skip_batches_without_weight():
    x, y, weights = data()
    weights[1:] = 0
    network = dataclasses.replace(NETWORK, l2=1.0)
    settings = {"start": network.initial_parameters(3), "optimizer": ds.Sgd(0.9), "learning_rate": 0.1}
    run = ds.descend(network, x, y, row_weights=weights, batch_size=1, epochs=1, **settings)
    alone = ds.descend(network, x[:1], y[:1], steps=1, **settings)
    for name, value in alone.parameters.items():
        np.testing.assert_allclose(run.parameters[name], value, rtol=1e-12)
    assert np.count_nonzero(run.state["layer1.weight.velocity"])


@pytest.mark.parametrize("size", [1, 5, 16, None])
def test_members_with_weights_of_their_own_descend_as_if_alone(size):
    """The error of an ensemble is a mean over members: each learns as if alone at a third of the rate."""
    x, y, _ = data(60)
    weights = np.random.default_rng(2).exponential(size=(60, 3)) * [1e-6, 1.0, 1e6]
    weights[np.arange(60), np.arange(60) % 3] = 0
    ensemble = ds.Ensemble([NETWORK] * 3)
    start = ensemble.initial_parameters(5)
    settings = {"batch_size": size, "epochs": 3, "seed": 1, "clip_value": None}
    run = ds.descend(ensemble, x, y, row_weights=weights, start=start, learning_rate=0.03, **settings)
    for member in range(3):
        alone = ds.descend(
            *(NETWORK, x, y),
            row_weights=weights[:, member],
            start=ensemble.of_member(member, start),
            learning_rate=0.01,
            **settings,
        )
        own = ensemble.of_member(member, run.parameters)
        for name, value in alone.parameters.items():
            np.testing.assert_allclose(own[name], value, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_folds_in_batches_of_a_few_rows(weighted):
    x, y, weights = data(40)
    folds = ds.Folds(np.arange(40) % 2)
    ensemble = ds.Ensemble([dataclasses.replace(NETWORK, l2=0.1)] * 2)
    run = ds.descend(
        *(ensemble, x, y),
        row_weights=weights if weighted else None,
        validation=folds,
        batch_size=1,
        epochs=4,
        optimizer="adam",
    )
    assert run.stopped == "finished"
    assert np.all(np.isfinite(run.losses))
    counts = weights if weighted else np.ones(40)
    errors = []
    for member in range(2):
        own = ensemble.of_member(member, run.parameters)
        rows = folds.of == member
        predicted = ds.predict(NETWORK, x[rows], parameters=own)[:, 0]
        errors.append(counts[rows] @ (predicted - y[rows]) ** 2)
    assert run.validation_losses.min() == pytest.approx(sum(errors) / counts.sum(), rel=1e-10)


def test_lbfgs_of_members_in_parts_is_that_of_all_rows(monkeypatch):
    """The first member has weight in the first rows only: its share of the parts is not the second's."""
    x, y, _ = data(300)
    monkeypatch.setattr("downslope.engines._evaluator._NUMBERS", 1)
    monkeypatch.setattr("downslope.engines._evaluator._FEWEST", 50)
    weights = np.stack([np.arange(300) < 70, np.ones(300)], 1).astype(float)
    line = ds.Network(3, [ds.Dense(1)])
    pair = ds.Ensemble([line] * 2)
    run = ds.descend(pair, x, y, row_weights=weights, optimizer="lbfgs")
    for member, rows in enumerate((slice(70), slice(None))):
        design = np.column_stack([x[rows], np.ones(len(x[rows]))])
        exact = np.linalg.lstsq(design, y[rows], rcond=None)[0]
        own = pair.of_member(member, run.parameters)
        np.testing.assert_allclose(own["layer1.weight"][0], exact[:3], rtol=1e-6)


def test_rows_that_validate_count_by_their_weights():
    x, y, weights = data(200)
    run = ds.descend(NETWORK, x, y, row_weights=weights, validation=0.3, epochs=2, batch_size=20)
    from downslope.engines import shuffled

    rows = shuffled(200, 0, 1, 0)[:60]
    predicted = ds.predict(NETWORK, x[rows], parameters=run)[:, 0]
    expected = np.average((predicted - y[rows]) ** 2, weights=weights[rows])
    assert run.validation_losses.min() == pytest.approx(expected, rel=1e-10)


def test_the_loss_of_all_rows_is_their_weighted_mean():
    x, y, weights = data()
    run = ds.descend(NETWORK, x, y, row_weights=weights, steps=1)
    start = NETWORK.initial_parameters(0)
    predicted = ds.predict(NETWORK, x, parameters=start)[:, 0]
    assert run.losses[0] == pytest.approx(np.average((predicted - y) ** 2, weights=weights), rel=1e-13)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.zeros(ROWS), "all row_weights are 0; give at least one row a weight above 0"),
        (-np.ones(ROWS), r"row_weights\[0\] is -1, and a weight is at least 0"),
        (np.ones(3), r"row_weights needs the shape \(64,\), not \(3,\)"),
        (2.0, r"row_weights needs the shape \(64,\), not \(\)"),
        (np.full(ROWS, np.nan), r"row_weights\[0\] is nan"),
        (np.ma.array(np.ones(ROWS), mask=np.arange(ROWS) == 5), r"row_weights\[5\] is masked"),
        (np.ones(ROWS) * 1j, "row_weights holds complex numbers"),
        (["1"] * ROWS, "row_weights holds text"),
    ],
)
def test_weights_that_are_none_are_refused(weights, message):
    x, y, _ = data()
    with pytest.raises(ds.DownslopeError, match=message):
        ds.descend(NETWORK, x, y, row_weights=weights)


def test_members_and_parts_without_weight_are_refused():
    x, y, _ = data()
    pair = ds.Ensemble([NETWORK] * 2)
    with pytest.raises(ds.DownslopeError, match="all row_weights for member 2 are 0"):
        ds.descend(pair, x, y, row_weights=np.stack([np.ones(ROWS), np.zeros(ROWS)], 1))
    folds = ds.Folds(np.arange(ROWS) % 2)
    with pytest.raises(ds.DownslopeError, match="leave member 0 no row of weight above 0"):
        ds.descend(pair, x, y, row_weights=(folds.of == 0).astype(float), validation=folds)
    one = np.zeros(ROWS)
    one[0] = 1
    with pytest.raises(ds.DownslopeError, match="all have the weight 0; take another share or seed"):
        ds.descend(NETWORK, x, y, row_weights=one, validation=0.5)
