"""The introductory neuron: five rows, three weights, squared error, a thousand updates."""

import numpy as np
import pytest

from downslope.engines import Plan, evaluate
from downslope.graph import BATCH, gradient, hessian_vector_product, input_, make, parameter

X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
Y = np.array([[13.5], [15.6], [27.4], [15.6], [12.5]])


@pytest.fixture
def neuron():
    x, y, w = input_("x", (BATCH, 3)), input_("y", (BATCH, 1)), parameter("w", (1, 3))
    errors = make("squared_error", x @ w.T, y)
    return make("sum", errors, axes=None, keepdims=False) / make("rows", x), w


def test_a_thousand_updates(neuron):
    error, w = neuron
    step = Plan(gradient(error, [w]))
    weights = np.array([[200.0, -14.0, 3456.0]])
    for _ in range(1000):
        weights = weights - 0.001 * step.run({"x": X, "y": Y, "w": weights})[0]
    np.testing.assert_allclose(weights[0], [1.590, -0.325, 1.239], atol=5e-4)


def test_the_gradient_is_the_average_of_the_rows_by_hand(neuron):
    error, w = neuron
    weights = np.array([[200.0, -14.0, 3456.0]])
    by_hand = np.mean([-2 * (y - x @ weights[0]) * x for x, y in zip(X, Y[:, 0], strict=True)], axis=0)
    (slope,) = evaluate(gradient(error, [w]), {"x": X, "y": Y, "w": weights})
    np.testing.assert_allclose(slope[0], by_hand, rtol=1e-14)


def test_the_hessian_has_the_eigenvalues_of_the_data(neuron):
    error, w = neuron
    (product,) = hessian_vector_product(error, [w], [input_("v", (1, 3))])
    at = {"x": X, "y": Y, "w": np.zeros((1, 3))}
    hessian = np.vstack([evaluate([product], {**at, "v": unit[None]})[0] for unit in np.eye(3)])
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), [4.911, 18.82, 273.5], rtol=2e-4)
