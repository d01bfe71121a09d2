"""Prediction intervals: nested, and holding as often as they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope.fitting.ensemble import FitHooks, FitSettings, fit_intervals
from downslope.fitting.ensemble._intervals import COVERAGES, QUANTILES, calibrated, nested
from downslope.tables import TableEncoder, as_frame, describe
from thorough import examples

LEVELS = [0.001, 0.1, 0.3, 0.5, 0.6, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99, 0.995, 0.9999]


def noisy(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise that depends on one column, and has heavy tails."""
    draw = np.random.default_rng(seed)
    x = draw.uniform(-2, 2, (rows, 2))
    return x, np.sin(2 * x[:, 0]) + draw.standard_t(3, rows) * (0.1 + 0.4 * (x[:, 1] > 0))


@pytest.fixture(scope="module")
def model() -> ds.Model:
    return ds.fit(*noisy(800, 0), epochs=10)


def test_intervals_are_nested_for_every_level(model: ds.Model) -> None:
    x, _ = noisy(5000, 1)
    inner = model.predict_interval(x, LEVELS[0])
    for level in LEVELS[1:]:
        outer = model.predict_interval(x, level)
        assert np.all(outer[:, 0] <= inner[:, 0])
        assert np.all(inner[:, 1] <= outer[:, 1])
        inner = outer
    assert np.all(np.diff(model.predict_interval(x, LEVELS[0]), axis=1) >= 0)


@pytest.mark.thorough
@pytest.mark.parametrize("level", [0.9, 0.5, 0.3, 0.7, 0.8, 0.95, 0.99])
def test_coverage(level: float) -> None:
    held, rows = [], 1000
    for seed in range(3):
        model = ds.fit(*noisy(1500, 10 + seed), epochs=10, seed=seed)
        x, y = noisy(rows, 20 + seed)
        low, high = model.predict_interval(x, level).T
        held.append(((low <= y) & (y <= high)).mean())
    assert np.mean(held) == pytest.approx(level, abs=0.01 + 4 * (level * (1 - level) / (3 * rows)) ** 0.5)


@settings(deadline=None, max_examples=examples(100))
@given(st.integers(0, 10**6), st.integers(5, 300))
def test_calibrated_intervals_hold_as_often_as_they_say(seed: int, rows: int) -> None:
    """On the rows they are calibrated on: the next larger share that so many rows allow, with weights too."""
    draw = np.random.default_rng(seed)
    quantiles = np.sort(draw.normal(size=(rows, len(QUANTILES))) * draw.random((rows, 1)), axis=1)
    errors, weights = draw.normal(size=rows), draw.integers(0, 4, rows).astype(float)
    weights[0] = 1
    ends = nested(quantiles, calibrated(quantiles, errors, weights))
    covered, before = [], np.zeros(rows, bool)
    for place, share in enumerate(COVERAGES):
        low, high = ends[:, place].T
        within = (low - 1e-12 <= errors) & (errors <= high + 1e-12)
        assert np.all(before <= within)
        covered.append(np.average(within, weights=weights))
        one_row = 1 / np.count_nonzero(weights)
        assert covered[-1] >= min(1.0, share * (1 + one_row)) - 1e-9 or covered[-1] == 1.0
        before = within


def test_a_single_constant_quantile_gives_the_conformal_rank() -> None:
    """Without quantiles to speak of, an interval reaches to the ⌈(n + 1)·share⌉-th smallest |error|."""
    errors = np.random.default_rng(0).normal(size=199)
    widening = calibrated(np.zeros((199, len(QUANTILES))), errors, np.ones(199))
    ordered = np.sort(np.abs(errors))
    np.testing.assert_allclose(widening, [ordered[int(np.ceil(200 * share)) - 1] for share in COVERAGES])


@pytest.mark.parametrize("size", [2.0**-20, 2.0**20])
def test_intervals_grow_with_the_errors(size: float) -> None:
    """They are exactly so many times as wide, whatever the size: the errors of a good fit can be tiny."""
    x, y = noisy(300, 4)
    frame = as_frame({"a": x[:, 0], "b": x[:, 1], "y": y})
    encoder = TableEncoder.fit(frame, describe(frame, target="y"))
    rows, ones, zeros = encoder.encode(frame).x, np.ones(300, np.float32), np.zeros(300)
    settings = FitSettings(epochs=10)

    def found(errors: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        networks, ends = fit_intervals(rows, errors, ones, zeros, encoder, settings, FitHooks())
        return ends, networks.intervals(rows, zeros, LEVELS)

    errors = y.astype(np.float32)
    (held, new), (held_of_these, new_of_these) = found(errors), found(errors * np.float32(size))
    np.testing.assert_allclose(held_of_these, held * size, rtol=1e-6)
    np.testing.assert_allclose(np.array(new_of_these), np.array(new) * size, rtol=1e-5)
