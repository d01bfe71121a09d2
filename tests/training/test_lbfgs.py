"""L-BFGS and its line search, with SciPy's as the oracle."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize
from sklearn import linear_model

import downslope as ds
from downslope.training.optimizers._lbfgs import Search, _descend

START = {
    "rosenbrock": np.full(10, -1.2),
    "quadratic": np.arange(1.0, 31.0),
    "valley": np.array([3.0, -2.0, 1.0]),
}


def rosenbrock(x):
    return optimize.rosen(x), optimize.rosen_der(x)


def quadratic(x):
    scale = np.logspace(0, 5, len(x))
    return 0.5 * float(x @ (scale * x)), scale * x


def valley(x):
    """Steep on one side, flat on the other: the first steps are far off."""
    e = np.exp(x)
    return float(np.sum(e - x)), e - 1


@pytest.mark.parametrize("function", [rosenbrock, quadratic, valley], ids=lambda f: f.__name__)
def test_minima_in_about_as_many_looks_as_scipy(function):
    start = START[function.__name__]
    looks, ends = [], []

    def counted(x):
        looks.append(x)
        return function(x)

    def seen(error, x):
        ends.append((error, x))
        return False

    message = _descend(counted, Search(0, start.copy(), *counted(start)), 2000, seen)
    options = {"maxiter": 2000, "maxfun": 40000, "ftol": 1e-15, "gtol": 1e-10, "maxcor": 20}
    oracle = optimize.minimize(function, start, method="L-BFGS-B", jac=True, options=options)
    assert message.startswith("converged")
    np.testing.assert_allclose(ends[-1][1], oracle.x, atol=1e-5)
    # both end where a step gains less than 1e-15: at a condition of 1e5 thousands of such steps can be left
    assert ends[-1][0] <= oracle.fun + 1e-11
    assert all(a[0] >= b[0] for a, b in pairwise(ends))
    assert len(looks) < 1.5 * oracle.nfev + 10


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "huber", "poisson"])
def test_networks_end_as_low_as_with_scipy(loss):
    rng = np.random.default_rng(3)
    x = rng.standard_normal((120, 4))
    y = (x @ [1.0, -2.0, 0.5, 0.0] + rng.standard_normal(120) > 0).astype(float)
    net = ds.Network(4, [ds.Dense(1)], loss=loss, l2=1e-3)
    run = ds.descend(net, x, y, optimizer="lbfgs", steps=500)
    start = net.initial_parameters(0)

    def error(flat):
        values = {"layer1.weight": flat[None, :4], "layer1.bias": flat[4:]}
        fitted = ds.descend(net, x, y, start=values, steps=1, learning_rate=1.0)
        gradients = [np.ravel(values[n] - fitted.parameters[n]) for n in values]
        return float(fitted.losses[0]), np.concatenate(gradients)

    flat = np.concatenate([np.ravel(v) for v in start.values()])
    oracle = optimize.minimize(
        error, flat, method="L-BFGS-B", jac=True, options={"ftol": 1e-15, "gtol": 1e-10}
    )
    assert run.losses[-1] == pytest.approx(oracle.fun, rel=1e-9)


def test_an_end_that_is_not_finite_is_stepped_back_from():
    """The logarithm has no value beyond 0: steps across are refused."""

    def wall(x):
        with np.errstate(all="ignore"):
            return float(np.sum(x - np.log(x))), 1 - 1 / x

    ends = []
    start = np.array([1e-3, 50.0])
    message = _descend(wall, Search(0, start, *wall(start)), 500, lambda error, x: ends.append(x))
    np.testing.assert_allclose(ends[-1], 1.0, atol=1e-6)
    assert message.startswith("converged")


ROWS, COLUMNS = 60, 90
WIDE = np.random.default_rng(5).standard_normal((ROWS, COLUMNS))
SPARSE = 3 * WIDE[:, 0] - 2 * WIDE[:, 7] + 0.3 * np.random.default_rng(6).standard_normal(ROWS)


@pytest.mark.parametrize("l2", [0.0, 0.2])
@pytest.mark.parametrize("l1", [0.02, 0.2, 2.0, 50.0])
def test_a_line_with_absolute_values_in_its_error_is_that_of_scikit_learn(l1, l2):
    """The same weights, and the same of them are 0."""
    network = ds.Network(COLUMNS, [ds.Dense(1)], l1=l1, l2=l2)
    run = ds.descend(network, WIDE, SPARSE, optimizer="lbfgs", steps=2000)
    settings = {"alpha": (l1 + l2) / 2, "l1_ratio": l1 / (l1 + l2), "tol": 1e-12, "max_iter": 10**6}
    oracle = linear_model.ElasticNet(**settings).fit(WIDE, SPARSE)
    weights = run.parameters["layer1.weight"].ravel()
    np.testing.assert_allclose(weights, oracle.coef_, atol=1e-5)
    assert np.array_equal(weights == 0, oracle.coef_ == 0)
    assert run.parameters["layer1.bias"] == pytest.approx(oracle.intercept_, abs=1e-5)
    assert all(a >= b for a, b in pairwise(run.losses))


def test_classes_with_absolute_values_in_their_error_are_those_of_scikit_learn():
    classes = (SPARSE > 0).astype(float)
    network = ds.Network(COLUMNS, [ds.Dense(1)], loss="binary_cross_entropy", l1=0.03)
    run = ds.descend(network, WIDE, classes, optimizer="lbfgs", steps=2000)
    settings = {"l1_ratio": 1.0, "C": 1 / (0.03 * ROWS), "solver": "saga", "tol": 1e-10, "max_iter": 10**6}
    oracle = linear_model.LogisticRegression(**settings).fit(WIDE, classes)
    np.testing.assert_allclose(run.parameters["layer1.weight"], oracle.coef_, atol=1e-4)


def test_members_with_absolute_values_in_their_error_go_the_way_of_one_alone():
    network = ds.Network(COLUMNS, [ds.Dense(1)], l1=0.1)
    alone = ds.descend(network, WIDE, SPARSE, optimizer="lbfgs", steps=2000)
    both = ds.Ensemble([network, ds.Network(COLUMNS, [ds.Dense(1)])])
    run = ds.descend(both, WIDE, SPARSE, optimizer="lbfgs", steps=2000)
    own = both.of_member(0, run.parameters)["layer1.weight"]
    np.testing.assert_allclose(own, alone.parameters["layer1.weight"], atol=1e-4)
    assert np.count_nonzero(both.of_member(1, run.parameters)["layer1.weight"]) == COLUMNS


def test_the_numbers_behind_a_kink_start_at_0_and_stay_or_leave_to_the_side_that_falls():
    """All weights begin in the kink, where the gradient of an absolute value has no sign."""
    network = ds.Network(COLUMNS, [ds.Dense(1)], l1=0.2)
    start = {"layer1.weight": np.zeros((1, COLUMNS)), "layer1.bias": np.zeros(1)}
    from_0 = ds.descend(network, WIDE, SPARSE, start=start, optimizer="lbfgs", steps=2000)
    drawn = ds.descend(network, WIDE, SPARSE, optimizer="lbfgs", steps=2000)
    np.testing.assert_allclose(
        from_0.parameters["layer1.weight"], drawn.parameters["layer1.weight"], atol=1e-5
    )
    still = {"layer1.weight": np.zeros((1, COLUMNS)), "layer1.bias": np.array([np.mean(SPARSE)])}
    strong = ds.Network(COLUMNS, [ds.Dense(1)], l1=50.0)
    run = ds.descend(strong, WIDE, SPARSE, start=still, optimizer="lbfgs", steps=10)
    assert not run.parameters["layer1.weight"].any()
    assert run.message.startswith("converged")
