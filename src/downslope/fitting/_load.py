"""``load``: what any file of this package holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar, overload

from downslope._checks import one_of, show
from downslope._extras import polars as pl
from downslope._files import SavedFile, read_file
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.fitting._imported import model_of_table
from downslope.fitting._models import Models, read_models
from downslope.fitting.model import Model, read_model
from downslope.nets import AnyNetwork, TrainedNetwork, read_network, read_trained_network
from downslope.tables import listed
from downslope.training import Run, read_run

__all__ = ["load", "load_as_model", "load_fitted", "load_predicting"]


def _estimators() -> Any:
    """The room above this one, which is imported with scikit-learn where there is one of its files."""
    return import_module("downslope.estimators")


def _refuse_fit(file: SavedFile) -> Any:
    raise DownslopeError(
        f"{file.path} is a checkpoint of an estimator, which alone goes on from it: give it checkpoint="
        "ds.Checkpoint(folder, resume=True)"
    )


_READERS: Mapping[str, Callable[[SavedFile], Any]] = {
    "network": read_network,
    "trained network": read_trained_network,
    "checkpoint": read_trained_network,  # its name before it was needed for what saves training
    "run": read_run,
    "model": read_model,
    "models": read_models,
    "estimator": lambda file: _estimators().read_estimator(file),
    "fit": _refuse_fit,
}
"""What reads each kind of file."""

T = TypeVar("T")


@overload
def load(path: str | os.PathLike[str]) -> AnyNetwork | TrainedNetwork | Run | Model | Models: ...


@overload
def load(path: str | os.PathLike[str], kind: type[T]) -> T: ...


@suggests_keywords
def load(path: str | os.PathLike[str], kind: type[Any] | None = None) -> Any:
    """What a file holds that this package wrote: a network, a trained network, a run, a model, an estimator.

    Args:
        path: of a file that ``save`` of a network, a run, a model, models or an estimator wrote, or
            ``downslope fit``.
        kind: what it has to hold, such as ``ds.Model``; None takes all kinds.

    Raises:
        DownslopeError: if there is no such file, it is damaged or something else, or it holds another kind.

    >>> import os, tempfile
    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=2, layers=[Dense(1)])
    >>> path = os.path.join(tempfile.mkdtemp(), "net.downslope")
    >>> net.save(path)
    >>> load(path) == net
    True
    >>> net.save(path, [0.5, -1.0, 2.0])
    >>> load(path).parameters
    {'layer1.weight': array([[ 0.5, -1. ]]), 'layer1.bias': array([2.])}
    """
    if kind is not None and not isinstance(kind, type):
        raise DownslopeError(f"kind needs a class, such as ds.Model, not {show(kind)}")
    file = read_file(path)
    if file.kind not in _READERS:
        raise DownslopeError(
            f"{file.path} holds a {show(file.kind)}, which this version of Downslope cannot read; update it"
        )
    found = _READERS[file.kind](file)
    if kind is not None and not isinstance(found, kind):
        raise _another_kind(file.path, found, kind)
    return found


def load_fitted(
    path: str | os.PathLike[str],
    target: str | None = None,
    table: Callable[[], pl.DataFrame] | None = None,
) -> Model | Models:
    """The model of a file, or the models of several targets; of a network, one that takes a table's columns.

    Args:
        path: of a model, of models, of an estimator; with a table also of a run, or of a network with its
            parameters.
        target: of a network; None takes the last column.
        table: gives the table of a network.

    Raises:
        DownslopeError: if it holds something else, or the table does not fit the network.
    """
    found = load_predicting(path)
    if isinstance(found, Model | Models):
        return found
    if table is not None and isinstance(found, TrainedNetwork | Run):
        return model_of_table(found, table(), target)
    raise _another_kind(os.fsdecode(path), found, Model)


def load_predicting(path: str | os.PathLike[str]) -> Model | Models | TrainedNetwork | Run:
    """What a file holds that predicts; of an estimator its model.

    Raises:
        DownslopeError: as ``load``, and if it is a network without parameters.
    """
    found = load_as_model(path)
    if not isinstance(found, Model | Models | TrainedNetwork | Run):
        raise DownslopeError(
            f"{os.fsdecode(path)} holds {one_of(type(found))} without parameters, which predicts nothing; "
            "train it with ds.descend, and save the run"
        )
    return found


def load_as_model(path: str | os.PathLike[str]) -> Any:
    """What a file holds; of an estimator its model."""
    found = load(path)
    return found._as_model() if hasattr(found, "_as_model") else found


def _another_kind(path: str, found: Any, kind: type[Any]) -> DownslopeError:
    if isinstance(found, Models) and kind is Model:
        first = next(iter(found))
        return DownslopeError(
            f"{path} holds the models of {listed(list(found))}; take one of them: ds.load(path)[{first!r}]"
        )
    wanted = "Models of several targets" if kind is Models else one_of(kind)
    return DownslopeError(f"{path} holds {one_of(type(found))}, not {wanted}; name another file")
