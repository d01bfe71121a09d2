"""The run of the page as a call of ``descend``, for the doctor; and its remedies as what the page can set."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.insight.diagnosis import Call, Yardstick
from downslope.nets import Network
from downslope.studio.session._descent import Split
from downslope.studio.session._settings import CHANGEABLE, Settings, settings_of
from downslope.studio.session._state import SessionState
from downslope.studio.table._choices import RAW, STANDARD
from downslope.studio.table._rows import Rows, rows_of
from downslope.training import OPTIMIZERS, Run, Sgd, optimizer_of

__all__ = ["Changes", "beginning_of", "call_of", "constant_error", "run_again", "what_changes"]

_USUAL_STEPS = 1000  # of a call without a number of steps: a run of the page has no end
_SECONDS = 5.0  # that repeating the run may take
_ROWS = 4096
_SAMPLE = 20  # steps by which it is estimated

Changes = dict[str, Any]
"""What the page sets: the fields of ``ApplyRemedy`` besides the run."""


def beginning_of(state: SessionState) -> int:
    """The index of the saved step of the present run from which descent began: the last one by hand."""
    seen = state.seen
    return max((i for i, saved in enumerate(seen) if saved.origin != "descent"), default=0)


def call_of(state: SessionState) -> Call:
    """The call of ``descend`` that is the present run, with its settings as they are now."""
    frozen = {name: mask for name, mask in state.frozen.items() if np.any(mask)}
    settings, split = state.settings, state.shown_descent.split
    begun, last = state.seen[beginning_of(state)], state.shown.step
    if state.viewing is None:
        last = state.position.step
    given = {name: begun.values[name] for name in settings.shapes if name in begun.values}
    validation = split.validation
    failed = state.stopped is not None and state.stopped.kind == "not finite"
    taken = max(last - begun.step + failed, 1)  # with the step that failed
    return Call(
        settings.network,
        split.training["x"],
        split.training["y"],
        {
            "start": None if _is_drawn(given, settings, split.training["x"].dtype) else given,
            "learning_rate": settings.learning_rate,
            "steps": settings.stop_steps or max(taken, _USUAL_STEPS),
            "optimizer": settings.rule,
            "batch_size": settings.batch_size,
            "seed": settings.seed,
            "clip_norm": settings.clip_norm,
            "frozen": frozen or None,
            "validation": None if validation is None else (validation["x"], validation["y"]),
        },
        numbers=None if validation is None else (split.training_rows, split.validation_rows),
    )


def _is_drawn(given: Mapping[str, NDArray[Any]], settings: Settings, dtype: Any) -> bool:
    """Whether values are those that the seed gives."""
    return _are_alike(given, settings.network.initial_parameters(settings.seed, dtype))


def _are_alike(values: Mapping[str, NDArray[Any]], others: Mapping[str, NDArray[Any]]) -> bool:
    return values.keys() == others.keys() and all(np.array_equal(values[n], others[n]) for n in values)


@lru_cache(maxsize=4)
def constant_error(split: Split, network: Network) -> float:
    """The error of the best output that is the same for every row that is trained on, of some thousand."""
    x, y = split.training["x"], split.training["y"]
    every = max(1, len(x) // _ROWS)
    return Yardstick(Call(network, x[::every], y[::every], {})).constant


def run_again(call: Call) -> tuple[Call, Run]:
    """What comes of a call; one that would take long is made shorter first."""
    steps = call.settings["steps"]
    begin = perf_counter()
    call.run(steps=min(_SAMPLE, steps))
    each = (perf_counter() - begin) / min(_SAMPLE, steps)
    call = call.with_settings(steps=min(steps, max(_SAMPLE, int(_SECONDS / each))))
    return call, call.run()


def what_changes(state: SessionState, call: Call, remedied: Mapping[str, Any]) -> Changes | None:
    """What the page has to set for a changed call; None where it cannot hold the change.

    Args:
        state: with the run that the call was made of.
        call: before the change.
        remedied: all arguments of ``descend`` after it.
    """
    after = dict(remedied)
    parts = (
        _of_table(state, call, after.pop("x"), after.pop("y")),
        _of_rows(call, after.pop("row_weights", None)),
        _of_start(call, after.pop("start"), after["network"]),
        _of_settings(state.settings, call, after),
    )
    found: Changes = {}
    for part in parts:
        if part is None:
            return None
        found |= part
    return found


def _of_table(state: SessionState, call: Call, x: NDArray[Any], y: NDArray[Any]) -> Changes | None:
    """Other inputs and targets: standardised columns, or columns left out."""
    if x is call.x and y is call.y:
        return {}
    if state.encode is not rows_of or len(x) != len(call.x) or y.shape != call.y.shape:
        return None
    if y is call.y and (names := _columns_left_out(state.rows, call.x, x)):
        return {"drop": names}
    scales = state.rows.choices.scaling == RAW and x.shape == call.x.shape
    if scales and _is_scaled(call.x, x) and _is_scaled(call.y, y):
        return {"scaling": STANDARD}
    return None


def _is_scaled(before: NDArray[Any], after: NDArray[Any]) -> bool:
    """Whether each column is the same but for its mean and its scale."""
    if before is after:
        return True
    if not np.issubdtype(before.dtype, np.floating):
        return False
    with np.errstate(all="ignore"):
        one, other = (np.asarray(v, np.float64).reshape(len(v), -1) for v in (before, after))
        one, other = (np.nan_to_num((v - v.mean(axis=0)) / v.std(axis=0)) for v in (one, other))
    return bool(np.allclose(one, other, atol=1e-3))


def _columns_left_out(rows: Rows, before: NDArray[Any], after: NDArray[Any]) -> list[str]:
    """The columns of the table that are no inputs any more, or constant ones; none where more changes."""
    columns = dict(zip(rows.features, before.T, strict=True))
    if after.shape == before.shape:
        pairs = zip(columns, after.T, strict=True)
        changed = {name: other for name, other in pairs if not np.array_equal(columns[name], other)}
        names, only = list(changed), not any(map(np.ptp, changed.values()))
    else:
        names = [n for n, column in columns.items() if not any(np.array_equal(column, o) for o in after.T)]
        only = len(names) == len(columns) - after.shape[1]
    whole = set(rows.frame.columns) - set(rows.choices.drop)
    return names if only and whole.issuperset(names) else []


def _of_rows(call: Call, weights: Any) -> Changes | None:
    """Rows of the table that are left out: those of weight 0, where all others have 1."""
    if weights is None:
        return {}
    weights = np.asarray(weights, np.float64).reshape(len(call.x), -1)[:, 0]
    if not np.isin(weights, (0, 1)).all():
        return None
    return {"without": call.row_numbers[weights == 0].tolist()}


def _of_start(call: Call, start: Any, network: Network) -> Changes | None:
    """Another start: one that is drawn, or that is drawn otherwise."""
    before = call.settings["start"]
    if start is None:
        drawn = (one.initial_parameters(call.settings["seed"]) for one in (network, call.network))
        return {} if before is None and _are_alike(*drawn) else {"fresh": True}
    if start is before:
        return {}
    given = before is not None and isinstance(start, Mapping)
    if given and all(n in before and np.array_equal(v, before[n]) for n, v in start.items()):
        return {}  # of the parameters that are still there
    return None


def _of_settings(settings: Settings, call: Call, after: dict[str, Any]) -> Changes | None:
    """Another network, and other settings of its descent."""
    before, rule = call.settings, _rule(after.pop("optimizer"))
    network, validation, frozen = after.pop("network"), after.pop("validation"), after.pop("frozen", None)
    described = {} if network == call.network else _described(network)
    if rule is None or described is None or (validation is None) != (before["validation"] is None):
        return None
    if (frozen is None) != (before["frozen"] is None):  # numbers are released by hand
        return None
    steps = after.pop("steps")
    after.pop("epochs", None)
    if settings.stop_steps is not None:  # else a run of the page goes on until it is paused
        after["stop_steps"] = steps
    after["stop_patience"] = after.pop("patience", settings.stop_patience)
    now = settings.to_json()
    changes = {n: v for n, v in {**after, **rule}.items() if now.get(n) != v} | described
    if not changes.keys() <= CHANGEABLE:
        return None
    with suppress(DownslopeError):
        made = settings.changed(changes).network
        if made == network or made.inputs != network.inputs:
            return {"settings": changes}
    return None


def _rule(given: Any) -> dict[str, Any] | None:
    """An optimizer as the page sets it."""
    if isinstance(given, str) and given not in OPTIMIZERS:
        return None
    rule = optimizer_of(given)
    if isinstance(rule, Sgd) and rule == Sgd(rule.momentum):
        return {"optimizer": "sgd", "momentum": rule.momentum}
    return next(({"optimizer": name} for name, known in OPTIMIZERS.items() if known == rule), None)


def _described(network: Network) -> dict[str, Any] | None:
    """A network as the page sets it."""
    made = settings_of(network)
    if made.fixed is not None:
        return None
    described = made.to_json()
    return {name: described[name] for name in ("layers", "loss", "dropout", "delta", "l1", "l2")}
