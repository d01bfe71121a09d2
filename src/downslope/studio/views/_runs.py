"""The runs side by side: what they came to, and in which settings they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from downslope.studio.session._history import History
from downslope.studio.session._settings import Settings
from downslope.studio.session._state import SessionState

__all__ = ["runs_source", "runs_view"]

_POINTS = 400  # of the curve of a run
_NAMED = 4  # columns

_WORDS: Mapping[str, str] = {
    "loss": "Loss",
    "optimizer": "Optimizer",
    "momentum": "Momentum",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "dropout": "Dropout",
    "l2": "L2 penalty",
    "l1": "L1 penalty",
    "delta": "Huber delta",
    "clip_norm": "Clip gradients at",
    "validation": "Validation share",
    "seed": "Seed",
}
"""What the page calls a setting."""

_NOT_SET = {"batch_size": "All rows", "clip_norm": "Never"}


def runs_source(state: SessionState) -> tuple[Any, ...]:
    """Of what the page knows by its frames, the latest of the open run, nothing; the others stay."""
    others = tuple(run for run in state.runs if run.number != state.current)
    run = state.run
    return others, state.current, run.name, run.kept, run.note, state.settings, state.rows


def runs_view(state: SessionState) -> list[dict[str, Any]]:
    """All runs, each with its curve, and with those settings that are not the same in all of them."""
    described = [_described(_settings_of(state, run), run) for run in state.runs]
    differing = [name for name in described[0] if len({str(one[name]) for one in described}) > 1]
    groups = list(dict.fromkeys(_measured_on(state, run) for run in state.runs))
    return [
        {
            **_run(run, run.number == state.current),
            "settings": {name: one[name] for name in differing},
            "group": groups.index(_measured_on(state, run)),
        }
        for run, one in zip(state.runs, described, strict=True)
    ]


def _run(run: History, is_open: bool) -> dict[str, Any]:
    steps, errors = run.curve.thinned(_POINTS)
    return {
        "number": run.number,
        "name": run.name,
        "note": run.note,
        "kept": run.kept,
        "open": is_open,
        "parent": None if run.parent is None else run.parent[0],
        "step": run.last.step,
        "error": run.last.error,
        "best": run.best.error,
        "validation": run.last.validation_error,
        "diverged": run.diverged,
        "steps": steps.astype(float),
        "errors": errors,
    }


def _settings_of(state: SessionState, run: History) -> Settings:
    return state.settings if run.number == state.current else run.last.settings


def _measured_on(state: SessionState, run: History) -> tuple[Any, ...]:
    """Errors are compared between runs of the same table, target and loss."""
    settings = _settings_of(state, run)
    return run.rows.name, run.rows.choices.targets, str(settings.loss), run.rows.target.scale


def _described(settings: Settings, run: History) -> dict[str, Any]:
    """What a run was made with: by its words, texts and numbers."""
    found: dict[str, Any] = {"Table": run.rows.name, "Columns": _columns(run), "Layers": _layers(settings)}
    for name, words in _WORDS.items():
        value = getattr(settings, name)
        given = _NOT_SET.get(name) if value is None else value
        found[words] = given if isinstance(given, int | float | None) else str(given).replace("_", " ")
    return found


def _columns(run: History) -> str:
    names = run.rows.features
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _layers(settings: Settings) -> str:
    """The units of each layer, and the activations of the hidden ones.

    >>> from downslope.nets import Dense
    >>> _layers(Settings(2, (Dense(8, "tanh"), Dense(4, "tanh"), Dense(1))))
    '8-4-1 tanh'
    """
    if settings.fixed is not None:
        return "as given"
    activations = dict.fromkeys(str(layer.activation) for layer in settings.layers[:-1])
    units = "-".join(str(layer.units) for layer in settings.layers)
    return f"{units} {', '.join(activations)}".strip()
