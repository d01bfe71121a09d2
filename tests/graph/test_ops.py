"""Every op under one contract: shape, central differences, second derivatives, an independent oracle."""

import numpy as np
import pytest

from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph import (
    BATCH,
    OPS,
    Elementwise,
    gradient,
    hessian_vector_product,
    input_,
    make,
    parameter,
    topological,
)

ROWS = 5
WITH_INPUTS = sorted(name for name, op in OPS.items() if op.example is not None)
# these jump, so that a difference quotient across the jump is no derivative
JUMPS = {"sign", "step", "rows", "one_hot", "keep_mask"}


def example(name, seed=0):
    """The op applied to fresh inputs, and values for them."""
    op = OPS[name]
    rng = np.random.default_rng(seed)
    leaves, values = [], {}
    for i, shape in enumerate(op.example.shapes):
        concrete = tuple(ROWS if d == BATCH else d for d in shape)
        if i in op.example.whole:
            value = rng.integers(0, int(op.example.high), concrete).astype(float)
        else:
            value = rng.uniform(op.example.low, op.example.high, concrete)
        leaves.append(input_(f"i{i}", shape))
        values[f"i{i}"] = value
    return make(name, *leaves, **op.example.attributes), leaves, values


def total(node):
    """One number that weighs every element of the node differently."""
    weights = input_("weights", node.shape)
    return make("sum", node * weights, axes=None, keepdims=False)


def weights_for(node, values):
    (value,) = evaluate([node], values)
    return np.random.default_rng(7).uniform(0.5, 1.5, np.shape(value))


def central_difference(node, values, name, step=1e-5):
    """∂node/∂values[name], an element at a time."""
    slope = np.zeros_like(values[name])
    for at in np.ndindex(slope.shape):
        up, down = values[name].copy(), values[name].copy()
        up[at] += step
        down[at] -= step
        (high,), (low,) = evaluate([node], {**values, name: up}), evaluate([node], {**values, name: down})
        slope[at] = (high - low) / (2 * step)
    return slope


@pytest.mark.parametrize("name", WITH_INPUTS)
def test_shape_rule_agrees_with_the_value(name):
    node, _, values = example(name)
    (value,) = evaluate([node], values)
    assert np.shape(value) == tuple(ROWS if d == BATCH else d for d in node.shape)


@pytest.mark.parametrize("name", [n for n in WITH_INPUTS if n not in JUMPS])
@pytest.mark.parametrize("seed", [0, 1])
def test_gradient_is_the_central_difference(name, seed):
    node, leaves, values = example(name, seed)
    values["weights"] = weights_for(node, values)
    smooth = [leaf for i, leaf in enumerate(leaves) if i not in OPS[name].example.whole]
    for leaf, slope in zip(smooth, evaluate(gradient(total(node), smooth), values), strict=True):
        expected = central_difference(total(node), values, leaf.name)
        np.testing.assert_allclose(np.broadcast_to(slope, expected.shape), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", [n for n in WITH_INPUTS if n not in JUMPS])
def test_second_derivative_is_the_central_difference_of_the_first(name):
    node, leaves, values = example(name)
    values["weights"] = weights_for(node, values)
    leaf = next(leaf for i, leaf in enumerate(leaves) if i not in OPS[name].example.whole)
    direction = np.random.default_rng(3).uniform(-1, 1, values[leaf.name].shape)
    values["v"] = direction
    (product,) = evaluate(hessian_vector_product(total(node), [leaf], [input_("v", leaf.shape)]), values)
    step = 1e-5
    (slope,) = gradient(total(node), [leaf])
    (high,) = evaluate([slope], {**values, leaf.name: values[leaf.name] + step * direction})
    (low,) = evaluate([slope], {**values, leaf.name: values[leaf.name] - step * direction})
    expected = np.broadcast_to((high - low) / (2 * step), direction.shape)
    np.testing.assert_allclose(np.broadcast_to(product, direction.shape), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", WITH_INPUTS)
def test_float32_stays_float32(name):
    node, _, values = example(name)
    (value,) = evaluate([node], {k: v.astype(np.float32) for k, v in values.items()})
    assert value.dtype == np.float32 or name == "rows"


@pytest.mark.parametrize("z", [-800.0, 800.0, 0.0])
@pytest.mark.parametrize("name", [n for n in WITH_INPUTS if isinstance(OPS[n], Elementwise)])
def test_extremes_neither_overflow_nor_give_nan(name, z):
    op = OPS[name]
    if name in {"exp", "expm1", "log", "sqrt", "divide", "poisson"}:
        pytest.skip("grows without bound or is not defined there")
    leaves = [input_(f"i{i}", (BATCH, 1)) for i in range(len(op.example.shapes))]
    values = {leaf.name: np.array([[z if i == 0 else 1.0]]) for i, leaf in enumerate(leaves)}
    node = make(name, *leaves, **op.example.attributes)
    values["weights"] = np.ones((1, 1))
    for value in evaluate([node, *gradient(total(node), leaves)], values):
        assert np.all(np.isfinite(value))


def test_sigmoid_keeps_its_precision_far_out():
    (value,) = evaluate([make("sigmoid", input_("z", (BATCH,)))], {"z": np.array([-40.0, -800.0, 800.0])})
    np.testing.assert_allclose(value, [4.248354255291589e-18, 0.0, 1.0], rtol=1e-14)


def test_equal_nodes_are_one_object():
    w = parameter("w", (2, 3))
    assert make("tanh", w) is make("tanh", w)
    assert make("tanh", w) is not make("sigmoid", w)


def test_depth_has_no_limit():
    node = parameter("w", ())
    for _ in range(5_000):  # Python calls no deeper than 1,000
        node = make("sigmoid", node)
    assert len(topological([node])) == 5_001
    (slope,) = evaluate(gradient(node, [parameter("w", ())]), {"w": np.array(0.5)})
    assert np.isfinite(slope)


def test_gradient_of_many_numbers_is_refused():
    w = parameter("w", (2,))
    with pytest.raises(DownslopeError, match=r"shape \(2,\); sum it first"):
        gradient(make("exp", w), [w])


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DownslopeError, match=r"add cannot combine the shapes \(2,\) and \(3,\)"):
        parameter("a", (2,)) + parameter("b", (3,))
