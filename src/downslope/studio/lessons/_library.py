"""The lessons that come with the page, and those of a file."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from downslope._checks import real, show
from downslope.errors import DownslopeError
from downslope.studio.lessons._format import Lesson, lesson_of

__all__ = ["BUILT_IN", "built_in", "is_lesson_file", "lesson_named", "read_lesson"]

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


def is_lesson_file(source: str) -> bool:
    """Whether a file is a lesson by its name."""
    return source.lower().endswith((".md", ".markdown"))


def lesson_named(given: Any) -> Lesson:
    """The lesson that is meant: of the page by its number, counted from 1, or the file of one.

    Raises:
        DownslopeError: if there is none.

    >>> lesson_named(1).title
    'One neuron by hand'
    """
    if isinstance(given, str | Path) and is_lesson_file(str(given)):
        return read_lesson(Path(given))
    number = real(given)
    if number is None or number not in range(1, len(BUILT_IN) + 1):
        raise DownslopeError(
            f"lesson needs the number of a lesson, 1 to {len(BUILT_IN)}, or a file that ends with .md, "
            f"not {show(given)}"
        )
    return built_in(BUILT_IN[int(number) - 1])


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
