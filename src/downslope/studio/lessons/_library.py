"""The lessons that come with the page, and those of a file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from downslope.errors import DownslopeError
from downslope.studio.lessons._format import Lesson, lesson_of

__all__ = ["BUILT_IN", "built_in", "read_lesson"]

BUILT_IN = ("one-neuron", "learning-rate", "bias", "hidden-layer", "deep-sigmoids", "own-table")
"""The lessons that come with the page, in their order."""


@lru_cache(maxsize=len(BUILT_IN))
def built_in(name: str) -> Lesson:
    """A lesson that comes with the page.

    Raises:
        DownslopeError: if there is none of that name.
    """
    if name not in BUILT_IN:
        raise DownslopeError(f"there is no lesson {name!r}; choose one of {', '.join(BUILT_IN)}")
    file = f"{name}.md"
    text = (files("downslope.studio.lessons") / "built_in" / file).read_text("utf-8")
    return lesson_of(text, file)


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file.

    Raises:
        DownslopeError: if it cannot be read, or something in it is not as it has to be.
    """
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise DownslopeError(f"{path.name} is not text in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise DownslopeError(f"{path}: {error.strerror or error}; check the path") from None
    return lesson_of(text, path.name, path.parent)
