"""The rules of published tools, written anew for these runs, and what they call what they find.

AutoTrainer (Zhang et al., "AUTOTRAINER: An automatic DNN training problem detection and repair system", 2021)
looks at the gradients of each layer, at zeros in them, and at the accuracy of each epoch. UMLAUT (Schoop et
al., "UMLAUT: Debugging deep learning programs using program structure and model behavior", 2021) compares
settings, inputs and curves with usual values. Their thresholds are those of their papers and repositories.
Accuracy becomes 1 − score, which is R² of numbers. What a tool says is right where it can mean the planted
fault: ``MEANS`` is generous.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import downslope as ds
from downslope.insight.diagnosis import Call, Look, Yardstick

__all__ = ["MEANS", "PEERS", "History", "autotrainer", "history", "umlaut"]

MEANS: Mapping[str, frozenset[str]] = {
    "explode": frozenset(
        {"exploding-gradient", "learning-rate-too-high", "unscaled-inputs", "target-scale", "not-finite"}
        | {"start-too-large"}
    ),
    "relu": frozenset({"dead-relu", "saturated-activation"}),
    "vanish": frozenset(
        {
            "vanishing-gradient",
            "too-deep-for-sigmoid",
            "saturated-activation",
            "start-too-small",
            "symmetric-start",
        }
    ),
    "not converging": frozenset(
        {"learning-rate-too-low", "stopped-early", "saddle", "optimizer-setting", "over-regularised"}
        | {"wrong-output-for-loss", "symmetric-start", "start-too-small"}
    ),
    "unstable": frozenset({"learning-rate-too-high", "noise-dominated", "optimizer-setting"}),
    "inputs beyond 1": frozenset({"unscaled-inputs"}),
    "loss is NaN": frozenset({"learning-rate-too-high", "exploding-gradient", "not-finite"}),
    "no softmax": frozenset({"wrong-output-for-loss", "wrong-loss-for-target"}),
    "rate above 0.01": frozenset({"learning-rate-too-high"}),
    "rate below 1e-7": frozenset({"learning-rate-too-low"}),
    "dropout above 0.5": frozenset({"over-regularised"}),
    "overfitting": frozenset({"overfitting"}),
    "no nonlinearity": frozenset({"missing-nonlinearity"}),
}


@dataclass(frozen=True)
class History:
    """What the tools look at.

    Attributes:
        training, validation: 1 − score after each epoch.
        losses, validation_losses: of each epoch.
        gradients: of the weights of each layer at the end, from the first batch.
    """

    training: np.ndarray
    validation: np.ndarray
    losses: np.ndarray
    validation_losses: np.ndarray
    gradients: Sequence[np.ndarray]


def history(call: Call) -> History:
    """The epochs of a call, one after the other."""
    apart = call.with_rows_apart()
    trained = Call(apart.network, apart.x, apart.y, {**apart.settings, "validation": None, "patience": None})
    validated = Yardstick(apart)
    learned = Yardstick(trained)
    settings = {**trained.settings, "epochs": 1, "steps": None}
    epochs = int(trained.settings.get("epochs") or 1)
    run, scores = None, []
    for _ in range(epochs):
        start = settings.get("start") if run is None else run
        with np.errstate(all="ignore"):
            run = ds.descend(apart.network, apart.x, apart.y, **{**settings, "start": start})
        scores.append((learned.score(trained, run), validated.score(apart, run)))
        if run.stopped == "not finite":
            break
    train, valid = np.array(scores).T
    first = {
        name: values[: int(settings.get("batch_size") or len(apart.x))]
        for name, values in trained.rows.items()
    }
    seen = Look(apart.network, run.parameters, first)
    gradients = [g for name, g in seen.gradient.items() if name.endswith("weight")]
    losses = np.full(len(train), np.nan) if run.stopped == "not finite" else train
    return History(1 - train, 1 - valid, losses, valid, gradients)


def autotrainer(call: Call, past: History) -> list[str]:
    """What AutoTrainer's rules say."""
    if np.isnan(past.losses).any() or past.validation_losses[-1] >= 1e5:
        return ["explode"]
    norms = [float(np.linalg.norm(g)) for g in past.gradients]
    rate = norms[0] / norms[-1] if norms[-1] else 0.0
    zeros = float(np.mean(np.concatenate([g.ravel() for g in past.gradients]) == 0))
    slow = max(_largest_rise(past.training), _largest_rise(past.validation)) < 0.01
    bad = past.training.max() < 0.7 or past.validation.max() < 0.7
    if bad or slow:
        if zeros >= 0.7:
            return ["relu"]
        if rate > 70:
            return ["explode"]
        if rate < 1e-3 and norms[0] < 1e-4:
            return ["vanish"]
        return ["not converging"] if slow else []
    return ["unstable"] if _swings(past.training) else []


def umlaut(call: Call, past: History) -> list[str]:
    """What UMLAUT's rules say."""
    found = []
    if np.isnan(past.losses).any():
        found.append("loss is NaN")
    if np.min(call.x) < -1 or np.max(call.x) > 1:
        found.append("inputs beyond 1")
    if call.network.layers[-1].activation == "identity":  # as their rule has it, whatever the loss applies
        found.append("no softmax")
    rate = call.settings.get("learning_rate")
    if isinstance(rate, float) and rate > 0.01:
        found.append("rate above 0.01")
    if isinstance(rate, float) and rate < 1e-7:
        found.append("rate below 1e-7")
    if any(getattr(layer, "rate", 0) > 0.5 for layer in call.network.layers):
        found.append("dropout above 0.5")
    dense = [layer for layer in call.network.layers[:-1] if isinstance(layer, ds.Dense)]
    if dense and all(layer.activation == "identity" for layer in dense):
        found.append("no nonlinearity")
    half = len(past.losses) // 2
    if (
        half
        and past.validation_losses[-1] > past.validation_losses[half]
        and past.losses[-1] < past.losses[half]
    ):
        found.append("overfitting")
    return found


PEERS = {"AutoTrainer": autotrainer, "UMLAUT": umlaut}


def _largest_rise(values: np.ndarray) -> float:
    return float(np.diff(values).max(initial=0.0))


def _swings(values: np.ndarray) -> bool:
    """Whether peaks are 0.03 above the dips beside them, in a fifth as many places as epochs."""
    middle, before, after = values[1:-1], values[:-2], values[2:]
    peaks, dips = (
        middle[(middle >= before) & (middle >= after)],
        middle[(middle <= before) & (middle <= after)],
    )
    count = min(len(peaks), len(dips))
    return int(np.sum(peaks[:count] - dips[:count] >= 0.03)) >= 0.2 * len(values)
