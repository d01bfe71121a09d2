"""The doctor on runs of which it is known what is wrong, and what it gives back."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from scipy import stats

import downslope as ds
from downslope.cli.actions._demo import START, X, Y
from downslope.engines import OutOfTime
from downslope.insight.diagnosis import Call, Diagnosis, Yardstick, doctor
from downslope.insight.diagnosis._trials import Trials, rows_p, seeds_p
from downslope.insight.diagnosis.measured import Budget, drawn
from thorough import first, one_in

NEURON = ds.Network(3, [ds.Dense(1, bias=False)])


def neuron(rate: float) -> ds.Run:
    return ds.descend(NEURON, X, Y, start=START, learning_rate=rate, steps=1000)


def codes(found: Diagnosis) -> list[str]:
    return [finding.code for finding in found.findings if finding.severity == "fault"]


RATES = [
    (1e-5, ["learning-rate-too-low"]),
    (0.001, ["learning-rate-too-low"]),
    (0.007, []),
    (0.0074, ["learning-rate-too-high"]),
    (0.1, ["learning-rate-too-high"]),
]
"""Of the neuron, and what is said of them."""


@pytest.mark.parametrize(("rate", "expected"), one_in(2, RATES))
def test_the_rate_of_one_neuron(rate: float, expected: list[str]) -> None:
    """Its stable range ends at 0.007314 (``ds.forecast``)."""
    assert codes(doctor(neuron(rate), X, Y)) == expected


@pytest.mark.parametrize("start", first(1, [[1e6, 1e6, 1e6], [1e6, 0, 0]]))
@pytest.mark.parametrize(("rate", "expected"), one_in(4, RATES))
def test_a_far_start_of_one_neuron_is_no_fault(start: list[float], rate: float, expected: list[str]) -> None:
    """The error of one layer is convex: from anywhere it is a matter of the learning rate."""
    run = ds.descend(NEURON, X, Y, start=start, learning_rate=rate, steps=1000)
    assert codes(doctor(run, X, Y)) == expected


def test_a_rate_that_suits_a_square_is_left_alone() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (50, 1))
    y = 5 * x**2 + 0.1 * random.standard_normal((50, 1))
    run = ds.descend(ds.Network(1, [ds.Dense(8, "tanh"), ds.Dense(1)]), x, y, learning_rate=0.1)
    assert doctor(run, x, y).healthy


@pytest.mark.thorough
def test_a_rate_too_high_for_a_wide_square() -> None:
    random = np.random.default_rng(0)
    x = random.uniform(-10, 10, (50, 1))
    y = 5 * x**2 + random.standard_normal((50, 1))
    run = ds.descend(ds.Network(1, [ds.Dense(8, "relu"), ds.Dense(1)]), x, y, learning_rate=0.1)
    found = doctor(run, x, y)
    assert "learning-rate-too-high" in codes(found) or "unscaled-inputs" in codes(found)


@pytest.mark.parametrize("last", first(1, ["sigmoid", "identity"]))
def test_exclusive_or_at_a_rate_too_low(last: str) -> None:
    """Its curvature allows a hundred times the rate; a thousand epochs at it leave the plateau hardly."""
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0, 1, 1, 0.0])
    net = ds.Network(2, [ds.Dense(4, "sigmoid"), ds.Dense(1, last)])
    found = doctor(ds.descend(net, x, y, learning_rate=0.05, epochs=1000), x, y)
    assert codes(found) == ["learning-rate-too-low"]


def test_a_remedied_call_is_the_mended_run() -> None:
    run = neuron(0.1)
    (finding,) = doctor(run, X, Y).findings
    mended = ds.descend(**finding.remedied)
    assert mended.stopped == "finished"
    assert mended.losses[-1] < 1e-3
    assert set(finding.changes) == {"learning_rate"}


@pytest.mark.thorough
def test_two_faults_are_found_where_one_remedy_alone_does_nothing() -> None:
    x = np.random.default_rng(0).uniform(-100, 100, (400, 1))
    run = ds.descend(ds.Network(1, [ds.Dense(16, "relu"), ds.Dense(1)]), x, x**4, steps=1000)
    found = doctor(run, x, x**4)
    assert set(codes(found)) == {"target-scale", "unscaled-inputs"}
    mended = ds.descend(**found.findings[-1].remedied)
    targets = found.findings[-1].remedied["y"]
    predicted = ds.predict(mended.network, found.findings[-1].remedied["x"], parameters=mended)
    assert np.mean((predicted - targets) ** 2) < 0.05 * np.var(targets)


def test_what_it_says_is_plain_data_too() -> None:
    found = doctor(neuron(0.0074), X, Y)
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["healthy"] is False
    (finding,) = data["findings"]
    assert finding["code"] == "learning-rate-too-high"
    assert len(finding["proof"]["remedied"]["scores"]) == 5
    assert "learning-rate-too-high" in str(found)
    assert "learning-rate-too-high" in found._repr_html_()


@pytest.mark.parametrize("rows", [300, 20_000])
def test_what_there_is_no_time_for_is_named(rows: int) -> None:
    x = np.random.default_rng(0).standard_normal((rows, 4))
    y = x @ [1.0, 2.0, 3.0, 4.0]
    run = ds.descend(ds.Network(4, [ds.Dense(8, "tanh"), ds.Dense(1)]), x, y, epochs=3, batch_size=100)
    found = ds.doctor(run, x, y, seconds=1e-3)
    assert "label-noise" in found.unexamined
    assert "label-noise" in str(found)
    assert "label-noise" in found.to_json()["unexamined"]
    assert not any(finding.stated == "proven" for finding in found.findings)


def test_a_run_that_is_yet_to_be_made_is_cut_where_the_time_is_short() -> None:
    x = np.random.default_rng(0).standard_normal((2000, 4))
    net = ds.Network(4, [ds.Dense(64, "tanh"), ds.Dense(64, "tanh"), ds.Dense(1)])
    call = {"network": net, "x": x, "y": x[:, 0], "steps": 10_000_000, "batch_size": 100}
    found = ds.doctor(call, seconds=0.5)  # the run would take an hour
    assert any("of 10,000,000" in each for each in found.unexamined)


def test_trials_of_steps_on_many_rows_learn_from_some() -> None:
    x = np.random.default_rng(0).standard_normal((12_000, 3))
    y = x @ [1.0, 2.0, 3.0]
    run = ds.descend(ds.Network(3, [ds.Dense(1)]), x, y, learning_rate=1e-5, steps=400)
    call = Call(run.network, x, y, run.settings).with_rows_apart()
    budget = Budget(60.0, promised=True)
    trials = Trials(Yardstick(call), 400, 400, budget, 4096)
    assert call.of_rows(np.arange(3)).x.tolist() == call.x[:3].tolist()
    first = trials.branches(call, range(2)).curves[0]
    own = call.of_rows(drawn(np.arange(len(call.x)), 4096)).run(seed=0, steps=400, epochs=None)
    assert np.isclose(first[0] * Yardstick(call).constant, own.losses[:7].mean(), rtol=0.01)


def test_the_chance_of_rows_is_that_of_students_test() -> None:
    random = np.random.default_rng(0)
    for difference in (-0.5, 0.0, 0.5, 2.0):
        low, high = random.normal(size=(5, 30)), random.normal(difference, 2, (5, 30))
        want = stats.ttest_rel(high.mean(axis=0), low.mean(axis=0), alternative="greater").pvalue
        assert rows_p(low, high, paired=True) == pytest.approx(want, rel=1e-6)
        some = high[:, :12]
        apart = stats.ttest_ind(some.mean(axis=0), low.mean(axis=0), equal_var=False, alternative="greater")
        assert rows_p(low, some, paired=False) == pytest.approx(apart.pvalue, rel=1e-6)


def _difference(low: Any, high: Any) -> float:
    return float(np.mean(low / (1 + low)) - np.mean(high / (1 + high)))


@pytest.mark.parametrize("sizes", [(5, 5), (5, 10)])
def test_the_chance_of_seeds_is_that_of_all_permutations(sizes: tuple[int, int]) -> None:
    random = np.random.default_rng(3)
    for shift in (0.0, 0.5, 2.0):
        low, high = random.exponential(size=sizes[0]), random.exponential(size=sizes[1]) + shift
        want = stats.permutation_test((low, high), _difference, alternative="less", n_resamples=np.inf).pvalue
        assert seeds_p(low, high) == pytest.approx(want)


def test_two_lucky_runs_of_ten_do_not_hide_a_remedy() -> None:
    """Of two hidden units on a board of two by two, without and with a remedy."""
    lucky = np.array([0.682, 0.606, 0.569, 0.485, 0.663, 0.643, 0.567, 0.489, 0.042, 0.04])
    mended = np.array([0.035, 0.07, 0.059, 0.067, 0.057, 0.069, 0.076, 0.054, 0.068, 0.045])
    assert stats.mannwhitneyu(mended, lucky, alternative="less").pvalue > 0.005
    assert seeds_p(mended, lucky) < 0.001


def test_a_budget_refuses_runs_that_would_take_longer() -> None:
    call = Call(ds.Network(1, [ds.Dense(1)]), np.ones((4, 1)), np.ones(4), {"steps": 10})
    budget = Budget(1.0, promised=False, step=1.0)
    with pytest.raises(OutOfTime):
        budget.run(call)
    assert len(budget.run(call, steps=0).losses) == 0
    with budget.without_runs(), pytest.raises(OutOfTime):
        budget.run(call, steps=0)
    with budget.part(0.0):
        assert budget.is_over
    assert not budget.is_over


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((None, None), "x is missing"),
        ((np.zeros((60, 2)), None), "y is missing"),
        ((np.zeros((30, 2)), np.zeros(30)), "30 rows, which are 3 steps in an epoch, and the run made 6"),
    ],
)
def test_other_rows_than_those_of_the_run_are_refused(rows: tuple[object, object], message: str) -> None:
    x = np.random.default_rng(0).standard_normal((60, 2))
    run = ds.descend(ds.Network(2, [ds.Dense(1)]), x, x[:, 0], epochs=2, batch_size=10)
    with pytest.raises(ds.DownslopeError, match=message):
        ds.doctor(run, *rows)


def test_without_a_proof_it_is_a_suspicion() -> None:
    found = doctor(neuron(0.1), X, Y, prove=False)
    assert {finding.stated for finding in found.findings} == {"suspected"}
    assert all(finding.proof is None for finding in found.findings)


def test_a_loaded_run_is_refused(tmp_path: object) -> None:
    path = f"{tmp_path}/run.downslope"
    neuron(0.001).save(path)
    with pytest.raises(ds.DownslopeError, match="does not know its settings"):
        doctor(ds.load(path), X, Y)


def test_cells_that_are_no_numbers_are_a_finding_not_a_refusal() -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((100, 3))
    y = x @ [1.0, -2.0, 0.5]
    network = ds.Network(3, [ds.Dense(1)])
    run = ds.descend(network, x, y, learning_rate=0.1, steps=200)
    x[[3, 40], [0, 2]] = np.nan, np.inf
    asked = {"network": network, "x": x, "y": y, "learning_rate": 0.1, "steps": 200}
    for found in (doctor(run, x, y), doctor(asked)):
        (finding,) = found.findings
        assert not found.healthy
        assert finding.code == "not-finite"
        assert list(finding.where.rows) == [3, 40]
        assert list(finding.where.columns) == [0, 2]
        assert ds.descend(**finding.remedied).losses[-1] < 1e-6


def test_a_table_without_any_number_is_a_finding_too() -> None:
    asked = {"network": ds.Network(1, [ds.Dense(1)]), "x": np.full((5, 1), np.nan), "y": np.full(5, np.nan)}
    assert codes(doctor(asked)) == ["not-finite"]


@pytest.mark.thorough
def test_one_softmax_unit_behind_large_inputs() -> None:
    """It gives 1 whatever the inputs are; behind it, inputs up to 10,000."""
    random = np.random.default_rng(0)
    x = random.uniform(0, 10_000, (300, 4))
    y = (x[:, 0] > x[:, 1]).astype(float)
    layers = [ds.Dense(8, "relu"), ds.Dense(1, lambda z: ds.ops.softmax(z))]
    network = ds.Network(4, layers, loss="binary_cross_entropy")
    found = doctor(ds.descend(network, x, y, epochs=50, batch_size=32), x, y)
    assert codes(found)[:2] == ["wrong-output-for-loss", "unscaled-inputs"]
    last = [finding for finding in found.findings if finding.severity == "fault"][-1].remedied
    mended = ds.descend(**last)
    right = (ds.predict(mended.network, last["x"], parameters=mended)[:, 0] > 0.5) == y
    assert right.mean() > 0.9
