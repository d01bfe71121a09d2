"""Inputs as buttons, and samples that are made otherwise."""

import numpy as np
import polars as pl
import pytest

from downslope.errors import DownslopeError
from downslope.studio import _schema as ask
from downslope.studio.session._samples import SAMPLES, sample_of
from downslope.studio.session._session import first_session
from downslope.studio.table._choices import Recipe
from downslope.studio.views._features import features_view
from downslope.studio.views._frames import frame_of
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer
from downslope.training import forward

W = "layer1.weight"


@pytest.fixture
def session():
    return first_session()


def on(session):
    return [one["name"] for one in features_view(session.state) if one["on"]]


def offered(session):
    return {one["name"]: one["label"] for one in features_view(session.state)}


def table(session):
    return overview_of(session, Viewer())["table"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_has_the_noise_and_the_rows_that_are_asked_for(name):
    still = sample_of(name, Recipe(noise=0, rows=400))
    noisy = sample_of(name, Recipe(noise=0.3, rows=400))
    assert still.x.shape == noisy.x.shape == (400, 1 if name == "wave" else 2)
    np.testing.assert_array_equal(still.y, noisy.y)
    added = noisy.x - still.x
    assert added.std() == pytest.approx(0.3, rel=0.1)
    assert np.any(sample_of(name, Recipe(noise=0.3, rows=400, seed=1)).x != noisy.x)
    assert sample_of(name, Recipe(rows=12)).x.shape[0] == 12


def test_points_without_noise_lie_where_they_belong():
    circles = sample_of("circles", Recipe(noise=0, rows=100))
    np.testing.assert_allclose(np.hypot(*circles.x.T), np.where(circles.y[:, 0] == 1, 1.4, 0.6), atol=2e-4)
    quadrants = sample_of("quadrants", Recipe(noise=0, rows=100))
    np.testing.assert_array_equal(quadrants.y[:, 0], quadrants.x.prod(axis=1) > 0)
    wave = sample_of("wave", Recipe(noise=0, rows=100))
    np.testing.assert_allclose(wave.y[:, 0], np.sin(2 * wave.x[:, 0]) + 0.3 * wave.x[:, 0], atol=3e-4)


def test_a_sample_is_made_again_with_the_settings_and_the_inputs_as_they_are(session):
    session.handle(ask.OpenSample("moons"))
    session.handle(ask.ChangeSettings({"learning_rate": 0.3, "layers": [{"units": 5}, {"units": 1}]}))
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    session.handle(ask.Step(30))
    session.handle(ask.OpenSample("moons", noise=0.4, rows=100))
    state = session.state
    assert (len(state.rows.x), table(session)["recipe"]) == (100, {"noise": 0.4, "rows": 100, "seed": 0})
    assert state.rows.features == ("x1", "x2", "x1*x2")
    assert (state.settings.learning_rate, state.settings.layers[0].units, session.step) == (0.3, 5, 0)
    drawn = state.settings.network.initial_parameters(state.settings.seed)
    for name, value in session.parameters.items():
        np.testing.assert_array_equal(value, drawn[name])
    session.handle(ask.OpenSample("moons", seed=2))
    assert table(session)["recipe"] == {"noise": 0.4, "rows": 100, "seed": 2}
    session.handle(ask.OpenSample("moons"))
    assert session.state.settings.learning_rate == 0.01
    assert session.state.rows.features == ("x1", "x2")
    assert table(session)["recipe"] == {"noise": 0.08, "rows": 240, "seed": 0}


def test_a_table_that_was_changed_or_is_no_sample_has_no_recipe(session):
    assert table(session)["recipe"] is None
    session.handle(ask.OpenSample("moons", rows=50))
    session.handle(ask.EditCell(0, "x1", "9"))
    assert table(session)["recipe"] is None


@pytest.mark.parametrize("wrong", [{"noise": -1}, {"noise": 1e9}, {"rows": 1}, {"rows": 10**6}, {"seed": -1}])
def test_a_recipe_that_gives_no_table_is_refused(session, wrong):
    with pytest.raises(DownslopeError, match=next(iter(wrong))):
        session.handle(ask.OpenSample("moons", **wrong))


def test_the_usual_formulas_of_few_columns_are_offered(session):
    session.handle(ask.OpenSample("quadrants"))
    assert offered(session) == {
        "x1": "x1",
        "x2": "x2",
        "pow(x1, 2)": "x1²",
        "pow(x2, 2)": "x2²",
        "x1*x2": "x1·x2",
        "sin(x1)": "sin x1",
        "sin(x2)": "sin x2",
    }
    session.handle(ask.ChooseColumns(formulas=["x1*x2", "exp(x1)"]))
    assert on(session) == ["x1", "x2", "x1*x2", "exp(x1)"]
    x = session.state.rows.x
    np.testing.assert_array_equal(x[:, 2], x[:, 0] * x[:, 1])


def test_every_formula_that_is_offered_can_be_computed(session):
    text = "my size,order,select,y\n1,2,3,4\n2,4,5,7\n3,1,2,5\n4,0,9,1\n"
    session.handle(ask.Paste(text))
    formulas = [one["name"] for one in features_view(session.state) if one["formula"]]
    assert len(formulas) == 9
    session.handle(ask.ChooseColumns(formulas=formulas))
    features = dict(zip(session.state.rows.features, session.state.rows.x.T, strict=True))
    raw = session.state.rows.shown
    np.testing.assert_array_equal(raw['"my size"*"order"'], raw["my size"] * raw["order"])
    assert len(features) == 12


def test_an_input_is_switched_off_and_on_again_and_the_layers_stay(session):
    session.handle(ask.ChooseColumns(drop=["x3"]))
    assert session.state.rows.features == ("x1", "x2")
    assert on(session) == ["x1", "x2"]
    assert "x3" in offered(session)
    assert session.parameters[W].shape == (1, 2)
    assert session.state.settings.network.is_dense
    session.handle(ask.ChooseColumns(drop=[]))
    assert session.state.rows.features == ("x1", "x2", "x3")
    session.handle(ask.ChangeSettings({"layers": [{"units": 6, "activation": "relu"}, {"units": 1}]}))
    session.handle(ask.ChooseColumns(formulas=["x1*x2"]))
    assert [(d.units, str(d.activation)) for d in session.state.settings.layers] == [
        (6, "relu"),
        (1, "identity"),
    ]
    assert session.parameters[W].shape == (6, 4)


def test_the_last_input_cannot_be_switched_off(session):
    with pytest.raises(DownslopeError, match="can be used"):
        session.handle(ask.ChooseColumns(drop=["x1", "x2", "x3"]))


def test_an_address_holds_the_recipe_and_the_inputs(session):
    session.handle(ask.OpenSample("spirals", noise=0.2, rows=60, seed=3))
    session.handle(ask.ChooseColumns(drop=["x2"], formulas=["sin(x2)"]))
    named, settings, x = table(session)["in_address"], session.state.settings.to_json(), session.state.rows.x
    other = first_session()
    other.handle(ask.Restore(settings, None, named))
    np.testing.assert_array_equal(other.state.rows.x, x)
    assert other.state.rows.features == ("x1", "sin(x2)")
    assert other.state.settings.network == session.state.settings.network
    for wrong in ({"noise": "much"}, {"rows": 1e9}):
        with pytest.raises(DownslopeError, match=r"noise|rows"):
            first_session().handle(ask.Restore(settings, None, {**named, "recipe": wrong}))
    with pytest.raises(DownslopeError, match="begins a query"):
        first_session().handle(ask.Restore(settings, None, {**named, "inputs": ["x1", "(select 1)"]}))


def test_a_model_says_what_its_inputs_are(tmp_path):
    from downslope import fit
    from downslope.studio.session._opening import opened

    rows = {"a": np.arange(60.0), "b": np.arange(60.0)[::-1] % 7, "y": np.arange(60.0) * 2}
    fit(rows, "y", members=1, epochs=2).save(tmp_path / "m.downslope")
    path = tmp_path / "rows.csv"
    path.write_text("a,b,y\n" + "\n".join(f"{a},{b},{y}" for a, b, y in zip(*rows.values(), strict=True)))
    session = opened(str(tmp_path / "m.downslope"), None, str(path))
    assert features_view(session.state) == []
    assert table(session)["chosen"] is False


def picture(session, kind, **options):
    viewer = Viewer(ask.Look([0, 5], pictures={kind: options}))
    return frame_of(session, viewer)["pictures"][kind]


def test_a_picture_over_two_columns_computes_the_formulas_of_them(session):
    """The prediction at a point of the map is that of a row with these cells."""
    session.handle(ask.OpenSample("quadrants"))
    session.handle(ask.ChooseColumns(formulas=["x1*x2", "sin(x1)"]))
    session.handle(ask.Step(20))
    made = picture(session, "fitted", columns=[0, 1])
    assert (made["slice"], made["fixed"]) == (False, {})
    i, j = 40, 7
    cells = np.array([[made["x"][j], made["y"][i], made["x"][j] * made["y"][i], np.sin(made["x"][j])]])
    expected = forward(session.state.settings.network, session.parameters, cells)
    assert made["values"][i, j] == pytest.approx(float(expected[0, 0]), rel=1e-12)
    other = picture(session, "fitted", columns=[0, 2])
    assert list(other["fixed"]) == ["x2"]


def test_a_formula_that_is_no_number_beyond_the_rows_leaves_the_rest_of_the_picture(session):
    session.handle(ask.ChooseColumns(formulas=["ln(x2)"]))
    made = picture(session, "fitted", columns=[1])
    assert np.isfinite(made["y"]).any()


def test_pictures_tell_which_rows_only_measure(session):
    session.handle(ask.OpenSample("quadrants"))
    held = session.state.descent.split.validation_rows
    shown = picture(session, "fitted", columns=[0, 1])["held_out"]
    assert np.flatnonzero(shown).tolist() == sorted(held.tolist())
    session.handle(ask.OpenSample("wave"))
    split, target = session.state.descent.split, session.state.rows.target
    made = picture(session, "residuals")
    np.testing.assert_allclose(made["others"]["targets"], target.numbers(split.validation["y"][:, 0]))
    assert len(made["targets"]) == len(split.training_rows)
    assert not made["validates"]
    made = picture(session, "residuals", rows="validation")
    assert (made["validates"], "others" in made) == (True, False)
    session.handle(ask.ChangeSettings({"validation": 0}))
    assert "others" not in picture(session, "residuals")


def test_formulas_of_standardised_columns_are_computed_in_their_own_units(tmp_path):
    from downslope.studio.session._opening import opened

    rng = np.random.default_rng(0)
    x = rng.normal(5, 2, (60, 2))
    lines = "\n".join(f"{a},{b},{a * b}" for a, b in x)
    path = tmp_path / "rows.csv"
    path.write_text(f"a,b,y\n{lines}\n")
    session = opened(str(path), None)
    session.handle(ask.ChooseColumns(formulas=["a*b"]))
    session.handle(ask.Step(20))
    assert session.state.rows.choices.scaling == "standard"
    made = picture(session, "fitted", columns=[0, 1])
    assert not made["slice"]
    cell = {"a": [float(made["x"][9])], "b": [float(made["y"][31])]}
    cell["a*b"] = [cell["a"][0] * cell["b"][0]]
    rows = session.state.rows
    encoded = rows.encoder.encode(pl.DataFrame(cell)).x
    expected = rows.target.numbers(forward(session.state.settings.network, session.parameters, encoded))
    assert made["values"][31, 9] == pytest.approx(float(expected[0, 0]), rel=1e-5)
