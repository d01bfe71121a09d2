"""Groups that learn what the linear model leaves: their members are added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.fitting.ensemble._group import EnsembleGroup
from downslope.fitting.ensemble._noise import error_of_share
from downslope.fitting.ensemble._recipe import FitSettings
from downslope.fitting.ensemble._rows import EncodedRows
from downslope.fitting.ensemble._units import in_units, unit_of
from downslope.fitting.record import ON_RESIDUALS
from downslope.nets import Network
from downslope.training import forward

__all__ = ["Residuals", "leaves_little", "on_residuals", "residuals_of"]

_LITTLE = 0.07  # of the variance: where the linear model leaves more, networks gain nothing


@dataclass(frozen=True)
class Residuals:
    """What a linear model leaves of the targets.

    Attributes:
        linear: the linear model.
        rows: with what it leaves, in units, as their targets.
        unit: of these targets, in that of the linear model.
    """

    linear: EnsembleGroup
    rows: EncodedRows
    unit: np.float32

    def in_targets_unit(self, group: EnsembleGroup) -> EnsembleGroup:
        """A group that was trained on these rows, with parameters and errors in the unit of the targets.

        Its predictions are those of the linear model and the group together.
        """
        run, unit = group.run, self.unit
        of_errors = unit if group.ensemble.loss == "absolute_error" else unit**2
        run = replace(
            run,
            parameters=in_units(group.ensemble, run.parameters, unit),
            losses=run.losses * of_errors,
            validation_losses=run.validation_losses * of_errors,
        )
        return replace(group, run=run, predictions=self.linear.predictions + unit * group.predictions)


def leaves_little(linear: EnsembleGroup, rows: EncodedRows, settings: FitSettings) -> bool:
    """Whether a linear model of numbers leaves so little that networks gain by learning that alone.

    Of streamed rows there is no place for what it leaves.
    """
    if rows.stream is not None:
        return False
    return bool(min(linear.run.validation_losses) < error_of_share(_LITTLE, rows, settings))


def on_residuals(networks: Mapping[str, Network]) -> Mapping[str, Network]:
    """The last of the architectures, with the finest bins, under a name that says what it learns."""
    name, network = list(networks.items())[-1]
    return {name + ON_RESIDUALS: network}


def residuals_of(linear: EnsembleGroup, rows: EncodedRows, held_out: bool = True) -> Residuals:
    """What a linear model leaves: of a row that a member holds out this member, elsewhere all in the mean.

    Args:
        linear: the linear model.
        rows: with their targets.
        held_out: whether its members hold rows out; its ``predictions`` are of these rows then.
    """
    left = rows.y - forward(linear.ensemble, linear.parameters, rows.x)[:, 0].astype(np.float64)
    if held_out:
        held = rows.folds.held_out
        left[held] = rows.y[held] - linear.predictions[:, 0]
    unit = unit_of(left, rows.weights)
    targets: NDArray[np.float32] = (left / unit).astype(np.float32)
    return Residuals(linear, replace(rows, y=targets), unit)
