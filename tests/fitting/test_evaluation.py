"""``model.evaluate``: what is measured of a fitted model on other rows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import metrics

import downslope as ds
from downslope.errors import DownslopeError

PENGUINS = pl.read_csv(Path(__file__).parents[2] / "examples" / "penguins.csv", null_values="NA")
EARLIER, LATER = (PENGUINS.filter(pl.col("year") < 2009), PENGUINS.filter(pl.col("year") == 2009))


@pytest.fixture(scope="module")
def mass() -> ds.Model:
    return ds.fit(EARLIER, "body_mass_g", epochs=10, hidden=16, members=2)


@pytest.fixture(scope="module")
def species() -> ds.Model:
    return ds.fit(EARLIER, "species", drop=["island"], epochs=10, hidden=16, members=2)


def test_scores_of_numbers_are_of_the_predictions(mass: ds.Model) -> None:
    found = mass.evaluate(LATER)
    rows = LATER.filter(pl.col("body_mass_g").is_not_null())
    true, predicted = rows["body_mass_g"].to_numpy(), mass.predict(rows)
    assert (found.rows, found.left_out) == (rows.height, LATER.height - rows.height) == (119, 1)
    assert found.score("r2").value == pytest.approx(metrics.r2_score(true, predicted), rel=1e-9)
    baseline = found.compared["baseline (mean)"]
    mean = EARLIER["body_mass_g"].mean()
    assert baseline["r2"].value == pytest.approx(metrics.r2_score(true, np.full(119, mean)), abs=1e-6)
    median = found.compared["baseline (median)"]["mean_absolute_error"].value
    assert median == pytest.approx(np.abs(true - EARLIER["body_mass_g"].median()).mean(), rel=1e-6)
    low, high = mass.predict_interval(rows, 0.9).T
    of_level = {c.level: c for c in found.coverage}[0.9]
    assert of_level.share.value == pytest.approx(np.mean((low <= true) & (true <= high)))
    assert of_level.mean_width == pytest.approx(np.mean(high - low), rel=1e-6)


def test_the_linear_model_is_the_one_in_the_blend(mass: ds.Model) -> None:
    members = mass.record.groups[0].members
    rows = LATER.filter(pl.col("body_mass_g").is_not_null())
    x = mass.encode(rows).x
    of_members = []
    for place in range(members):
        network, parameters = mass.member(place)
        raw = ds.predict(network, x, parameters=parameters)[:, 0]
        of_members.append(raw * mass.target.scale + mass.target.mean)
    wanted = metrics.r2_score(rows["body_mass_g"], np.mean(of_members, axis=0))
    assert mass.evaluate(LATER).compared["linear model"]["r2"].value == pytest.approx(wanted, abs=1e-5)
    alone = ds.fit(EARLIER, "body_mass_g", hidden=())
    assert "linear model" not in alone.evaluate(LATER).compared


def test_scores_of_classes_are_of_the_probabilities(species: ds.Model) -> None:
    found = species.evaluate(LATER)
    probabilities, classes = species.predict_proba(LATER), list(species.target.classes)
    probabilities /= probabilities.sum(axis=1, keepdims=True)  # which are float32
    loss = metrics.log_loss(LATER["species"], probabilities, labels=classes)
    assert found.score("log_loss").value == pytest.approx(loss, rel=1e-6)
    wanted = metrics.confusion_matrix(LATER["species"], species.predict(LATER), labels=classes)
    assert found.confusion.tolist() == wanted.tolist()
    shares = [(EARLIER["species"] == name).mean() for name in classes]
    baseline = metrics.log_loss(LATER["species"], np.tile(shares, (LATER.height, 1)), labels=classes)
    assert found.compared["baseline (class frequencies)"]["log_loss"].value == pytest.approx(baseline)


def test_the_worst_rows_stand_where_the_table_has_them(mass: ds.Model, species: ds.Model) -> None:
    """Rows without a target count, as the file counts."""
    found = mass.evaluate(LATER, worst=7)
    errors = np.abs(mass.predict(LATER) - LATER["body_mass_g"].cast(pl.Float64).to_numpy())
    assert [w.index for w in found.worst] == np.argsort(-np.nan_to_num(errors, nan=-1), kind="stable")[
        :7
    ].tolist()
    for row in found.worst:
        assert row.true == LATER["body_mass_g"][row.index]
        assert row.predicted - row.true == pytest.approx(row.error)
    first = species.evaluate(LATER).worst[0]
    true = LATER["species"][first.index]
    probability = species.predict_proba(LATER)[first.index, species.target.classes.index(true)]
    assert (first.true, first.error) == (true, pytest.approx(1 - probability))
    assert species.evaluate(LATER, worst=0).worst == ()


def test_rows_of_weight_0_are_not_there(mass: ds.Model) -> None:
    weights = np.arange(LATER.height) % 3
    weighted = mass.evaluate(LATER, row_weights=weights)
    repeated = mass.evaluate(pl.concat([LATER.filter(pl.Series(weights >= n)) for n in (1, 2)]))
    for of, scores in repeated.compared.items():
        for name, estimate in scores.items():
            assert weighted.compared[of][name].value == pytest.approx(estimate.value, rel=1e-6)
    assert all(weights[w.index] > 0 for w in weighted.worst)
    with pytest.raises(DownslopeError, match="row_weights needs a number for each of 120 rows"):
        mass.evaluate(LATER, row_weights=[1.0])


@pytest.mark.parametrize("form", ["path", "pandas", "dict", "separate target"])
def test_every_form_of_table_gives_the_same(mass: ds.Model, form: str, tmp_path) -> None:
    LATER.write_csv(tmp_path / "later.csv")
    given = {
        "path": (tmp_path / "later.csv",),
        "pandas": (LATER.to_pandas(),),
        "dict": (LATER.to_dict(as_series=False),),
        "separate target": (LATER.drop("body_mass_g"), pd.Series(LATER["body_mass_g"].to_list())),
    }[form]
    assert mass.evaluate(*given).to_json() == mass.evaluate(LATER).to_json()


def test_a_matrix_and_its_targets() -> None:
    x = np.random.default_rng(0).normal(size=(80, 3))
    y = x @ [1.0, -2.0, 0.5]
    model = ds.fit(x, y, epochs=5)
    assert model.evaluate(x, y).score("r2").value == pytest.approx(metrics.r2_score(y, model.predict(x)))


def test_text_json_and_notebook_hold_the_same_figures(mass: ds.Model, species: ds.Model) -> None:
    for model, name in ((mass, "r2"), (species, "log_loss")):
        found = model.evaluate(LATER)
        plain = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert plain["compared"]["network"][name]["value"] == found.score(name).value
        for shown in (str(found), found._repr_html_()):
            assert str(found.score(name)) in shown
            assert f"{found.worst[0].index + 1}" in shown
            assert "outside the range of the training data" in shown
        assert f"evaluated on {found.rows} rows" in str(found)
        assert "<script" not in found._repr_html_()
        assert repr(found).startswith(f"<Evaluation of '{model.target.name}': ")


def test_many_classes_are_listed_and_not_drawn_as_a_matrix() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(1200, 2))
    y = [f"class {int(v):02}" for v in np.clip(x[:, 0] * 8 + 15, 0, 29)]
    model = ds.fit(x, y, epochs=3, hidden=8, members=1)
    text = str(model.evaluate(x, y))
    assert "the 20 largest of" in text
    assert "The most frequent confusions" in text
    assert max(map(len, text.split("\n"))) < 120


def test_scores_that_flatter_are_said_to(tmp_path) -> None:
    EARLIER.write_csv(tmp_path / "earlier.csv")
    LATER.write_csv(tmp_path / "later.csv")
    model = ds.fit(tmp_path / "earlier.csv", "body_mass_g", hidden=())
    told = "The model was fitted to this file"
    assert told in str(model.evaluate(tmp_path / "earlier.csv"))
    assert told in str(model.evaluate(EARLIER, source=str(tmp_path / "earlier.csv")))
    assert told not in str(model.evaluate(tmp_path / "later.csv"))
    assert told not in str(model.evaluate(EARLIER))


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e306])
def test_only_the_ratios_of_weights_count(species: ds.Model, scale: float) -> None:
    weights = np.arange(LATER.height) % 3
    found, plain = (species.evaluate(LATER, row_weights=w) for w in (weights * scale, weights))
    for of, scores in found.compared.items():
        for name, estimate in scores.items():
            assert estimate.value == pytest.approx(plain.compared[of][name].value, rel=1e-12)
    assert found.confusion.sum() == pytest.approx(np.count_nonzero(weights))


def test_one_row_has_scores_without_errors(mass: ds.Model) -> None:
    one = mass.evaluate(LATER.head(1))
    assert one.score("r2").value is None
    assert one.score("mean_absolute_error").standard_error is None
    assert "evaluated on 1 row\n" in str(one)
    json.dumps(one.to_json(), allow_nan=False)


def test_a_saved_model_is_evaluated_as_before(mass: ds.Model, species: ds.Model, tmp_path) -> None:
    for model in (mass, species):
        model.save(tmp_path / "m.downslope")
        loaded = ds.load(tmp_path / "m.downslope", ds.Model)
        assert loaded.record == model.record
        assert loaded.summary == model.summary
        assert loaded.evaluate(LATER).to_json() == model.evaluate(LATER).to_json()


def test_a_model_of_before_the_baselines_were_kept(species: ds.Model, mass: ds.Model) -> None:
    """The baselines are then those of the rows themselves."""
    from dataclasses import replace

    for model, name in ((mass, "r2"), (species, "accuracy")):
        data = json.loads(json.dumps(model.record.to_json()))
        del data["constants"]
        older = replace(model, record=type(model.record).from_json(data))
        found = older.evaluate(LATER)
        first = next(iter(found.compared.values()))
        wanted = 0 if name == "r2" else LATER["species"].value_counts()["count"].max() / LATER.height
        assert first[name].value == pytest.approx(wanted, abs=1e-12)


def test_what_cannot_be_evaluated_is_refused_in_words(mass: ds.Model, species: ds.Model) -> None:
    cases = [
        (mass, LATER.drop("body_mass_g"), 'the table lacks the target "body_mass_g"'),
        (mass, LATER.drop("sex"), "the table lacks the column sex"),
        (mass, LATER.with_columns(body_mass_g=pl.lit(None)), 'no row has a value of "body_mass_g"'),
        (mass, LATER.with_columns(body_mass_g=pl.lit("heavy")), 'no row has a value of "body_mass_g"'),
        (
            species,
            LATER.with_columns(species=pl.lit("Emperor")),
            '"Emperor" is none of the classes Adelie, Chinstrap, Gentoo, and 120 rows hold it in "species"',
        ),
    ]
    for model, table, message in cases:
        with pytest.raises(DownslopeError, match=message):
            model.evaluate(table)
    with pytest.raises(DownslopeError, match="did you mean 'log_loss'"):
        species.evaluate(LATER).score("logloss")
    with pytest.raises(DownslopeError, match="metric needs one of accuracy, log_loss"):
        species.evaluate(LATER).score("r2")
    with pytest.raises(DownslopeError, match="target needs a value for each of 120 rows"):
        mass.evaluate(LATER.drop("body_mass_g"), [1.0, 2.0, 3.0])
    with pytest.raises(DownslopeError, match="worst needs"):
        mass.evaluate(LATER, worst=-1)
