"""Which settings are tried, and how some are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from downslope._dataclass import dataclass
from downslope.fitting.ensemble import FitSettings

__all__ = ["DEFAULTS", "Candidate", "Space", "space_for"]

Candidate = tuple[tuple[str, Any], ...]
"""Settings of ``fit`` that are no defaults, with their values, in the order of ``FitSettings``."""

DEFAULTS: Candidate = ()

_KEPT = 0.5  # chance that a drawn candidate has the default of a setting: most defaults are good
_DRAWS = 50
_ORDER = [field.name for field in fields(FitSettings)]
_DEFAULT = {field.name: field.default for field in fields(FitSettings)}


@dataclass(frozen=True)
class Space:
    """The values of each setting that are tried, the default among them; neighbours are alike."""

    choices: Mapping[str, tuple[Any, ...]]

    def drawn(self, rng: np.random.Generator) -> Candidate:
        """Each setting the default, or any of its values."""
        found = {}
        for name, values in self.choices.items():
            if rng.random() >= _KEPT:
                found[name] = values[rng.integers(len(values))]
        return _candidate(found)

    def near(self, candidate: Candidate, rng: np.random.Generator) -> Candidate:
        """One or two settings a step away from those of a candidate."""
        found = dict(candidate)
        names = list(self.choices)
        for place in rng.permutation(len(names))[: 1 + rng.integers(2)]:
            name, values = names[place], self.choices[names[place]]
            here = values.index(found.get(name, _DEFAULT[name]))
            beside = [i for i in (here - 1, here + 1) if 0 <= i < len(values)]
            if beside:
                found[name] = values[beside[rng.integers(len(beside))]]
        return _candidate(found)

    def new(self, tried: set[Candidate], best: list[Candidate], rng: np.random.Generator) -> Candidate | None:
        """A candidate that was not tried: near one of the best, or anywhere; None where few are left."""
        for _ in range(_DRAWS):
            if best and rng.random() < 0.5:
                found = self.near(best[rng.integers(len(best))], rng)
            else:
                found = self.drawn(rng)
            if found not in tried:
                return found
        return None


def space_for(settings: FitSettings, rows: int, given: Mapping[str, Any]) -> Space:
    """What is tried for so many rows.

    Args:
        settings: whose batch size and epochs are the middle of those that are tried.
        rows: that there are.
        given: the settings that are fixed.
    """
    batch, epochs = settings.batch_for(rows), settings.epochs_for(rows)
    choices: dict[str, tuple[Any, ...]] = {
        "hidden": ((64, 64), (256,), None, (128, 128, 128), (256, 256), (256, 256, 256), (512, 512)),
        "activation": ("tanh", "relu", "silu", "mish", "gelu"),
        "dropout": (0.0, 0.05, 0.1, None, 0.3, 0.4, 0.5),
        "learning_rate": (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016),
        "weight_decay": (0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
        "batch_size": (max(8, batch // 2), None, *(b for b in (2 * batch, 4 * batch) if b <= rows // 4)),
        "epochs": (max(1, epochs // 2), None, 2 * epochs),
    }
    return Space({name: values for name, values in choices.items() if name not in given})


def _candidate(settings: Mapping[str, Any]) -> Candidate:
    """In one order, without defaults, so that equal candidates are equal."""
    return tuple(
        (name, settings[name]) for name in _ORDER if settings.get(name, _DEFAULT[name]) != _DEFAULT[name]
    )
