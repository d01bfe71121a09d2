"""``ds.tune(metric=…)``: trials are chosen, and the defaults compared with, by the metric."""

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn import metrics

import downslope as ds
from downslope.cli.commands import downslope
from downslope.fitting._decision import best_weights
from downslope.fitting.evaluation import LabelledRows
from downslope.fitting.search._scoring import Scoring
from downslope.tables import Target

DRAW = np.random.default_rng(3)
X = DRAW.normal(size=(120, 2))
NUMBERS = pl.DataFrame(
    {"a": X[:, 0], "b": X[:, 1], "y": np.exp(X[:, 0] * X[:, 1] + 0.3 * DRAW.normal(size=120))}
)
CLASSES = NUMBERS.with_columns(y=pl.Series("y", np.where(NUMBERS["y"] > 1.7, "yes", "no")))
QUICK = {"epochs": 4, "members": 2, "hidden": 4, "time": None, "trials": 3}


def minus_absolute(y_true: np.ndarray, predicted: np.ndarray) -> float:
    return -metrics.mean_absolute_error(y_true, predicted)


@pytest.fixture(scope="module")
def found():
    asked = {"mae": NUMBERS, "r2": NUMBERS, "auc": CLASSES, "f1": CLASSES, minus_absolute: NUMBERS}
    return {metric: ds.tune(table, "y", metric=metric, **QUICK) for metric, table in asked.items()}


def test_scores_are_those_of_scikit_learn_and_their_order_is_that_of_losses() -> None:
    draw, target = np.random.default_rng(0), Target("y", ("no", "yes"))
    y, weights = draw.integers(0, 2, 80), np.ones(80)
    rows = LabelledRows(pl.DataFrame(), np.arange(80), y.astype(float), weights, 0)
    weak, strong = (np.clip(0.5 + s * (y - 0.5) + 0.2 * draw.normal(size=80), 0.01, 0.99) for s in (0.1, 0.6))
    weak, strong = (np.stack([1 - p, p], axis=1) for p in (weak, strong))
    oracles = {"roc_auc": metrics.roc_auc_score, "log_loss": metrics.log_loss}
    for name, oracle in oracles.items():
        scoring = Scoring(name)
        found = [scoring.of_blend(rows, target, p) for p in (weak, strong)]
        assert [each.value for each in found] == pytest.approx([oracle(y, p[:, 1]) for p in (weak, strong)])
        worse, better = (scoring.loss(each).value for each in found)
        assert better < worse
        assert scoring.gain(*found).value == pytest.approx(worse - better)
        assert [scoring.shown(each) for each in (worse, better)] == [each.value for each in found]
    for_f1 = Scoring("f1").of_blend(rows, target, weak)
    said = (weak * best_weights("f1", weak, weights)).argmax(axis=1)
    assert for_f1.value == pytest.approx(metrics.f1_score(y, said))
    own = Scoring(lambda y_true, p: metrics.accuracy_score(y_true == "yes", p[:, 1] > 0.5))
    assert own.statistic(rows, target, strong).value == pytest.approx(np.mean((strong[:, 1] > 0.5) == y))
    assert (own.name, own.more_is_better, own.gain(for_f1, for_f1).influence is None) == (
        "<lambda>",
        True,
        False,
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("metric", "name", "higher"),
    [
        ("mae", "mean_absolute_error", False),
        ("r2", "r2", True),
        ("auc", "roc_auc", True),
        ("f1", "f1", True),
        (minus_absolute, "minus_absolute", True),
    ],
)
def test_a_gain_is_a_better_score(found, metric, name: str, higher: bool) -> None:
    tuned = found[metric]
    assert tuned.searched.metric == name
    by_rung = {trial.rung: trial.score for trial in tuned.trials if not trial.settings}
    others = [trial for trial in tuned.trials if trial.settings and np.isfinite(trial.score)]
    assert others
    for trial in others:
        better = trial.score - by_rung[trial.rung]
        assert trial.gain.value == pytest.approx(better if higher else -better, abs=1e-12)
    last = [trial for trial in tuned.trials if trial.rung == 4]
    if tuned.searched.settings:
        best = max(last, key=lambda trial: trial.gain.value or 0.0)
        written = tuple(f"{key}={value!r}" for key, value in best.settings.items())
        assert tuned.searched.settings == written
    if tuned.searched.found.value is not None:
        apart = tuned.searched.found.value - tuned.searched.defaults.value
        assert tuned.searched.gain.value == pytest.approx(apart if higher else -apart, abs=1e-12)
    assert (name if callable(metric) else name.split("_")[-1].lower().replace("r2", "r²")) in str(
        tuned
    ).lower()


@pytest.mark.thorough
def test_the_model_is_that_of_fit(found) -> None:
    for metric, table in (("mae", NUMBERS), ("f1", CLASSES)):
        tuned = found[metric]
        asked = {"epochs": 4, "members": 2, "hidden": 4, **tuned.settings}
        again = ds.fit(table, "y", metric=metric, **asked)
        np.testing.assert_array_equal(again.predict(table), tuned.model.predict(table))
    assert found["mae"].model.network.loss == "absolute_error"
    assert found["f1"].model.target.decision
    assert found[minus_absolute].model.record.steered is not None


@pytest.mark.thorough
def test_scores_are_shown_as_they_are(found) -> None:
    tuned = found["auc"]
    assert all(0 <= trial.score <= 1 for trial in tuned.trials)
    assert all(trial.score <= 1 for trial in found["r2"].trials)
    assert all(trial.score < 0 for trial in found[minus_absolute].trials)


def test_what_does_not_suit_is_refused() -> None:
    with pytest.raises(ds.DownslopeError, match="metric"):
        ds.tune(NUMBERS, "y", metric="f1", **QUICK)
    with pytest.raises(ds.DownslopeError, match="the metric <lambda> gave nan"):
        ds.tune(NUMBERS, "y", metric=lambda y, p: float("nan"), **QUICK)


@pytest.mark.thorough
def test_the_command(tmp_path) -> None:
    NUMBERS.write_csv(tmp_path / "t.csv")
    given = [
        "tune",
        str(tmp_path / "t.csv"),
        "-t",
        "y",
        "-o",
        str(tmp_path / "m.downslope"),
        "--metric",
        "mae",
    ]
    done = CliRunner().invoke(
        downslope, [*given, "--trials", "2", "--members", "2", "--epochs", "2", "--hidden", "4"]
    )
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    assert "Mean absolute error on 24 other rows" in said
    assert "--metric mae" in said
    assert ds.load(tmp_path / "m.downslope").network.loss == "absolute_error"
