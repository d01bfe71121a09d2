"""The picture that the page opens with, and what is fitted in the table's own units."""

import numpy as np
import polars as pl
import pytest
from visits import PENGUINS

import downslope as ds
from downslope.studio import _schema as commands
from downslope.studio.session._opening import opened
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session
from downslope.studio.views.pictures import picture_for
from downslope.studio.views.pictures._choice import plane_of
from downslope.studio.views.pictures._fitted import make


def picture_of(session):
    return picture_for(session.state.rows, session.state.settings)


def on_csv(tmp_path, frame, target):
    """A session on a table of one's own."""
    frame.write_csv(tmp_path / "own.csv")
    return opened(str(tmp_path / "own.csv"), target=target)


@pytest.fixture(scope="module")
def penguins():
    return opened(str(PENGUINS), target="species")


def test_a_neuron_shows_its_error_two_inputs_a_map_and_one_input_a_line():
    assert picture_of(Session(*opening_of("five rows")))["kind"] == "surface"
    assert picture_of(Session(*opening_of("spirals"))) == {"kind": "fitted", "columns": [0, 1]}
    assert picture_of(Session(*opening_of("wave"))) == {"kind": "fitted", "columns": [0]}


def test_of_many_columns_the_two_that_say_most_are_chosen(penguins):
    """Each species lies apart over the length and the depth of the bill; the mass says less beside one."""
    features = penguins.state.rows.features
    found = picture_of(penguins)
    assert found["kind"] == "fitted"
    assert [features[column] for column in found["columns"]] == ["bill_length_mm", "bill_depth_mm"]


def test_a_product_is_seen_where_no_column_alone_says_anything(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 5))
    frame = pl.DataFrame({**{f"x{i}": x[:, i] for i in range(5)}, "y": x[:, 1] * x[:, 3]})
    assert plane_of(on_csv(tmp_path, frame, "y").state.rows) == (1, 3)


def test_without_columns_of_numbers_predictions_stand_against_targets(tmp_path):
    rng = np.random.default_rng(0)
    words = {name: rng.choice(["a", "b", "c"], 60) for name in ("one", "two")}
    frame = pl.DataFrame({**words, "y": rng.normal(size=60)})
    assert picture_of(on_csv(tmp_path, frame, "y"))["kind"] == "residuals"


def test_a_large_network_has_no_map(penguins):
    session = Session(*opening_of("spirals"))
    session.handle(
        commands.ChangeSettings({"layers": [{"units": 400, "activation": "tanh"}] * 2 + [{"units": 1}]})
    )
    assert picture_of(session)["kind"] == "residuals"


def test_a_map_is_in_the_units_of_the_table(penguins):
    """Its points are the cells; held-out rows are marked; its values are those of `predict`."""
    state = penguins.state
    columns = picture_of(penguins)["columns"]
    picture = make(penguins, {"columns": columns}, penguins.parameters)
    cells = state.rows.shown.select("bill_length_mm", "bill_depth_mm")
    known = cells.with_row_index().drop_nulls()["index"].to_list()
    np.testing.assert_allclose(picture["points"][known], cells.to_numpy()[known], rtol=1e-5)
    held_out = np.flatnonzero(picture["held_out"])
    assert held_out.tolist() == sorted(state.descent.split.validation_rows)
    assert picture["scaled"] is False
    place = {"bill_length_mm": float(picture["x"][10]), "bill_depth_mm": float(picture["y"][20])}
    usual = {  # the others are held where a row could be
        column.name: column.median() if column.dtype.is_numeric() else column.drop_nulls().mode().sort()[0]
        for column in state.rows.shown
    }
    x = state.rows.encoder.encode(pl.DataFrame([usual | place])).x
    predicted = ds.predict(state.settings.network, x, parameters=penguins.parameters)[0]
    assert picture["classes"][20, 10] == predicted.argmax()
    np.testing.assert_allclose(picture["values"][20, 10], predicted.max(), rtol=1e-5)


def test_a_regression_is_in_the_units_of_its_target(tmp_path):
    rng = np.random.default_rng(1)
    size = rng.uniform(20, 200, 80)
    session = on_csv(tmp_path, pl.DataFrame({"size": size, "price": 1000 * size + 5e4}), "price")
    session.handle(commands.Step(300))
    picture = make(session, {"columns": [0]}, session.parameters)
    np.testing.assert_allclose(np.sort(picture["points"][:, 0]), np.sort(size), rtol=1e-5)
    np.testing.assert_allclose(np.sort(picture["targets"]), np.sort(1000 * size + 5e4), rtol=1e-5)
    rows = session.state.rows
    feature = rows.encoder.encode(pl.DataFrame({"size": picture["x"]})).x
    scaled = ds.predict(session.state.settings.network, feature, parameters=session.parameters)
    np.testing.assert_allclose(
        picture["y"][:, 0], np.ravel(scaled) * rows.target.scale + rows.target.mean, rtol=1e-4
    )


def test_cells_far_from_all_others_do_not_press_the_rest_together(tmp_path):
    rng = np.random.default_rng(2)
    x = rng.normal(size=400)
    x[7] = 1e6
    session = on_csv(tmp_path, pl.DataFrame({"x": x, "y": rng.normal(size=400)}), "y")
    assert np.ptp(make(session, {"columns": [0]}, session.parameters)["x"]) < 20
