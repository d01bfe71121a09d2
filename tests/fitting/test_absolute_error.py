"""``metric="mae"``: what trains, what blends, and what is said of medians."""

from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.optimize import linprog
from sklearn.linear_model import QuantileRegressor

import downslope as ds
from downslope.cli.commands import downslope
from downslope.fitting.ensemble._blend import best_alone, best_shares
from downslope.fitting.evaluation import metric_of, statistics_of

CHEAP = {"epochs": 6, "members": 2, "hidden": 16, "threads": 1}


def skewed(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Numbers whose mean, given the inputs, is 1.65 times their median exp(a + b²/2)."""
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(2, rows)) / 2
    return {"a": a, "b": b, "y": np.exp(a + b**2 / 2 + draw.normal(size=rows))}


def smallest_sum(predictions: np.ndarray, y: np.ndarray, w: np.ndarray) -> float:
    """The mean absolute error of the best shares, as a linear program: |e| = u + v where e = u − v."""
    groups, rows = predictions.shape
    cost = np.concatenate([np.zeros(groups), w, w]) / w.sum()
    equal = np.block([predictions.T, np.eye(rows), -np.eye(rows)])
    whole = np.concatenate([np.ones(groups), np.zeros(2 * rows)])
    return linprog(cost, A_eq=np.vstack([equal, whole]), b_eq=np.append(y, 1.0)).fun


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("groups", [2, 3, 5])
def test_shares_have_the_smallest_absolute_error(seed: int, groups: int) -> None:
    draw = np.random.default_rng(seed)
    y, w = np.exp(draw.normal(size=300)), draw.integers(1, 4, 300).astype(float)
    predictions = np.clip(y, 0, 3) + draw.normal(size=(groups, 300)) * (1 + draw.random((groups, 1)))
    shares = best_shares([p[:, None] for p in predictions], y, w, "mean_absolute_error")
    assert min(shares) >= 0
    assert sum(shares) == pytest.approx(1)
    found = np.average(np.abs(np.array(shares) @ predictions - y), weights=w)
    assert found == pytest.approx(smallest_sum(predictions, y, w), rel=1e-4)


def test_the_group_with_the_smallest_absolute_error_stands_alone() -> None:
    y, w = np.array([0.0, 0.0, 0.0, 10.0]), np.ones(4)
    median, mean = np.full((4, 1), 0.0), np.full((4, 1), 2.5)
    assert best_alone([mean, median], y, w, "mean_absolute_error") == [0.0, 1.0]
    assert best_alone([mean, median], y, w, "root_mean_squared_error") == [1.0, 0.0]


@pytest.fixture(scope="module")
def fitted() -> dict[str | None, ds.Model]:
    return {metric: ds.fit(skewed(600), "y", metric=metric, **CHEAP) for metric in (None, "mae")}


def test_predictions_are_medians(fitted) -> None:
    rows = skewed(4000, seed=1)
    usual, median = (fitted[of].predict(rows) for of in (None, "mae"))
    errors = [np.abs(predicted - rows["y"]).mean() for predicted in (usual, median)]
    assert errors[1] < 0.97 * errors[0]
    assert np.mean(rows["y"] < median) == pytest.approx(0.5, abs=0.06)
    assert np.mean(rows["y"] < usual) > 0.6
    assert fitted["mae"].network.loss == "absolute_error"
    assert metric_of(fitted["mae"].network.loss) == "mean_absolute_error"


def test_the_median_of_errors_goes_by_them_too(fitted) -> None:
    other = ds.fit(skewed(600), "y", metric="median_absolute_error", **CHEAP)
    np.testing.assert_array_equal(other.predict(skewed(50)), fitted["mae"].predict(skewed(50)))


def test_what_is_said_of_it(fitted) -> None:
    found = fitted["mae"]
    summary, rows = found.summary, skewed(600)
    assert "metric='mean_absolute_error'" in found.record.asked
    assert summary.decision == (
        "The networks were trained by the absolute error: a prediction is a median and not a mean."
    )
    assert summary.decision in str(summary)
    assert "mean absolute error" in summary.conclusion
    assert "squared" not in summary.conclusion
    assert next(iter(summary.compared)) == "baseline (median)"
    constant = np.abs(rows["y"] - np.median(rows["y"])).mean()
    assert summary.baseline.mean_absolute_error == pytest.approx(constant, rel=1e-5)
    assert summary.learned
    assert fitted[None].summary.decision == ""
    assert next(iter(fitted[None].summary.compared)) == "baseline (mean)"


def test_the_gain_is_that_of_absolute_errors(fitted) -> None:
    found = fitted["mae"]
    kept, gain = found.held_out, found.record.gain
    linear, network = (
        statistics_of(kept.rows, found.target, kept.outputs[of])["mean_absolute_error"]
        for of in ("linear model", "network")
    )
    assert gain.value == pytest.approx(linear.value - network.value, rel=1e-6)
    report = ds.report(found).html()
    assert "Always predicting the median is off by" in report
    assert "The mean absolute error is" in report


def test_intervals_hold_what_they_promise() -> None:
    model = ds.fit(skewed(1500), "y", metric="mae", **CHEAP)
    rows = skewed(3000, seed=2)
    low, high = model.predict_interval(rows, 0.8).T
    assert np.mean((low <= rows["y"]) & (rows["y"] <= high)) == pytest.approx(0.8, abs=0.05)


def test_a_file_and_an_export_keep_it(fitted, tmp_path) -> None:
    found, rows = fitted["mae"], skewed(20, seed=3)
    found.save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    assert loaded.summary == found.summary
    np.testing.assert_array_equal(loaded.predict(rows), found.predict(rows))
    ds.export(found, tmp_path / "m.py")
    names: dict[str, object] = {}
    exec((tmp_path / "m.py").read_text(), names)
    told = names["predict"](rows)  # type: ignore[operator]
    np.testing.assert_allclose(np.ravel(told), found.predict(rows), rtol=1e-5)


@pytest.mark.parametrize("rows", [30, 400])
def test_the_linear_model_is_that_of_quantile_regression(rows: int) -> None:
    draw = np.random.default_rng(rows)
    x = draw.normal(size=(rows, 3))
    y = np.exp(x @ [0.7, 0.4, 0.0] + draw.normal(size=rows))
    model = ds.fit(x, y, metric="mae", hidden=())
    best = QuantileRegressor(quantile=0.5, alpha=0, solver="highs").fit(x, y)
    ours, theirs = (np.abs(of.predict(x) - y).mean() for of in (model, best))
    assert ours == pytest.approx(theirs, rel=0.02)


def later(rows: int) -> Iterator[tuple[str, np.ndarray]]:
    yield from skewed(rows).items()
    yield "day", np.arange(rows)


def test_rows_held_out_by_time(fitted) -> None:
    model = ds.fit(dict(later(300)), "y", metric="mae", time="day", **CHEAP)
    assert model.summary.later is not None
    assert "mean absolute error" in model.summary.conclusion


def test_models_are_compared_by_it(fitted) -> None:
    rows = skewed(500, seed=4)
    compared = ds.compare({"median": fitted["mae"], "mean": fitted[None]}, rows)
    assert compared.metric == "mean_absolute_error"
    assert ds.compare({"mean": fitted[None], "median": fitted["mae"]}, rows).metric != compared.metric


def test_the_estimator_and_the_command(tmp_path) -> None:
    rows = skewed(120)
    x = np.stack([rows["a"], rows["b"]], axis=1)
    regressor = ds.TableRegressor(metric="mae", epochs=2, members=2, hidden_layer_sizes=4, random_state=0)
    assert regressor.fit(x, rows["y"]).model_.network.loss == "absolute_error"
    pl.DataFrame(rows).write_csv(tmp_path / "t.csv")
    given = [
        "fit",
        str(tmp_path / "t.csv"),
        "-t",
        "y",
        "-o",
        str(tmp_path / "m.downslope"),
        "--metric",
        "mae",
    ]
    done = CliRunner().invoke(downslope, [*given, "--epochs", "2", "--members", "2", "--hidden", "4"])
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    assert "a prediction is a median and not a mean" in said
    assert "baseline (median)" in said
