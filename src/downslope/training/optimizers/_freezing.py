"""Parameters that stay as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from downslope._checks import array, choice, show
from downslope.errors import DownslopeError
from downslope.nets import AnyNetwork

__all__ = ["FrozenNames", "frozen_masks"]

FrozenNames = str | Sequence[str] | Mapping[str, ArrayLike]
"""Names of parameters, or by name which of their numbers: an array of truth values in their shape."""


def frozen_masks(network: AnyNetwork, frozen: FrozenNames | None) -> dict[str, NDArray[np.bool_]]:
    """Which numbers of each parameter stay as they are, for every parameter; nothing if none does.

    Raises:
        DownslopeError: if a name or a shape is not the network's, or a mask holds other values than 0 and 1.

    >>> from downslope.nets import Dense, Network
    >>> frozen_masks(Network(2, [Dense(1)]), {"layer1.weight": [[True, False]]})
    {'layer1.weight': array([[ True, False]]), 'layer1.bias': array([False])}
    """
    if frozen is None:
        return {}
    if not isinstance(frozen, str | Sequence | Mapping | set | frozenset):
        raise DownslopeError(
            f"frozen needs names of parameters, or a mapping from names to truth values, not {show(frozen)}"
        )
    given: dict[str, Any] = dict.fromkeys([frozen] if isinstance(frozen, str) else frozen, True)
    if isinstance(frozen, Mapping):
        given = dict(frozen)
    masks = {name: np.zeros(shape, bool) for name, shape in network.graph().shapes.items()}
    for name, mask in given.items():
        shape = masks[choice("frozen", name, masks)].shape
        numbers = array(f"frozen[{name!r}]", mask)
        if numbers.shape not in ((), shape) or not np.all((numbers == 0) | (numbers == 1)):
            raise DownslopeError(
                f"frozen[{name!r}] needs True, or truth values of the shape {shape}, not {show(mask)}"
            )
        masks[name][...] = numbers == 1
    return masks if any(np.any(mask) for mask in masks.values()) else {}
