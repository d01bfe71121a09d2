"""How many networks of a kind there are, which rows they hold out, and how long they are trained."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.fitting.ensemble import EnsembleGroup, FitSettings, folds_of
from downslope.fitting.ensemble._ensemble import _epochs_after
from thorough import one_in

QUICK = {"hidden": 8, "epochs": 2}
RNG = np.random.default_rng(4)


def noise(rows: int) -> dict[str, np.ndarray]:
    return {"a": RNG.normal(size=rows), "b": RNG.normal(size=rows), "y": RNG.normal(size=rows)}


@pytest.mark.parametrize(
    ("rows", "given", "members", "held_out"),
    one_in(
        3,
        [
            (499, {}, 8, 499),
            (500, {}, 4, 250),
            (500, {"members": 8}, 8, 500),
            (503, {}, 4, 251),
            (600, {"members": 3}, 3, 600),
        ],
    ),
)
def test_many_rows_have_half_of_the_networks(rows, given, members, held_out) -> None:
    model = ds.fit(noise(rows), "y", **QUICK, **given)
    assert {group.members for group in model.record.groups} == {members}
    assert abs(model.record.validation_rows - held_out) <= members  # of an eighth each, give or take a row


def test_half_of_each_class_is_held_out() -> None:
    table = noise(800)
    table["y"] = np.where(np.arange(800) % 10 < 2, "rare", "often")
    model = ds.fit(table, "y", **QUICK)
    known = model.held_out.rows.true
    assert len(known) == 400
    assert np.bincount(np.unique(known, return_inverse=True)[1]).tolist() == [320, 80]


@pytest.mark.thorough
@given(
    rows=st.integers(16, 200),
    members=st.integers(2, 6),
    more=st.integers(0, 6),
    seed=st.integers(0, 5),
)
@settings(deadline=None)
def test_each_member_holds_out_one_share_of_so_many(rows, members, more, seed) -> None:
    of = folds_of(np.arange(rows) % 3, members, seed, folds=members + more).of
    counts = np.bincount(of + 1, minlength=members + 1)
    assert set(counts[1:]) <= {rows // (members + more), -(-rows // (members + more))}
    assert counts[0] == rows - counts[1:].sum()


def test_groups_of_rows_are_held_out_whole_or_not_at_all() -> None:
    groups = RNG.integers(0, 30, 600)
    of = folds_of(np.zeros(600), 4, 0, groups, folds=8).of
    assert all(len(set(of[groups == group])) == 1 for group in range(30))
    assert 200 < (of >= 0).sum() < 400


def test_groups_after_one_that_was_best_early_have_fewer_epochs() -> None:
    model = ds.fit(noise(300), "y", hidden=64)
    _, first, second = model.record.groups
    assert first.epochs < 40
    assert second.epochs <= math.ceil(1.25 * first.best_epoch) + 2


def test_epochs_that_are_given_stay_for_all_groups() -> None:
    table = noise(300)
    model = ds.fit(table, "y", hidden=8, epochs=15, learning_rate=1e-4)
    longest = [group.epochs for group in model.record.groups[1:]]
    assert longest == [15, 15]  # at so small a rate each epoch is better than the one before


@pytest.mark.parametrize(
    ("rows", "at_first", "later"),
    [(60, 40, 100), (1000, 40, 100), (10_000, 25, 75), (20_000, 12, 37), (43_000, 8, 17), (10**6, 8, 8)],
)
def test_epochs_by_rows(rows, at_first, later) -> None:
    assert FitSettings().epochs_for(rows) == at_first
    assert FitSettings().more_epochs_for(rows) == later
    assert FitSettings(epochs=7).more_epochs_for(rows) == 7


@given(rows=st.integers(50, 10**7))
def test_later_groups_have_more_epochs_only_where_they_make_few_updates(rows) -> None:
    first, later = FitSettings().epochs_for(rows), FitSettings().more_epochs_for(rows)
    assert later >= first
    assert later == first or later * -(-rows // FitSettings().batch_for(rows)) <= 3000
    assert FitSettings().descent(rows, later)["patience"] == max(3, later // 5)


@pytest.mark.parametrize(
    ("best", "ran", "stopped", "little", "epochs"),
    [
        (8, 16, "patience", False, 12),
        (32, 40, "patience", False, 40),
        (34, 40, "finished", False, 100),
        (40, 40, "finished", False, 100),
        (8, 16, "patience", True, 100),
        (20, 20, "finished", False, 40),  # of the epochs that there was time for
        (20, 20, "time", False, 40),
    ],
)
def test_epochs_after_the_first_group(best, ran, stopped, little, epochs) -> None:
    run = SimpleNamespace(best_epoch=best, stopped=stopped, validation_losses=np.ones(ran))
    first = EnsembleGroup("periodic", None, run, np.zeros((1, 1)))
    assert _epochs_after(first, FitSettings(), 1000, little) == epochs
    assert _epochs_after(first, FitSettings(epochs=40), 1000, little) == 40


@pytest.mark.thorough
def test_more_epochs_follow_where_they_pay() -> None:
    """A wave without noise: the group that follows is trained longer, and errs less than 40 epochs would."""
    x = np.random.default_rng(1).uniform(-1, 1, (700, 2))
    y = np.sin(4 * x[:, 0]) * x[:, 1]
    table, new = {"a": x[:400, 0], "b": x[:400, 1], "y": y[:400]}, {"a": x[400:, 0], "b": x[400:, 1]}
    models = {epochs: ds.fit(table, "y", members=2, hidden=32, epochs=epochs) for epochs in (None, 40)}
    assert models[None].record.groups[-1].epochs > 40
    errors = {epochs: np.mean((model.predict(new) - y[400:]) ** 2) for epochs, model in models.items()}
    assert errors[None] < 0.5 * errors[40]
