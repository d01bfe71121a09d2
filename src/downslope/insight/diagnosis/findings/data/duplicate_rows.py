"""``duplicate-rows``: validation rows that are copies of rows that are learned from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import FAULT, NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis._trials import LARGE_SHARE
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.findings.data._rows import are_copies, equal_rows, without
from downslope.insight.diagnosis.measured import Call, Examination

__all__ = ["duplicate_rows"]

_SOURCE = (
    "Kapoor and Narayanan, 'Leakage and the reproducibility crisis in machine-learning-based science' (2023)"
)


@finding("duplicate-rows", _SOURCE)
def duplicate_rows(seen: Examination) -> Iterable[Suspicion]:
    """A count of validation rows that equal a training row in every input and the target."""
    if not seen.call.has_validation:
        return
    trained, measured = ({**rows} for rows in (seen.call.rows, seen.call.measured))
    counted = np.any(trained["row_weights"].reshape(len(trained["x"]), -1) > 0, axis=1)
    rows = [np.hstack([part["x"], part["y"].reshape(len(part["y"]), -1)]) for part in (trained, measured)]
    learned, held_out = equal_rows(*rows)
    copies = np.isin(held_out, learned[counted])
    also = counted & np.isin(learned, held_out)
    share = float(copies.mean())
    if not share or also.sum() == counted.sum() or not are_copies(np.vstack(rows)):
        return  # where no column has numbers, equal rows may be different cases
    numbers = seen.call.row_numbers[also]
    yield Suspicion(
        Where(rows=tuple(int(row) for row in numbers)),
        (Evidence("share of validation rows that are copies of training rows", share, 0.0, _SOURCE),),
        f"{int(copies.sum()):,} of {len(copies):,} validation rows are copies of training rows: their error "
        "says how well these were remembered, not how well new rows are foretold.",
        [
            Remedy(
                f"leave out the {len(numbers):,} training rows that are validation rows too",
                without(seen.call, numbers),
            )
        ],
        expected="the validation error becomes that of rows that are new",
        certain=True,
        severity=FAULT if share >= LARGE_SHARE else NOTE,
    )


@duplicate_rows.planted
def _copied(healthy: Call, severity: float, random: np.random.Generator) -> Call:
    """A third of the validation rows, or all, once more among those to train on."""
    call = healthy.with_rows_apart()
    x, y = (np.asarray(part) for part in call.settings["validation"])
    chosen = random.permutation(len(x))[: round((0.1 + 0.9 * severity) * len(x))]
    return _with_more(call, x[chosen], y[chosen])


@duplicate_rows.look_alike
def _twice(healthy: Call, random: np.random.Generator) -> Call:
    """Training rows that are there twice, none of which is a validation row."""
    call = healthy.with_rows_apart()
    chosen = random.permutation(len(call.x))[: len(call.x) // 10]
    return _with_more(call, call.x[chosen], call.y[chosen])


@duplicate_rows.look_alike
def _few_values(healthy: Call, random: np.random.Generator) -> Call | None:
    """Answers on a scale of five, which many rows share without being copies."""
    if str(healthy.network.loss) == "squared_error":
        return None
    return healthy.with_inputs(lambda x: np.clip(np.round(x * 2), -2, 2))


def _with_more(call: Call, x: NDArray[np.generic], y: NDArray[np.generic]) -> Call:
    more = np.concatenate([call.y, np.asarray(y).reshape(len(y), *call.y.shape[1:])])
    return Call(call.network, np.concatenate([call.x, x]), more, call.settings)
