"""Models from files."""

from __future__ import annotations

import numpy as np

from downslope._files import SavedFile
from downslope.errors import DownslopeError
from downslope.fitting._agreement import check_intervals_agree, check_model_agrees
from downslope.fitting.ensemble import COVERAGES, QUANTILES, IntervalNetworks
from downslope.fitting.evaluation import PredictedRows
from downslope.fitting.model._model import Model
from downslope.fitting.record import Record
from downslope.interchange import ModelFile, model_of
from downslope.tables import Reading, TableEncoder, Target

__all__ = ["read_model"]


def read_model(file: SavedFile) -> Model:
    """The model of a file of one.

    Raises:
        DownslopeError: if the file is damaged.
    """
    content = model_of(file)
    with file.reading():
        dtype = np.result_type(np.float32, *content.parameters.values()).name
        encoder = TableEncoder.from_json(content.about.get("encoder"), dtype)
        target = Target.from_json(content.about.get("target"))
        record = Record.from_json(content.about.get("record") or {})
        check_model_agrees(content.network, encoder, target, record)
        intervals = _intervals(content, encoder)
        reading = Reading.from_json(content.about.get("reading"))
        held_out = None
        if content.held_out is not None:
            held_out = PredictedRows.from_arrays(content.held_out, target, COVERAGES)
        return Model(
            content.network, content.parameters, encoder, target, record, intervals, reading, held_out
        )


def _intervals(file: ModelFile, encoder: TableEncoder) -> IntervalNetworks | None:
    if file.intervals is None:
        return None
    network, parameters = file.intervals
    try:
        widening = tuple(map(float, file.about["widening"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DownslopeError(f"the widening of intervals is damaged: {error!r}") from None
    if len(widening) != len(COVERAGES) or not np.isfinite(widening).all():
        raise DownslopeError("the widening of intervals is damaged")
    check_intervals_agree(network, encoder, len(QUANTILES))
    return IntervalNetworks(network, parameters, widening)
