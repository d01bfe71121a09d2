"""Between which numbers predictions lie."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from downslope.errors import DownslopeError
from downslope.tables import Target


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([2.0, 3.0, 10.0], (0.0, 14.0), id="what was never negative is not"),
        pytest.param([-10.0, -3.0, -2.0], (-14.0, 0.0), id="nor what was never positive"),
        pytest.param([-4.0, 0.0, 4.0], (-8.0, 8.0), id="half the range at both ends"),
        pytest.param([0.0, 5.0, 5.0, 5.0], (0.0, 5.0), id="an end that rows share is kept"),
        pytest.param([1.0, 1.0, 1.0, 3.0], (1.0, 4.0), id="and the other one is not"),
        pytest.param([1.0, 5.0, 5.0], (0.0, 7.0), id="two rows are none to tell by"),
        pytest.param([7.0, 7.0, 7.0], (7.0, 7.0), id="a constant"),
        pytest.param([-1.7e308, 0.05e308], (np.finfo(float).min, 0.925e308), id="as far as numbers go"),
    ],
)
def test_predictions_are_between_these(values: list[float], expected: tuple[float, float]) -> None:
    target = Target.fit(pl.Series("y", values), "regression")
    assert target.ends == pytest.approx(expected)
    with np.errstate(over="ignore"):
        far = target.numbers(target.clipped(np.array([-1e30, 1e30])))
    assert far == pytest.approx(expected)


def test_limits_are_in_the_file_and_targets_of_older_ones_stay_within_their_range() -> None:
    target = Target.fit(pl.Series("y", [2.0, 3.0, 10.0]), "regression")
    data = json.loads(json.dumps(target.to_json()))
    assert Target.from_json(data) == target
    del data["limits"]
    assert Target.from_json(data).ends == (2.0, 10.0)


@pytest.mark.parametrize("limits", [[0.0], [3.0, 20.0], [0.0, 9.0], [-np.inf, 20.0], ["0", "20"], 5])
def test_damaged_limits_are_refused(limits: object) -> None:
    data = Target.fit(pl.Series("y", [2.0, 3.0, 10.0]), "regression").to_json()
    with pytest.raises(DownslopeError, match="damaged"):
        Target.from_json({**data, "limits": limits})
