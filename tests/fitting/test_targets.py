"""Several targets: a model for each, which is what ``fit`` makes of the table without the others."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import downslope as ds
from downslope._files import read_file, write_file
from downslope.fitting.ensemble import _hooks
from thorough import first, one_in

EXAMPLES = Path(__file__).parents[2] / "examples"
QUICK = {"epochs": 3, "members": 2, "hidden": (8,)}
TARGETS = ["y", "kind"]


def table(rows: int = 90, *, mixed: bool = False) -> dict[str, list]:
    """Inputs, a number and a class, with gaps; ``mixed``, ``code`` is a number where the class is known."""
    draw = np.random.default_rng(5)
    x = draw.normal(size=rows)
    town = [["Ulm", "Bonn", "Kiel"][i] for i in draw.integers(0, 3, rows)]
    y = 2 * x + np.array([len(name) for name in town]) + draw.normal(0, 0.3, rows)
    kind = ["tall" if value > 0 else "short" for value in x]
    code = [str(i % 7) for i in range(rows)]
    for place in range(0, rows, 9):
        kind[place] = None
        code[place] = f"B{place % 2}" if mixed else code[place]
    y[4] = np.nan
    return {"x": x.tolist(), "town": town, "code": code, "y": y.tolist(), "kind": kind}


@pytest.fixture(scope="module")
def models() -> ds.Models:
    return ds.fit(table(), target=TARGETS, **QUICK)


def same(one: ds.Model, other: ds.Model) -> None:
    assert one.network == other.network
    assert one.parameters.keys() == other.parameters.keys()
    for name, values in one.parameters.items():
        np.testing.assert_array_equal(values, other.parameters[name])
    assert one.encoder.to_json() == other.encoder.to_json()
    assert one.target == other.target
    if one.intervals is not None:
        for name, values in one.intervals.parameters.items():
            np.testing.assert_array_equal(values, other.intervals.parameters[name])
        assert one.intervals.widening == other.intervals.widening


@pytest.mark.parametrize(
    "options",
    first(
        2,
        [{"row_weights": "code", "drop": ["town"]}, {"hidden": ()}, {}, {"group": "town"}, {"members": 1}],
    ),
    ids=str,
)
def test_each_model_is_that_of_the_table_without_the_other_target(options: dict) -> None:
    rows = table()
    if "row_weights" in options:
        rows["code"] = np.linspace(0.1, 2, 90).tolist()
    asked = {**QUICK, **options}
    if asked["hidden"] == ():
        del asked["epochs"]
    models = ds.fit(rows, target=TARGETS, seed=7, **asked)
    for name, other in (TARGETS, TARGETS[::-1]):
        alone = ds.fit({n: v for n, v in rows.items() if n != other}, target=name, seed=7, **asked)
        same(models[name], alone)
        assert models[name].record == alone.record
        dropped = {**asked, "drop": [*asked.get("drop", []), other]}
        same(models[name], ds.fit(rows, target=name, seed=7, **dropped))


def test_the_order_of_the_targets_changes_no_bit(models: ds.Models) -> None:
    turned = ds.fit(table(), target=TARGETS[::-1], **QUICK)
    assert list(turned) == TARGETS[::-1]
    for name in TARGETS:
        same(turned[name], models[name])


def test_rows_without_one_target_train_the_other(models: ds.Models) -> None:
    assert [models[name].record.rows for name in TARGETS] == [89, 80]
    assert [models[name].record.gap_rows for name in TARGETS] == [1, 10]


def test_what_is_described_once_is_what_is_described_of_each() -> None:
    """Targets without gaps share the description of the columns."""
    rows = table() | {"y": list(range(90)), "z": np.linspace(0, 1, 90).tolist(), "kind": ["u", "v"] * 45}
    told, alone = [], []
    ds.fit(rows, target=["y", "z", "kind"], described=told.append, **QUICK)
    for name in ("y", "z", "kind"):
        others = {"y", "z", "kind"} - {name}
        kept = {n: v for n, v in rows.items() if n not in others}
        ds.fit(kept, target=name, described=alone.append, **QUICK)
    assert told == alone


def test_a_mapping(models: ds.Models) -> None:
    assert list(models) == TARGETS
    assert len(models) == 2
    assert dict(models)["y"] is models["y"]
    assert "z" not in models
    assert models.get("z") is None
    with pytest.raises(KeyError):
        models["z"]
    with pytest.raises(
        ds.DownslopeError,
        match=r'^there is no model of the target "kinds"; did you mean "kind"\?; .* y, kind$',
    ):
        models["kinds"]
    with pytest.raises(AttributeError):
        models.models = ()
    assert repr(models) == (
        f"<Models of 'y' ({models['y'].summary.line}), 'kind' ({models['kind'].summary.line})>"
    )
    shown = models._repr_html_()
    for model in models.values():
        assert model._repr_html_() in shown


def test_predictions_are_those_of_each_model(models: ds.Models) -> None:
    rows = {n: v for n, v in table().items() if n not in TARGETS}
    found = models.predict(rows)
    assert list(found) == TARGETS
    for name in TARGETS:
        np.testing.assert_array_equal(found[name], models[name].predict(rows))
    assert pd.DataFrame(found).shape == pl.DataFrame(found).shape == (90, 2)
    shares, ends = models.predict_proba(rows), models.predict_interval(rows, 0.8)
    np.testing.assert_array_equal(shares["kind"], models["kind"].predict_proba(rows))
    np.testing.assert_array_equal(ends["y"], models["y"].predict_interval(rows, 0.8))
    assert (list(shares), list(ends)) == (["kind"], ["y"])


def test_what_no_target_has_is_said() -> None:
    numbers = ds.fit({"x": list(range(9)), "a": list(range(9)), "b": list(range(9, 18))}, target=["a", "b"])
    with pytest.raises(ds.DownslopeError, match='"a" is a number and has no probabilities'):
        numbers.predict_proba({"x": [1]})
    classes = ds.fit({"x": list(range(12)), "a": ["u", "v"] * 6, "b": ["v", "w"] * 6}, target=["a", "b"])
    with pytest.raises(ds.DownslopeError, match='"a" is a class and has no intervals'):
        classes.predict_interval({"x": [1]})


@pytest.mark.thorough
def test_a_column_that_is_a_number_for_one_target_only(tmp_path: Path) -> None:
    pl.DataFrame(table(mixed=True)).write_csv(tmp_path / "t.csv")
    found = ds.fit(tmp_path / "t.csv", target=TARGETS, **QUICK)
    kinds = [{c.name: c.kind for c in found[name].record.columns}["code"] for name in TARGETS]
    assert kinds == ["category", "number"]
    with pytest.warns(UserWarning, match="code"):
        one = found.predict(tmp_path / "t.csv")
    for name in TARGETS:
        if name == "kind":
            with pytest.warns(UserWarning, match="code"):
                alone = found[name].predict(tmp_path / "t.csv")
        else:
            alone = found[name].predict(tmp_path / "t.csv")
        np.testing.assert_array_equal(one[name], alone)


def test_evaluations_are_those_of_each_model(models: ds.Models, tmp_path: Path) -> None:
    found = models.evaluate(table(), worst=2)
    for name in TARGETS:
        assert found[name].to_json() == models[name].evaluate(table(), worst=2).to_json()
    pl.DataFrame(table()).write_csv(tmp_path / "t.csv")
    same_file = ds.fit(tmp_path / "t.csv", target=TARGETS, category="code", **QUICK)
    for found in (
        same_file.evaluate(tmp_path / "t.csv"),
        same_file.evaluate(table(), source=str(tmp_path / "t.csv")),
    ):
        assert all("was fitted to this file" in each.notes[-1] for each in found.values())
    assert not any("fitted to this file" in str(each) for each in same_file.evaluate(table()).values())


def test_what_is_saved_comes_back(models: ds.Models, tmp_path: Path) -> None:
    models.save(tmp_path / "m")
    loaded = ds.load(tmp_path / "m", ds.Models)
    assert list(loaded) == TARGETS
    assert loaded.unfitted == ()
    for name in TARGETS:
        same(loaded[name], models[name])
        assert loaded[name].record == models[name].record
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    same(pickle.loads(pickle.dumps(models))["y"], models["y"])
    with pytest.raises(
        ds.DownslopeError, match=r"holds the models of y, kind; take one of them: ds.load\(path\)\['y'\]"
    ):
        ds.load(tmp_path / "m", ds.Model)
    models["y"].save(tmp_path / "one")
    same(ds.load(tmp_path / "one"), models["y"])
    with pytest.raises(ds.DownslopeError, match="holds a Model, not Models of several targets"):
        ds.load(tmp_path / "one", ds.Models)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("targets", ["y"]),
        ("targets", []),
        ("targets", ["y", "y"]),
        ("targets", ["y", "z"]),
        ("targets", ["y", "kind", "third"]),
        ("targets", "y"),
        ("targets", [1, 2]),
        ("unfitted", ["y"]),
        ("unfitted", None),
        ("model1.network", {}),
        ("model2.about", []),
    ],
)
def test_damaged_files_are_refused(models: ds.Models, tmp_path: Path, section: str, value: object) -> None:
    models.save(tmp_path / "m")
    file = read_file(tmp_path / "m")
    sections = {name: json.loads(text) for name, text in file.sections.items()}
    write_file(tmp_path / "damaged", "models", sections | {section: value}, file.arrays)
    if (section, value) == ("targets", ["y"]):  # fewer than the file holds
        assert list(ds.load(tmp_path / "damaged")) == ["y"]
        return
    with pytest.raises(ds.DownslopeError, match=r"damaged is damaged: .*; save it again"):
        ds.load(tmp_path / "damaged")


X = np.random.default_rng(0).normal(size=(60, 3))


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (pd.DataFrame({"u": X[:, 0], "v": X[:, 1] > 0}), ["u", "v"]),
        (pl.DataFrame({"u": X[:, 0], "v": X[:, 1] > 0}), ["u", "v"]),
        ({"u": X[:, 0], "v": X[:, 1] > 0}, ["u", "v"]),
        (X[:, :2] * 3, ["y1", "y2"]),
        ((X[:, :2] * 3).tolist(), ["y1", "y2"]),
    ],
    ids=["pandas", "polars", "dict", "matrix", "lists"],
)
def test_targets_as_values(target: object, names: list[str]) -> None:
    models = ds.fit(X, target, **QUICK)
    assert list(models) == names
    found = models.predict(X)
    for place, name in enumerate(names):
        values = np.asarray(target[name] if isinstance(target, dict) else np.asarray(target)[:, place])
        values = values.astype(bool if name == "v" else float)
        same(models[name], ds.fit(X, pd.Series(values, name=name), **QUICK))
        np.testing.assert_array_equal(found[name], models[name].predict(X))


def test_one_column_of_values_is_one_target() -> None:
    for target in (X[:, :1] * 2, pd.DataFrame({"y": X[:, 0] * 2})):
        same(ds.fit(X, target, **QUICK), ds.fit(X, X[:, 0] * 2, **QUICK))
    assert list(ds.fit(table(), target=["y"], drop="kind", **QUICK)) == ["y"]


def test_a_list_of_classes_is_no_list_of_names() -> None:
    rows = {"a": X[:, 0], "b": X[:, 1]}
    assert ds.fit(rows, ["a", "b"] * 30, **QUICK).target.classes == ("a", "b")
    assert list(ds.fit({0: X[:, 0], 1: X[:, 1], 2: X[:, 2]}, [0, 2], **QUICK)) == ["0", "2"]
    assert list(ds.fit({**rows, "c": X[:, 2]}, ("a", "c"), **QUICK)) == ["a", "c"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": ["y", "y"]}, 'target has "y" twice; name each column once'),
        ({"target": ["y", "kinds"]}, 'there is no column "kinds"; did you mean "kind"'),
        (
            {"target": ["yy", "kinds"]},
            "2 values, none of which is the name of a column, and there are 90 rows",
        ),
        ({"target": []}, "target has 0 values, and there are 90 rows of inputs"),
        ({"target": {"y"}}, "target needs the name of a column or one value for each row"),
        ({"target": np.zeros((90, 2, 2))}, r"not an array of shape \(90, 2, 2\)"),
        ({"target": np.zeros((80, 2))}, "target has 80 values, and there are 90 rows of inputs"),
        ({"target": {"x": [1.5] * 90, "z": [1] * 90}}, 'the inputs have a column "x" like the target'),
        ({"target": TARGETS, "drop": "kind"}, 'the target "kind" cannot be left out'),
        ({"target": TARGETS, "group": "kind"}, 'group and target are both "kind"'),
        ({"target": TARGETS, "row_weights": "y"}, 'row_weights and target are both "y"'),
        ({"target": TARGETS, "category": "y", "number": "y"}, "in category and in number"),
        (
            {"target": TARGETS, "task": "regression"},
            r'"kind" holds no numbers; .* \(--task is of every target; --category and --number say it of one',
        ),
        ({"target": ["x", "town", "code", "y", "kind"]}, 'no column besides "x" can be used'),
        ({"target": ["y", "z"]}, 'there is no column "z"'),
    ],
    ids=str,
)
def test_what_is_refused(options: dict, message: str) -> None:
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit(table(), **options, **QUICK)


def test_a_kind_is_said_of_one_target() -> None:
    rows = table() | {"n": [i % 3 for i in range(90)]}
    models = ds.fit(rows, target=["n", "y"], number="n", drop="kind", **QUICK)
    assert [m.target.task for m in models.values()] == ["regression"] * 2
    models = ds.fit(rows, target=["n", "kind"], category=["n"], **QUICK)
    assert [m.target.task for m in models.values()] == ["classification"] * 2


def test_an_error_while_fitting_names_the_target() -> None:
    rows = {"x": X[:, 0], "small": X[:, 1], "y": X[:, 2]}
    with pytest.raises(
        ds.DownslopeError, match=r'^target "small": training diverged at a learning rate of 1e'
    ):
        ds.fit(rows, target=["small", "y"], learning_rate=1e9, members=2, epochs=30)


def test_progress_names_the_target() -> None:
    phases = []
    ds.fit(table(), target=TARGETS, progress=lambda phase: phases.append((phase.target, phase.name)), **QUICK)
    targets = [target for target, _ in phases]
    assert targets == sorted(targets, key=TARGETS.index)
    assert {"linear", "periodic", "intervals"} <= {name for target, name in phases if target == "y"}
    alone = []
    ds.fit(
        table(),
        target="y",
        drop="kind",
        progress=lambda phase: alone.append((phase.target, phase.name)),
        **QUICK,
    )
    assert alone == [phase for phase in phases if phase[0] == "y"]


class Stop:
    """Presses Ctrl-C at an epoch of a phase."""

    def __init__(self, target: str, name: str, step: int) -> None:
        self.at = target, name, step

    def __call__(self, phase: object) -> None:
        if (phase.target, phase.name) == self.at[:2] and phase.progress.step >= self.at[2]:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("stop", "left", "cut"),
    one_in(
        2,
        [
            (Stop("kind", "piecewise", 1), ("z",), "kind"),
            (Stop("y", "periodic", 2), ("kind", "z"), "y"),
            (Stop("kind", "linear", 1), ("kind", "z"), None),
            (Stop("z", "linear", 1), ("z",), None),
        ],
    ),
    ids=lambda value: str(getattr(value, "at", value)),
)
def test_ctrl_c_keeps_what_there_is(
    stop: Stop, left: tuple[str, ...], cut: str | None, tmp_path: Path
) -> None:
    rows = table() | {"z": X[:, 0].tolist() + X[:30, 1].tolist()}
    names = [*TARGETS, "z"]
    asked = {**QUICK, "epochs": 8}
    models = ds.fit(rows, target=names, progress=stop, **asked)
    assert models.unfitted == left
    assert list(models) == names[: 3 - len(left)]
    assert [name for name, model in models.items() if model.record.interrupted] == [cut] * bool(cut)
    whole = ds.fit(rows, target=names, **asked)
    for name in models:
        if name != cut:
            same(models[name], whole[name])
    assert f"not fitted: {', '.join(left)}" in repr(models)
    assert f"not fitted: {', '.join(left)}" in models._repr_html_()
    models.save(tmp_path / "m")
    assert ds.load(tmp_path / "m").unfitted == left


def test_ctrl_c_before_the_first_model_goes_on() -> None:
    with pytest.raises(KeyboardInterrupt):
        ds.fit(table(), target=TARGETS, progress=Stop("y", "linear", 1), **QUICK)


def test_a_time_limit_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each target gets its share of what is left: of 12 seconds 3 targets that take 1 get 4, 5.5 and 10."""
    from downslope.fitting import _fit

    clock, given, real = [0.0], [], _fit.fitted_model

    def fitted(rows: object, description: object, settings: object, *others: object) -> ds.Model:
        given.append(settings.time_limit)
        clock[0] += 1
        return real(rows, description, type(settings)(members=2, hidden=(8,), epochs=1), *others)

    monkeypatch.setattr(_fit, "fitted_model", fitted)
    monkeypatch.setattr(_hooks, "monotonic", lambda: clock[0])
    models = ds.fit(table(), target=["y", "kind", "x"], time_limit=12)
    assert given == [4.0, 5.5, 10.0]
    assert all("time_limit=12" in " ".join(model.record.asked) for model in models.values())


def test_models_of_shared_targets_are_compared(models: ds.Models) -> None:
    other = ds.fit(table(), target=["kind", "y"], **{**QUICK, "seed": 3})
    found = ds.compare({"one": models, "two": other}, table())
    assert list(found) == TARGETS
    for name in TARGETS:
        alone = ds.compare({"one": models[name], "two": other[name]}, table())
        assert found[name].to_json() == alone.to_json()
        named = ds.compare({"one": models, "two": other}, table(), name)
        assert named.to_json() == alone.to_json()
    chosen = ds.compare({"one": models, "two": other}, table(), metric="mean_absolute_error")
    assert [each.metric for each in chosen.values()] == ["mean_absolute_error", "log_loss"]


def test_one_model_and_models_are_compared_by_its_target(models: ds.Models, tmp_path: Path) -> None:
    models.save(tmp_path / "both")
    single = ds.fit(table(), target="y", drop=["kind"], **{**QUICK, "seed": 3})
    single.save(tmp_path / "single")
    found = ds.compare([tmp_path / "both", tmp_path / "single"], table(), metric="r2")
    assert found.target == "y"
    assert (
        found.to_json() == ds.compare({"both": models["y"], "single": single}, table(), metric="r2").to_json()
    )
    values = [0.0 if v != v else v for v in table()["y"]]
    assert ds.compare([models, single], table(), values).rows == 90
    for given, message in (
        (([models, single], table(), "kind"), 'there is no model of the target "kind"; the model is of y'),
        (([models, models], table(), values), "target needs the name of one"),
        (
            ([ds.fit(table(), "x", **QUICK), models], table()),
            r'model 1 predicts "x" \(a number\), and model 2 "y" \(a number\), "kind" \(2 classes\)',
        ),
    ):
        with pytest.raises(ds.DownslopeError, match=message):
            ds.compare(*given)
    with pytest.raises(ds.DownslopeError, match="metric needs one of"):
        ds.compare([models, models], table(), metric="nothing")
