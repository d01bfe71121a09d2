"""Groups of rows that are held out together."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.fitting.ensemble import _ensemble, folds_of

QUICK = {"epochs": 3, "hidden": 8}


def patients(rows=300, per_patient=6, seed=0):
    """Rows of a patient share a level and some marks; nothing of one patient holds for another."""
    draw = np.random.default_rng(seed)
    patient = np.arange(rows) // per_patient
    level, mark = draw.normal(size=patient[-1] + 1)[patient], draw.normal(size=(patient[-1] + 1, 3))[patient]
    marks = {f"mark{i}": mark[:, i] for i in range(3)}
    y = level + 0.05 * draw.normal(size=rows)
    return pl.DataFrame({"patient": [f"p{i}" for i in patient], **marks, "y": y})


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=40),
    members=st.integers(1, 8),
    seed=st.integers(0, 5),
)
@settings(deadline=None)
@pytest.mark.thorough
def test_groups_stay_together_and_shares_are_as_equal_as_they_allow(sizes, members, seed):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    members = min(members, len(sizes))
    folds = folds_of(np.zeros(len(groups)), members, seed, groups).of
    assert all(len(set(folds[groups == group])) == 1 for group in range(len(sizes)))
    if members == 1:
        assert set(folds) == {0, -1}
        return
    rows = np.bincount(folds, minlength=members)
    assert rows.min() > 0
    assert rows.max() - rows.min() <= max(sizes)


@pytest.mark.parametrize("members", [1, 2, 5, 8])
def test_no_network_is_measured_on_a_group_it_was_trained_on(monkeypatch, members):
    seen = []
    train = _ensemble.train_group

    def recorded(name, network, rows, **options):
        seen.append(rows.folds.of)
        return train(name, network, rows, **options)

    monkeypatch.setattr(_ensemble, "train_group", recorded)
    table = patients()
    ds.fit(table, "y", group="patient", members=members, **QUICK)
    names = table["patient"].to_numpy()
    assert seen
    for of in seen:
        assert all(len(set(of[names == name])) == 1 for name in set(names))


@pytest.mark.thorough
def test_scores_of_held_out_groups_are_those_of_new_groups():
    table, later = patients(), patients(seed=1)
    apart = ds.fit(table, "y", group="patient")
    together = ds.fit(table.drop("patient"), "y")
    new = 1 - np.mean((together.predict(later) - later["y"].to_numpy()) ** 2) / later["y"].var(ddof=0)
    assert new < 0.1  # nothing is to be learned of patients that were never seen
    assert together.record.network.r2 > 0.5  # with other rows of the same patients among the training rows
    assert apart.record.network.r2 < 0.2
    assert [c.reason for c in apart.record.columns if c.name == "patient"] == ["the groups of the rows"]
    assert "any row of its patient" in apart.summary.validation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"group": "patients"}, 'no column "patients" for group; did you mean "patient"'),
        ({"group": "patient", "drop": ["patient"]}, "in drop and in group"),
        ({"group": "y"}, 'group and target are both "y"'),
        ({"group": "one"}, "in one group"),
        ({"group": 3}, 'no column "3" for group'),
        ({"group": 3.5}, "group needs the name of a column"),
    ],
)
def test_groups_that_do_not_serve(options, message):
    table = patients(60).with_columns(one=pl.lit("a"))
    with pytest.raises(ds.DownslopeError, match=message):
        ds.fit(table, "y", **options, **QUICK)


def test_a_single_group_is_found_among_the_rows_that_are_used() -> None:
    table = patients(60).with_columns(
        clinic=pl.when(pl.int_range(pl.len()) < 6).then(pl.lit("a")).otherwise(pl.lit("b")),
        weight=(pl.int_range(pl.len()) >= 6).cast(pl.Int64),
        known=pl.when(pl.int_range(pl.len()) >= 6).then("y"),
    )
    with pytest.raises(ds.DownslopeError, match='every row of "clinic" that can be used is in one group'):
        ds.fit(table, "y", group="clinic", row_weights="weight", **QUICK)
    with pytest.raises(ds.DownslopeError, match='every row of "clinic" that can be used is in one group'):
        ds.fit(table.drop("y"), "known", group="clinic", **QUICK)
    assert ds.fit(table, "y", group="clinic", **QUICK).record.group == "clinic"


def test_one_held_out_group_leaves_no_other_to_learn_intervals_from() -> None:
    table = patients(60).with_columns(half=pl.int_range(pl.len()) % 2)
    model = ds.fit(table, "y", group="half", members=1, **QUICK)
    assert model.intervals is None
    with pytest.raises(ds.DownslopeError, match="or the held-out rows are of one group"):
        model.predict_interval(table)
