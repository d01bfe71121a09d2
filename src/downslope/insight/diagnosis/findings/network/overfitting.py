"""``overfitting``: rows that are not learned from get worse while those that are get better."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.insight.diagnosis._finding import NOTE, Evidence, Remedy, Suspicion, Where
from downslope.insight.diagnosis.findings._registry import finding
from downslope.insight.diagnosis.measured import Call, Examination, Look, row_errors
from downslope.insight.diagnosis.remedies import with_each, with_layers
from downslope.nets import Dense, Dropout

__all__ = ["overfitting"]

_SOURCE = "Prechelt, 'Early stopping - but when?' (1998)"
_ERRORS = 3.0  # standard errors: from chance in one of 700 runs
_RARELY = 3.09  # in one of 1,000: what is evident
_TRIED = 2.33  # in one of 100: where the trials decide
_SHARE = 0.2  # of the rows, held out to stop by
_PATIENCE = 10  # epochs, or a tenth of them
_L2 = (0.01, 0.1)
_DROPPED = 0.3  # of the units


Errors = NDArray[Any]


@finding("overfitting", _SOURCE)
def overfitting(seen: Examination) -> Iterable[Suspicion]:
    """The rise of the errors of held-out rows since their best epoch, row by row, while training falls."""
    if seen.failed or seen.run.stopped != "finished" or (watched := _watched(seen)) is None:
        return
    best, last, epoch = watched
    rise = last - best
    error = float(rise.std() / np.sqrt(len(rise)))
    learned = seen.epochs[min(epoch, len(seen.epochs)) - 1], seen.epochs[-1]
    bound = _ERRORS if seen.call.has_validation else _TRIED
    if not error or rise.mean() <= bound * error or learned[1] >= learned[0]:
        return
    epochs = len(seen.epochs)
    evidence = (
        Evidence("standard errors by which errors of held-out rows rose since their best epoch",
                 float(rise.mean()) / error, bound, _SOURCE),
        Evidence("last epoch, beside the best of the held-out rows", epochs, epoch, _SOURCE),
    )  # fmt: skip
    cause = (
        f"Since epoch {epoch:,} of {epochs:,} the error of held-out rows rose from {best.mean():.3g} to "
        f"{last.mean():.3g}, while that of the rows that are learned from fell from {learned[0]:.3g} to "
        f"{learned[1]:.3g}: the network learns these rows by heart."
    )
    where = Where(step=epoch * seen.run.steps_in_epoch)
    if not seen.call.has_validation:
        evident = bool(rise.mean() > _RARELY * error)
        yield Suspicion(where, evidence, cause, _remedies(epoch), evident=evident)
        return
    kept = " The parameters of the best epoch are kept."
    stop = Remedy("stop with patience: the epochs after the best one do nothing", _patient)
    yield Suspicion(where, evidence, cause + kept, (stop,), certain=True, severity=NOTE)


def _remedies(epoch: int) -> list[Remedy]:
    """Fewer steps, rows to stop by, and what holds the network back, the least first."""
    return [
        Remedy(f"stop after {epoch:,} epochs", lambda call: call.with_settings(epochs=epoch, steps=None)),
        Remedy(f"early stopping by {_SHARE:.0%} of the rows, with patience", _stopped, _fewer),
        *(Remedy(f"the penalty l2 = {size:g}", partial(_penalised, size=size)) for size in _L2),
        Remedy(f"dropout of {_DROPPED:.0%} of the units before each layer but the first", _dropped),
        Remedy("a quarter of the units", _smaller),
    ]


def _watched(seen: Examination) -> tuple[Errors, Errors, int] | None:
    """Errors of held-out rows at the best epoch and at the last, and that epoch: of this run, or of folds."""
    network, run = seen.call.network, seen.run
    if seen.call.has_validation:
        points = run.parameters, seen.end
        best, last = (Look(network, point, seen.measured).errors for point in points)
        return best, last, run.best_epoch or 1
    if seen.call.held is None or (held := seen.out_of_fold) is None:
        return None
    best, last = (row_errors(network, outputs, seen.rows["y"]) for outputs in (held.rows, held.last))
    return best, last, max(held.best_epoch, 1)


def _patience(call: Call) -> int:
    """In epochs: a tenth of them, where an epoch is a step there are many."""
    epochs = call.settings.get("epochs")
    if epochs is None:
        size = call.settings.get("batch_size") or len(call.x)
        epochs = (call.settings.get("steps") or 1000) / -(-len(call.x) // size)
    return max(_PATIENCE, int(epochs / 10))


def _patient(call: Call) -> Call:
    return call.with_settings(patience=_patience(call))


def _stopped(call: Call) -> Call:
    """Some rows held out to stop by; where others measure, by weights of 0, which move no row."""
    if call.held is None:
        return call.with_settings(validation=_SHARE, patience=_patience(call))
    fewer = _fewer(call)
    out = np.asarray(fewer.settings["row_weights"]) == 0
    return fewer.with_settings(validation=(call.x[out], call.y[out]), patience=_patience(call))


def _fewer(call: Call) -> Call:
    """As many rows as early stopping takes away, left out."""
    factors = (np.random.default_rng(0).random(call.table_rows) >= _SHARE).astype(np.float64)
    return call.with_weights_times(factors)


def _penalised(call: Call, size: float) -> Call:
    return call.with_network(replace(call.network, l2=max(call.network.l2, size)))


def _dropped(call: Call) -> Call:
    first, *rest = call.network.layers
    return with_layers(call, [first, *(layer for each in rest for layer in (Dropout(_DROPPED), each))])


def _smaller(call: Call) -> Call:
    def smaller(layer: Dense) -> Dense:
        bias: Any = layer.bias if isinstance(layer.bias, bool) else True
        return replace(layer, units=max(1, layer.units // 4), initializer=None, bias=bias)

    return with_each(call, smaller, last=False)


@overfitting.planted
def _few_rows(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """A network of more parameters than rows: 220 with much noise, many epochs, and nothing held out."""
    few = _noisy(healthy, severity, random)
    units = 64 if len(healthy.network.layers) == 2 else 32
    wide = few and with_each(few, lambda layer: replace(layer, units=units), last=False)
    return wide and wide.with_settings(validation=None, epochs=400, optimizer="adam", learning_rate=0.01)


@overfitting.twin_of(_few_rows)
def _watched_few(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    """The same rows with the network that learns the table well, watched by those that measure."""
    few = _noisy(healthy, severity, random)
    if few is None:
        return None
    apart = few.with_settings(validation=None).with_rows_apart()
    return replace(apart.with_settings(validation=apart.held), held=None)


def _noisy(healthy: Call, severity: float, random: np.random.Generator) -> Call | None:
    if healthy.network.loss_function.name != "squared_error":
        return None
    chosen, noise = random.permutation(len(healthy.x))[:220], 0.7 + 0.6 * severity
    y = healthy.y[chosen] + noise * random.standard_normal(len(chosen))
    return replace(healthy, x=healthy.x[chosen], y=y)


@overfitting.look_alike
def _watched_well(healthy: Call, random: np.random.Generator) -> Call:
    """Nothing held out, and rows enough."""
    return healthy.with_settings(validation=None, epochs=30)
