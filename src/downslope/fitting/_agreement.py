"""Whether the parts of a model file agree: columns, encoders, levels, layers, loss and target.

What was written together always does. A file that was changed, or put together of two, would load and predict
something else; it is refused before it is a model.
"""

from __future__ import annotations

from downslope.errors import DownslopeError
from downslope.fitting.record import Record
from downslope.nets import AnyNetwork, Embedding, Ensemble, Network
from downslope.tables import TableEncoder, Target

__all__ = ["check_intervals_agree", "check_model_agrees"]

_LOSSES = {2: "binary_cross_entropy"}


def check_model_agrees(network: AnyNetwork, encoder: TableEncoder, target: Target, record: Record) -> None:
    """That a network takes what the encoders give, and gives what the target needs.

    Raises:
        DownslopeError: with what does not fit.
    """
    if not record.columns:
        raise DownslopeError("the record names no columns")
    known = {column.name for column in record.columns}
    if unknown := next((part.name for part in encoder.encodings if part.name not in known), None):
        raise DownslopeError(f'the encoder of "{unknown}" is of no column of the record')
    outputs = int(network.graph().prediction.shape[1])
    wanted = len(target.classes) if len(target.classes) > 2 else 1
    if len(encoder.features) != network.inputs or outputs != wanted:
        raise DownslopeError("the encoders do not fit the network")
    losses = _LOSSES.get(len(target.classes), "cross_entropy")
    classifies = network.loss in ("binary_cross_entropy", "cross_entropy")
    if classifies != bool(target.classes) or (classifies and network.loss != losses):
        raise DownslopeError(f"the loss {network.loss!s} is not that of {len(target.classes)} classes")
    _check_levels(network, dict(zip(encoder.code_columns, encoder.code_levels, strict=True)))


def check_intervals_agree(network: AnyNetwork, encoder: TableEncoder, outputs: int) -> None:
    """That a network of intervals takes a prediction and what the encoders give.

    Raises:
        DownslopeError: with what does not fit.
    """
    found = int(network.graph().prediction.shape[1])
    if network.inputs != len(encoder.features) + 1 or found != outputs:
        raise DownslopeError("the network of intervals does not fit the encoders")
    codes = zip(encoder.code_columns, encoder.code_levels, strict=True)
    _check_levels(network, {1 + column: count for column, count in codes})


def _check_levels(network: AnyNetwork, levels: dict[int, int]) -> None:
    """That every network looks vectors up for the columns of level numbers, and for as many levels."""
    for member in _kinds(network):
        found = {
            column: count
            for layer in member.layers
            if isinstance(layer, Embedding)
            for column, count in zip(layer.columns, layer.levels, strict=True)
        }
        if found != levels:
            raise DownslopeError("the levels of the encoders are not those of the network")


def _kinds(network: AnyNetwork) -> list[Network]:
    """The networks that differ."""
    return list(dict.fromkeys(network.networks if isinstance(network, Ensemble) else [network]))
