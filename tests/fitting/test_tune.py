"""Searches of settings: warm starts, outer rows that nobody saw, and the model of the printed settings."""

import json
import signal
from dataclasses import replace
from inspect import signature

import numpy as np
import polars as pl
import pytest

import downslope as ds
from downslope.fitting import LINEAR
from downslope.fitting._fit import opened_fit
from downslope.fitting._training import with_folds
from downslope.fitting.ensemble import FitHooks, linear_group, networks_for
from downslope.fitting.evaluation import Estimate
from downslope.fitting.record import Searched
from downslope.fitting.search._course import Course
from downslope.fitting.search._halving import SHARES, Halving
from downslope.fitting.search._outer import split_rows
from downslope.fitting.search._scoring import Scoring
from downslope.fitting.search._space import DEFAULTS, space_for
from downslope.fitting.search._trainer import Trainer
from downslope.nets import Ensemble
from downslope.training import descend

DRAW = np.random.default_rng(7)
ROWS = 120
X = DRAW.normal(size=(ROWS, 2))
TABLE = pl.DataFrame(
    {
        "a": X[:, 0],
        "b": X[:, 1],
        "t": np.arange(ROWS) / 2,
        "who": np.arange(ROWS) % 12,
        "y": X[:, 0] * X[:, 1] + 0.1 * DRAW.normal(size=ROWS),
    }
)
QUICK = {"epochs": 8, "members": 2, "time": None}
LATE = slice(ROWS * 4 // 5, None)


def searched(**given):
    return ds.tune(TABLE, "y", **{"trials": 2, "drop": ["who"], **QUICK, **given})


@pytest.fixture(scope="module")
def tuned():
    return searched(order="t")


def opened_rows(**given):
    usual = {name: each.default for name, each in signature(ds.fit).parameters.items()}
    asked = {"data": TABLE, "target": "y", "drop": ["who"], "members": 4, "epochs": 8}
    opened = opened_fit({**usual, **asked, **given})
    return opened, opened.rows()


def trainer():
    opened, rows = opened_rows()
    encoded = with_folds(rows, rows, opened.settings)
    linear = linear_group(encoded, rows.encoder, rows.target, opened.settings, FitHooks())
    return Trainer(rows, encoded, linear, opened.settings, Scoring("root_mean_squared_error"))


@pytest.mark.thorough
def test_a_candidate_that_went_through_all_rungs_is_where_one_descent_takes_it():
    made = trainer()
    learned = None
    for rung in range(len(SHARES)):
        learned = made.advance(DEFAULTS, rung, learned, None)
    rows, settings = made.encoded, made.settings
    networks = networks_for(made.rows.encoder, made.rows.target, settings, rows)
    for name, network in networks.items():
        asked = {**settings.descent(ROWS, 8), "patience": None}
        whole = descend(
            Ensemble([network] * 4), rows.x, rows.y, row_weights=rows.weights, validation=rows.folds, **asked
        )
        assert np.array_equal(learned.runs[name].losses, whole.losses)
        for parameter, value in whole.parameters.items():
            assert np.array_equal(learned.runs[name].parameters[parameter], value), (name, parameter)


def test_many_rows_are_first_tried_on_some(monkeypatch):
    made = trainer()
    monkeypatch.setattr("downslope.fitting.search._trainer._ENOUGH_ROWS", 40)
    counts = [len(made.labelled(rung)) for rung in range(len(SHARES))]
    assert counts == [40, 60, 120, 120]
    learned = None
    for rung in range(len(SHARES)):
        learned = made.advance(DEFAULTS, rung, learned, None)
        assert np.isfinite(learned.score.value)
    assert len(learned.score.influence) == ROWS


def test_the_model_is_that_of_fit_with_the_settings(tuned):
    again = ds.fit(TABLE, "y", drop=["who"], epochs=8, members=2, time="t", **tuned.settings)
    assert set(again.parameters) == set(tuned.model.parameters)
    for name, value in again.parameters.items():
        assert np.array_equal(tuned.model.parameters[name], value)
    assert again.record.asked == tuned.model.record.asked


def test_the_score_of_the_defaults_is_that_of_a_fit_to_the_rows_of_the_search(tuned):
    usual = ds.fit(TABLE[: LATE.start], "y", drop=["who"], epochs=8, members=2, time="t")
    errors = usual.predict(TABLE[LATE]) - TABLE["y"][LATE].to_numpy()
    assert tuned.searched.defaults.value == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert (tuned.searched.rows, tuned.searched.outer_rows) == (96, 24)


def test_no_trial_knows_the_targets_of_the_outer_rows(tuned):
    y = TABLE["y"].to_numpy().copy()
    y[LATE] = y[LATE][::-1] * 3
    other = ds.tune(TABLE.with_columns(pl.Series("y", y)), "y", drop=["who"], trials=2, order="t", **QUICK)
    assert [t.score for t in other.trials] == [t.score for t in tuned.trials]
    assert other.searched.settings == tuned.searched.settings
    assert other.searched.defaults.value != tuned.searched.defaults.value


def test_groups_are_outer_as_a_whole():
    opened, rows = opened_rows(group="who", drop=[])
    parts = split_rows(opened, rows)
    inner, outer = (
        set(TABLE["who"].to_numpy()[of].tolist()) for of in (parts.inner.index, parts.labelled.index)
    )
    assert inner | outer == set(range(12))
    assert not inner & outer
    assert 2 <= len(outer) <= 3


@pytest.mark.thorough
def test_settings_that_are_better_are_taken():
    x = np.random.default_rng(0).uniform(-2, 2, size=(300, 2))  # no row decides the error alone
    found = ds.tune(x, np.sin(3 * x[:, 0]) + x[:, 1] ** 2, trials=8, **QUICK)
    assert found.settings
    assert found.searched.taken
    assert found.searched.gain.value > found.searched.gain.standard_error
    assert "Better than the defaults by" in str(found)
    last = [t for t in found.trials if t.rung == len(SHARES)]
    assert min(last, key=lambda t: t.score).settings == found.settings


@pytest.mark.thorough
def test_the_defaults_are_kept_where_nothing_can_be_learned():
    noise = TABLE.with_columns(pl.Series("y", np.random.default_rng(1).normal(size=ROWS)))
    found = ds.tune(noise, "y", drop=["who", "t"], trials=4, **QUICK)
    assert found.settings == {}
    assert not found.searched.taken
    assert "No better than the defaults" in str(found)
    assert found.model.record.asked == ("drop=('who', 't')", "members=2", "epochs=8")


@pytest.mark.thorough
def test_what_is_given_is_not_searched():
    found = searched(
        hidden=8, activation="tanh", dropout=0.0, learning_rate=0.01, weight_decay=0.0, batch_size=16
    )
    assert {tuple(t.settings) for t in found.trials} == {()}
    assert found.searched.trials == 1


@pytest.mark.thorough
def test_classes_are_scored_by_their_log_loss(tmp_path):
    names = pl.Series("y", np.where(TABLE["y"].to_numpy() > 0, "up", "down"))
    found = ds.tune(
        TABLE.with_columns(names), "y", drop=["who"], trials=2, log=tmp_path / "log.jsonl", **QUICK
    )
    assert found.searched.metric == "log_loss"
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["score"] for line in lines] == [t.score for t in found.trials]
    assert lines[0]["settings"] == {}
    assert lines[0]["rung"] == 1


@pytest.mark.thorough
def test_weights_of_classes_are_those_of_fit():
    """The odds that the weights would add are taken out again; which class is said goes by the weights."""
    rows = {"a": TABLE["a"], "y": np.where(TABLE["y"].to_numpy() > 0, "up", "down")}
    asked = {"class_weight": {"up": 4}, "hidden": 8, "epochs": 8, "members": 2}
    found = ds.tune(rows, "y", trials=1, time=None, **asked)
    wanted = ds.fit(rows, "y", **asked, **found.settings)
    assert found.model.target.decision == (1.0, 4.0)
    for name, value in wanted.parameters.items():
        np.testing.assert_array_equal(found.model.parameters[name], value)


def test_the_search_is_in_the_file_of_the_model(tuned, tmp_path):
    tuned.model.save(tmp_path / "m.downslope")
    loaded = ds.load(tmp_path / "m.downslope")
    assert loaded.record.searched == tuned.searched
    assert tuned.searched.lines[0] in str(loaded.summary)


@pytest.mark.parametrize("rung", [1, 4])
def test_a_signal_keeps_the_model_of_the_defaults(rung):
    def progress(phase):
        if phase.trial is not None and phase.trial.rung == rung:
            signal.raise_signal(signal.SIGINT)

    found = searched(progress=progress)
    assert found.trials[-1].rung == rung
    assert found.settings == {}
    assert found.searched.ended == "it was interrupted"
    usual = found.model.predict(TABLE)
    assert np.isfinite(usual).all()
    assert not found.model.record.interrupted


def test_a_signal_before_there_is_a_model_is_raised():
    def progress(phase):
        if phase.fit is not None and phase.fit.name == LINEAR:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        searched(progress=progress)


def same(found, wanted):
    assert [(t.rung, t.settings, t.score, t.gain) for t in found.trials] == [
        (t.rung, t.settings, t.score, t.gain) for t in wanted.trials
    ]
    assert found.settings == wanted.settings
    assert replace(found.searched, seconds=0.0) == replace(wanted.searched, seconds=0.0)
    for name, value in wanted.model.parameters.items():
        assert np.array_equal(found.model.parameters[name], value)


SMALL = {"trials": 3, "hidden": 8, "activation": "relu", "batch_size": 48, "epochs": 4, "order": "t"}


@pytest.fixture(scope="module")
def whole():
    return searched(**SMALL)


def cut(folder, after, **given):
    """A search that ends after so many trials, as if it had been killed."""

    def progress(phase):
        if phase.trial is not None and phase.trial.number == after:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        searched(**SMALL, progress=progress, checkpoint=ds.Checkpoint(folder), **given)


@pytest.mark.thorough
def test_a_search_goes_on_where_it_was_killed(whole, tmp_path, monkeypatch):
    log = tmp_path / "log.jsonl"
    cut(tmp_path / "a", 5, log=log)
    log.write_text(log.read_text()[:-9])  # killed while it was written
    advanced = []
    advance = Trainer.advance
    monkeypatch.setattr(Trainer, "advance", lambda *given: advanced.append(given) or advance(*given))
    with pytest.warns(UserWarning, match=r"line 5 of .*log.jsonl is damaged"):
        found = searched(**SMALL, checkpoint=ds.Checkpoint(tmp_path / "a", resume=True), log=log)
    same(found, whole)
    assert (found.restored, len(advanced)) == (5, len(whole.trials) - 5)
    lines = log.read_text().splitlines()
    assert [json.loads(line)["trial"] for line in (*lines[:4], *lines[5:])] == [
        trial.number for trial in whole.trials
    ]
    again = searched(**SMALL, checkpoint=ds.Checkpoint(tmp_path / "a", resume=True))
    same(again, whole)  # with nothing left to do
    assert again.restored == len(whole.trials)
    assert len(advanced) == len(whole.trials) - 5


@pytest.mark.thorough
def test_a_trial_whose_file_is_damaged_is_made_again(whole, tmp_path):
    cut(tmp_path / "a", 6)
    for path in sorted((tmp_path / "a").glob("0*.downslope"))[3:4]:
        path.write_bytes(path.read_bytes()[:-7])
    with pytest.warns(UserWarning, match="003.downslope is damaged"):
        found = searched(**SMALL, checkpoint=ds.Checkpoint(tmp_path / "a", resume=True))
    same(found, whole)
    assert found.restored == 5


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    cut(folder, 1)
    return folder


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"data": TABLE[:-3]}, "checkpoints of another training: table was"),
        ({"seed": 1}, "seed was 0 and is 1"),
        ({"dropout": 0.2}, "given was"),
        ({"checkpoint": None}, "checkpoint needs a ds.Checkpoint"),
    ],
)
def test_a_folder_of_another_search_is_refused(begun, given, message):
    kept = ds.Checkpoint(begun, resume=True) if "checkpoint" not in given else "runs/a"
    asked = {"data": TABLE, "target": "y", "drop": ["who"], **QUICK, **SMALL, **given, "checkpoint": kept}
    with pytest.raises(ds.DownslopeError, match=message):
        ds.tune(**asked)
    with pytest.raises(ds.DownslopeError, match="go on from them with resume=True"):
        searched(checkpoint=ds.Checkpoint(begun))


def test_too_little_time_fits_the_defaults_within_it():
    found = ds.tune(TABLE, "y", drop=["who"], time=0.05)
    assert found.searched.trials == 0
    assert found.trials == ()
    assert "a fit of the defaults takes more than" in str(found)
    assert len(found.model.predict(TABLE)) == ROWS


@pytest.mark.thorough
def test_where_a_fit_of_the_defaults_takes_too_long_settings_are_compared_in_shorter_ones(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("downslope.fitting.search._course._FIRST_SHARE", 0.0)
    asked = {**SMALL, "time": "1h"}
    found = searched(**asked)
    assert found.searched.shortened == "2 epochs"
    assert found.searched.trials == 3
    assert "settings were compared in fits of 2 epochs" in str(found)
    assert "epochs" not in found.settings
    short = {"hidden": 8, "activation": "relu", "batch_size": 48, "epochs": 2, "members": 2}
    usual = ds.fit(TABLE[: LATE.start], "y", drop=["who"], time="t", **short)
    errors = usual.predict(TABLE[LATE]) - TABLE["y"][LATE].to_numpy()
    assert found.searched.defaults.value == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-5)
    assert any(setting.startswith("time_limit=") for setting in found.model.record.asked)
    assert found.model.record.rows == ROWS
    found.model.save(tmp_path / "m.downslope")
    assert ds.load(tmp_path / "m.downslope").record.searched == found.searched

    def progress(phase):
        if phase.trial is not None and phase.trial.number == 3:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        searched(**asked, progress=progress, checkpoint=ds.Checkpoint(tmp_path / "a"))
    again = searched(**asked, checkpoint=ds.Checkpoint(tmp_path / "a", resume=True))
    assert [(t.settings, t.score) for t in again.trials] == [(t.settings, t.score) for t in found.trials]
    assert again.restored == 3


def test_fits_that_still_take_too_long_have_fewer_epochs_and_members():
    course = object.__new__(Course)
    opened, rows = opened_rows(members=None)
    outer = split_rows(opened, rows)
    for name, value in {"opened": opened, "outer": outer, "started": 0.0, "end": 1000.0}.items():
        object.__setattr__(course, name, value)

    def scale(*pace):
        object.__setattr__(course, "pace", list(pace))
        return course._scale(200.0)

    assert scale(0.0, 1.0, 2.0) == {"epochs": 4}  # half of those that were asked for
    assert scale(0.0, 4.0) == {"epochs": 4}
    assert scale(0.0, 10.0) == {"epochs": 4, "members": 2}
    assert scale(0.0, 50.0) == {"epochs": 1, "members": 2}
    assert scale() == {"epochs": 1, "members": 2}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"target": ["a", "y"]}, "target needs one column"),
        ({"hidden": ()}, "a linear model, which has no settings to search"),
        ({"time": "soon"}, "time needs seconds or a text such as '90s', '10m' or '2h', not 'soon'"),
        ({"time": -1}, "time needs a number above 0"),
        ({"trials": 0}, "trials needs a whole number of at least 1"),
        ({"data": TABLE[:50]}, "50 rows with a target are too few to search settings"),
        ({"log": "/no/such/folder/log"}, "the log cannot be written to"),
        ({"dropout": 2}, "dropout needs a number of at least 0 and below 1"),
        ({"order": "c"}, '"c"'),
    ],
)
def test_what_does_not_serve_is_refused(given, message):
    with pytest.raises(ds.DownslopeError) as found:
        ds.tune(**{"data": TABLE, "target": "y", **given})
    assert message in str(found.value)


def test_the_better_half_goes_on_and_the_defaults_always():
    halving, others = Halving(), [(("dropout", d),) for d in (0.1, 0.3, 0.4, 0.5)]
    halving.add(0, DEFAULTS, 9.0, "learned")
    assert halving.promoted() == (1, DEFAULTS)
    assert halving.taken(1, DEFAULTS) == "learned"
    halving.add(1, DEFAULTS, 8.0, "more")
    halving.taken(2, DEFAULTS)
    for place, candidate in enumerate(others):
        halving.add(0, candidate, float(place), place)
        if place == 0:
            assert halving.promoted() == (1, candidate)
    assert halving.promoted() == (1, others[0])
    halving.taken(1, others[0])
    halving.add(1, others[0], 1.0, "")
    assert halving.promoted() == (2, others[0])
    halving.taken(2, others[0])
    assert halving.promoted() == (1, others[1])
    assert halving.compared == 1
    assert halving.ranked(1) == [others[0], DEFAULTS]


def test_new_settings_are_never_those_that_were_tried():
    space, tried, rng = (
        space_for(trainer().settings, ROWS, {"epochs": 8}),
        {DEFAULTS},
        np.random.default_rng(0),
    )
    for _ in range(200):
        found = space.new(tried, [DEFAULTS], rng)
        assert found not in tried
        assert "epochs" not in dict(found)
        tried.add(found)


@pytest.mark.parametrize(
    ("gain", "taken", "settings", "said"),
    [
        (Estimate(0.2, 0.1), True, ("dropout=0",), "Better than the defaults by 10.0 % ± 5.0 %."),
        (Estimate(0.1, 0.2), False, ("dropout=0",), "the difference is within its standard error"),
        (Estimate(-0.1, 0.2), False, ("dropout=0",), "No better than the defaults on these rows"),
        (Estimate(None), False, (), "nothing that was tried was"),
        (Estimate(None), False, ("dropout=0",), "were not compared"),
    ],
)
def test_the_conclusion_says_whether_the_defaults_are_kept(gain, taken, settings, said):
    two, none = Estimate(2.0, 0.1), Estimate(None)
    found = Searched("log_loss", 9, 1.0, 80, 20, settings, two, two if gain.value else none, gain, taken)
    assert said in found.conclusion
