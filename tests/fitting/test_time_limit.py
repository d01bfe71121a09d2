"""Time limits of fits, on a machine on which a step of a network takes a second, by a clock of its own."""

from collections.abc import Iterator

import numpy as np
import pytest

import downslope as ds
from downslope.fitting import _fit
from downslope.fitting.ensemble import (
    EncodedRows,
    FitHooks,
    FitPhase,
    FitSettings,
    _hooks,
    _intervals,
    _room,
    _within,
)
from downslope.fitting.ensemble._room import Room, room_for
from downslope.training import Folds

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(300, 3))
TABLE = {f"x{i}": X[:, i] for i in range(3)} | {"y": np.sin(2 * X).sum(axis=1) + DRAW.normal(size=300) / 2}
HOW = {"hidden": (8,), "epochs": 20}
STEPS = 5  # of an epoch
WHOLE = 16 * STEPS * HOW["epochs"]  # steps of all networks of a fit without a limit


class Machine:
    """A step of one network takes a second; how many it took is seen from the progress."""

    def __init__(self) -> None:
        self.now, self.step, self.name, self.members = 0.0, 0, "", 8

    def progress(self, phase: FitPhase) -> None:
        if phase.name == "linear":
            return
        self.step *= phase.name == self.name
        members = {"intervals": 2}.get(phase.name, self.members)
        self.now += (phase.progress.step - self.step) * members
        self.name, self.step = phase.name, phase.progress.step


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    machine = Machine()

    def seconds_of_a_step(network, rows, asked, seed, seconds):
        machine.members = rows.members
        return float(rows.members)

    for module in (_within, _room, _intervals):
        monkeypatch.setattr(module, "seconds_of_a_step", seconds_of_a_step)
    monkeypatch.setattr(_hooks, "monotonic", lambda: machine.now)
    return machine


def networks(model: ds.Model) -> int:
    return sum(group.members for group in model.record.groups if group.name != "linear")


@pytest.mark.thorough
def test_more_time_means_more_epochs_then_more_networks(machine: Machine) -> None:
    """And each limit is kept, intervals included."""
    trained = []
    for share in (0.01, 0.05, 0.2, 0.4, 0.8, 1.6):
        machine.now, limit = 0.0, share * WHOLE
        model = ds.fit(TABLE, "y", time_limit=limit, progress=machine.progress, **HOW)
        assert machine.now <= limit
        assert model.predict_interval(TABLE).shape == (300, 2)
        trained.append((networks(model), max(g.epochs for g in model.record.groups[1:])))
    counts = [count for count, _ in trained]
    assert counts == sorted(counts)
    assert counts[0] == 1
    assert counts[-1] >= 16
    assert trained[0][1] < trained[1][1] <= HOW["epochs"]


@pytest.mark.thorough
def test_a_limit_larger_than_needed_is_none(machine: Machine) -> None:
    """The same networks with the same bits; time that is left goes into others."""
    without = ds.fit(TABLE, "y", **HOW).record.groups
    found = ds.fit(TABLE, "y", time_limit=2.5 * WHOLE, progress=machine.progress, **HOW).record.groups
    assert len(found) > len(without)
    for one, other in zip(without, found, strict=False):
        assert one.validation_errors == other.validation_errors


@pytest.mark.parametrize(("members", "epochs"), [(4, 20), (1, 20)])
def test_members_that_were_asked_for_stay(machine: Machine, members: int, epochs: int) -> None:
    model = ds.fit(TABLE, "y", members=members, time_limit=0.1 * WHOLE, progress=machine.progress, **HOW)
    assert {group.members for group in model.record.groups} == {members}


def test_one_member_for_want_of_time_is_blended_with_the_linear_model(machine: Machine) -> None:
    model = ds.fit(TABLE, "y", time_limit=0.02 * WHOLE, progress=machine.progress, **HOW)
    assert model.record.validation_rows == pytest.approx(300 / 8, abs=1)
    assert isinstance(model.network, ds.Ensemble)
    assert sum(group.share for group in model.record.groups) == pytest.approx(1)


@pytest.mark.parametrize(
    ("seconds", "steps"), [(1000.0, 40 * STEPS), (100.0, 85), (10.0, 5), (5.0, 4), (0.1, 1)]
)
def test_steps_are_whole_epochs_where_there_is_time_for_one(
    machine: Machine, seconds: float, steps: int
) -> None:
    rows = EncodedRows(X, TABLE["y"], np.ones(300), Folds(np.where(np.arange(300) < 40, 0, -1)))
    asked = FitSettings().descent(300, 40)
    planned = _within.within(seconds, "a", ds.Network(3, [ds.Dense(1)]), rows, asked, 0, FitHooks())
    assert planned["steps"] == steps
    assert planned["epochs"] is None
    assert planned["time_limit"] == seconds
    assert planned["ema_decay"] == pytest.approx(asked["ema_decay"] ** (40 * STEPS / steps))


def test_no_room_is_looked_for_where_others_choose_alike(machine: Machine) -> None:
    rows = EncodedRows(X, TABLE["y"], np.ones(300), Folds(np.arange(300) % 8))
    hooks = FitHooks(journal=object())  # type: ignore[arg-type]
    assert room_for(1.0, rows, None, None, FitSettings(), hooks) == Room(8)  # type: ignore[arg-type]
    linear = FitSettings(hidden=())
    assert room_for(1.0, rows, None, None, linear, FitHooks()) == Room(8)  # type: ignore[arg-type]


def test_the_first_members_leave_rows_to_all() -> None:
    of = np.arange(24) % 8
    unknown = np.zeros((24, 8), bool)
    unknown[0] = True
    rows = EncodedRows(np.zeros((24, 1)), np.zeros(24), np.ones(24), Folds(of), unknown)
    some = rows.of_first(2)
    assert some.folds.of.tolist() == np.where(of < 2, of, -1).tolist()
    assert (some.members, some.unknown.shape) == (2, (24, 2))
    assert not some.alone
    assert not rows.of_first(1).alone
    weights = some.learned_weights(slice(None))
    expected = np.ones((24, 2))
    expected[of == 0, 0] = expected[of == 1, 1] = expected[0] = 0
    np.testing.assert_array_equal(weights, expected)
    assert rows.of_first(8) is rows


def test_reading_the_table_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now, opened_fit, fitted_model = [0.0], _fit.opened_fit, _fit.fitted_model

    def opened(given):
        now[0] += 3
        return opened_fit(given)

    def fitted(rows, description, settings, *others):
        left.append(settings.time_limit)
        return fitted_model(rows, description, FitSettings(members=2, epochs=1), *others)

    left: list[float] = []
    monkeypatch.setattr(_hooks, "monotonic", lambda: now[0])
    monkeypatch.setattr(_fit, "opened_fit", opened)
    monkeypatch.setattr(_fit, "fitted_model", fitted)
    model = ds.fit(TABLE, "y", time_limit=10)
    ds.fit(TABLE, ["y", "x0"], time_limit=10)
    assert left == [7, 3.5, 7]
    assert "time_limit=10.0" in model.record.asked
