"""``load``: what any file of this package holds."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, overload

from downslope._checks import one_of, show
from downslope._files import SavedFile, read_file
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.fitting._model import Model, read_model
from downslope.nets import AnyNetwork, Checkpoint, read_checkpoint, read_network
from downslope.training import Run, read_run

__all__ = ["load"]

_READERS: Mapping[str, Callable[[SavedFile], Any]] = {
    "network": read_network,
    "checkpoint": read_checkpoint,
    "run": read_run,
    "model": read_model,
}
"""What reads each kind of file."""

T = TypeVar("T")


@overload
def load(path: str | os.PathLike[str]) -> AnyNetwork | Checkpoint | Run | Model: ...


@overload
def load(path: str | os.PathLike[str], kind: type[T]) -> T: ...


@suggests_keywords
def load(path: str | os.PathLike[str], kind: type[Any] | None = None) -> Any:
    """What a file holds that this package wrote: a network, a checkpoint, a run or a model.

    Args:
        path: of a file that ``save`` of a network, a run or a model wrote, or ``downslope fit``.
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
            f"{file.path} holds a {file.kind!r}, which this version of Downslope cannot read; update it"
        )
    found = _READERS[file.kind](file)
    if kind is not None and not isinstance(found, kind):
        raise DownslopeError(
            f"{file.path} holds {one_of(type(found))}, not {one_of(kind)}; name another file"
        )
    return found
