"""Ensembles: what each member learns is what it would learn alone; what they predict together."""

import numpy as np
import pytest

import downslope as ds
from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph import gradient
from downslope.nets import Ensemble, Periodic, PiecewiseLinear, network_from_json
from downslope.training import Folds, held_out

PLAIN = ds.Network(3, [ds.Dense(6, "tanh"), ds.Dense(1)], l2=0.01)
READING = ds.Network(
    3,
    [
        PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (-2.0, 2.0))),
        Periodic((1,), 2),
        ds.Dense(4, "silu"),
        ds.Dense(1),
    ],
)
PAIR = Ensemble([PLAIN, READING])


def rows(count=40, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 3))
    return x, np.sin(x[:, :1]) + x[:, 1:2] * x[:, 2:], rng.uniform(0.5, 2, (count, 2))


def test_the_gradient_is_that_of_each_member_alone():
    x, y, weights = rows()
    values = PAIR.initial_parameters(3)
    graph = PAIR.graph(training=True)
    given = {**values, "x": x, "y": y, "row_weights": weights}
    together = dict(
        zip(
            graph.parameters,
            evaluate(gradient(graph.error, list(graph.parameters.values())), given),
            strict=True,
        )
    )
    for member, network in enumerate(PAIR.networks):
        alone = network.graph(training=True)
        own = {**PAIR.of_member(member, values), "x": x, "y": y, "row_weights": weights[:, member]}
        slopes = evaluate(gradient(alone.error, list(alone.parameters.values())), own)
        for name, slope in zip(alone.parameters, slopes, strict=True):
            np.testing.assert_allclose(
                2 * together[PAIR.prefix(member) + name], slope, rtol=1e-12, atol=1e-15
            )


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_members_learn_what_they_would_learn_alone(optimizer):
    x, y, weights = rows()
    start = PAIR.initial_parameters(1)
    settings = {"optimizer": optimizer, "batch_size": 16, "epochs": 5, "seed": 4}
    # the error is the mean over two members: half the slope, which Adam does not see
    rate = 0.01
    together = ds.descend(
        PAIR,
        x,
        y,
        start=start,
        row_weights=weights,
        learning_rate=2 * rate if optimizer == "sgd" else rate,
        **settings,
    )
    for member, network in enumerate(PAIR.networks):
        alone = ds.descend(
            network,
            x,
            y,
            start=PAIR.of_member(member, start),
            row_weights=weights[:, member],
            learning_rate=rate,
            **settings,
        )
        for name, value in PAIR.of_member(member, together.parameters).items():
            np.testing.assert_allclose(value, alone.parameters[name], rtol=1e-5, atol=1e-7)


def test_a_member_learns_nothing_from_rows_it_holds_out():
    x, y, _ = rows()
    folds = Folds(np.arange(40) % 2)
    pair = Ensemble([PLAIN] * 2)
    run = ds.descend(pair, x, y, validation=folds, epochs=6, optimizer="adam", seed=2)
    spoilt = y.copy()
    spoilt[folds.of == 0] += 100  # rows that member 1 does not see
    other = ds.descend(pair, x, spoilt, validation=folds, epochs=6, optimizer="adam", seed=2)
    last = [pair.of_member(0, r.state) for r in (run, other)]
    for name in last[0]:
        np.testing.assert_array_equal(last[0][name], last[1][name])


def test_the_validation_error_is_that_of_held_out_rows():
    x, y, weights = rows()
    folds = Folds(np.where(np.arange(40) < 30, np.arange(40) % 2, -1))
    run = ds.descend(PAIR, x, y, row_weights=weights, validation=folds, epochs=4, optimizer="adam")
    guesses = held_out(PAIR, run.parameters, x, folds)
    assert guesses.shape == (30, 1)
    for member in range(2):
        own = folds.of == member
        network, values = PAIR.networks[member], PAIR.of_member(member, run.parameters)
        np.testing.assert_allclose(
            guesses[folds.of[:30] == member], ds.predict(network, x[own], parameters=values), rtol=1e-12
        )
    counts = weights[np.arange(30), folds.of[:30]]
    squares = (guesses[:, 0] - y[:30, 0]) ** 2
    assert run.validation_losses.min() == pytest.approx(np.average(squares, weights=counts), rel=1e-9)


def test_members_predict_their_weighted_mean():
    x, _, _ = rows()
    one, two = (
        ds.Network(3, [ds.Dense(units, "tanh"), ds.Dense(3)], loss="cross_entropy") for units in (4, 5)
    )
    both = Ensemble([one, two], shares=(0.25, 0.75), temperature=2.0)
    values = both.initial_parameters(0)
    expected = 0.0
    for member, (network, share) in enumerate(zip(both.networks, both.shares, strict=True)):
        graph = network.graph()
        z = evaluate([graph.output], {**both.of_member(member, values), "x": x})[0] / 2
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        expected = expected + share * powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ds.predict(both, x, parameters=values), expected, rtol=1e-12)


def test_a_description_makes_the_same_graph():
    again = network_from_json(PAIR.to_json())
    assert again == PAIR
    assert again.graph().prediction is PAIR.graph().prediction


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: Ensemble([]), "networks needs at least one network"),
        (lambda: Ensemble([PLAIN, ds.Network(2, [ds.Dense(1)])]), "same inputs"),
        (lambda: Ensemble([PLAIN], shares=(0.5,)), "of sum 1"),
        (lambda: Ensemble([PLAIN], temperature=0), "above 0"),
        (lambda: PiecewiseLinear((0,), ((1.0, 0.0),)), "each above the one before"),
        (lambda: Periodic((), 3), "columns of Periodic needs at least one"),
        (lambda: ds.descend(PAIR, *rows()[:2], validation=Folds(np.zeros(40, int))), "every member"),
        (
            lambda: ds.descend(PLAIN, *rows()[:2], validation=Folds(np.zeros(40, int))),
            "members of an ensemble",
        ),
    ],
)
def test_what_does_not_fit_is_refused(made, message):
    with pytest.raises(DownslopeError, match=message):
        made()
