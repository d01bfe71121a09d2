"""A function as ``metric``: the shares of the blend are those with its highest score on held-out rows."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from sklearn import metrics

import downslope as ds
from downslope.fitting.ensemble._blend import blended, highest_alone, highest_shares

CHEAP = {"epochs": 4, "members": 2, "hidden": 8, "threads": 1}


def numbers(rows: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(2, rows))
    return {"a": a, "b": b, "y": np.sin(2 * a) + b + draw.normal(size=rows)}


def classes(rows: int = 300, seed: int = 0) -> dict[str, np.ndarray]:
    found = numbers(rows, seed)
    return {**found, "y": np.where(found["y"] > 1, "yes", "no")}


def area(y_true: np.ndarray, predicted: np.ndarray) -> float:
    return metrics.roc_auc_score(y_true == "yes", predicted[:, 1])


def minus_absolute(y_true: np.ndarray, predicted: np.ndarray) -> float:
    return -metrics.mean_absolute_error(y_true, predicted)


def grid(groups: int, steps: int = 20) -> list[list[float]]:
    """Every blend of so many groups in steps of 0.05."""
    places = product(range(steps + 1), repeat=groups - 1)
    return [[*(p / steps for p in place), 1 - sum(place) / steps] for place in places if sum(place) <= steps]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", [2, 3])
def test_a_concave_score_is_as_high_as_that_of_every_blend_of_a_grid(groups: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    y = draw.normal(size=200)
    predictions = [(y * draw.uniform(0.2, 1.8) + draw.normal(size=200))[:, None] for _ in range(groups)]

    def score(p: np.ndarray) -> float:
        return -float(np.mean((p[:, 0] - y) ** 2))

    begin = [1.0] + [0.0] * (groups - 1)
    found = highest_shares(predictions, begin, score)
    best = max(score(blended(predictions, shares)) for shares in grid(groups))
    assert sum(found) == pytest.approx(1)
    assert min(found) >= 0
    assert all(share == 0 or share >= 0.03 for share in found)
    assert score(blended(predictions, found)) == pytest.approx(best, abs=2e-3)
    assert found == highest_shares(predictions, begin, score)


def test_shares_stay_where_nothing_is_better() -> None:
    same = [np.zeros((5, 1))] * 3
    assert highest_shares(same, [0.1, 0.2, 0.7], lambda p: 1.0) == [0.1, 0.2, 0.7]
    assert highest_alone([np.zeros((2, 1)), np.ones((2, 1)), np.ones((2, 1))], np.sum) == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(("rows", "metric"), [(numbers(), minus_absolute), (classes(), area)])
def test_the_blend_is_no_worse_on_held_out_rows(rows, metric) -> None:
    usual, steered = (ds.fit(rows, "y", metric=of, **CHEAP) for of in (None, metric))
    kept = steered.held_out
    labels = np.array(steered.target.classes)[kept.rows.true.astype(int)] if "yes" in rows["y"] else None
    truth = kept.rows.true if labels is None else labels
    score, before = (metric(truth, of.held_out.outputs["network"]) for of in (steered, usual))
    assert score >= before - 1e-6
    record = steered.record.steered
    assert record.score == pytest.approx(score, rel=1e-5)
    assert record.usual == pytest.approx(before, rel=1e-5)
    groups = [group.validation_errors for group in usual.record.groups]
    assert groups == [group.validation_errors for group in steered.record.groups]
    assert f"{metric.__name__}" in steered.summary.steering
    assert steered.summary.steering in str(steered.summary)
    assert usual.summary.steering == ""


def test_the_function_is_given_what_is_promised() -> None:
    seen = []

    def spy(y_true: np.ndarray, predicted: np.ndarray) -> float:
        seen.append((y_true.copy(), predicted.copy()))
        predicted[:] = 0  # which changes nothing
        return 0.0

    model = ds.fit(classes(), "y", metric=spy, **CHEAP)
    y_true, predicted = seen[-1]
    assert set(y_true) == {"no", "yes"}
    assert predicted.shape == (300, 2)
    np.testing.assert_allclose(predicted.sum(axis=1), 1)
    usual = ds.fit(classes(), "y", **CHEAP)
    np.testing.assert_array_equal(model.predict_proba(classes()), usual.predict_proba(classes()))
    seen.clear()
    ds.fit(numbers(), "y", metric=spy, **CHEAP)
    y_true, predicted = seen[-1]
    assert set(y_true) == set(numbers()["y"])
    assert predicted.shape == y_true.shape


def test_of_one_network_that_with_the_highest_score_counts() -> None:
    rows = numbers()
    model = ds.fit(rows, "y", metric=lambda y, p: float(np.var(p)), members=1, epochs=4, hidden=8)
    other = ds.fit(rows, "y", metric=lambda y, p: -float(np.var(p)), members=1, epochs=4, hidden=8)
    assert {model.record.main.name, other.record.main.name} == {"linear", "periodic"}
    assert "<lambda>" in model.summary.steering


def test_a_file_holds_its_name_and_no_function(tmp_path) -> None:
    model = ds.fit(classes(), "y", metric=area, **CHEAP)
    model.save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    assert loaded.record.steered == model.record.steered
    assert loaded.record.steered.metric == "area"
    np.testing.assert_array_equal(loaded.predict(classes()), model.predict(classes()))
    loaded.learn(classes())  # the settings of the fit are read from the record


class Strange:
    def __call__(self, y_true: np.ndarray, predicted: np.ndarray) -> object:
        raise KeyError("nothing")


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        (lambda y, p: 1 / 0, "the metric <lambda> raised ZeroDivisionError: division by zero"),
        (Strange(), "the metric Strange raised KeyError: 'nothing'"),
        (lambda y: 1.0, "raised TypeError"),
        (lambda y, p: float("nan"), "gave nan; it needs to give a finite number"),
        (lambda y, p: "high", "gave 'high'; it needs"),
        (lambda y, p: p, "gave a ndarray; it needs"),
        (lambda y, p: None, r"gave None; it needs .* y_true \(300,\) and predicted \(300,\)"),
    ],
)
def test_what_gives_no_number_is_refused(metric, said: str) -> None:
    with pytest.raises(ds.DownslopeError, match=said):
        ds.fit(numbers(), "y", metric=metric, **CHEAP)


def test_it_is_refused_before_the_long_part() -> None:
    phases = []
    with pytest.raises(ds.DownslopeError, match="raised"):
        ds.fit(numbers(), "y", metric=lambda y, p: 1 / 0, progress=phases.append, **CHEAP)
    assert {phase.name for phase in phases} == {"linear"}


def test_what_is_no_metric() -> None:
    for given in (3, float, ["f1"]):
        with pytest.raises(ds.DownslopeError, match="metric needs one of"):
            ds.fit(numbers(), "y", metric=given, **CHEAP)


def test_few_rows_have_nothing_to_choose() -> None:
    rows = {name: column[:40] for name, column in numbers().items()}
    model = ds.fit(rows, "y", metric=minus_absolute)
    assert model.record.steered is None
    np.testing.assert_array_equal(model.predict(rows), ds.fit(rows, "y").predict(rows))


def test_several_targets_and_time() -> None:
    rows = numbers() | {"day": np.arange(300), "z": numbers(seed=1)["y"]}
    models = ds.fit(rows, ["y", "z"], metric=minus_absolute, time="day", **CHEAP)
    assert all(models[name].record.steered is not None for name in ("y", "z"))


def test_estimators_are_given_their_own_classes() -> None:
    seen = set()

    def balanced(y_true: np.ndarray, predicted: np.ndarray) -> float:
        seen.update(y_true.tolist())
        return metrics.balanced_accuracy_score(y_true, np.array([3, 7])[predicted.argmax(axis=1)])

    rows = classes()
    x = np.stack([rows["a"], rows["b"]], axis=1)
    settings = {"epochs": 2, "members": 2, "hidden_layer_sizes": 4, "random_state": 0}
    found = ds.TableClassifier(metric=balanced, **settings).fit(x, np.where(rows["y"] == "yes", 7, 3))
    assert seen == {3, 7}
    assert "balanced" in found.summary_.steering
    number = ds.TableRegressor(metric=minus_absolute, **settings).fit(x, numbers()["y"])
    assert "minus_absolute" in number.summary_.steering


def test_checkpoints_go_on(tmp_path) -> None:
    frame = pl.DataFrame(numbers())
    asked = {"metric": minus_absolute, **CHEAP}
    first = ds.fit(frame, "y", checkpoint=ds.Checkpoint(tmp_path / "c", "1 epoch"), **asked)
    again = ds.fit(frame, "y", checkpoint=ds.Checkpoint(tmp_path / "c", "1 epoch", resume=True), **asked)
    np.testing.assert_array_equal(first.predict(frame), again.predict(frame))
