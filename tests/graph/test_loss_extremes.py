"""Losses far from and near to their minimum keep the digits of their precision, against 50-digit numbers."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from downslope.engines import Plan, plan
from downslope.graph import BATCH, input_, make

Z = (-700.0, -88.0, -40.0, -15.0, -5.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 5.0, 15.0, 40.0, 88.0, 700.0)


def binary_cross_entropy(z: float, y: float) -> Decimal:
    """−y ln σ(z) − (1 − y) ln(1 − σ(z)), with ln(1 + e^±z) to 50 digits beyond e^−700."""
    with localcontext() as context:
        context.prec = 400
        one_more = 1 + Decimal(-z).exp()  # 1 / σ(z)
        return Decimal(y) * one_more.ln() + (1 - Decimal(y)) * (one_more.ln() + Decimal(z))


@pytest.mark.parametrize("engine", [Plan, plan], ids=["reference", "default"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
def test_binary_cross_entropy_keeps_its_digits(engine, dtype, y):
    z_node, y_node = input_("z", (BATCH, 1)), input_("y", (BATCH, 1))
    limit = 80 if dtype == np.float32 else 700  # e^-|z| is a normal number
    z = np.array([[v] for v in Z if abs(v) <= limit], dtype)
    loss = make("binary_cross_entropy", z_node, y_node)
    (found,) = engine([loss]).run({"z": z, "y": np.full_like(z, y)})
    expected = np.array([[float(binary_cross_entropy(float(v[0]), y))] for v in z])
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps)
