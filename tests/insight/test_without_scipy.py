"""What was SciPy's is ours, beside SciPy."""

import numpy as np
import pytest
from scipy.optimize import nnls
from scipy.special import bdtrc, fdtrc, ndtr

from downslope.engines._normal import normal_cdf
from downslope.insight.curves._nonnegative import nonnegative_least_squares
from downslope.insight.diagnosis._tails import binomial_tail, f_tail


def test_the_normal_distribution_has_its_digits_in_both_tails():
    z = np.linspace(-37, 9, 20_001)
    np.testing.assert_allclose(normal_cdf(z), ndtr(z), rtol=1e-12, atol=0)
    ends = np.array([-np.inf, -50.0, 0.0, 50.0, np.inf, np.nan])
    np.testing.assert_allclose(normal_cdf(ends), [0, 0, 0.5, 1, 1, np.nan], rtol=2**-52, atol=0)
    assert normal_cdf(np.float32([1.0])).dtype == np.float32


@pytest.mark.parametrize("seed", range(20))
def test_tails(seed):
    draw = np.random.default_rng(seed)
    trials, chance = int(draw.integers(1, 5000)), float(draw.uniform(0.001, 0.5))
    for least in draw.integers(1, trials + 1, 20):
        want = bdtrc(least - 1, trials, chance)
        assert binomial_tail(int(least), trials, chance) == pytest.approx(want, rel=1e-10, abs=1e-290)
    assert binomial_tail(0, trials, chance) == pytest.approx(1)
    for above in 10 ** draw.uniform(-4, 2, 20):
        degrees = int(draw.integers(1, 60)), int(10 ** draw.uniform(0, 4))
        assert f_tail(above, *degrees) == pytest.approx(fdtrc(*degrees, above), rel=1e-9, abs=1e-250)
    assert f_tail(0.0, 3, 10) == 1


@pytest.mark.parametrize("seed", range(20))
def test_nonnegative_least_squares_is_as_near(seed):
    draw = np.random.default_rng(seed)
    a = np.exp(-np.outer(np.linspace(0, 1, 60), np.geomspace(0.01, 100, 40)))
    b = a @ np.maximum(draw.normal(size=40), 0) + 0.01 * draw.normal(size=60)
    x = nonnegative_least_squares(a, b)
    assert x.min() >= 0
    assert np.linalg.norm(a @ x - b) == pytest.approx(nnls(a, b)[1], rel=1e-9)
