"""Estimators come back from their files: class, parameters, predictions, classes, importances; no code."""

import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import downslope as ds
from downslope._files import read_file, write_file
from downslope.cli._run import run
from thorough import first

DRAW = np.random.default_rng(0)
ROWS = 60
X = DRAW.normal(size=(ROWS, 3))
Y = X @ [1.0, -2.0, 0.5] + DRAW.normal(size=ROWS) / 10
TABLE = pd.DataFrame({"size": X[:, 0], "kind": DRAW.choice(list("abc"), ROWS), "age": X[:, 2]})
LABELS = {
    "text": np.array(["low", "mid", "high"])[np.digitize(Y, [-1, 1])],
    "numbers": np.array([10, 2, 33])[np.digitize(Y, [-1, 1])],
    "truths": Y > 0,
    "objects": np.array(["no", "yes"], dtype=object)[(Y > 0).astype(int)],
}
SMALL = {"members": 2, "hidden_layer_sizes": (4,), "epochs": 3, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer")


def again(estimator, folder):
    estimator.save(folder / "estimator.downslope")
    return ds.load(folder / "estimator.downslope", type(estimator))


def same_parameters(a, b):
    typed = ({name: (type(value), value) for name, value in each.get_params().items()} for each in (a, b))
    assert next(typed) == next(typed)


def test_a_table_regressor_comes_back(tmp_path):
    before = ds.TableRegressor(**SMALL, category=["kind"]).fit(TABLE, Y)
    after = again(before, tmp_path)
    same_parameters(before, after)
    assert np.array_equal(after.predict(TABLE), before.predict(TABLE))
    assert np.array_equal(after.predict_interval(TABLE), before.predict_interval(TABLE))
    assert np.array_equal(after.feature_importances_, before.feature_importances_)
    assert after.feature_names_in_.tolist() == ["size", "kind", "age"]
    assert after.score(TABLE, Y) == before.score(TABLE, Y)
    assert str(after.summary_) == str(before.summary_)
    clone(after).fit(TABLE, Y)
    with pytest.raises(ValueError, match="feature names"):
        after.predict(TABLE.rename(columns={"size": "other"}))


@pytest.mark.parametrize("labels", first(2, sorted(LABELS, reverse=True)))
def test_classes_come_back_as_they_were_given(labels, tmp_path):
    y = LABELS[labels]
    before = ds.TableClassifier(**SMALL, class_weight="balanced").fit(TABLE, y)
    after = again(before, tmp_path)
    same_parameters(before, after)
    assert after.classes_.tolist() == before.classes_.tolist()
    assert after.classes_.dtype == before.classes_.dtype
    assert np.array_equal(after.predict(TABLE), before.predict(TABLE))
    assert np.array_equal(after.predict_proba(TABLE), before.predict_proba(TABLE))
    assert np.array_equal(after.feature_importances_, before.feature_importances_)
    again(after, tmp_path)


@pytest.mark.parametrize(
    "before",
    [
        ds.MLPRegressor(hidden_layer_sizes=(5, 4), activation=["mish", "relu"], max_iter=5, random_state=0),
        ds.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", tol=1e9, random_state=0),
        ds.MLPRegressor(
            loss="quantile", quantile=0.3, early_stopping=True, max_iter=5, n_iter_no_change=np.inf
        ),
        ds.MLPRegressor(max_iter=3, schedule=ds.WarmUp(ds.Cosine(0.1, 0.01), over=3), solver="sgd"),
    ],
    ids=["two layers", "lbfgs", "early stopping", "schedule"],
)
def test_an_mlp_regressor_comes_back(before, tmp_path):
    for y in (Y, np.stack([Y, -Y], axis=1)):
        after = again(before.fit(X, y), tmp_path)
        same_parameters(before, after)
        assert np.array_equal(after.predict(X), before.predict(X))
        assert (after.n_iter_, after.t_, after.loss_) == (before.n_iter_, before.t_, before.loss_)
        assert getattr(after, "loss_curve_", None) == getattr(before, "loss_curve_", None)
    clone(after).fit(X, Y)


@pytest.mark.parametrize("y", [*LABELS.values(), np.stack([Y > 0, Y > 1], axis=1).astype(int)])
def test_an_mlp_classifier_comes_back_and_goes_on(y, tmp_path):
    before = ds.MLPClassifier(hidden_layer_sizes=(4,), max_iter=5, random_state=0).fit(
        X.astype(np.float32), y
    )
    after = again(before, tmp_path)
    assert after.coefs_[0].dtype == np.float32
    assert np.array_equal(after.predict(X), before.predict(X))
    assert np.array_equal(after.predict_proba(X), before.predict_proba(X))
    assert after.score(X, y) == before.score(X, y)
    assert not np.array_equal(after.partial_fit(X, y).coefs_[0], before.coefs_[0])


def test_commands_take_the_file_of_an_estimator(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TABLE.assign(y=LABELS["text"]).to_csv("rows.csv", index=False)
    fitted = ds.TableClassifier(**SMALL).fit(pd.read_csv("rows.csv").drop(columns="y"), LABELS["text"])
    fitted.save("table.downslope")
    assert run(["predict", "table.downslope", "rows.csv", "-o", "found.csv"]) == 0
    predicted = pd.read_csv("found.csv").iloc[:, 4]
    assert predicted.tolist() == fitted.predict(TABLE).tolist()
    assert run(["explain", "table.downslope", "rows.csv", "--row", "1"]) == 0
    network = ds.MLPRegressor(hidden_layer_sizes=(4,), max_iter=5).fit(TABLE[["size", "age"]], Y)
    network.save("mlp.downslope")
    TABLE.assign(y=Y)[["size", "age", "y"]].to_csv("rows.csv", index=False)
    capsys.readouterr()
    assert run(["explain", "mlp.downslope", "rows.csv", "--row", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["rows"][0]["prediction"]
    assert found == pytest.approx(network.predict(TABLE[["size", "age"]])[0])


@pytest.mark.parametrize("kind", [ds.TableRegressor, ds.MLPRegressor])
def test_where_training_is_saved_comes_back(kind, tmp_path):
    at = ds.Checkpoint(tmp_path / "training", every="5m")
    asked = {"hidden_layer_sizes": (3,), "random_state": 0, "checkpoint": at}
    asked |= {"epochs": 2} if kind is ds.TableRegressor else {"max_iter": 2}
    after = again(kind(**asked).fit(X, Y), tmp_path)
    assert after.checkpoint == ds.Checkpoint(str(tmp_path / "training"), every="5m")


def test_code_and_random_states_are_not_saved(tmp_path):
    path = tmp_path / "estimator.downslope"
    fitted = ds.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2, callbacks=print).fit(X, Y)
    with pytest.raises(ds.DownslopeError, match=r"callbacks is .*no file holds.*callbacks=None"):
        fitted.save(path)
    seeded = ds.TableRegressor(**SMALL | {"random_state": np.random.RandomState(0)}).fit(TABLE, Y)
    with pytest.raises(ds.DownslopeError, match="random_state is"):
        seeded.save(path)
    assert not path.exists()
    seeded.set_params(random_state=None).save(path)
    for kind in (ds.TableClassifier, ds.MLPRegressor):
        with pytest.raises(NotFittedError):
            kind().save(path)


def test_a_file_of_an_estimator_holds_data_alone(tmp_path):
    path = tmp_path / "estimator.downslope"
    ds.MLPClassifier(hidden_layer_sizes=(2,), max_iter=2).fit(X, LABELS["objects"]).save(path)
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    texts = json.loads(content[8 : 8 + size])["__metadata__"]
    assert set(texts) == {"sha256", "format", "kind", "estimator", "fitted"}
    assert pickle.dumps(0)[:2] not in content[:2]
    assert json.loads(texts["estimator"])["class"] == "MLPClassifier"


DAMAGES = [
    lambda s, a: s["estimator"].update({"class": "RandomState"}),
    lambda s, a: s["estimator"]["parameters"].update(unknown=1),
    lambda s, a: s["estimator"]["parameters"].update(epochs={"call": "os.system"}),
    lambda s, a: s["estimator"]["parameters"].update(epochs=-1),
    lambda s, a: s["estimator"].update(inputs=10**9),
    lambda s, a: s["estimator"].update(names=["a"]),
    lambda s, a: s["fitted"].update(classes={"array": ["a"], "dtype": "<U1"}),
    lambda s, a: s["fitted"].update(classes={"array": ["a", "b", "c"], "dtype": "V9"}),
    lambda s, a: s["fitted"].update(classes=None),
    lambda s, a: s["fitted"].pop("seed"),
    lambda s, a: a.update({"sample.x": a["sample.x"][1:]}),
    lambda s, a: a.pop("sample.y"),
    lambda s, a: s.pop("model.about"),
]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "estimator.downslope"
    ds.TableClassifier(**SMALL).fit(TABLE, LABELS["text"]).save(path)
    return read_file(path)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused(damage, file, tmp_path):
    path = tmp_path / "estimator.downslope"
    sections, arrays = {name: json.loads(text) for name, text in file.sections.items()}, dict(file.arrays)
    damage(sections, arrays)
    write_file(path, file.kind, sections, arrays)
    with pytest.raises(ds.DownslopeError, match=r"estimator.downslope is damaged"):
        ds.load(path)
