"""Classes that are said for a metric: the rule, what keeps it, and what follows it."""

from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn import metrics
from sklearn.datasets import make_classification

import downslope as ds
from downslope.cli.commands import downslope
from downslope.fitting._decision import best_weights
from downslope.tables import Target
from thorough import first

RATE = 0.12
CHEAP = {"epochs": 3, "members": 2, "hidden": 8}


def table(rows: int = 400, classes: int = 2) -> dict[str, np.ndarray]:
    shares = {2: [1 - RATE], 3: [0.7, 0.2]}[classes]
    x, y = make_classification(
        rows,
        6,
        n_informative=5,
        n_redundant=0,
        n_classes=classes,
        n_clusters_per_class=1,
        weights=shares,
        class_sep=0.7,
        random_state=classes,
    )
    return {f"x{i}": column for i, column in enumerate(x.T)} | {"y": np.array(["no", "yes", "perhaps"])[y]}


def drawn(rows: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    logits = 1.5 * draw.normal(size=(rows, classes)) - 1.2 * np.arange(classes)[::-1] % 3
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return p, draw.integers(1, 4, rows).astype(float)


def expected(p: np.ndarray, w: np.ndarray, said: np.ndarray) -> np.ndarray:
    """The expected F1 of each class: a row is one of each class, that weighs as its probability."""
    rows, classes = p.shape
    y, weights = np.tile(np.arange(classes), rows), (w[:, None] * p).ravel()
    return metrics.f1_score(
        y,
        np.repeat(said, classes),
        average=None,
        labels=range(classes),
        sample_weight=weights,
        zero_division=0,
    )


def said_by(weights: tuple[float, ...], p: np.ndarray) -> np.ndarray:
    return Target("y", tuple(map(str, range(len(weights)))), decision=weights).decided(p)


@pytest.mark.parametrize("metric", ["f1", "f1_macro"])
@pytest.mark.parametrize("seed", first(1, range(3)))
def test_no_threshold_is_expected_to_be_better(metric: str, seed: int) -> None:
    p, w = drawn(60, 2, seed)
    score = {"f1": lambda found: found[1], "f1_macro": np.mean}[metric]
    best = max(score(expected(p, w, (p[:, 1] >= limit).astype(int))) for limit in [*p[:, 1], 2.0])
    got = score(expected(p, w, said_by(best_weights(metric, p, w), p)))
    assert got == pytest.approx(best, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_few_weights_of_a_grid_are_expected_to_be_better_for_three_classes(seed: int) -> None:
    p, w = drawn(60, 3, seed)
    grid = np.geomspace(1 / 16, 16, 9)
    best = max(expected(p, w, said_by((1.0, a, b), p)).mean() for a, b in product(grid, grid))
    got = expected(p, w, said_by(best_weights("f1_macro", p, w), p)).mean()
    assert got >= best - 0.01
    assert got > expected(p, w, p.argmax(axis=1)).mean()


def test_balanced_accuracy_weighs_by_the_inverse_frequency() -> None:
    p, w = drawn(500, 4, 0)
    weights = best_weights("balanced_accuracy", p, w)
    frequencies = w @ p
    np.testing.assert_allclose(weights, frequencies.max() / frequencies)
    best = (w[:, None] * p / frequencies).max(axis=1).sum() / 4  # every row where it adds most to a recall
    y, counts = np.tile(np.arange(4), 500), (w[:, None] * p).ravel()
    said = np.repeat(said_by(weights, p), 4)
    got = metrics.balanced_accuracy_score(y, said, sample_weight=counts)
    assert got == pytest.approx(best, rel=1e-12)


def test_f1_of_more_classes_is_the_mean() -> None:
    p, w = drawn(50, 3, 1)
    assert best_weights("f1", p, w) == best_weights("f1_macro", p, w)


@pytest.fixture(scope="module")
def fitted() -> dict[str | None, ds.Model]:
    return {of: ds.fit(table(), "y", metric=of, **CHEAP) for of in (None, "f1", "log_loss")}


def test_probabilities_stay_and_classes_follow_the_threshold(fitted) -> None:
    usual, for_f1 = fitted[None], fitted["f1"]
    probabilities = for_f1.predict_proba(table())
    np.testing.assert_array_equal(probabilities, usual.predict_proba(table()))
    first, second = for_f1.target.decision
    assert first == 1.0 < second
    said = np.where(probabilities[:, 1] > first / (first + second), "yes", "no")
    np.testing.assert_array_equal(for_f1.predict(table()), said)
    assert (said != usual.predict(table())).any()
    np.testing.assert_array_equal(fitted["log_loss"].predict(table()), usual.predict(table()))
    assert fitted["log_loss"].target.decision == ()


def test_scores_are_of_the_classes_that_are_said(fitted) -> None:
    rows = table()
    for model in fitted.values():
        found, said = model.evaluate(rows), model.predict(rows)
        assert found.score("f1").value == pytest.approx(metrics.f1_score(rows["y"], said, pos_label="yes"))
        assert found.score("accuracy").value == pytest.approx(np.mean(rows["y"] == said))
        np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(rows["y"], said))
    compared = ds.compare({"usual": fitted[None], "f1": fitted["f1"]}, rows, metric="f1")
    assert compared.scores["f1"]["f1"].value == fitted["f1"].evaluate(rows).score("f1").value


def test_what_is_said_of_it(fitted) -> None:
    assert fitted[None].summary.decision == ""
    found = fitted["f1"]
    assert "metric='f1'" in found.record.asked
    first, second = found.target.decision
    assert found.summary.decision.startswith(
        f'"yes" is said from a probability of {first / (first + second):.3g} on, for the highest '
        'expected F1 of "yes": '
    )
    assert found.summary.decision in str(found.summary)
    assert found.summary.decision[:40].replace('"', "&quot;") in ds.report(found).html()


def test_a_file_keeps_it(fitted, tmp_path) -> None:
    fitted["f1"].save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    assert loaded.target == fitted["f1"].target
    assert loaded.record.decided == fitted["f1"].record.decided
    np.testing.assert_array_equal(loaded.predict(table()), fitted["f1"].predict(table()))


def test_older_files_say_the_most_probable_class(fitted) -> None:
    data = fitted["f1"].target.to_json()
    del data["decision"]
    old = replace(
        fitted["f1"], target=Target.from_json(data), record=replace(fitted["f1"].record, decided=None)
    )
    np.testing.assert_array_equal(old.predict(table()), fitted[None].predict(table()))
    assert old.summary.decision == ""


@pytest.mark.parametrize("decision", [[1.0], [1.0, 0.0], [1.0, float("nan")], ["1", "2"], 3])
def test_a_damaged_decision_is_refused(fitted, decision) -> None:
    data = fitted["f1"].target.to_json()
    assert Target.from_json(data) == fitted["f1"].target
    with pytest.raises(ds.DownslopeError, match="the target is damaged"):
        Target.from_json({**data, "decision": decision})


def test_three_classes_and_the_estimator() -> None:
    rows = table(classes=3)
    x, y = np.stack([rows[f"x{i}"] for i in range(6)], axis=1), rows["y"]
    settings = {"epochs": 3, "members": 2, "hidden_layer_sizes": 8, "random_state": 0}
    plain, weighed = (
        ds.TableClassifier(metric=metric, **settings).fit(x, y) for metric in (None, "balanced_accuracy")
    )
    np.testing.assert_array_equal(plain.predict_proba(x), weighed.predict_proba(x))
    by_plain, by_weighed = (metrics.balanced_accuracy_score(y, of.predict(x)) for of in (plain, weighed))
    assert by_weighed > by_plain
    assert "largest probability × weight" in weighed.summary_.decision
    weights = np.array(weighed.model_.target.decision)
    said = weighed.classes_[(weighed.predict_proba(x) * weights).argmax(axis=1)]
    np.testing.assert_array_equal(weighed.predict(x), said)


def test_few_rows_have_a_decision_too() -> None:
    rows = {name: column[:40] for name, column in table().items()}
    found = ds.fit(rows, "y", metric="balanced_accuracy")
    assert found.target.decision
    assert "on the training rows" in found.summary.decision


def test_what_does_not_suit_is_refused() -> None:
    rows = table(60)
    with pytest.raises(ds.DownslopeError, match=r"metric.*accuracy, log_loss.*not 'rmse'|metric.*accuracy"):
        ds.fit(rows, "y", metric="rmse")
    with pytest.raises(ds.DownslopeError, match="metric"):
        ds.fit(rows, "y", metric="nonsense")
    with pytest.raises(ds.DownslopeError, match=r"r2, root_mean"):
        ds.fit(rows, "x0", metric="f1")
    with pytest.raises(ds.DownslopeError, match="metric"):
        ds.fit(rows, "y", metric="mae")
    number = ds.fit(rows, "x0", metric="rmse", **CHEAP)
    assert (number.target.decision, number.summary.decision) == ((), "")
    both = ds.fit(rows, ["x0", "y"], metric="f1", **CHEAP)
    assert both["y"].target.decision
    assert not both["x0"].target.decision


def test_the_command(tmp_path) -> None:
    pl.DataFrame(table(120)).write_csv(tmp_path / "t.csv")
    given = ["fit", str(tmp_path / "t.csv"), "-t", "y", "-o", str(tmp_path / "m.downslope")]
    cheap = ["--epochs", "2", "--members", "2", "--hidden", "4"]
    done = CliRunner().invoke(downslope, [*given, "--metric", "f1", *cheap])
    assert done.exit_code == 0
    assert "for the highest expected F1 of" in " ".join(done.output.split())
    model = ds.load(tmp_path / "m.downslope")
    said = CliRunner().invoke(downslope, ["predict", str(tmp_path / "m.downslope"), str(tmp_path / "t.csv")])
    frame = pl.read_csv(said.stdout.encode())
    assert frame["predicted y"].to_list() == model.predict(table(120)).tolist()
    with pytest.raises(ds.DownslopeError, match="metric"):
        raise CliRunner().invoke(downslope, [*given, "--metric", "rmse"]).exception


def test_predict_says_the_rule_once_beside_the_rows(fitted, tmp_path) -> None:
    fitted["f1"].save(tmp_path / "m.downslope")
    fitted[None].save(tmp_path / "usual.downslope")
    pl.DataFrame(table(60)).write_csv(tmp_path / "t.csv")

    def said(model: str) -> tuple[str, str]:
        done = CliRunner().invoke(downslope, ["predict", str(tmp_path / model), str(tmp_path / "t.csv")])
        return done.stdout, done.stderr

    rows, beside = said("m.downslope")
    first, second = fitted["f1"].target.decision
    rule = f'"yes" is said from a probability of {first / (first + second):.3g} on'
    assert beside.count(rule) == 1
    assert "is said" not in rows
    assert "is said" not in said("usual.downslope")[1]
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in range(2):
        pl.DataFrame(table(60)).write_parquet(folder / f"{part}.parquet")
    given = ["predict", str(tmp_path / "m.downslope"), str(folder), "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(downslope, given).stderr.count(rule) == 1


def test_several_targets_have_a_rule_each(tmp_path) -> None:
    rows = table(120) | {"z": table(120, classes=3)["y"]}
    ds.fit(rows, ["y", "z", "x0"], metric="f1_macro", **CHEAP).save(tmp_path / "m.downslope")
    pl.DataFrame(rows).write_csv(tmp_path / "t.csv")
    done = CliRunner().invoke(downslope, ["predict", str(tmp_path / "m.downslope"), str(tmp_path / "t.csv")])
    assert done.stderr.count('y: "yes" is said from a probability of') == 1
    assert done.stderr.count("z: What is said has the largest probability × weight (no ") == 1
    assert "x0:" not in done.stderr


def test_the_classifier_names_the_classes_of_its_rule(tmp_path) -> None:
    rows = table(120)
    x = np.stack([rows[f"x{i}"] for i in range(6)], axis=1)
    settings = {"epochs": 2, "members": 2, "hidden_layer_sizes": 4, "random_state": 0}
    for y, name in ((rows["y"], "yes"), (np.where(rows["y"] == "yes", 7, 3), "7")):
        found = ds.TableClassifier(metric="f1", **settings).fit(x, y)
        found.save(tmp_path / "c.downslope")
        for each in (found, ds.load(tmp_path / "c.downslope"), found.partial_fit(x, y)):
            assert each.summary_.decision.startswith(f'"{name}" is said from a probability of')
            assert f'F1 of "{name}"' in each.summary_.decision
            assert name in each.summary_.values


def test_a_linear_part_says_by_the_same_rule(fitted) -> None:
    model = fitted["f1"]
    strong = replace(model, target=replace(model.target, decision=(1.0, 1e9)))
    assert set(strong.predict(table())) == {"yes"}
    assert strong.evaluate(table()).compared["baseline (class frequencies)"][
        "accuracy"
    ].value == pytest.approx(np.mean(table()["y"] == "no"))
