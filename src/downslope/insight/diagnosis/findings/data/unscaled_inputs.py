"""``unscaled-inputs``: columns of such different sizes that no learning rate suits them all."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import moments, with_inputs_scaled, with_rate_times

__all__ = ["unscaled_inputs"]

_SOURCE = "LeCun, Bottou, Orr and Müller, 'Efficient BackProp' (1998), section 4.3"
_HALF = 0.5  # of the steps, at least, that scaling saves where it is worth looking at


@finding("unscaled-inputs", _SOURCE)
def unscaled_inputs(seen: Examination) -> Iterable[Suspicion]:
    """The condition of the inputs' second moments, which the steps of descent grow with, before and after."""
    x = np.asarray(seen.rows["x"], np.float64)
    mean, spread = moments(x)
    before, after = _condition(x), _condition((x - mean) / spread)
    size = float(np.sqrt(np.mean(x**2)))
    if before <= after / _HALF and 0.1 <= size <= 10:
        return
    worst = np.argsort(-np.abs(np.log10(np.sqrt(np.mean(x**2, axis=0)) + 1e-300)))
    scales = np.sqrt(np.mean(x**2, axis=0))
    largest = float(scales.max() ** 2 * x.shape[1])
    yield Suspicion(
        Where(columns=tuple(int(c) for c in worst[:3])),
        (
            Evidence("condition number of the inputs, which the steps grow with", before, after, _SOURCE),
            Evidence("root mean square of the inputs", size, 1.0, _SOURCE),
        ),
        f"The inputs have sizes from {scales.min():.3g} to {scales.max():.3g}: one learning rate is too "
        "large for the large columns or too small for the others.",
        (
            Remedy(
                "standardise the inputs: subtract each column's mean, divide by its spread",
                with_inputs_scaled,
            ),
            Remedy(
                "standardise the inputs, and raise the learning rate by what their size held it down",
                lambda call: with_rate_times(with_inputs_scaled(call), max(largest / x.shape[1], 1.0)),
            ),
        ),
    )


def _condition(x: NDArray[np.float64]) -> float:
    """Of the second moments of the columns that vary and of a constant 1."""
    columns = [x[:, x.std(axis=0) > 0], np.ones((len(x), 1))]
    sizes = np.linalg.svd(np.hstack(columns), compute_uv=False)
    sizes = sizes[sizes > sizes[0] * 1e-12]
    return float((sizes[0] / sizes[-1]) ** 2)


@unscaled_inputs.planted
def _units(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """Columns in units of their own, as metres and grams are: sizes up to 10, or up to 10,000."""
    exponents = random.uniform(0, 1, (healthy.x.shape[1],))
    exponents[random.integers(len(exponents))] = 1
    sizes = 10 ** ((1 + 3 * severity) * exponents)
    return healthy.with_inputs(lambda x: x * sizes)


@unscaled_inputs.look_alike
def _beyond_one(healthy: Call, random: np.random.Generator) -> Call:
    """Standardised columns with heavy tails, which go far beyond 1."""
    return healthy.with_inputs(lambda x: np.sign(x) * np.expm1(np.abs(x) / 2))
