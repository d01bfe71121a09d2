"""``class_weight``: what counts in training, what the probabilities stay, and which class is said."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, recall_score
from sklearn.utils import compute_class_weight

import downslope as ds
from downslope.cli.commands import downslope
from downslope.fitting.ensemble import FitSettings, class_weights_of, taken_back
from downslope.tables import Target
from downslope.training import forward

CHEAP = {"epochs": 6, "members": 2, "hidden": 8, "threads": 1}
NAMES = ("no", "perhaps", "yes")


def table(rows: int = 1200, classes: int = 2, seed: int = 0) -> dict[str, np.ndarray]:
    """Classes with the log-odds of a linear model, the last of them rare."""
    draw = np.random.default_rng(seed)
    a, b = draw.normal(size=(2, rows))
    z = np.stack([0 * a, a - 1, 1.5 * b - 2.5], axis=1)[:, [0, 2] if classes == 2 else [0, 1, 2]]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    y = (draw.random(rows)[:, None] > np.cumsum(p, axis=1)).sum(axis=1)
    return {"a": a, "b": b, "y": np.array(["no", "yes"] if classes == 2 else NAMES)[y]}


def test_the_weights_of_balanced_classes_are_those_of_scikit_learn() -> None:
    y = np.repeat([0, 1, 2], [70, 20, 10])
    found = class_weights_of(FitSettings(class_weight="balanced"), Target("y", NAMES), y)
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(found / found[0], theirs / theirs[0], rtol=1e-6)
    assert found[y].mean() == pytest.approx(1)
    given = class_weights_of(FitSettings(class_weight={"yes": 5}), Target("y", NAMES), y)
    np.testing.assert_allclose(given / given[0], [1, 1, 5], rtol=1e-6)
    assert class_weights_of(FitSettings(), Target("y", NAMES), y) is None
    assert class_weights_of(FitSettings(class_weight="balanced"), Target("y"), y) is None


@pytest.mark.parametrize("classes", [2, 3])
def test_what_is_taken_back_divides_the_probabilities(classes: int) -> None:
    outputs = 1 if classes == 2 else classes
    loss = "binary_cross_entropy" if classes == 2 else "cross_entropy"
    net = ds.Network(2, [ds.Dense(4, "tanh"), ds.Dense(outputs)], loss=loss)
    pair, x = ds.Ensemble([net, net]), np.random.default_rng(0).normal(size=(20, 2))
    weights = np.array([0.5, 3.0, 2.0][:classes])
    for network in (net, ds.Ensemble([net])):
        parameters = network.initial_parameters(0, np.float64)
        before = forward(network, parameters, x)
        after = forward(network, taken_back(network, parameters, weights), x)
        if classes == 2:
            before, after = (np.hstack([1 - p, p]) for p in (before, after))
        wanted = before / weights
        np.testing.assert_allclose(after, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-6)
    changed = taken_back(pair, pair.initial_parameters(0, np.float64), weights)
    assert sum((changed[n] != v).any() for n, v in pair.initial_parameters(0, np.float64).items()) == 2


@pytest.mark.parametrize("classes", [2, 3])
def test_a_linear_model_is_logistic_regression_with_its_bias_taken_back(classes: int) -> None:
    rows = table(3000, classes)
    x = np.stack([rows["a"], rows["b"]], axis=1)
    model = ds.fit(x, rows["y"], class_weight="balanced", hidden=(), members=1)
    theirs = LogisticRegression(class_weight="balanced", C=np.inf, tol=1e-8).fit(x, rows["y"])
    weights = compute_class_weight("balanced", classes=theirs.classes_, y=rows["y"])
    wanted = theirs.predict_proba(x) / weights
    wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(x), wanted, atol=0.02)
    assert np.mean(model.predict(x) == theirs.predict(x)) > 0.97


@pytest.fixture(scope="module")
def fitted() -> dict[str, ds.Model]:
    asked = {"usual": None, "balanced": "balanced", "five": {"yes": 5}}
    return {name: ds.fit(table(), "y", class_weight=given, **CHEAP) for name, given in asked.items()}


@pytest.mark.parametrize("which", ["balanced", "five"])
def test_probabilities_stay_calibrated(fitted, which: str) -> None:
    rows = table(4000, seed=1)
    usual, found = (fitted[of].predict_proba(rows) for of in ("usual", which))
    assert found[:, 1].mean() == pytest.approx(np.mean(rows["y"] == "yes"), abs=0.03)
    assert log_loss(rows["y"], found) == pytest.approx(log_loss(rows["y"], usual), rel=0.06)
    assert np.abs(found - usual).max() > 1e-4


def test_the_class_with_the_largest_probability_times_its_weight_is_said(fitted) -> None:
    rows = table(4000, seed=1)
    found = fitted["five"]
    assert found.target.decision == pytest.approx((1, 5))
    p = found.predict_proba(rows)[:, 1]
    np.testing.assert_array_equal(found.predict(rows), np.where(5 * p > 1 - p, "yes", "no"))
    recalls = [recall_score(rows["y"], fitted[of].predict(rows), pos_label="yes") for of in ("usual", "five")]
    assert recalls[1] > recalls[0] + 0.1
    assert found.summary.decision == (
        '"yes" is said from a probability of 0.167 on, as rows of the classes count in training.'
    )
    assert fitted["usual"].summary.decision == ""


def test_scores_count_every_row_alike(fitted) -> None:
    for model in fitted.values():
        kept = model.held_out
        np.testing.assert_array_equal(kept.rows.weights, 1)
        assert model.summary.baseline.log_loss == pytest.approx(
            fitted["usual"].summary.baseline.log_loss, rel=1e-6
        )


def test_a_metric_decides_instead() -> None:
    found = ds.fit(table(), "y", class_weight={"yes": 5}, metric="f1", **CHEAP)
    assert "for the highest expected F1" in found.summary.decision
    assert found.record.decided is not None
    other = ds.fit(table(), "y", class_weight={"yes": 5}, metric="log_loss", **CHEAP)
    assert other.record.decided is None
    assert other.target.decision == pytest.approx((1, 5))


def test_classes_that_count_alike_change_nothing(fitted) -> None:
    same = ds.fit(table(), "y", class_weight={"yes": 2, "no": 2}, **CHEAP)
    np.testing.assert_allclose(same.predict_proba(table()), fitted["usual"].predict_proba(table()), atol=1e-6)
    assert same.target.decision == ()
    assert (
        ds.fit(table(60), "y", class_weight={}, **CHEAP).record.asked
        == ds.fit(table(60), "y", **CHEAP).record.asked
    )


@pytest.mark.parametrize("options", [{"members": 1}, {"time": "day"}, {"members": 1, "hidden": ()}])
def test_networks_that_are_trained_on_all_rows_again(options) -> None:
    rows = table() | {"day": np.arange(1200)}
    cheap = {} if "hidden" in options else CHEAP
    model = ds.fit(rows, "y", class_weight="balanced", **{**cheap, **options})
    assert model.predict_proba(rows)[:, 1].mean() == pytest.approx(np.mean(rows["y"] == "yes"), abs=0.04)


def test_few_rows() -> None:
    rows = {name: column[:45] for name, column in table().items()}
    model = ds.fit(rows, "y", class_weight="balanced")
    assert model.predict_proba(rows)[:, 1].mean() == pytest.approx(np.mean(rows["y"] == "yes"), abs=0.1)
    assert model.target.decision[1] > 1


def test_a_file_an_export_and_further_rows(fitted, tmp_path) -> None:
    fitted["five"].save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    np.testing.assert_array_equal(loaded.predict(table()), fitted["five"].predict(table()))
    assert loaded.summary.decision == fitted["five"].summary.decision
    assert "class_weight={'yes': 5.0}" in loaded.record.asked
    loaded.learn(table(100))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"maybe": 2}, 'class_weight names "maybe", and "y" has the classes'),
        ({"yes": 0}, "needs a number above 0"),
        ({"yes": "5"}, "write it without quotes"),
        ("even", "class_weight needs one of balanced, or a weight for each class"),
        (5, "class_weight needs one of balanced"),
    ],
)
def test_what_does_not_serve_is_refused(given, said: str) -> None:
    with pytest.raises(ds.DownslopeError, match=said):
        ds.fit(table(60), "y", class_weight=given, **CHEAP)


def test_numbers_have_no_classes_to_weigh() -> None:
    with pytest.raises(ds.DownslopeError, match="class_weight is for classes"):
        ds.fit(table(60), "a", class_weight="balanced", **CHEAP)
    both = ds.fit(table(60), ["a", "y"], class_weight="balanced", **CHEAP)
    assert both["y"].target.decision
    assert not both["a"].target.decision


def test_rows_that_are_streamed_are_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("downslope.tables.dataset._files.BLOCK_BYTES", 3000)
    pl.DataFrame(table(1200)).write_parquet(tmp_path / "t.parquet", row_group_size=90)
    rows = ds.Dataset(tmp_path / "t.parquet", memory=1000)
    with pytest.raises(ds.DownslopeError, match="class_weight is for rows in memory"):
        ds.fit(rows, "y", class_weight="balanced")


def test_numbers_as_classes() -> None:
    rows = table(200)
    rows["y"] = (rows["y"] == "yes").astype(int)
    model = ds.fit(rows, "y", task="classification", class_weight={1: 4}, **CHEAP)
    assert model.target.decision == pytest.approx((1, 4))
    assert replace(model.target, decision=()) == model.target.plain


def test_the_command(tmp_path) -> None:
    pl.DataFrame(table(120)).write_csv(tmp_path / "t.csv")
    given = ["fit", str(tmp_path / "t.csv"), "-t", "y", "-o", str(tmp_path / "m.downslope")]
    cheap = ["--epochs", "2", "--members", "2", "--hidden", "4"]
    for words, ratio in ((["--class-weight", "yes=5"], 5), (["--class-weight", "balanced"], None)):
        done = CliRunner().invoke(downslope, [*given, *words, *cheap])
        assert done.exit_code == 0
        found = ds.load(tmp_path / "m.downslope").target.decision
        assert found[1] == pytest.approx(ratio) if ratio else found[1] > 1
    refused = CliRunner().invoke(downslope, [*given, "--class-weight", "yes"])
    assert refused.exit_code == 2
    assert "neither balanced nor a class with its weight" in " ".join(refused.output.split())
