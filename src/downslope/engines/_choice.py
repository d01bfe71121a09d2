"""Which engine runs a descent."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from downslope.graph import Node

if TYPE_CHECKING:
    from downslope.engines._native_descent import NativeDescent

__all__ = ["native_descent"]


@cache
def _native_is_there() -> bool:
    if find_spec("downslope.engines._native") is not None:
        return True
    warnings.warn(
        "Downslope was installed without its native engine; the reference engine runs instead, which is "
        "slower. Install it again where a C++ compiler is found.",
        RuntimeWarning,
        stacklevel=4,
    )
    return False


def native_descent(
    error: Node, updates: Mapping[Node, Node], data: Mapping[str, NDArray[Any]]
) -> NativeDescent | None:
    """A descent on the native engine, or None where the reference engine has to do.

    That is where the extension was not built, which is said once, and where the environment variable
    DOWNSLOPE_ENGINE is ``reference``.
    """
    if os.environ.get("DOWNSLOPE_ENGINE") == "reference" or not _native_is_there():
        return None
    from downslope.engines._native_descent import NativeDescent

    return NativeDescent(error, updates, data)
