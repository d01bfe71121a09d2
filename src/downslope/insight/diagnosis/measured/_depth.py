"""How the derivatives change from the last layer of a network to the first."""

from __future__ import annotations

import numpy as np

from downslope.insight.diagnosis.measured._look import Look

__all__ = ["derivatives_over_depth"]


def derivatives_over_depth(look: Look) -> list[float]:
    """The root mean square of δ over rows and units, of each dense layer, from the first to the last."""
    return [
        float(np.sqrt(np.mean(np.square(each.deltas, dtype=np.float64))))
        for each in look.stages
        if each.stage.kind == "Dense"
    ]
