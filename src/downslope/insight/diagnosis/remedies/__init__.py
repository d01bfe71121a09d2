"""Changes of a call that findings share: its layers, its loss, its learning rate, its starting weights."""

from downslope.insight.diagnosis.remedies._layers import (
    all_layers,
    hidden,
    mapped,
    with_each,
    with_last,
    with_layers,
)
from downslope.insight.diagnosis.remedies._losses import EFFICIENT, huber_of, with_loss
from downslope.insight.diagnosis.remedies._rates import other_rates, with_rate_times
from downslope.insight.diagnosis.remedies._scales import moments, with_inputs_scaled, with_targets_scaled
from downslope.insight.diagnosis.remedies._skips import fewer_layers, quiet_blocks, skips
from downslope.insight.diagnosis.remedies._starting import (
    LARGE,
    SMALL,
    StartingWeights,
    drawn_anew,
    starting_weights,
)

__all__ = [
    "EFFICIENT",
    "LARGE",
    "SMALL",
    "StartingWeights",
    "all_layers",
    "drawn_anew",
    "fewer_layers",
    "hidden",
    "huber_of",
    "mapped",
    "moments",
    "other_rates",
    "quiet_blocks",
    "skips",
    "starting_weights",
    "with_each",
    "with_inputs_scaled",
    "with_last",
    "with_layers",
    "with_loss",
    "with_rate_times",
    "with_targets_scaled",
]
