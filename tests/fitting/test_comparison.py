"""``ds.compare``: models on the same rows."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

import downslope as ds
from downslope.errors import DownslopeError

PENGUINS = pl.read_csv(Path(__file__).parents[2] / "examples" / "penguins.csv", null_values="NA")
EARLIER, LATER = PENGUINS.filter(pl.col("year") < 2009), PENGUINS.filter(pl.col("year") == 2009)


@pytest.fixture(scope="module")
def masses() -> dict[str, ds.Model]:
    """Two models that differ little, and one that knows the sex alone."""
    few = [name for name in PENGUINS.columns if name not in ("sex", "body_mass_g")]
    return {
        "linear": ds.fit(EARLIER, "body_mass_g", hidden=()),
        "network": ds.fit(EARLIER, "body_mass_g", epochs=10, hidden=16, members=2),
        "sex alone": ds.fit(EARLIER, "body_mass_g", hidden=(), drop=few),
    }


@pytest.fixture(scope="module")
def species() -> list[ds.Model]:
    return [ds.fit(EARLIER, "species", hidden=(), drop=drop) for drop in (["island"], ["bill_length_mm"])]


def test_each_model_has_the_scores_of_its_evaluation(masses) -> None:
    found = ds.compare(masses, LATER)
    assert list(found.scores) == ["linear", "network", "sex alone"]
    for name, model in masses.items():
        assert found.scores[name] == model.evaluate(LATER).compared["network"]
    assert (found.rows, found.left_out, found.metric) == (119, 1, "root_mean_squared_error")


def test_differences_are_those_of_the_paired_t_test(masses) -> None:
    found = ds.compare(masses, LATER, metric="mean_absolute_error")
    rows = LATER.filter(pl.col("body_mass_g").is_not_null())
    errors = {
        name: np.abs(model.predict(rows) - rows["body_mass_g"].to_numpy()) for name, model in masses.items()
    }
    for name, difference in found.differences.items():
        wanted = stats.ttest_rel(errors[name], errors["linear"])
        got = difference["mean_absolute_error"]
        assert got.value == pytest.approx((errors[name] - errors["linear"]).mean(), rel=1e-9)
        assert got.value / got.standard_error == pytest.approx(wanted.statistic, rel=1e-9)


def test_differences_of_classes_are_paired_too(species) -> None:
    found = ds.compare(species, LATER)
    true = [species[0].target.classes.index(name) for name in LATER["species"]]
    first, second = (-np.log(m.predict_proba(LATER)[np.arange(LATER.height), true]) for m in species)
    got = found.differences["model 2"]["log_loss"]
    wanted = stats.ttest_rel(second, first)
    assert got.value / got.standard_error == pytest.approx(wanted.statistic, rel=1e-6)


def test_shared_errors_cancel(masses) -> None:
    """The error of the difference of two similar models is far below that of either."""
    found = ds.compare(masses, LATER)
    for name in ("r2", "root_mean_squared_error"):
        own = min(found.scores[model][name].standard_error for model in ("linear", "network"))
        assert found.differences["network"][name].standard_error < own / 2
    assert "sex alone is worse than linear" in str(found)


def test_a_model_is_no_better_than_itself(masses) -> None:
    found = ds.compare([masses["linear"], masses["linear"]], LATER)
    for estimate in found.differences["model 2"].values():
        assert estimate.value == 0
    assert "model 2 and model 1 have the same root mean squared error." in str(found)


def test_files_go_by_their_names(masses, tmp_path) -> None:
    paths = []
    for place, folder in enumerate(("a", "b", "b")):
        (tmp_path / folder).mkdir(exist_ok=True)
        paths.append(tmp_path / folder / ("m.downslope" if place < 2 else "n.downslope"))
        masses["linear"].save(paths[-1])
    assert list(ds.compare([paths[0], paths[2]], LATER).scores) == ["m.downslope", "n.downslope"]
    assert list(ds.compare(paths[:2], LATER).scores) == ["m.downslope (1)", "m.downslope (2)"]


def test_text_json_and_notebook_hold_the_same_figures(masses) -> None:
    found = ds.compare(masses, LATER, metric="r2")
    plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert plain["differences"]["network"]["r2"]["value"] == found.differences["network"]["r2"].value
    for shown in (str(found), found._repr_html_()):
        assert str(found.differences["sex alone"]["r2"]) in shown
        assert "linear: of 119 rows, outside the range of the training data" in shown
    assert repr(found).startswith("<Comparison on 119 rows by R²: linear ")


def test_what_cannot_be_compared_is_refused_in_words(masses, species) -> None:
    linear = masses["linear"]
    two = ds.fit(EARLIER.filter(pl.col("species") != "Gentoo"), "species", hidden=())
    cases = [
        ([linear, species[0]], 'model 1 predicts "body_mass_g" .a number., and model 2 "species" .3 classes'),
        ([species[0], two], 'model 1 predicts "species" .3 classes., and model 2 "species" .2 classes'),
        ([linear], "models needs at least two models, not 1"),
        ({"a": linear, "b": 3}, "models needs models or paths of their files, not 3"),
        (linear, "models needs a list of models"),
    ]
    for models, message in cases:
        with pytest.raises(DownslopeError, match=message):
            ds.compare(models, LATER)
    with pytest.raises(DownslopeError, match=r"metric needs one of r2, .* not 'accuracy'"):
        ds.compare(masses, LATER, metric="accuracy")
