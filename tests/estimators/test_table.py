"""``TableRegressor`` and ``TableClassifier`` under scikit-learn's contract, and the input they take."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import downslope as ds
from downslope.estimators.table import _table

QUICK = {"epochs": 5, "hidden_layer_sizes": 8, "members": 2, "random_state": 0}


def town_table(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": draw.gamma(3, 30, rows),
            "rooms": draw.integers(1, 6, rows),
            "town": draw.choice(["Aachen", "Bonn", "Celle"], rows),
            "heating": pd.Categorical(draw.choice(["gas", "wood"], rows)),
            "sold": pd.date_range("2024-01-01", periods=rows),
        }
    )
    frame.loc[::17, "size"] = np.nan
    return frame


def prices(frame: pd.DataFrame) -> pd.Series:
    return (2 * frame["size"].fillna(90) + 80 * (frame["town"] == "Bonn")).rename("price")


def levels(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(np.where(prices(frame) > 220, "dear", "cheap"), name="level")


def differing(estimator) -> dict[str, str]:
    """As with scikit-learn's gradient boosting: how many rows there are decides folds, batches and bins."""
    return {"check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is one row in folds and bins"}


@pytest.mark.thorough
@parametrize_with_checks([ds.TableRegressor(), ds.TableClassifier()], expected_failed_checks=differing)
@pytest.mark.filterwarnings("default")
def test_scikit_learn_s_own_checks(estimator, check) -> None:
    check(estimator)


@pytest.fixture
def weighed(monkeypatch):
    """The weights of rows that ``fit`` is handed."""
    handed = []

    def watched(data, target, *, row_weights=None, **options):
        handed.append(row_weights)
        return ds.fit(data, target, row_weights=row_weights, **options)

    monkeypatch.setattr(_table, "fit", watched)
    return handed


def test_weights_count_rows_and_those_of_weight_0_are_left_out(weighed) -> None:
    x, y = load_diabetes(return_X_y=True)
    x, y, w = x[:40], y[:40], np.arange(40) % 3
    weights = ds.TableRegressor(random_state=0).fit(x, y, sample_weight=w)
    repeated = ds.TableRegressor(random_state=0).fit(np.repeat(x, w, axis=0), np.repeat(y, w))
    # centres and scales of the inputs are those of the rows as they are, which the slight penalty feels
    np.testing.assert_allclose(weights.predict(x), repeated.predict(x), atol=0.01 * y.std())
    assert [len(given) for given in weighed if given is not None] == [26]


@pytest.mark.thorough
def test_class_weights_are_those_of_fit() -> None:
    x, y = load_iris(return_X_y=True)
    y = np.minimum(y, 1) + 4
    for given, named in (({4: 2, 5: 1}, {"4": 2, "5": 1}), ("balanced", "balanced"), ({5: 3}, {"5": 3})):
        classifier = ds.TableClassifier(**QUICK, class_weight=given).fit(x, y)
        model = ds.fit(x, y, task="classification", class_weight=named, epochs=5, hidden=8, members=2)
        np.testing.assert_array_equal(classifier.predict_proba(x), model.predict_proba(x))
        np.testing.assert_array_equal(classifier.predict(x).astype(str), model.predict(x))
    with pytest.raises(ValueError, match=r"class_weight names 7, and y has the classes \[4, 5\]"):
        ds.TableClassifier(**QUICK, class_weight={7: 3}).fit(x, y)


def test_weights_below_0_are_refused() -> None:
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="negative weights, the least -1"):
        ds.TableRegressor().fit(x, y, sample_weight=np.where(y > 100, 1, -1))


@pytest.mark.parametrize("convert", [pl.from_pandas, lambda f: pl.from_pandas(f).to_arrow()])
def test_every_kind_of_frame_is_the_same(convert) -> None:
    frame = town_table()
    want = ds.TableRegressor(**QUICK).fit(frame, prices(frame)).predict(frame)
    other = convert(frame)
    y = pl.from_pandas(prices(frame))
    estimator = ds.TableRegressor(**QUICK).fit(other, y)
    np.testing.assert_array_equal(estimator.predict(other), want)
    assert estimator.feature_names_in_.tolist() == list(frame.columns)


def test_it_predicts_what_ds_fit_predicts() -> None:
    frame, y = town_table(), prices(town_table())
    how = {"epochs": 5, "hidden": (8,), "members": 2, "seed": 3}
    model = ds.fit(frame.assign(price=y), "price", task="regression", **how)
    estimator = ds.TableRegressor(**{**QUICK, "random_state": 3}).fit(frame, y)
    np.testing.assert_array_equal(estimator.predict(frame), model.predict(frame))


@pytest.mark.parametrize(
    "names", [["cheap", "dear"], [3, 7], [-1.0, 2.0], [False, True], ["10", "9"]], ids=str
)
def test_classes_stay_as_they_were_given(names) -> None:
    frame = town_table()
    y = np.array(names)[(levels(frame) == "dear").to_numpy().astype(int)]
    estimator = ds.TableClassifier(**QUICK).fit(frame, y)
    assert estimator.classes_.tolist() == sorted(names)
    assert estimator.classes_.dtype == y.dtype
    predicted = estimator.predict(frame)
    assert predicted.dtype == y.dtype
    assert estimator.score(frame, y) == np.mean(predicted == y) > 0.6


@pytest.mark.parametrize("classes", [2, 3])
def test_scores_are_what_probabilities_are_made_of(classes) -> None:
    x, y = load_iris(return_X_y=True)
    y = np.minimum(y, classes - 1)
    estimator = ds.TableClassifier(**QUICK).fit(x, y)
    scores, chances = estimator.decision_function(x), estimator.predict_proba(x)
    made = np.stack([1 - expit(scores), expit(scores)], 1) if classes == 2 else softmax(scores, axis=1)
    np.testing.assert_allclose(made, chances, atol=1e-6)
    np.testing.assert_allclose(np.exp(estimator.predict_log_proba(x)), chances, atol=1e-12)


def test_certain_probabilities_have_finite_scores(monkeypatch) -> None:
    x, y = load_iris(return_X_y=True)
    estimator = ds.TableClassifier(**QUICK).fit(x, y > 0)
    certain = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    monkeypatch.setattr(ds.Model, "predict_proba", lambda self, data: certain)
    scores = estimator.decision_function(x)
    assert np.isfinite(scores).all()
    assert scores[0] < scores[2] == 0 < scores[1]
    assert np.isfinite(estimator.predict_log_proba(x)).all()


def test_columns_of_arrays_are_numbers_whatever_they_look_like() -> None:
    draw = np.random.default_rng(0)
    x = np.stack([np.arange(80), np.ones(80), draw.integers(0, 2, 80), draw.normal(size=80)], axis=1)
    x[3, 3] = np.nan
    estimator = ds.TableRegressor(**QUICK).fit(x, draw.normal(size=80))
    assert [(c.kind, c.encoder) for c in estimator.summary_.columns] == [("number", "number")] * 4
    assert [c.name for c in estimator.summary_.columns] == ["x0", "x1", "x2", "x3"]


def test_columns_of_arrays_go_by_place() -> None:
    draw = np.random.default_rng(0)
    x = draw.integers(0, 5, (80, 2)).astype(float)
    estimator = ds.TableRegressor(**QUICK, category=[1]).fit(x, draw.normal(size=80))
    assert [c.kind for c in estimator.summary_.columns] == ["number", "category"]
    with pytest.raises(ds.DownslopeError, match="category needs a whole number from -2 to 1, not 7"):
        ds.TableRegressor(**QUICK, category=[7]).fit(x, draw.normal(size=80))


def test_arrays_of_objects_are_tables() -> None:
    frame = town_table().drop(columns=["sold"])
    array = frame.astype({"heating": str}).to_numpy(dtype=object)
    estimator = ds.TableRegressor(**QUICK).fit(array, prices(frame))
    assert [c.kind for c in estimator.summary_.columns] == ["number", "number", "category", "yes-no"]
    want = ds.TableRegressor(**QUICK).fit(frame, prices(frame)).predict(frame)
    np.testing.assert_allclose(estimator.predict(array), want, rtol=1e-6)
    assert estimator.predict(array[:3].tolist()) == pytest.approx(want[:3])
    array[2, 1] = {"a": 1}
    with pytest.raises(TypeError, match=r"must be a string or a number, not dict: x1 holds .* in row 2"):
        estimator.fit(array, prices(frame))


def test_arrays_of_text_are_tables() -> None:
    x = np.array([["a", "u"], ["b", "u"], ["a", "v"], ["b", "v"]] * 20)
    estimator = ds.TableClassifier(**QUICK).fit(x, x[:, 0] == "a")
    assert estimator.score(x, x[:, 0] == "a") == 1


def test_columns_without_names_go_by_place() -> None:
    frame = town_table()
    unnamed = frame.set_axis(range(5), axis=1)
    estimator = ds.TableRegressor(**QUICK).fit(unnamed, prices(frame))
    assert not hasattr(estimator, "feature_names_in_")
    np.testing.assert_array_equal(
        estimator.predict(unnamed.set_axis(range(5, 10), axis=1)), estimator.predict(unnamed)
    )


def test_what_frames_are_refused_for_names_the_column_and_what_to_do() -> None:
    frame, y = town_table(), prices(town_table())
    estimator = ds.TableRegressor(**QUICK).fit(frame, y)
    with pytest.raises(ValueError, match=r"(?s)yet now missing.*town"):
        estimator.predict(frame.drop(columns="town"))
    with pytest.raises(ValueError, match="same order"):
        estimator.predict(frame[frame.columns[::-1]])
    worded = frame.assign(rooms=["three", *frame["rooms"].astype(str)[1:]])
    with pytest.raises(ds.DownslopeError, match=r'column "rooms" held numbers .* row 1 holds "three"; put a'):
        estimator.predict(worded)
    with pytest.raises(ds.DownslopeError, match='column "size" holds an infinity in row 2; put a number'):
        estimator.fit(frame.assign(size=[1.0, np.inf, *frame["size"][2:]]), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(frame, y[:-1])
    with pytest.raises(ds.DownslopeError, match="no rows"):
        estimator.predict(frame[:0])
    with pytest.raises(ds.DownslopeError, match=r'no column "sise"; did you mean "size"'):
        ds.TableRegressor(number=["sise"]).fit(frame, y)


def test_what_targets_are_refused_for() -> None:
    frame = town_table()
    with pytest.raises(ValueError, match=r"predicts one column; fit one for each, as .*sklearn.multioutput"):
        ds.TableRegressor().fit(frame, np.ones((300, 2)))
    with pytest.raises(ValueError, match="single class 'a'; give rows of at least two classes"):
        ds.TableClassifier().fit(frame, ["a"] * 300)
    with pytest.raises(ValueError, match="y holds numbers for a regressor: could not convert"):
        ds.TableRegressor().fit(frame, levels(frame))
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        ds.TableClassifier().fit(frame, prices(frame))
    with pytest.warns(DataConversionWarning, match="column-vector"):
        ds.TableRegressor(**QUICK).fit(frame, prices(frame).to_numpy()[:, None])


def test_parameters_are_refused_in_scikit_learn_s_words() -> None:
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(ValueError, match="'epochs' parameter of TableRegressor must be"):
        ds.TableRegressor(epochs=0).fit(x, y)
    with pytest.raises(ValueError, match="'class_weight' parameter of TableClassifier"):
        ds.TableClassifier(class_weight="even").fit(x, y > 100)


def test_only_settings_that_are_asked_for_are_handed_on(monkeypatch) -> None:
    handed = {}

    def told(data, target, **options):
        handed.update(options)
        raise KeyError

    monkeypatch.setattr(_table, "fit", told)
    x, y = load_diabetes(return_X_y=True)
    with pytest.raises(KeyError):
        ds.TableRegressor(random_state=5).fit(x, y)
    expected = {"task", "category", "number", "seed", "source", "progress", "row_weights", "checkpoint"}
    assert expected == set(handed)
    assert handed["seed"] == 5
    with pytest.raises(KeyError):
        ds.TableRegressor(
            members=3,
            time_limit=60,
            n_jobs=2,
            hidden_layer_sizes=[9, 8],
        ).fit(x, y)
    expected = {
        "members": 3,
        "time_limit": 60,
        "threads": 2,
        "hidden": (9, 8),
    }
    assert expected.items() <= handed.items()


def test_intervals_are_the_model_s(monkeypatch) -> None:
    asked = []

    def intervals(self, frame, level):
        asked.append(level)
        middle = self.predict(frame)
        return np.stack([middle - 1, middle + 1], axis=1)

    x, y = load_diabetes(return_X_y=True)
    estimator = ds.TableRegressor(**QUICK).fit(x, y)
    monkeypatch.setattr(ds.Model, "predict_interval", intervals, raising=False)
    found = estimator.predict_interval(x, level=0.8)
    assert asked == [0.8]
    np.testing.assert_allclose(found.mean(axis=1), estimator.predict(x))
    monkeypatch.undo()
    with pytest.raises(ds.DownslopeError, match="level needs a number above 0 and below 1, not 90"):
        estimator.predict_interval(x, level=90)


def test_an_unfitted_estimator_says_so() -> None:
    for method in ("predict", "predict_interval"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(ds.TableRegressor(), method)([[1.0]])
    with pytest.raises(NotFittedError):
        _ = ds.TableRegressor().feature_importances_
    assert not hasattr(ds.TableClassifier(), "feature_importances_")


@pytest.mark.thorough
def test_seeds_are_as_in_scikit_learn() -> None:
    x, y = load_diabetes(return_X_y=True)

    def predicted(random_state) -> np.ndarray:
        return ds.TableRegressor(**{**QUICK, "random_state": random_state}).fit(x, y).predict(x)

    np.testing.assert_array_equal(predicted(1), predicted(1))
    one, two = (predicted(np.random.RandomState(0)) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert (predicted(1) != predicted(2)).any()
    shared = np.random.RandomState(0)
    assert (predicted(shared) != predicted(shared)).any()


def test_it_pickles_and_clones_and_keeps_few_rows() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=60_000), "b": draw.choice(["u", "v", "w"], 60_000)})
    estimator = ds.TableRegressor(**{**QUICK, "epochs": 1}).fit(frame, frame["a"] + (frame["b"] == "u"))
    packed = pickle.dumps(estimator)
    assert len(packed) < 500_000  # 2000 held-out rows among it; a column of the table has 480,000 bytes
    again = pickle.loads(packed)
    np.testing.assert_array_equal(again.predict(frame), estimator.predict(frame))
    np.testing.assert_array_equal(again.feature_importances_, estimator.feature_importances_)
    assert clone(estimator).get_params() == estimator.get_params()


def test_the_model_file_predicts_the_same(tmp_path) -> None:
    frame = town_table()
    estimator = ds.TableRegressor(**QUICK).fit(frame, prices(frame))
    estimator.model_.save(tmp_path / "m.downslope")
    np.testing.assert_array_equal(ds.load(tmp_path / "m.downslope").predict(frame), estimator.predict(frame))


def test_a_target_may_have_the_name_of_a_column() -> None:
    frame = town_table().rename(columns={"size": "y", "rooms": "y_"})
    estimator = ds.TableRegressor(**QUICK).fit(frame, prices(town_table()))
    assert estimator.model_.target.name == "y__"


def test_verbose_prints_epochs(capsys) -> None:
    x, y = load_diabetes(return_X_y=True)
    ds.TableRegressor(**QUICK, verbose=1).fit(x, y)
    assert "piecewise: step" in capsys.readouterr().out


def test_scikit_learn_is_imported_only_when_asked_for() -> None:
    code = (
        "import sys, downslope as ds, downslope.cli, downslope.fitting; ds.fit; ds.load\n"
        "assert 'sklearn' not in sys.modules; sys.modules['sklearn'] = None  # as if there were none\n"
        "try: ds.TableRegressor\n"
        "except ds.DownslopeError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "pip install 'downslope[sklearn]'" in done.stdout
