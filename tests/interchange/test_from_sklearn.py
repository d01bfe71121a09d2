"""Estimators of scikit-learn as models: the same predictions, columns with their names, refusals in words."""

import json
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.ensemble import RandomForestRegressor
from sklearn.feature_selection import SelectKBest
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)

import downslope as ds
from downslope.cli._run import run

DRAW = np.random.default_rng(0)
ROWS = 200
NUMBERS = ["longitude", "people", "age"]
TABLE = pd.DataFrame(
    {
        "longitude": DRAW.normal(-122, 2, ROWS),
        "people": DRAW.lognormal(7, 1, ROWS),
        "age": DRAW.integers(1, 90, ROWS).astype(float),
        "kind": DRAW.choice(list("abcd"), ROWS),
        "rooms": DRAW.choice([1, 2, 3], ROWS),
        "garden": DRAW.choice([True, False], ROWS),
    }
)
PRICE = 3 * TABLE.longitude + 2 * np.log(TABLE.people) + 3 * (TABLE.kind == "a") + DRAW.normal(size=ROWS)
RATE = np.exp((PRICE - PRICE.mean()) / PRICE.std())
CLASSES = {
    "two": np.where(PRICE.median() < PRICE, "high", "low"),
    "three": np.array(["x", "y", "z"])[pd.qcut(PRICE, 3, labels=False)],
    "truths": (PRICE.median() < PRICE).to_numpy(),
    "numbers": np.array([10, 2, 33])[pd.qcut(PRICE, 3, labels=False)],
}
GAPS = TABLE.copy()
GAPS.loc[::7, "people"] = np.nan
GAPS.loc[::11, "kind"] = None
EXACT = 1e-12  # of the largest prediction; 1e-6 is what is promised


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings(action="ignore"):  # of training that has not converged
        yield


def encoded(scaler=None):
    """Numbers scaled, levels in columns of 0 and 1."""
    levels = OneHotEncoder(handle_unknown="ignore")
    return ColumnTransformer(
        [("numbers", scaler or StandardScaler(), NUMBERS), ("levels", levels, ["kind", "rooms", "garden"])]
    )


def imported(estimator, x, y, folder):
    """The model of a fitted estimator, after a file."""
    ds.from_sklearn(estimator.fit(x, y), target="t").save(folder / "model.downslope")
    return ds.load(folder / "model.downslope", ds.Model)


def check(estimator, x, y, folder):
    model = imported(estimator, x, y, folder)
    if hasattr(estimator, "predict_proba"):
        assert model.predict(x).tolist() == [str(name) for name in estimator.predict(x).tolist()]
        found, wanted = model.predict_proba(x), estimator.predict_proba(x)
    else:
        found, wanted = model.predict(x), estimator.predict(x)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=EXACT * max(1, np.abs(wanted).max()))
    return model


LINEAR = [
    LinearRegression(),
    Ridge(),
    Lasso(),
    ElasticNet(),
    BayesianRidge(),
    HuberRegressor(),
    QuantileRegressor(quantile=0.7),
    SGDRegressor(max_iter=5, eta0=1e-9, random_state=0),
]


@pytest.mark.parametrize("estimator", LINEAR, ids=lambda e: type(e).__name__)
def test_linear_models_predict_the_same_raw_and_scaled(estimator, tmp_path):
    model = check(estimator, TABLE[NUMBERS], PRICE, tmp_path)
    assert list(model.needed_columns) == NUMBERS
    check(make_pipeline(StandardScaler(), estimator), TABLE[NUMBERS], PRICE, tmp_path)


@pytest.mark.parametrize("estimator", [PoissonRegressor(), TweedieRegressor(power=1.5), TweedieRegressor()])
def test_generalised_linear_models_keep_their_link(estimator, tmp_path):
    check(make_pipeline(StandardScaler(), estimator), TABLE[NUMBERS], RATE, tmp_path)


SCALERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 2)),
    RobustScaler(),
    RobustScaler(with_centering=False),
    MaxAbsScaler(),
]


@pytest.mark.parametrize("scaler", SCALERS, ids=str)
def test_a_scaler_becomes_the_encoder_of_its_columns(scaler, tmp_path):
    network = MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0)
    model = check(make_pipeline(scaler, network), TABLE[NUMBERS], PRICE, tmp_path)
    scaled = scaler.fit_transform(TABLE[NUMBERS])
    np.testing.assert_allclose(model.encode(TABLE).x, scaled, rtol=1e-12, atol=1e-12)
    assert np.array_equal(model.parameters["layer1.weight"], network.coefs_[0].T)  # nothing was folded


@pytest.mark.parametrize(
    "components",
    [PCA(2), PCA(2, whiten=True), IncrementalPCA(2), TruncatedSVD(2), FastICA(2, random_state=0)],
    ids=str,
)
def test_components_are_sums_of_features_in_the_first_layer(components, tmp_path):
    """Of scaled numbers and levels, scaled again, and mixed a second time."""
    columns = ColumnTransformer(
        [("n", StandardScaler(), NUMBERS), ("k", OneHotEncoder(), ["kind"])], sparse_threshold=0
    )
    network = MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0)
    model = check(make_pipeline(columns, components, StandardScaler(), network), TABLE, PRICE, tmp_path)
    assert model.encoder.features[:3] == tuple(NUMBERS)
    twice = make_pipeline(StandardScaler(), PCA(3), components, LinearRegression())
    check(twice, TABLE[NUMBERS], PRICE, tmp_path)


@pytest.mark.parametrize(
    "step",
    [
        PolynomialFeatures(2),
        SplineTransformer(),
        PowerTransformer(),
        QuantileTransformer(n_quantiles=9),
        KBinsDiscretizer(3),
        Normalizer(),
        Binarizer(),
        KNNImputer(),
    ],
    ids=lambda step: type(step).__name__,
)
def test_a_step_that_no_layer_is_is_named(step):
    pipeline = make_pipeline(StandardScaler(), step, Ridge()).fit(TABLE[NUMBERS], PRICE)
    kind = type(step).__name__
    with pytest.raises(ds.DownslopeError, match=rf"the step '{kind.lower()}' \({kind}\) .*Leave it out"):
        ds.from_sklearn(pipeline)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize(
    "classifier",
    [
        LogisticRegression(),
        SGDClassifier(loss="log_loss", random_state=0),  # each class against the rest
        MLPClassifier(hidden_layer_sizes=(6, 4), activation="tanh", max_iter=20, random_state=0),
        MLPClassifier(hidden_layer_sizes=(6,), activation="logistic", max_iter=20, random_state=0),
        MLPClassifier(hidden_layer_sizes=(6,), activation="identity", max_iter=20, random_state=0),
    ],
    ids=["logistic", "sgd", "tanh", "sigmoid", "identity"],
)
def test_classifiers_behind_encoders_have_the_same_probabilities(classifier, classes, tmp_path):
    model = check(make_pipeline(encoded(), classifier), TABLE, CLASSES[classes], tmp_path)
    assert [c.encoder for c in model.summary.columns] == ["number"] * 3 + ["one-hot"] * 3


def test_levels_that_were_never_seen_are_as_in_scikit_learn(tmp_path):
    pipeline = make_pipeline(encoded(MinMaxScaler()), MLPRegressor(hidden_layer_sizes=(5,), max_iter=20))
    model = check(pipeline, TABLE, PRICE, tmp_path)
    other = TABLE.assign(kind="new", rooms=9)
    np.testing.assert_allclose(model.predict(other), pipeline.predict(other), rtol=1e-12, atol=1e-13)


def test_gaps_are_filled_as_the_imputer_fills_them(tmp_path):
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    levels = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(drop="first"))
    columns = ColumnTransformer([("n", numbers, NUMBERS), ("l", levels, ["kind", "rooms"])])
    model = check(make_pipeline(columns, LogisticRegression()), GAPS, CLASSES["two"], tmp_path)
    assert "people is missing" in model.encoder.features


def test_rare_levels_ordinal_levels_and_selected_columns(tmp_path):
    rare = OneHotEncoder(min_frequency=55, handle_unknown="infrequent_if_exist")
    columns = ColumnTransformer(
        [
            ("n", SimpleImputer(), NUMBERS),
            ("r", rare, ["kind", "rooms"]),
            ("o", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["garden"]),
        ],
        sparse_threshold=0,
    )
    pipeline = make_pipeline(columns, MaxAbsScaler(), SelectKBest(k=6), Ridge())
    x = GAPS.assign(kind=TABLE.kind)
    model = check(pipeline, x, PRICE, tmp_path)
    assert any(each is not None for each in rare.fit(x[["kind", "rooms"]]).infrequent_categories_)
    other = x.assign(kind="new")
    np.testing.assert_allclose(model.predict(other), pipeline.predict(other), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    "estimator",
    [
        TransformedTargetRegressor(make_pipeline(StandardScaler(), Ridge()), transformer=StandardScaler()),
        TransformedTargetRegressor(Ridge(), transformer=MinMaxScaler()),
        GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}),
        make_pipeline(FeatureUnion([("a", StandardScaler()), ("b", MinMaxScaler())]), Ridge()),
        make_pipeline("passthrough", FunctionTransformer(), StandardScaler(), MinMaxScaler(), Ridge()),
    ],
    ids=["target", "target to 1", "search", "union", "scaled twice"],
)
def test_what_stands_around_an_estimator_is_taken_along(estimator, tmp_path):
    check(estimator, TABLE[NUMBERS], 1000 * PRICE, tmp_path)


def test_truths_count_as_0_and_1_and_whole_numbers_as_numbers(tmp_path):
    check(make_pipeline(StandardScaler(), Ridge()), TABLE[["garden", "rooms", "age"]], PRICE, tmp_path)


def test_arrays_have_the_names_that_scikit_learn_gives_their_columns(tmp_path):
    x = TABLE[NUMBERS].to_numpy()
    model = check(make_pipeline(RobustScaler(), LinearRegression()), x, PRICE, tmp_path)
    assert list(model.needed_columns) == ["x0", "x1", "x2"]


def test_estimators_of_this_package_are_taken_with_their_own_activations_and_losses(tmp_path):
    deep = ds.MLPRegressor(
        hidden_layer_sizes=(5, 4), activation=["mish", "selu"], dropout=0.1, loss="quantile", max_iter=5
    )
    model = check(deep, TABLE[NUMBERS], PRICE, tmp_path)
    assert model.network.loss == "quantile"
    single = ds.MLPClassifier(hidden_layer_sizes=(5,), max_iter=5).fit(
        x := TABLE[NUMBERS].to_numpy(np.float32), CLASSES["three"]
    )
    found = ds.from_sklearn(single)
    assert found.parameters["layer1.weight"].dtype == np.float32
    np.testing.assert_allclose(found.predict_proba(x), single.predict_proba(x), atol=1e-6)


def test_several_outputs_become_a_network_with_the_scales_in_its_first_layer():
    y = np.stack([PRICE, 2 * PRICE, -PRICE], axis=1)
    pipeline = make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(5,), max_iter=20))
    x = TABLE[NUMBERS]
    found = ds.from_sklearn(pipeline.fit(x, y))
    predicted = ds.predict(found.network, x.to_numpy(), parameters=found)
    np.testing.assert_allclose(predicted, pipeline.predict(x), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            make_pipeline(PolynomialFeatures(), Ridge()),
            r"the step 'polynomialfeatures' \(PolynomialFeatures\)",
        ),
        (make_pipeline(FunctionTransformer(np.abs), Ridge()), "is a Python function, which no file can hold"),
        (make_pipeline(MinMaxScaler(clip=True), Ridge()), "fit it with clip=False"),
        (RidgeClassifier(), "gives no probabilities.*use LogisticRegression"),
        (
            SGDClassifier(),
            r"SGDClassifier\(loss='hinge'\) gives no probabilities; fit it with loss=\"log_loss\"",
        ),
        (TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp), "whose inverse is no scale"),
        (RandomForestRegressor(2), "RandomForestRegressor is none that a network can be"),
        (StandardScaler(), "StandardScaler is none that a network can be"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_name_and_what_to_do(estimator, message):
    y = CLASSES["two"] if "Classifier" in type(estimator).__name__ else RATE
    with pytest.raises(ds.DownslopeError, match=message):
        ds.from_sklearn(estimator.fit(TABLE[NUMBERS], y))


def test_a_column_that_is_a_number_and_a_category_is_refused():
    columns = ColumnTransformer([("n", StandardScaler(), ["age"]), ("l", OneHotEncoder(), ["age"])])
    pipeline = make_pipeline(columns, Ridge()).fit(TABLE, PRICE)
    with pytest.raises(ds.DownslopeError, match="is taken both as a number and as a category"):
        ds.from_sklearn(pipeline)


@pytest.mark.parametrize("given", [Ridge(), Ridge, 3, None, "ridge"])
def test_what_is_no_fitted_estimator_is_refused(given):
    with pytest.raises(
        ds.DownslopeError, match=r"estimator (needs a fitted estimator|is a Ridge that was not)"
    ):
        ds.from_sklearn(given)


def test_an_imported_model_says_that_its_scores_are_unknown_and_can_be_measured():
    model = ds.from_sklearn(make_pipeline(encoded(), Ridge()).fit(TABLE, PRICE), target="price")
    assert repr(model) == "<Model of 'price': regression, from Pipeline of scikit-learn, 1 network>"
    assert "fitted elsewhere, as Pipeline of scikit-learn: evaluate it on rows" in str(model.summary)
    shown = model._repr_html_()
    assert "Fitted elsewhere, as Pipeline of scikit-learn: evaluate it on rows" in shown
    assert "R²" not in shown
    assert "best epoch" not in shown
    found = model.evaluate(TABLE.assign(price=PRICE))
    assert found.score("r2").value > 0.5
    with pytest.raises(ds.DownslopeError, match=r"fitted elsewhere.*intervals are learned from rows"):
        model.predict_interval(TABLE)
    assert len(model.history["loss"]) == 0


@pytest.mark.thorough
def test_commands_take_an_imported_model_and_ask_for_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pipeline = make_pipeline(encoded(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0))
    ds.from_sklearn(pipeline.fit(TABLE, PRICE), target="price").save("model.downslope")
    TABLE.assign(price=PRICE).to_csv("houses.csv", index=False)
    assert run(["show", "model.downslope"]) == 0
    assert "Fitted elsewhere, as Pipeline of scikit-learn" in capsys.readouterr().out
    assert run(["explain", "model.downslope", "houses.csv", "--row", "1", "--json"]) == 0
    predicted = json.loads(capsys.readouterr().out)["rows"][0]["prediction"]
    assert predicted == pytest.approx(pipeline.predict(TABLE[:1])[0], rel=1e-12)
    assert run(["doctor", "model.downslope", "houses.csv", "--no-proof"]) in (0, 1)
    assert run(["play", "model.downslope", "--table", "houses.csv", "--export", "page.html"]) == 0
    assert run(["report", "model.downslope", "--table", "houses.csv", "-o", "report.html"]) == 0
    for command in (["explain", "model.downslope", "--row", "1"], ["doctor", "model.downslope"]):
        assert run(command) == 2
        assert "was fitted elsewhere, as Pipeline of scikit-learn; give a table" in capsys.readouterr().err


def test_an_imported_model_is_exported_in_the_precision_of_its_weights(tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pipeline = make_pipeline(encoded(), MLPRegressor(hidden_layer_sizes=(4,), max_iter=20, random_state=0))
    model = ds.from_sklearn(pipeline.fit(TABLE, PRICE))
    ds.export(model, tmp_path / "model.onnx")
    session = runtime.InferenceSession(tmp_path / "model.onnx")
    cells = {
        i.name: TABLE[i.name].astype(str).to_numpy(object)[:, None]
        if "string" in i.type
        else TABLE[i.name].to_numpy(float)[:, None]
        for i in session.get_inputs()
    }
    (found,) = session.run(None, cells)
    np.testing.assert_allclose(found.ravel(), pipeline.predict(TABLE), rtol=1e-9)
