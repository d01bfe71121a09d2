"""What the findings about the data name: rows, columns and counts, beside what was done to a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from healthy import healthy

from downslope.insight.diagnosis import Call, Finding, examine
from downslope.insight.diagnosis.findings.data._gathered import are_gathered
from downslope.insight.diagnosis.findings.data._rows import are_copies
from downslope.nets import Dense
from downslope.training import predict
from thorough import first


def suspected(call: Call, code: str) -> Finding:
    found = examine(call, call.run(), prove=False, seconds=None).findings
    return next(finding for finding in found if finding.code == code)


@pytest.mark.parametrize("table", first(1, ["rings", "wave"]))
def test_rows_with_wrong_targets_are_named(table: str) -> None:
    call = healthy(table, "wide", 1)
    random = np.random.default_rng(0)
    wrong = np.sort(random.permutation(call.row_numbers)[:40])
    y = np.array(call.y)
    y[wrong] = 1 - y[wrong] if table == "rings" else y[np.roll(wrong, 1)]
    named = suspected(replace(call, y=y), "label-noise").where.rows
    assert np.isin(named, wrong).sum() >= 0.8 * len(named)
    far = wrong[np.abs(y[wrong] - call.y[wrong]) >= 1]  # another row's target may be as good as one's own
    assert np.isin(far, named).sum() >= 0.6 * len(far)


@pytest.mark.thorough
def test_targets_some_rows_off_are_put_back() -> None:
    call = healthy("wave", "wide", 1)
    y = np.array(call.y)
    y[200:] = np.roll(call.y[200:], 2)
    finding = suspected(replace(call, y=y), "misaligned-labels")
    assert abs(finding.where.rows[0] - 200) <= 15
    remedied, weights = finding.remedied["y"], finding.remedied["row_weights"]
    inner = np.arange(220, 480)
    np.testing.assert_array_equal(remedied[inner], call.y[inner])
    assert weights[inner].all()


def test_copies_in_the_validation_rows_are_counted() -> None:
    call = healthy("wave", "wide", 1).with_rows_apart()
    x, y = (np.asarray(part) for part in call.settings["validation"])
    more = Call(
        call.network, np.concatenate([call.x, x[:10]]), np.concatenate([call.y, y[:10]]), call.settings
    )
    finding = suspected(more, "duplicate-rows")
    assert list(finding.where.rows) == list(range(len(call.x), len(call.x) + 10))
    assert finding.evidence[0].value == pytest.approx(10 / len(x))
    assert np.count_nonzero(finding.remedied["row_weights"]) == len(call.x)


def test_the_floor_under_the_error_of_conflicting_rows() -> None:
    call = healthy("wave", "wide", 1).with_rows_apart()
    x = np.concatenate([call.x, call.x[:3]])
    y = np.concatenate([call.y, call.y[:3] + 20])
    finding = suspected(Call(call.network, x, y, call.settings), "conflicting-rows")
    assert sorted(finding.where.rows) == [0, 1, 2, *range(len(call.x), len(call.x) + 3)]
    floor = 3 * 2 * 10**2 / np.sum((y - y.mean()) ** 2)  # each pair is 10 away from its mean
    assert finding.evidence[0].value == pytest.approx(floor)


def test_the_rows_that_dominate_are_named_first_by_the_numbers_of_the_table() -> None:
    call = healthy("wave", "wide", 1)
    y = np.array(call.y)
    far = call.row_numbers[:4]
    y[far] += 100
    finding = suspected(replace(call, y=y), "outliers-dominate")
    assert set(finding.where.rows[:4]) == set(far.tolist())


def test_a_leak_is_a_question() -> None:
    call = healthy("product", "wide", 1)
    x = np.array(call.x)
    x[:, 3] = 7 - 2 * np.asarray(call.y)
    finding = suspected(replace(call, x=x), "target-leak")
    assert finding.severity == "note"
    assert finding.where.columns == (3,)
    assert finding.cause.endswith("?")


def test_the_direction_of_collinear_columns_is_named() -> None:
    call = healthy("product", "wide", 1)
    x = np.array(call.x)
    x[:, 4] = x[:, 1] + 0.01 * x[:, 4]
    finding = suspected(replace(call, x=x), "collinear-columns")
    assert set(finding.where.columns) == {1, 4}
    assert "0.71·column 1" in finding.cause
    assert "0.71·column 4" in finding.cause


def test_columns_in_which_validation_rows_differ_are_named() -> None:
    call = healthy("product", "wide", 1)
    order = np.argsort(call.x[:, 2], kind="stable")
    x, y = call.x[order], call.y[order]
    apart = Call(call.network, x[:600], y[:600], {**call.settings, "validation": (x[600:], y[600:])})
    assert suspected(apart, "shifted-validation").where.columns[0] == 2


def test_numbers_that_stand_for_gaps_are_filled_with_the_mean_of_the_others() -> None:
    call = healthy("friedman", "wide", 1)
    rows = np.arange(0, 600, 17)
    x = np.array(call.x)
    x[rows, 2] = -999
    finding = suspected(replace(call, x=x), "gaps-as-numbers")
    trained = np.setdiff1d(call.row_numbers, rows)
    assert finding.where.columns == (2,)
    assert list(finding.where.rows) == [row for row in rows if row in call.row_numbers]
    np.testing.assert_allclose(finding.remedied["x"][rows, 2], call.x[trained, 2].mean())
    others = np.setdiff1d(np.arange(600), rows)
    np.testing.assert_array_equal(finding.remedied["x"][others], call.x[others])


def test_weights_of_classes_are_set_to_the_shares_of_the_rows_that_measure() -> None:
    call = healthy("wine", "wide", 1).with_rows_apart()
    weights = np.where(np.asarray(call.y) == 2, 1.0, 5000.0)
    finding = suspected(call.with_settings(row_weights=weights), "class-imbalance")
    shares = np.bincount(call.y.astype(int), finding.remedied["row_weights"])
    there = np.bincount(call.settings["validation"][1].ravel().astype(int))
    np.testing.assert_allclose(shares / shares.sum(), there / there.sum())


@pytest.mark.parametrize("table", ["friedman", "rings", "wine"])
def test_targets_that_are_all_alike_are_a_note_and_no_fault(table: str) -> None:
    call = healthy(table, "wide", 1)
    found = examine(replace(call, y=np.ones_like(call.y)), None, prove=True, seconds=None)
    assert found.healthy
    assert [finding.code for finding in found.findings] == ["constant-column"]


@pytest.mark.thorough
@pytest.mark.parametrize("rows", first(2, [1, 8, 2]))
def test_few_rows_are_examined(rows: int) -> None:
    call = healthy("friedman", "wide", 1).with_settings(validation=None, epochs=20)
    found = examine(replace(call, x=call.x[:rows], y=call.y[:rows]), None, prove=True, seconds=None)
    assert str(found)


def test_few_numbers_as_targets_are_no_wrong_numbers() -> None:
    call = healthy("blobs", "wide", 1)
    squares = replace(call.network, layers=(*call.network.layers[:-1], Dense(1)), loss="squared_error")
    changed = replace(call, network=squares, y=call.y.astype(float))
    found = examine(changed, changed.run(), prove=False, seconds=None)
    assert "label-noise" not in [finding.code for finding in found.findings]


@pytest.mark.thorough
def test_without_validation_rows_the_error_is_that_of_rows_which_a_run_did_not_learn() -> None:
    call = healthy("friedman", "wide", 1).with_settings(validation=None, epochs=200)
    found = examine(call, call.run(), prove=False, seconds=None)
    apart = call.with_rows_apart()
    x, y = apart.held or (call.x, call.y)
    run = apart.run()
    error = np.mean((predict(call.network, x, parameters=run.parameters).ravel() - y) ** 2) / np.mean(
        (y - y.mean()) ** 2
    )
    assert found.judged_by in str(found)
    assert found.judged_by.startswith("rows that were held out")
    assert found.score == pytest.approx(error, rel=1e-6)
    few = replace(call, x=call.x[:40], y=call.y[:40])
    assert examine(few, None, prove=False, seconds=None).judged_by == "the rows that were learned from"


@pytest.mark.thorough
def test_rows_are_gathered_where_they_lie_together_within_their_group() -> None:
    random = np.random.default_rng(0)
    x, one = random.standard_normal((400, 3)), np.zeros(400, int)
    by_chance = [are_gathered(x, random.permutation(400) < 60, one) for _ in range(40)]
    assert sum(by_chance) <= 3  # at 1%, more in 1 of 1,000
    corner = x[:, 0] > 1
    assert are_gathered(x, corner, one)
    some = corner & (random.random(400) < 0.5)  # at random within the corner
    assert are_gathered(x, some, one)
    assert not are_gathered(x, some, corner.astype(int))


def test_equal_rows_are_copies_unless_they_agree_by_chance() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 17, (300, 20))
    assert are_copies(np.concatenate([pixels, pixels[:40]]))
    assert not are_copies(random.integers(0, 3, (300, 4)))
    assert are_copies(np.concatenate([random.standard_normal((30, 2)), np.ones((5, 2))]))
