"""The scores beside those of simpler predictions, and whether the difference is one."""

from __future__ import annotations

from collections.abc import Iterator

from downslope.fitting._scores import LINEAR_MODEL, NETWORK
from downslope.fitting.evaluation import METRICS, Statistic, baseline_for, metric_of, statistics_of
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import bullets, note, paragraph, table

__all__ = ["scores_section"]


def scores_section(found: Findings) -> str:
    """A table, and conclusions."""
    if found.evaluation is None:
        return _recorded(found)
    title, rows = next(iter(found.evaluation.blocks))
    units = "" if found.evaluation.classes else f" Errors are in the units of {found.model.target.name}."
    parts = [
        paragraph(f"Of {found.of}. ± is one standard error.{units}"),
        table(rows, title, strong=NETWORK, titled=False),
        bullets(_conclusions(found)),
    ]
    every, record = found.model.record.validation_rows, found.model.record
    if found.predicted is found.model.held_out and found.evaluation.rows < every:
        known = ", ".join(f"{n} {v:.4g}" for n, v in record.network.known.items() if v is not None)
        parts.append(paragraph(f"Over all {every:,} held-out rows: {known}."))
    return "".join(parts)


def _recorded(found: Findings) -> str:
    summary = found.model.summary
    names = list(summary.network.known)
    rows = [["", *names]]
    for of, scores in summary.compared.items():
        values = (scores.known.get(name) for name in names)
        rows.append([of, *("–" if value is None else f"{value:.4g}" for value in values)])
    said = f"{summary.validation[0].upper()}{summary.validation[1:]}."
    warn = "" if summary.held_out else note("These rows trained the network: on other rows it is worse.")
    return paragraph(said) + warn + table(rows, "Scores", strong=NETWORK, titled=False)


def _conclusions(found: Findings) -> Iterator[str]:
    """Beside each simpler prediction, in a sentence."""
    predicted, target = found.predicted, found.model.target
    if predicted is None:
        return
    metric = metric_of(found.model.network.loss)
    statistics = {
        of: statistics_of(predicted.rows, target, outputs)[metric]
        for of, outputs in predicted.outputs.items()
    }
    for of in (baseline_for(metric), LINEAR_MODEL):
        if of in statistics:
            yield _compared(
                of, statistics[NETWORK] - statistics[of], predicted.rows.weights, METRICS[metric].words
            )


def _compared(of: str, difference: Statistic, weights: object, words: str) -> str:
    found = difference.estimate(weights)  # type: ignore[arg-type]
    if found.value is None:
        return f"The {words} is not to be compared with that of the {of}."
    size = str(type(found)(abs(found.value), found.standard_error))
    side = "below" if found.value < 0 else "above"
    if found.standard_error is None or abs(found.value) <= 2 * found.standard_error:
        return (
            f"The {words} is {size} {side} that of the {of}: less than two standard errors, so that these "
            "rows cannot tell them apart."
        )
    verdict = "better" if found.value < 0 else "worse"
    return f"The {words} is {size} {side} that of the {of}: the network is {verdict}."
