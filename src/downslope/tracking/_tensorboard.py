"""TensorBoard: curves in a folder of event files."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from downslope._keywords import suggests_keywords
from downslope._writing import place_of
from downslope.tracking._tracker import Tracker, package

__all__ = ["TensorBoard"]

_PACKAGE = "tensorboard"


@suggests_keywords
class TensorBoard(Tracker):
    """Training as curves in TensorBoard: ``tensorboard --logdir runs`` shows the folders beside each other.

    Args:
        folder: for the event file of this training.

    Raises:
        DownslopeError: if the folder is no path; in training, if tensorboard is not installed:
            ``pip install 'downslope[tensorboard]'``.

    >>> import downslope as ds
    >>> board = TensorBoard("runs/a")  # for ds.descend(..., progress=board)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = place_of(folder, "folder")
        self._open: Any = None

    def tell(self, prefix: str, step: int, errors: Mapping[str, float]) -> None:
        """Tell errors after a number of updates, under names that begin with the prefix."""
        self._write([self._number(f"{prefix}{name}", value) for name, value in errors.items()], step)

    def tell_result(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Tell settings, as a table of text, and scores."""
        rows = "".join(f"| {name} | {value} |\n" for name, value in settings.items())
        proto = package("tensorboard.compat.proto.summary_pb2", _PACKAGE)
        tensors = package("tensorboard.compat.proto.tensor_pb2", _PACKAGE)
        types = package("tensorboard.compat.proto.types_pb2", _PACKAGE)
        plugin = proto.SummaryMetadata.PluginData(plugin_name="text")
        text = proto.Summary.Value(
            tag="settings",
            metadata=proto.SummaryMetadata(plugin_data=plugin),
            tensor=tensors.TensorProto(
                dtype=types.DT_STRING,
                string_val=[f"| setting | value |\n| --- | --- |\n{rows}".encode()],
                tensor_shape={"dim": [{"size": 1}]},
            ),
        )
        self._write([text, *(self._number(f"result/{name}", value) for name, value in scores.items())], 0)

    def close(self) -> None:
        """Write what is not written yet, and end."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _number(self, tag: str, value: float) -> Any:
        proto = package("tensorboard.compat.proto.summary_pb2", _PACKAGE)
        return proto.Summary.Value(tag=tag, simple_value=value)

    def _write(self, values: list[Any], step: int) -> None:
        events = package("tensorboard.compat.proto.event_pb2", _PACKAGE)
        proto = package("tensorboard.compat.proto.summary_pb2", _PACKAGE)
        if self._open is None:
            writer = package("tensorboard.summary.writer.event_file_writer", _PACKAGE)
            self._open = writer.EventFileWriter(str(self._folder))
        summary = proto.Summary(value=values)
        self._open.add_event(events.Event(wall_time=time.time(), step=step, summary=summary))
