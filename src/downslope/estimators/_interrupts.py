"""Ctrl-C in what fits several times, such as a search: it ends the whole, not one of its fits."""

from __future__ import annotations

import sys

__all__ = ["refuse_cut"]

_OF_ONE_FIT = ("sklearn.base", "sklearn.pipeline", "sklearn.compose", "sklearn.utils")


def refuse_cut(interrupted: bool) -> None:
    """End what scikit-learn is at, if a fit that it asked for was cut: it would be scored as a whole one.

    A fit that the user asked for, by itself or as the last step of a pipeline, keeps what was reached.

    Raises:
        KeyboardInterrupt: if it was interrupted and is one of several.
    """
    if interrupted and _is_one_of_several():
        raise KeyboardInterrupt


def _is_one_of_several() -> bool:
    frame = sys._getframe(1).f_back
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith("sklearn.") and not module.startswith(_OF_ONE_FIT):
            return True
        frame = frame.f_back
    return False
