"""Tables with a column for eight rows or fewer: the penalty of their linear model is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LassoCV, RidgeCV

import downslope as ds
from killed import Killed

ROWS, COLUMNS = 160, 120
RNG = np.random.default_rng(3)
X = RNG.standard_normal((2 * ROWS, COLUMNS))
SPARSE = 3 * X[:, 0] - 2 * X[:, 7] + X[:, 50] + 0.5 * RNG.standard_normal(2 * ROWS)
DENSE = X @ RNG.standard_normal(COLUMNS) + RNG.standard_normal(2 * ROWS)
QUICK = {"members": 2, "epochs": 2, "hidden": 8}


def table(y, rows=slice(ROWS), columns=COLUMNS) -> dict[str, np.ndarray]:
    return {**{f"x{i}": X[rows, i] for i in range(columns)}, "y": y[rows]}


def error_of(predicted, y) -> float:
    return float(np.sqrt(np.mean((predicted - y[ROWS:]) ** 2)))


def linear_part(model: ds.Model) -> ds.Model:
    """The linear model beside the networks, or the model that has none of them in its blend."""
    return model.linear_part or model


def penalties(model: ds.Model) -> set[tuple[float, float]]:
    """l1 and l2 of the members of the linear model."""
    return {(network.l1, network.l2) for network in linear_part(model).network.networks}


def test_where_few_columns_tell_the_linear_model_leaves_out_the_others() -> None:
    model = ds.fit(table(SPARSE), "y", **QUICK)
    ((l1, l2),) = penalties(model)
    assert l1 > 0 == l2
    found = error_of(linear_part(model).predict(table(SPARSE, slice(ROWS, None))), SPARSE)
    ridge, lasso = (
        error_of(peer.fit(X[:ROWS], SPARSE[:ROWS]).predict(X[ROWS:]), SPARSE)
        for peer in (RidgeCV(np.logspace(-2, 4, 13)), LassoCV())
    )
    assert found < 1.1 * lasso < 0.7 * ridge


def test_where_all_columns_tell_none_is_left_out() -> None:
    assert penalties(ds.fit(table(DENSE), "y", **QUICK)) == {(0.0, 1e-3)}


@pytest.mark.thorough
def test_of_classes_it_is_chosen_too() -> None:
    model = ds.fit(table(np.where(SPARSE > 0, "a", "b")), "y", **QUICK)
    ((l1, _),) = penalties(model)
    assert l1 > 0


PENALISED = {"linear, l1 0.1", "linear, l1 0.03", "linear, l1 0.01"}


@pytest.mark.parametrize(("columns", "tried"), [(19, {"linear"}), (20, {"linear", *PENALISED})])
def test_others_are_tried_from_a_column_for_eight_rows_on(columns, tried) -> None:
    seen = set()
    ds.fit(table(SPARSE, columns=columns), "y", **QUICK, progress=lambda phase: seen.add(phase.name))
    assert {name for name in seen if name.startswith("linear")} == tried


def test_a_single_network_that_is_linear_has_the_penalty_that_was_best() -> None:
    model = ds.fit(table(SPARSE), "y", members=1, hidden=())
    assert model.network.l1 > 0
    (weights,) = (v for name, v in model.parameters.items() if name.endswith("weight"))
    assert 3 <= np.count_nonzero(weights) < COLUMNS / 2


@pytest.mark.thorough
def test_with_a_time_limit_it_is_chosen_too() -> None:
    assert penalties(ds.fit(table(SPARSE), "y", time_limit=3, **QUICK)) != {(0.0, 1e-3)}


@pytest.mark.thorough
def test_a_fit_that_is_killed_in_one_of_them_ends_as_the_same_file(tmp_path) -> None:
    ds.fit(table(SPARSE), "y", **QUICK).save(tmp_path / "whole")

    def kill(phase: ds.FitPhase) -> None:
        if phase.name == "linear, l1 0.03" and phase.progress.step >= 5:
            raise Killed

    with pytest.raises(Killed):
        ds.fit(
            table(SPARSE), "y", **QUICK, progress=kill, checkpoint=ds.Checkpoint(tmp_path / "runs", "1 step")
        )
    resumed = ds.Checkpoint(tmp_path / "runs", resume=True)
    ds.fit(table(SPARSE), "y", **QUICK, checkpoint=resumed).save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "whole").read_bytes()
