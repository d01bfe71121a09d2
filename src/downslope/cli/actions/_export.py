"""``downslope export``: a model as a file that something else runs."""

from __future__ import annotations

from downslope.cli._tables import refuse_same
from downslope.errors import DownslopeError
from downslope.fitting import Model, Models, export, load_predicting, model_for

__all__ = ["export_model"]


def export_model(*, model: str, file: str, target: str | None, int8: bool) -> None:
    """Write the file, and print what there is to know of it."""
    refuse_same("the export", file, model)
    found = load_predicting(model)
    if isinstance(found, Model | Models):
        found = model_for(found, target)
    elif target is not None:
        raise DownslopeError(f"--target is of a model, and {model} holds none; leave it out")
    print(f"Written to {export(found, file, int8=int8)}")
