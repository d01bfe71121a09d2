"""Changes of a call that findings share: its layers, its learning rate, its starting weights."""

from downslope.insight.diagnosis.remedies._layers import (
    all_layers,
    hidden,
    mapped,
    with_each,
    with_last,
    with_layers,
)
from downslope.insight.diagnosis.remedies._rates import other_rates, with_rate_times
from downslope.insight.diagnosis.remedies._starting import StartingWeights, drawn_anew, starting_weights

__all__ = [
    "StartingWeights",
    "all_layers",
    "drawn_anew",
    "hidden",
    "mapped",
    "other_rates",
    "starting_weights",
    "with_each",
    "with_last",
    "with_layers",
    "with_rate_times",
]
