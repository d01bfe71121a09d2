"""Functions at extreme numbers keep their digits: relative errors against 60 decimal digits, on every engine.

Rounding the input is no error: what is compared is the function of the number that float32 or float64 holds.
"""

import os
from decimal import Decimal, getcontext

import numpy as np
import pytest

from downslope.engines import Plan, plan
from downslope.graph import input_, make
from engine_names import ENGINES

getcontext().prec = 60
ONE = Decimal(1)
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459")
SIZES = (1e-30, 1e-12, 1e-7, 1e-4, 0.01, 0.3, 1.0, 2.5, 5.0, 9.0, 15.0, 17.0, 30.0, 60.0, 85.0)
NUMBERS = [sign * size for size in SIZES for sign in (1, -1)]


def exp(z):
    return z.exp()


def softplus(z):
    return max(z, Decimal(0)) + (ONE + exp(-abs(z))).ln()


def tanh(z):
    return (exp(2 * z) - 1) / (exp(2 * z) + 1)


def normal_cdf(z):
    """Its series (Marsaglia 2004) near 0, and beyond the continued fraction of the tail (Laplace 1805)."""
    density = exp(-z * z / 2) / (2 * PI).sqrt()
    if abs(z) < 4:
        term = total = z
        for k in range(1, 120):
            term *= z * z / (2 * k + 1)
            total += term
        return Decimal("0.5") + density * total
    fraction = abs(z)
    for k in range(400, 0, -1):
        fraction = abs(z) + k / fraction
    return density / fraction if z < 0 else 1 - density / fraction


def selu(z):
    scale, alpha = Decimal("1.0507009873554805"), Decimal("1.6732632423543772")
    return scale * (z if z > 0 else alpha * (exp(z) - 1))


FUNCTIONS = {
    "exp": exp,
    "expm1": lambda z: exp(z) - 1,
    "sigmoid": lambda z: ONE / (ONE + exp(-z)),
    "tanh": tanh,
    "softplus": softplus,
    "elu": lambda z: z if z > 0 else exp(z) - 1,
    "selu": selu,
    "silu": lambda z: z / (ONE + exp(-z)),
    "mish": lambda z: z * tanh(softplus(z)),
    "normal_cdf": normal_cdf,
    "gelu": lambda z: z * normal_cdf(z),
}


def worst(found, exact, dtype):
    """The largest relative error; numbers too small for the dtype may be 0."""
    least = Decimal(float(np.finfo(dtype).tiny))
    pairs = [(Decimal(float(f)), e) for f, e in zip(found.ravel().tolist(), exact, strict=True)]
    return float(max(abs(f - e) / max(abs(e), least) for f, e in pairs))


@pytest.fixture(params=ENGINES)
def run(request, monkeypatch):
    """A plan of an engine."""
    monkeypatch.setenv("DOWNSLOPE_ENGINE", request.param)
    return Plan if request.param == "reference" else plan


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name, dtype, run):
    z = np.array(NUMBERS, dtype)
    if name in ("normal_cdf", "gelu"):  # beyond, the tail ends in 0
        z = z[np.abs(z) <= (9 if dtype == np.float32 else 30)]
    (found,) = run([make(name, input_("z", ("n",)))]).run({"z": z})
    exact = [FUNCTIONS[name](Decimal(float(v))) for v in z]
    assert found.dtype == dtype
    # SciPy rounds z² before it takes the exponential, and torch z/√2 before it takes the error function
    tail = name in ("normal_cdf", "gelu") and os.environ["DOWNSLOPE_ENGINE"] != "native"
    assert worst(found, exact, dtype) < (2e-6 if dtype == np.float32 else 1e-13 if tail else 2e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [2, 3, 40])
def test_cross_entropy(classes, dtype, run):
    gaps = np.array([0.0, 1e-4, 0.5, 3.0, 12.0, 15.0, 17.0, 30.0, 80.0], dtype)
    z = np.zeros((2 * len(gaps), classes), dtype)
    z[:, 1] = np.repeat(gaps, 2)
    z += np.linspace(-3, 3, len(z), dtype=dtype)[:, None]
    y = np.tile([1, 0], len(gaps)).astype(dtype)
    node = make("cross_entropy", input_("z", ("n", classes)), input_("y", ("n",)))
    (found,) = run([node]).run({"z": z, "y": y})
    rows = [[Decimal(float(v)) for v in row] for row in z]
    exact = [sum(map(exp, row)).ln() - row[int(k)] for row, k in zip(rows, y, strict=True)]
    assert worst(found, exact, dtype) < (3e-6 if dtype == np.float32 else 3e-14)


@pytest.mark.parametrize("name", ["huber", "squared_error", "absolute_error"])
def test_losses_of_near_numbers(name, run):
    """y − z is exact for numbers near each other: so are the losses of it."""
    z = np.array([1.0, 1e3, -7.0, 1e-20], np.float32)
    y = np.nextafter(z, np.float32(np.inf))
    (found,) = run([make(name, input_("z", ("n",)), input_("y", ("n",)))]).run({"z": z, "y": y})
    r = y.astype(np.float64) - z
    exact = {"huber": 0.5 * r * r, "squared_error": r * r, "absolute_error": np.abs(r)}[name]
    np.testing.assert_allclose(found, exact, rtol=2e-7, atol=float(np.finfo(np.float32).tiny))
