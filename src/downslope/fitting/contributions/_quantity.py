"""What is explained of a prediction: a number, the probability of a class, or its log-odds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._checks import choice
from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork
from downslope.tables import TableEncoder, Target

__all__ = ["Predictor", "Quantity", "columns_of", "quantity_of"]

_SMALLEST = 1e-7


class Predictor(Protocol):
    """What a fitted model has."""

    @property
    def network(self) -> AnyNetwork: ...

    @property
    def parameters(self) -> Mapping[str, NDArray[Any]]: ...

    @property
    def encoder(self) -> TableEncoder: ...

    @property
    def target(self) -> Target: ...

    def outputs(self, x: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers (rows,) or probabilities (rows, classes) for encoded inputs."""


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number for each row, made of what is predicted.

    Attributes:
        predictor: the model.
        place: of the class; None where a number is predicted.
        log_odds: whether ln p/(1 − p) of the probability p is taken, with p from 1e-7 to 1 − 1e-7.
    """

    predictor: Predictor
    place: int | None
    log_odds: bool

    def __call__(self, x: NDArray[np.float32]) -> NDArray[np.float64]:
        """Of encoded rows, (rows,)."""
        outputs = self.predictor.outputs(x)
        if self.place is None:
            return outputs
        p = outputs[:, self.place]
        if not self.log_odds:
            return p
        p = np.clip(p, _SMALLEST, 1 - _SMALLEST)
        odds: NDArray[np.float64] = np.log(p) - np.log1p(-p)
        return odds

    @property
    def name(self) -> str:
        """In words."""
        target = self.predictor.target
        if self.place is None:
            return target.name
        measure = "log-odds" if self.log_odds else "probability"
        return f"{measure} of {target.name} = {target.classes[self.place]}"


def quantity_of(predictor: Predictor, of_class: Any, log_odds: bool, x: NDArray[np.float32]) -> Quantity:
    """What to explain of a row, or of all rows alike.

    Args:
        predictor: the model.
        of_class: one of the classes; None for the one that is most probable, on average over ``x``.
        log_odds: of the class.
        x: encoded rows.

    Raises:
        DownslopeError: if there are no classes, or not this one.
    """
    target = predictor.target
    if not target.classes:
        if of_class is not None or log_odds:
            asked = "log_odds" if of_class is None else "of_class"
            raise DownslopeError(f'"{target.name}" is a number and has no classes; leave out {asked}')
        return Quantity(predictor, None, False)
    if of_class is None:
        return Quantity(predictor, int(predictor.outputs(x).mean(axis=0).argmax()), log_odds)
    whole = isinstance(of_class, int | np.integer) and not isinstance(of_class, bool)
    name = choice("of_class", str(of_class) if whole else of_class, target.classes)
    return Quantity(predictor, target.classes.index(name), log_odds)


def columns_of(frame: pl.DataFrame, encoder: TableEncoder) -> list[str]:
    """The columns that the model uses, in the order of the table."""
    used = {part.name for part in encoder.encodings}
    return [name for name in frame.columns if name in used]
