"""A fitted model that goes on with further rows: the same networks, encoders and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import POSITIVE, Interval, number, whole
from downslope._checks import seed as checked_seed
from downslope.fitting._scores import scores
from downslope.fitting.ensemble import FitSettings, class_probabilities, refuse_diverged
from downslope.fitting.record import Record
from downslope.nets import AnyNetwork
from downslope.tables import Encoded, Target
from downslope.training import descend, forward

__all__ = ["learned", "with_further_rows"]

_SLOWER = 4
"""By so much the learning rate is below the peak of the fit, whose schedule has come to its end."""
_NOTE = "further rows were learned after the fit"
_EPOCHS = Interval(1, limit=1_000_000)


def learned(
    network: AnyNetwork,
    parameters: Mapping[str, NDArray[Any]],
    settings: FitSettings,
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    epochs: int,
    learning_rate: float | None,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """The parameters after some epochs on further rows.

    Args:
        network, parameters: of the model.
        settings: of its fit.
        x, y: the rows as its networks take them.
        epochs, learning_rate, seed: of the descent, whose learning rate is constant.

    Raises:
        DownslopeError: for a setting that does not serve.
        Diverged: where the errors grow far beyond those of a network that has learned nothing.
    """
    rate = settings.learning_rate / _SLOWER if learning_rate is None else learning_rate
    descent = dict(settings.descent(len(x), 1)) | {"patience": None, "ema_decay": 0.0}
    descent |= {
        "learning_rate": number("learning_rate", rate, POSITIVE),
        "epochs": whole("epochs", epochs, _EPOCHS),
        "seed": checked_seed("seed", seed),
    }
    run = descend(network, x, y, start=parameters, **descent)
    begun, ended = (
        class_probabilities(network, forward(network, values, x))
        for values in (network.initial_parameters(descent["seed"], x.dtype), run.parameters)
    )
    refuse_diverged(run, begun, ended, y, np.ones(len(y)), descent["learning_rate"])
    return {name: np.asarray(value) for name, value in run.parameters.items()}


def with_further_rows(
    record: Record, target: Target, y: NDArray[Any], before: Any, encoded: Encoded
) -> Record:
    """The record of a model that has learned some rows, of which it predicted ``before`` what it did."""
    found, unseen = scores(target, y, before), sum(encoded.unseen.values())
    levels = f", {unseen:,} cells of them with levels that stay unknown" if unseen else ""
    if found.accuracy is not None:
        score = f"accuracy {found.accuracy:.4g}"
    else:
        score = f"a root mean squared error of {found.root_mean_squared_error:.4g}"
    note = f"{_NOTE}, the last {len(y):,} with {score} before{levels}; all other scores are those of the fit"
    others = [other for other in record.notes if not other.startswith(_NOTE)]
    return replace(record, rows=record.rows + len(y), notes=(*others, note))
