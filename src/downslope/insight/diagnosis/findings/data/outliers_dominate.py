"""``outliers-dominate``: a few rows that make most of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from downslope.insight.diagnosis._finding import Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.findings.data._far_out import HALF, far_out, row_gradients
from downslope.insight.diagnosis.findings.data._rows import judged_without, leaving_out
from downslope.insight.diagnosis.measured import Call, Examination
from downslope.insight.diagnosis.remedies import huber_of, with_loss

__all__ = ["outliers_dominate"]

_SOURCE = "Tukey, 'Exploratory Data Analysis' (1977); Huber, 'Robust Statistics' (1981)"
_NORMAL = 1.4826  # the spread of a normal distribution, in medians of the absolute deviation


@finding("outliers-dominate", _SOURCE)
def outliers_dominate(seen: Examination) -> Iterable[Suspicion]:
    """The gradient of each row at the start, before the network has bent to any of them."""
    norms, fence, far = far_out(seen)
    if not far.any():
        return
    share = float(np.sum(norms[far] ** 2) / np.sum(norms**2))
    rows = seen.row_numbers[np.argsort(-norms, kind="stable")[: int(far.sum())]]
    yield Suspicion(
        Where(rows=tuple(int(row) for row in rows)),
        (
            Evidence("their share of the squared gradients of all rows", share, HALF),
            Evidence("largest gradient of a row", float(norms.max()), fence, _SOURCE),
        ),
        f"{len(rows):,} of {len(norms):,} rows make {100 * share:.0f}% of the gradient: the network follows "
        "them, not the others.",
        [*_robust(seen), leaving_out(seen, rows, f"leave out the {len(rows):,} rows")],
        fair=judged_without(seen, row_gradients(seen, seen.call.measured) > fence),
    )


def _robust(seen: Examination) -> list[Remedy]:
    """Losses that do not let a row weigh more the worse it is fitted."""
    if str(seen.call.network.loss) != "squared_error":
        return []
    y = np.asarray(seen.rows["y"], np.float64)
    spread = _NORMAL * float(np.median(np.abs(y - np.median(y, axis=0))))
    if not spread:
        return [Remedy("absolute error as the loss", partial(with_loss, loss="absolute_error"))]
    huber = huber_of(spread)
    return [
        Remedy(f"Huber's loss with delta {huber.delta:g}", partial(with_loss, loss=huber)),
        Remedy("absolute error as the loss", partial(with_loss, loss="absolute_error")),
    ]


@outliers_dominate.planted
def _spikes(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Targets of 1% to 4% of the training rows, tens of spreads away, as slips of the decimal point are."""
    if str(healthy.network.loss) != "squared_error":
        return None
    call = healthy.with_rows_apart()
    y = np.array(call.y, np.float64)
    chosen = random.permutation(len(y))[: max(2, round((0.01 + 0.03 * severity) * len(y)))]
    y[chosen] += (10 + 30 * severity) * y.std() * random.choice([-1, 1], y[chosen].shape)
    return Call(call.network, call.x, y, call.settings)


@outliers_dominate.planted
def _far_inputs(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """Inputs of 1% to 4% of the training rows, tens of times too large, where no unit bounds what they do."""
    if str(healthy.network.loss) != "squared_error" or "tanh" in str(healthy.network.layers[0]):
        return None
    call = healthy.with_rows_apart()
    x = np.array(call.x, np.float64)
    chosen = random.permutation(len(x))[: max(2, round((0.01 + 0.03 * severity) * len(x)))]
    x[chosen] *= 10 ** (1.5 + severity)
    return Call(call.network, x, call.y, call.settings)


@outliers_dominate.look_alike
def _heavy_tails(healthy: Call, random: np.random.Generator) -> Call | None:
    """Noise with heavy tails, which makes large gradients and is no fault."""
    if str(healthy.network.loss) != "squared_error":
        return None
    call = healthy.with_rows_apart()
    y = np.asarray(call.y)
    return Call(call.network, call.x, y + 0.2 * random.standard_t(3, y.shape), call.settings)
