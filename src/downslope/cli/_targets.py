"""What the commands share of models of several targets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from downslope.fitting import Model, Models, load_fitted, model_for

__all__ = ["loaded", "loaded_model", "print_found"]


def loaded(path: str, target: str | None = None) -> Model | Models:
    """The model of a file, or the models; of those the one of a target, where it is named.

    Raises:
        DownslopeError: if the file holds neither, or no model of that target.
    """
    found = load_fitted(path)
    return found if target is None else model_for(found, target)


def loaded_model(path: str, target: str | None) -> Model:
    """The one model of a file, or the one of the target.

    Raises:
        DownslopeError: if there are several and none was named, or none is of that target.
    """
    return model_for(loaded(path), target)


def print_found(found: Any, as_json: bool) -> None:
    """Print a result, or those of several targets one below the other; JSON has them by target."""
    several = isinstance(found, Mapping)
    if as_json:
        plain = {name: each.to_json() for name, each in found.items()} if several else found.to_json()
        print(json.dumps(plain, ensure_ascii=False, indent=1))
    else:
        print("\n\n".join(map(str, found.values())) if several else found)
