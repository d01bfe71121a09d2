"""``downslope export``: a model as a file that something else runs."""

from __future__ import annotations

from downslope.cli._tables import refuse_same
from downslope.errors import DownslopeError
from downslope.fitting import Model, Models, export, load_predicting, model_for

__all__ = ["export_model"]


def export_model(
    *, model: str, file: str, target: str | None, int8: bool, interval: float | None, play: bool
) -> None:
    """Write the file, and print what there is to know of it."""
    refuse_same("the export", file, model)
    if play:
        _write_page(model, file, target, int8=int8, interval=interval)
        return
    found = load_predicting(model)
    if isinstance(found, Model | Models):
        found = model_for(found, target)
    elif target is not None:
        raise DownslopeError(f"--target is of a model, and {model} holds none; leave it out")
    print(f"Written to {export(found, file, int8=int8, interval=interval)}")


def _write_page(model: str, file: str, target: str | None, **others: object) -> None:
    """A page to play with a model, on the table that it was fitted to."""
    from downslope.cli.actions._play import write_page  # which brings the room of the page along

    given = [name for name, value in others.items() if value]
    if given:
        raise DownslopeError(f"--{given[0]} is of a file that computes, and --play of a page; leave one out")
    write_page(file, model, target)
