"""How large errors of rows are: the largest, those of a guess without inputs, those that can be reached."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.engines import evaluate
from downslope.errors import DownslopeError
from downslope.graph import input_, substitute
from downslope.insight import quadratic
from downslope.nets import Network
from downslope.studio.session._descent import Split
from downslope.studio.session._measures import forward_of
from downslope.studio.session._session import Session
from downslope.studio.views.pictures._sampling import evenly_spaced, quiet
from downslope.training import Arrays

__all__ = ["can_be_met", "full_loss", "logarithmic"]

_NUMBERS = 1 << 22
"""Weights times rows that are looked at for the largest error; of more rows, a sample."""

_LEAST = 0.01  # of the error without inputs: a bar below is short, however small the others are


def full_loss(session: Session, parameters: Arrays) -> float:
    """The loss at which the bar of a row is full: the largest of all rows, unless all are small."""
    state = session.state
    split, network = state.shown_descent.split, state.settings.network
    rows = len(split.data["x"])
    chosen = evenly_spaced(rows, max(16, _NUMBERS // max(state.settings.weights, 1)))
    data = split.data if len(chosen) == rows else {n: column[chosen] for n, column in split.data.items()}
    errors = forward_of(network, parameters, data)[2]
    finite = errors[np.isfinite(errors)]
    return max(float(finite.max(initial=0.0)), _LEAST * _without_inputs(split, network))


def logarithmic(sizes: NDArray[Any], goal: float, largest: float) -> tuple[NDArray[np.float64], float]:
    """Sizes and a goal as shares of a bar whose scale is logarithmic: from a hundredth of the goal on.

    >>> shares, goal = logarithmic(np.array([0.0, 0.1, 100.0]), 0.1, 90.0)
    >>> shares.tolist(), goal
    ([0.0, 0.4, 1.0], 0.4)
    """
    low = goal / 100
    decades = np.ceil(np.log10(max(largest, 10 * goal) / low))
    with np.errstate(all="ignore"):
        shares = np.log10(np.asarray(sizes, np.float64) / low) / decades
    return np.clip(np.nan_to_num(shares, nan=1.0), 0.0, 1.0), float(2 / decades)


@lru_cache(maxsize=4)
@quiet
def _without_inputs(split: Split, network: Network) -> float:
    """The mean loss on the training rows of the best guess that looks at no column."""
    graph, y = network.graph(), split.training["y"]
    outputs = int(graph.output.shape[1])
    guess = np.mean(y, axis=0, keepdims=True) if y.ndim > 1 else np.bincount(y.astype(int), minlength=outputs)
    if network.loss == "cross_entropy":
        guess = np.log(np.maximum(guess, 1e-9) / len(y))[None]
    elif network.loss == "binary_cross_entropy":
        guess = np.log(guess) - np.log1p(-guess)
    elif network.loss == "poisson":
        guess = np.log(guess)
    output = input_("output", graph.output.shape)
    errors = substitute([graph.errors], {graph.output: output})
    given = {**split.training, "output": np.broadcast_to(guess, (len(y), outputs)).astype(float)}
    found = float(np.mean(evaluate(errors, given)[0]))
    return found if np.isfinite(found) else 0.0


@lru_cache(maxsize=4)
def can_be_met(split: Split, network: Network, scale: float, limit: float) -> bool:
    """Whether some weights bring the errors of all rows below a limit: known of linear networks."""
    try:
        form = quadratic(network, split.data["x"], split.data["y"])
    except DownslopeError:
        return False
    # solve has more digits, and is not loaded for the first picture
    u = np.linalg.lstsq(form.design, form.targets)[0].astype(np.float64)
    prediction = forward_of(network, form.parameters(u), split.data)[1]
    return bool(np.all(np.abs(split.data["y"] - prediction) * scale < limit))
