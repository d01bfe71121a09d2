"""Scores and their standard errors, beside scikit-learn, SciPy, NumPy and the jackknife."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from downslope.errors import DownslopeError
from downslope.fitting.evaluation import Statistic, weighted_quantiles
from downslope.fitting.evaluation._classes import calibration, class_scores_of, confusions
from downslope.fitting.evaluation._numbers import error_spread
from downslope.fitting.evaluation._statistics import class_statistics, metric_named, number_statistics
from thorough import first

WEIGHTED = [False, True]


def numbers(rows: int, seed: int, weighted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    true = draw.normal(50, 20, rows)
    weights = draw.integers(0, 4, rows).astype(float) if weighted else np.ones(rows)
    return true, true + draw.standard_t(4, rows) * 5 + 1, weights


def classes(rows: int, seed: int, weighted: bool, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(rows, count)).round(1)  # ties too
    y = np.argmax(logits + draw.gumbel(size=(rows, count)), axis=1)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    weights = draw.integers(0, 4, rows).astype(float) if weighted else np.ones(rows)
    return y, probabilities, weights


@pytest.mark.parametrize("weighted", WEIGHTED)
@pytest.mark.parametrize("rows", [2, 3, 50, 501])
def test_scores_of_numbers_are_scikit_learns(rows: int, weighted: bool) -> None:
    true, predicted, weights = numbers(rows, rows, weighted)
    weights[:2] = 1
    got = {name: s.value for name, s in number_statistics(true, predicted, weights).items()}
    w = {"sample_weight": weights}
    assert got["r2"] == pytest.approx(metrics.r2_score(true, predicted, **w), rel=1e-12)
    assert got["mean_absolute_error"] == pytest.approx(metrics.mean_absolute_error(true, predicted, **w))
    assert got["root_mean_squared_error"] == pytest.approx(
        metrics.root_mean_squared_error(true, predicted, **w)
    )
    repeated = np.repeat(np.abs(true - predicted), weights.astype(int))
    assert got["median_absolute_error"] == pytest.approx(np.median(repeated), rel=1e-12)


@pytest.mark.parametrize("weighted", WEIGHTED)
@pytest.mark.parametrize("count", [2, 3, 12])
def test_scores_of_classes_are_scikit_learns(count: int, weighted: bool) -> None:
    y, probabilities, weights = classes(900, count, weighted, count)
    got = {
        name: s.value
        for name, s in class_statistics(y, probabilities, weights, probabilities.argmax(axis=1)).items()
    }
    w, predicted = {"sample_weight": weights}, probabilities.argmax(axis=1)
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(y, predicted, **w), rel=1e-12)
    assert got["log_loss"] == pytest.approx(metrics.log_loss(y, probabilities, **w), rel=1e-12)
    said = probabilities[:, 1] if count == 2 else probabilities
    assert got["brier_score"] == pytest.approx(metrics.brier_score_loss(y, said, **w), rel=1e-12)
    area = (
        metrics.roc_auc_score(y, said, multi_class="ovr", **w)
        if not weighted or count == 2
        else np.mean([metrics.roc_auc_score(y == k, probabilities[:, k], **w) for k in range(count)])
    )
    assert got["roc_auc"] == pytest.approx(area, rel=1e-12)
    by_recall = metrics.balanced_accuracy_score(y, predicted, **w)
    assert got["balanced_accuracy"] == pytest.approx(by_recall, rel=1e-12)
    mean = metrics.f1_score(y, predicted, average="macro", **w)
    assert got["f1_macro"] == pytest.approx(mean, rel=1e-12)
    own = metrics.f1_score(y, predicted, **w) if count == 2 else mean
    assert got["f1"] == pytest.approx(own, rel=1e-12)
    np.testing.assert_allclose(
        confusions(y, predicted, count, weights), metrics.confusion_matrix(y, predicted, **w), rtol=1e-12
    )
    names = [f"c{k}" for k in range(count)]
    found = class_scores_of(names, y, probabilities, weights, predicted)
    wanted = metrics.precision_recall_fscore_support(y, predicted, labels=range(count), **w)
    np.testing.assert_allclose([[c.precision, c.recall, c.f1] for c in found], np.array(wanted[:3]).T)
    assert [c.rows for c in found] == np.bincount(y, minlength=count).tolist()
    for k, one in enumerate(found):
        wanted_area = metrics.roc_auc_score(y == k, probabilities[:, k], **w)
        assert one.roc_auc.value == pytest.approx(wanted_area, rel=1e-12)


def test_means_have_the_standard_error_of_the_mean() -> None:
    true, predicted, ones = numbers(200, 0, False)
    found = number_statistics(true, predicted, ones)["mean_absolute_error"].estimate(ones)
    assert found.standard_error == pytest.approx(stats.sem(np.abs(true - predicted)), rel=1e-12)
    spread = error_spread(true, predicted, ones)
    assert spread.mean.standard_error == pytest.approx(stats.sem(predicted - true), rel=1e-12)
    y, probabilities, ones = classes(200, 0, False, 3)
    surprises = -np.log(probabilities[np.arange(200), y])
    found = class_statistics(y, probabilities, ones, probabilities.argmax(axis=1))["log_loss"].estimate(ones)
    assert found.standard_error == pytest.approx(stats.sem(surprises), rel=1e-12)


def test_differences_of_means_have_the_error_of_the_paired_t_test() -> None:
    true, first, ones = numbers(300, 1, False)
    second = first + np.random.default_rng(2).normal(size=300)
    of_first, of_second = (
        number_statistics(true, predicted, ones)["mean_absolute_error"] for predicted in (first, second)
    )
    found = (of_second - of_first).estimate(ones)
    wanted = stats.ttest_rel(np.abs(true - second), np.abs(true - first))
    assert found.value / found.standard_error == pytest.approx(wanted.statistic, rel=1e-10)


def jackknife(figure, rows: int) -> float:
    """The standard error from leaving each row out."""
    left = np.array([figure(np.delete(np.arange(rows), i)) for i in range(rows)])
    return ((rows - 1) / rows * ((left - left.mean()) ** 2).sum()) ** 0.5


NUMBER_FIGURES = {
    "r2": metrics.r2_score,
    "root_mean_squared_error": metrics.root_mean_squared_error,
    "mean_absolute_error": metrics.mean_absolute_error,
}


@pytest.mark.parametrize("name", NUMBER_FIGURES)
def test_standard_errors_of_numbers_are_those_of_the_jackknife(name: str) -> None:
    true, predicted, ones = numbers(400, 3, False)
    found = number_statistics(true, predicted, ones)[name].estimate(ones).standard_error
    wanted = jackknife(lambda kept: NUMBER_FIGURES[name](true[kept], predicted[kept]), len(true))
    assert found == pytest.approx(wanted, rel=0.02)


@pytest.mark.thorough
@pytest.mark.parametrize("count", first(1, [2, 3]))
def test_standard_errors_of_the_area_are_those_of_the_jackknife(count: int) -> None:
    y, probabilities, ones = classes(300, 4, False, count)
    said = probabilities[:, 1] if count == 2 else probabilities
    found = (
        class_statistics(y, probabilities, ones, probabilities.argmax(axis=1))["roc_auc"]
        .estimate(ones)
        .standard_error
    )
    wanted = jackknife(lambda kept: metrics.roc_auc_score(y[kept], said[kept], multi_class="ovr"), len(y))
    assert found == pytest.approx(wanted, rel=0.02)


def test_standard_errors_cover_the_truth() -> None:
    """R² of many samples scatters as much as its standard error says."""
    values, errors = [], []
    for seed in range(300):
        true, predicted = np.random.default_rng(seed).normal(0, [[20], [5]], (2, 200))
        predicted, ones = true + predicted, np.ones(200)
        found = number_statistics(true, predicted, ones)["r2"].estimate(ones)
        values.append(found.value)
        errors.append(found.standard_error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.2)


def test_twice_the_weight_is_the_same_row_twice() -> None:
    y, probabilities, weights = classes(300, 5, True, 3)
    twice = np.repeat(np.arange(300), weights.astype(int))
    weighted = class_statistics(y, probabilities, weights, probabilities.argmax(axis=1))
    repeated = class_statistics(
        y[twice], probabilities[twice], np.ones(len(twice)), probabilities[twice].argmax(axis=1)
    )
    for name, statistic in weighted.items():
        assert statistic.value == pytest.approx(repeated[name].value, rel=1e-12)
        np.testing.assert_allclose(statistic.influence[twice], repeated[name].influence, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e300])
def test_numbers_of_any_size(scale: float) -> None:
    true, predicted, ones = numbers(100, 6, False)
    plain = number_statistics(true, predicted, ones)
    with np.errstate(under="ignore"):
        scaled = number_statistics(true * scale, predicted * scale, ones)
    for name, statistic in plain.items():
        by = 1.0 if name == "r2" else scale
        wanted, got = statistic.estimate(ones), scaled[name].estimate(ones)
        assert got.value == pytest.approx(wanted.value * by, rel=1e-9)
        if wanted.standard_error is not None and scale >= 1:
            assert got.standard_error == pytest.approx(wanted.standard_error * by, rel=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.25, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("rows", [1, 2, 7, 40, 100])
def test_quantiles_are_numpys(rows: int, share: float) -> None:
    values = np.random.default_rng(rows).normal(size=rows).round(1)
    wanted = np.quantile(values, share, method="averaged_inverted_cdf")
    assert weighted_quantiles(values, np.ones(rows), [share])[0] == pytest.approx(wanted, rel=1e-12)


def test_what_the_rows_do_not_show_has_no_value_or_no_error() -> None:
    one = number_statistics(np.array([1.0]), np.array([2.0]), np.ones(1))
    assert one["r2"].estimate(np.ones(1)).value is None
    assert one["mean_absolute_error"].estimate(np.ones(1)).standard_error is None
    exact = number_statistics(np.arange(4.0), np.arange(4.0), np.ones(4))
    assert exact["root_mean_squared_error"].estimate(np.ones(4)).value == 0
    sure = np.tile([0.25, 0.75], (3, 1))
    of_one_class = class_statistics(np.ones(3, int), sure, np.ones(3), sure.argmax(axis=1))
    assert np.isnan(of_one_class["roc_auc"].value)
    accuracy = of_one_class["accuracy"].estimate(np.ones(3))
    assert (accuracy.value, accuracy.standard_error) == (1.0, None)
    (first, second) = class_scores_of(["a", "b"], np.ones(3, int), sure, np.ones(3), sure.argmax(axis=1))
    assert (first.rows, first.precision, first.recall, first.f1) == (0, None, None, None)
    assert (second.precision, second.recall, second.f1) == (1.0, 1.0, 1.0)
    assert str(Statistic(float("nan")).estimate(np.ones(3))) == "–"


def test_calibration_beside_scikit_learns_curve() -> None:
    from sklearn.calibration import calibration_curve

    y, probabilities, ones = classes(2000, 7, False, 2)
    found = calibration(["no", "yes"], y, probabilities, ones, probabilities.argmax(axis=1))
    observed, said = calibration_curve(y, probabilities[:, 1], n_bins=10)
    np.testing.assert_allclose([b.observed for b in found.bins], observed)
    np.testing.assert_allclose([b.predicted for b in found.bins], said)
    assert sum(b.rows for b in found.bins) == 2000
    error = sum(b.rows * abs(b.predicted - b.observed) for b in found.bins) / 2000
    assert found.error == pytest.approx(error, rel=1e-12)
    assert found.of == "probability of yes"
    y, probabilities, ones = classes(50, 3, False, 8)
    found = calibration(["a", "b", "c"], y, probabilities, ones, probabilities.argmax(axis=1))
    assert found.of == "probability of the predicted class"


@pytest.mark.parametrize("name", first(1, ["f1_macro", "f1", "balanced_accuracy"]))
def test_errors_of_scores_of_labels_are_those_of_the_jackknife(name: str) -> None:
    y, probabilities, ones = classes(300, 2, False, 5)
    found = (
        class_statistics(y, probabilities, ones, probabilities.argmax(axis=1))[name]
        .estimate(ones)
        .standard_error
    )
    without = [
        class_statistics(
            np.delete(y, i),
            np.delete(probabilities, i, axis=0),
            ones[1:],
            np.delete(probabilities, i, axis=0).argmax(axis=1),
        )[name].value
        for i in range(len(y))
    ]
    assert found == pytest.approx(np.std(without) * (len(y) - 1) ** 0.5, rel=0.03)


def test_a_metric_has_a_short_name_and_is_of_a_task() -> None:
    found = {name: metric_named(name) for name in ("mae", "RMSE", "auc", "brier", "f1", "roc_auc")}
    assert list(found.values()) == [
        *("mean_absolute_error", "root_mean_squared_error", "roc_auc", "brier_score", "f1", "roc_auc"),
    ]
    for wrong in ("mae", "balanced", 3):
        with pytest.raises(DownslopeError, match="metric needs one of accuracy"):
            metric_named(wrong, "classification")
