"""The session does what is asked of it, whatever was asked before, and what it refuses changes nothing."""

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.errors import DownslopeError
from downslope.studio._play import _maker
from downslope.studio._schema import Look, SetParameter, command_of
from downslope.studio.session._session import Session, first_session
from downslope.studio.session._settings import settings_of
from downslope.studio.table._choices import Choices
from downslope.studio.table._rows import frame_of_arrays, rows_of
from downslope.studio.views._frames import frame_of
from downslope.studio.views._overview import overview_of
from downslope.studio.views._viewer import Viewer
from downslope.training import forward

W = "layer1.weight"


def ask(session, command, **fields):
    return session.handle(command_of({"command": command, **fields}))


def frame(session, **look):
    overview_of(session, Viewer())
    return frame_of(session, Viewer(Look([0, 5], **look)))


def hidden(*units):
    return {"layers": [*({"units": n, "activation": "tanh"} for n in units), {"units": 1}]}


@pytest.fixture
def session():
    return first_session()


@pytest.mark.parametrize(
    "refused",
    [
        {"command": "change_settings", "settings": {"layers": [{"units": 3}, {"units": 5}]}},
        {"command": "change_settings", "settings": {"loss": "cross_entropy"}},
        {"command": "choose_columns", "targets": ["x1", "x2"], "task": "classification"},
        {"command": "choose_columns", "formulas": ["nothing + 1"]},
        {"command": "edit_cell", "row": 9, "column": "x1", "text": "1"},
        {"command": "set_parameter", "name": W, "index": [0, 9], "value": 1.0},
    ],
)
def test_what_is_refused_leaves_all_as_it_was(session, refused):
    ask(session, "step", count=3)
    ask(session, "go_to", saved_step=1)
    before = frame(session)
    with pytest.raises(DownslopeError):
        session.handle(command_of(refused))
    after = frame(session)
    assert after["timeline"]["index"] == 1
    assert after["timeline"]["run"] == before["timeline"]["run"]
    np.testing.assert_array_equal(after["parameters"][W], before["parameters"][W])
    ask(session, "step", count=1)
    assert frame(session)["step"] == 2


def test_a_run_is_opened_on_its_own_rows_and_layers(session):
    ask(session, "freeze", name=W, index=[0, 1], frozen=True)
    ask(session, "step", count=2)
    ask(session, "change_settings", settings=hidden(4))
    ask(session, "edit_cell", row=0, column="y", text="99")
    ask(session, "step", count=1)
    ask(session, "open_sample", name="wave")
    ask(session, "go_to", saved_step=None, run=1)
    told = frame(session)
    assert (told["step"], told["parameters"][W].shape) == (2, (1, 3))
    assert told["rows"]["cells"][0] == [3.0, 4.0, 7.0, 13.5]
    assert told["error"]["value"] == session.state.run.last.error
    ask(session, "step", count=1)
    ask(session, "go_to", saved_step=None, run=2)
    assert frame(session)["rows"]["cells"][0] == [3.0, 4.0, 7.0, 99.0]


def test_masks_of_other_layers_are_left_out_where_a_run_is_opened(session):
    ask(session, "step", count=1)
    ask(session, "change_settings", settings=hidden(4))
    ask(session, "freeze", name="layer1.weight", index=None, frozen=True)
    ask(session, "go_to", saved_step=None, run=1)
    before = frame(session)["parameters"][W]
    ask(session, "step", count=1)
    assert np.all(frame(session)["parameters"][W] != before)


@pytest.mark.parametrize(
    "settings", [hidden(4), {"loss": "absolute_error"}, {"l2": 0.5}, {"validation": 0.4}]
)
def test_the_best_of_another_network_loss_or_share_of_rows_is_forgotten(session, settings):
    ask(session, "step", count=50)
    best = session.state.best["descent"].error
    ask(session, "change_settings", settings={"learning_rate": 1e-5})
    assert session.state.best["descent"].error == best
    ask(session, "change_settings", settings=settings)
    with pytest.raises(DownslopeError, match="no best"):
        ask(session, "go_to_best", by="descent")
    ask(session, "step", count=1)
    assert session.state.best["descent"].error == session.state.run.last.error


def test_the_past_is_shown_with_the_settings_of_its_time_and_goes_on_with_them(session):
    ask(session, "change_settings", settings={**hidden(4), "optimizer": "adam", "learning_rate": 0.01})
    ask(session, "step", count=5)
    then = frame(session)
    ask(session, "change_settings", settings={"layers": [{"units": 4, "activation": "relu"}, {"units": 1}]})
    ask(
        session,
        "change_settings",
        settings={"optimizer": "sgd", "learning_rate": 1e-6, "loss": "absolute_error"},
    )
    ask(session, "step", count=3)
    ask(session, "go_to", saved_step=5)
    past = frame(session)
    for what in ("z", "prediction", "loss"):
        np.testing.assert_array_equal(past["rows"][what], then["rows"][what])
    assert past["error"] == then["error"]
    told = overview_of(session, Viewer())["settings"]
    assert (told["optimizer"], told["loss"], told["layers"][0]["activation"]) == (
        "adam",
        "squared_error",
        "tanh",
    )
    ask(session, "change_settings", settings={"learning_rate": 0.02})
    ask(session, "step", count=1)
    assert overview_of(session, Viewer())["settings"]["optimizer"] == "adam"
    assert "layer1.weight.mean" in session.state.run.last.values
    assert session.state.run.parent == (1, 5)
    ask(session, "go_to", saved_step=None, run=1)
    assert overview_of(session, Viewer())["settings"]["optimizer"] == "sgd"


def test_the_best_by_descent_is_the_error_of_all_rows(session):
    ask(session, "open_sample", name="wave")
    ask(session, "change_settings", settings={"batch_size": 1})
    session.engine.cost = 1e9  # no time to look at all rows
    ask(session, "step", count=300)
    batches = [s.error for s in session.state.run.saved_steps if s.origin == "descent"][:-1]
    kept = session.state.best["descent"]
    assert kept.error > min(batches)
    network, data = session.state.settings.network, session.state.descent.split.training
    found = forward(network, kept.values, data["x"])
    assert kept.error == pytest.approx(float(np.mean((data["y"] - found) ** 2)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_keep_their_dtype_and_steps_are_those_of_descend(dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 3)).astype(dtype)
    y = np.sin(x[:, 0])
    net = ds.Network(3, [ds.Dense(5, "tanh"), ds.Dense(1)])
    how = {"learning_rate": 0.01, "optimizer": "adam", "batch_size": 8}
    frame_, choices = frame_of_arrays(x, y[:, None])
    played = Session(rows_of(frame_, choices, "x and y"), settings_of(net).changed(how))
    ask(played, "step", count=20)
    run = ds.descend(net, x, y, steps=20, **how)
    for name, value in run.parameters.items():
        assert played.parameters[name].dtype == dtype
        np.testing.assert_array_equal(played.parameters[name], value)


@pytest.mark.parametrize(
    ("units", "loss", "y"),
    [
        (5, "cross_entropy", [0, 2, 4, 2]),
        (12, "cross_entropy", [0, 10, 2, 11]),
        (2, "cross_entropy", [0, 1, 1, 0]),
        (1, "binary_cross_entropy", [0, 1, 1, 0]),
        (1, "binary_cross_entropy", [0.0, 0.3, 0.9, 1.0]),
        (2, "binary_cross_entropy", [[0, 1], [1, 1], [0.5, 0], [1, 0]]),
        (2, "squared_error", [[0, 1], [1, 1], [0.5, 0], [1, 0]]),
    ],
)
def test_targets_given_as_arrays_are_those_that_are_learned(units, loss, y):
    """Classes that are not there keep their numbers, and shares are not cut to whole ones."""
    net = ds.Network(2, [ds.Dense(units)], loss=loss)
    x = np.arange(8.0).reshape(4, 2) / 8
    played = _maker(net, x, y, None, None, {})()
    np.testing.assert_array_equal(played.state.descent.split.data["y"].reshape(np.shape(y)), y)
    ask(played, "step", count=3)
    run = ds.descend(net, x, y, steps=3)
    np.testing.assert_array_equal(played.parameters[W], run.parameters[W])
    told = frame(played, pictures={"residuals": {}, "fitted": {"columns": [0]}})
    assert "refused" not in told["pictures"]["residuals"]
    if loss == "cross_entropy":
        given = forward(net, run.parameters, x)
        np.testing.assert_array_equal(told["rows"]["class"], given.argmax(axis=1))
        assert told["pictures"]["residuals"]["confusion"].shape == (units, units)
        ask(played, "edit_cell", row=0, column="y", text="1")
        assert played.state.descent.split.data["y"][0] == 1
        with pytest.raises(DownslopeError, match="none of the classes"):
            ask(played, "edit_cell", row=0, column="y", text=str(units))


def test_a_network_with_other_layers_is_not_drawn_as_if_it_had_none():
    layers = [ds.Dense(3, "tanh"), ds.Residual([ds.Dense(3)]), ds.LayerNorm(), ds.Dense(1)]
    x, y = np.eye(3), np.arange(3.0)
    for given, drawn in ((layers, False), ([layers[0], ds.Dropout(0.1), layers[-1]], True)):
        told = overview_of(_maker(ds.Network(3, given), x, y, None, None, {})(), Viewer())
        assert told["network"]["drawn"] is drawn


@pytest.mark.parametrize(
    "query",
    [
        "(select zz from read_csv('{path}'))",
        "(SELECT a FROM read_csv('{path}'))",
        "x1 in (sElEcT a\nFrOm read_csv('{path}'))",
        "(from read_csv('{path}'))",
        "(with t as (table s) table t)",
    ],
)
def test_a_formula_reads_no_files(session, query, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("a,secret\n1,2\n")
    with pytest.raises(DownslopeError, match="begins a query") as refused:
        ask(session, "choose_columns", formulas=[query.format(path=path)])
    assert "secret" not in str(refused.value)


def test_a_formula_that_polars_takes_minutes_for_is_refused(session):
    with pytest.raises(DownslopeError, match="at most 400 characters, not 15,002"):
        ask(session, "choose_columns", formulas=["x1 + " * 3000 + "x1"])


def test_a_column_whose_name_is_a_word_of_queries_is_used_in_quotes():
    shown = pl.DataFrame({"hours from start": [1.0, 2.0, 4.0], "with": [2.0, 1.0, 0.0], "y": [1.0, 2.0, 3.0]})
    given = rows_of(shown, Choices(("y",), formulas=('"hours from start" * "with"',)), "t")
    assert given.shown.to_series(-1).to_list() == [2.0, 2.0, 0.0]


@pytest.mark.parametrize("value", [1e39, -1e300, float("nan"), float("inf")])
def test_a_weight_by_hand_is_finite_in_the_precision_of_the_rows(value):
    played = _maker(ds.Network(1, [ds.Dense(1)]), np.float32([[1], [2]]), [1, 2], None, None, {})()
    with pytest.raises(DownslopeError, match=r"a number of at most 3\.4e"):
        played.handle(SetParameter(W, [0, 0], value))
    ask(played, "set_parameter", name=W, index=[0, 0], value=-3e38)
    assert np.isfinite(played.parameters[W]).all()


def test_a_table_of_many_constant_columns_is_refused_after_one_look(session, monkeypatch):
    """Each of them was tried as the target: 2,000 took a minute."""
    looked = []

    def counted(*arguments):
        looked.append(arguments[1].targets)
        return rows_of(*arguments)

    monkeypatch.setattr("downslope.studio.session.handlers._table.rows_of", counted)
    names = [f"c{i}" for i in range(1000)]
    cells = ["1"] * len(names)
    text = "\n".join([",".join([*names, "y"]), *(",".join([*cells, str(row)]) for row in range(5))])
    with pytest.raises(DownslopeError, match='no column besides "y" can be used') as refused:
        ask(session, "paste", text=text)
    assert looked == [("y",)]
    assert len(str(refused.value)) < 1000
