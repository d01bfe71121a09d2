"""The model file: parameters as tensors, everything else as JSON in the header of a safetensors file.

https://huggingface.co/docs/safetensors: a length, a JSON header, raw numbers. Reading one runs no code.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.graph import graph_from_json, graph_to_json
from downslope.interchange._old_files import OLD_FORMAT, upgraded
from downslope.nets import AnyNetwork, network_from_json, network_to_json

__all__ = ["ModelFile", "read_model_file", "write_beside", "write_model_file"]

_FORMAT = "downslope 2"
_INTERVALS = "intervals."  # before the names of their parameters


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes:
        network: its description.
        parameters: by name.
        about: JSON data of any further kind: encoders, training record.
        intervals: the network of prediction intervals and its parameters, where there is one.
    """

    network: AnyNetwork
    parameters: Mapping[str, NDArray[Any]]
    about: Mapping[str, Any]
    intervals: tuple[AnyNetwork, Mapping[str, NDArray[Any]]] | None = None


def write_beside(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a whole file or none: beside its place first, then renamed.

    Raises:
        DownslopeError: if it cannot be written there.
    """
    target = Path(path)
    try:
        handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            os.chmod(beside, mode)
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise DownslopeError(f"{target} cannot be written: {reason}; choose another place") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_model_file(path: str | os.PathLike[str], model: ModelFile) -> None:
    """Write a model file, whole or not at all.

    Raises:
        DownslopeError: if it cannot be written there.
    """
    from safetensors.numpy import save

    header = {
        "format": _FORMAT,
        "network": json.dumps(network_to_json(model.network)),
        "graph": json.dumps(graph_to_json([model.network.graph().prediction])),
        "about": json.dumps(model.about),
    }
    parameters = dict(model.parameters)
    if model.intervals is not None:
        network, further = model.intervals
        header["intervals"] = json.dumps(network_to_json(network))
        parameters |= {_INTERVALS + name: value for name, value in further.items()}
    tensors = {name: np.ascontiguousarray(value) for name, value in parameters.items()}
    write_beside(path, save(tensors, metadata=header))


def read_model_file(path: str | os.PathLike[str]) -> ModelFile:
    """The content of a model file, checked: the graph it carries is the graph that its network builds.

    Raises:
        DownslopeError: if there is no such file, or it is damaged or something else.
    """
    tensors, header = _opened(Path(path))
    try:
        if header.get("format") == OLD_FORMAT:
            header, tensors = upgraded(header, tensors)
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise DownslopeError(f"{path} is damaged: {error!r}; fit the model again") from None
    if header.get("format") not in (OLD_FORMAT, _FORMAT):
        found = header.get("format")
        raise DownslopeError(
            f"{path} is no model of Downslope: its header says {found!r} where {_FORMAT!r} belongs"
        )
    try:
        network = network_from_json(_loaded(header, "network"))
        outputs = graph_from_json(_loaded(header, "graph"))
        if outputs != [network.graph().prediction]:
            raise DownslopeError("the graph is not that of the network")
        intervals = _intervals(header, tensors)
        further = {} if intervals is None else {_INTERVALS + name for name in intervals[1]}
        own = {name: value for name, value in tensors.items() if name not in further}
        _check_parameters(network, own)
        about = _loaded(header, "about")
        if not isinstance(about, dict):
            raise DownslopeError("the record of the model is no JSON object")
    except DownslopeError as error:
        raise DownslopeError(f"{path} is damaged: {error}; fit the model again") from None
    ordered = {name: tensors[name] for name in network.graph().parameters}
    return ModelFile(network, ordered, about, intervals)


def _intervals(
    header: Mapping[str, str], tensors: Mapping[str, NDArray[Any]]
) -> tuple[AnyNetwork, Mapping[str, NDArray[Any]]] | None:
    if "intervals" not in header:
        return None
    network = network_from_json(_loaded(header, "intervals"))
    names = network.graph().parameters
    own = {name: tensors[_INTERVALS + name] for name in names if _INTERVALS + name in tensors}
    _check_parameters(network, own)
    return network, own


def _opened(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    from safetensors import SafetensorError, safe_open

    if not path.exists():
        raise DownslopeError(f"there is no file {path}; fit a model first, or check the path")
    if path.is_dir():
        raise DownslopeError(f"{path} is a folder; name a model file")
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise DownslopeError(
            f"{path} is no model file, or it is damaged ({error}); fit the model again"
        ) from None


def _loaded(header: Mapping[str, str], section: str) -> Any:
    try:
        return json.loads(header[section])
    except (KeyError, ValueError, RecursionError) as error:
        raise DownslopeError(f"its section {section!r} cannot be read ({error!r})") from None


def _check_parameters(network: AnyNetwork, tensors: Mapping[str, NDArray[Any]]) -> None:
    wanted = {name: node.shape for name, node in network.graph().parameters.items()}
    found = {name: value.shape for name, value in tensors.items()}
    if found != wanted:
        wrong = next(n for n in [*wanted, *found] if found.get(n) != wanted.get(n))
        raise DownslopeError(f"{wrong} has the shape {found.get(wrong)}, not {wanted.get(wrong)}")
    for name, value in tensors.items():
        if value.dtype not in (np.float32, np.float64) or not np.all(np.isfinite(value)):
            raise DownslopeError(f"{name} does not hold finite numbers of float32 or float64")
