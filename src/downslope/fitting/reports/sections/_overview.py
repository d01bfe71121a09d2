"""The head of a report: what is predicted from what, and how well, at a glance."""

from __future__ import annotations

from downslope._visible import escape
from downslope.fitting._scores import FREQUENCIES, LINEAR_MODEL, MEDIAN, NETWORK
from downslope.fitting.evaluation import METRICS, Estimate, Evaluation, baseline_for, metric_of
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports._html import note
from downslope.fitting.reports._rows import source_name

__all__ = ["overview"]

_CARDS = {
    "regression": ("r2", "mean_absolute_error", "root_mean_squared_error"),
    "classification": ("accuracy", "roc_auc", "log_loss"),
}


def overview(found: Findings) -> str:
    """The title, a sentence, the most important scores."""
    model, summary = found.model, found.model.summary
    name = escape(model.target.name)
    used = len(model.encoder.encodings)
    source = source_name(model.record.source)
    line = (
        f"predicted from {used} column{'s' * (used > 1)} of {source} by {summary.networks}, "
        f"fitted to {model.record.rows:,} rows"
    )
    cut = [note("Training was interrupted: the best networks up to then were kept.")]
    return (
        f'<header><p class="eyebrow">Report on a model · {model.target.task}</p><h1>{name}</h1>'
        f"<p>{escape(line)}</p>{_lead(found)}{_cards(found)}"
        f"{''.join(cut * summary.interrupted)}{''.join(map(note, found.notices))}</header>"
    )


def _lead(found: Findings) -> str:
    """How good it is, in a sentence."""
    evaluation = found.evaluation
    if evaluation is None:
        return note(
            "No row was held out, so that nothing here says how good predictions of new rows are: the model "
            f"has {found.model.record.rows:,} rows, was fitted by an older version, or its held-out rows "
            "were taken out. Give rows that it has not seen: downslope report MODEL --table TABLE."
        )
    baseline = baseline_for(metric_of(found.model.network.loss))
    said = _of_classes(evaluation) if evaluation.classes else _of_numbers(evaluation, baseline)
    return f'<p class="lead">{escape(_opening(found))} {escape(said)}</p>'


def _opening(found: Findings) -> str:
    if found.predicted is not found.model.held_out:
        return f"On {found.evaluation.rows:,} {found.of}:" if found.evaluation else ""
    later = found.model.summary.later
    if later is not None:
        return f"On {found.of}, {later}, predicted by networks that were trained on earlier rows alone:"
    return f"On {found.of}, each predicted by networks that were not trained on it:"


def _of_numbers(found: Evaluation, baseline: str) -> str:
    error, constant = "mean_absolute_error", "median" if baseline == MEDIAN else "mean"
    own = _value(found, NETWORK, error)
    linear = _value(found, LINEAR_MODEL, error)
    beside = f", a linear model by {linear}" if linear else ""
    return (
        f"predictions of {found.target} are off by {own} on average. Always predicting the {constant} is off "
        f"by {_value(found, baseline, error)}{beside}."
    )


def _of_classes(found: Evaluation) -> str:
    linear = _share(found, LINEAR_MODEL)
    beside = f", a linear model in {linear}" if linear else ""
    return (
        f"the most probable class is right in {_share(found, NETWORK)} of the rows. The most frequent class "
        f"alone is right in {_share(found, FREQUENCIES)}{beside}."
    )


def _value(found: Evaluation, of: str, metric: str) -> str:
    estimate = found.compared.get(of, {}).get(metric)
    return "" if estimate is None or estimate.value is None else f"{estimate.value:,.4g}"


def _share(found: Evaluation, of: str) -> str:
    estimate = found.compared.get(of, {}).get("accuracy")
    return "" if estimate is None or estimate.value is None else f"{100 * estimate.value:.1f} %"


def _cards(found: Findings) -> str:
    if found.evaluation is None:
        return ""
    cards = [
        _card(METRICS[name].words, found.evaluation.score(name)) for name in _CARDS[found.evaluation.task]
    ]
    for coverage in found.evaluation.coverage:
        if coverage.level == 0.9:
            cards.append(_card("within 90 % intervals", coverage.share))
    return f'<dl class="cards">{"".join(cards)}</dl>'


def _card(title: str, estimate: Estimate) -> str:
    figure, _, error = str(estimate).partition(" ± ")
    beside = f" <small>± {escape(error)}</small>" if error else ""
    return f"<div><dt>{escape(title)}</dt><dd>{escape(figure)}{beside}</dd></div>"
