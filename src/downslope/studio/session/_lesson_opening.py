"""What a lesson opens on: its table, its settings, its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope.errors import DownslopeError
from downslope.studio.lessons import Lesson, Setting
from downslope.studio.session._descent import checked_descent
from downslope.studio.session._pace import checked_pace
from downslope.studio.session._samples import FIVE_ROWS, SAMPLES, opening_of
from downslope.studio.session._settings import Settings, suited
from downslope.studio.table._choices import AUTO, Choices
from downslope.studio.table._reading import read_rows
from downslope.studio.table._rows import Rows, rows_of

__all__ = ["checked_lesson", "opening_of_lesson", "pace_of", "with_settings"]

Values = Mapping[str, NDArray[Any]]

_OTHERS = ("scaling", "speed")
"""Settings of a lesson that are none of the network's descent."""


def checked_lesson(lesson: Lesson) -> Lesson:
    """The lesson, of which every setting was tried.

    Raises:
        DownslopeError: with the line where one cannot be used.
    """
    rows, settings, _ = opening_of_lesson(lesson)
    try:
        checked_descent(settings, rows, {})
    except DownslopeError as error:
        raise lesson.refused(lesson.table.line, error) from None
    pace_of(lesson, lesson.settings, None)
    for step in lesson.steps:
        settings, _ = with_settings(lesson, settings, step.start)
        pace_of(lesson, step.start, None)
    return lesson


def opening_of_lesson(lesson: Lesson) -> tuple[Rows, Settings, Values | None]:
    """The rows of a lesson, and the settings and values to begin with.

    Raises:
        DownslopeError: with the line of the lesson where something cannot be used.
    """
    try:
        rows, settings, values = _opening(lesson)
    except DownslopeError as error:
        raise lesson.refused(lesson.table.line, error) from None
    settings, given = with_settings(lesson, settings, lesson.settings)
    return rows, settings, values if given is None else given


def _opening(lesson: Lesson) -> tuple[Rows, Settings, Values | None]:
    table = lesson.table
    source = table.source or ("" if table.text else FIVE_ROWS)
    if source in (FIVE_ROWS, *SAMPLES) and table.target in ("", "y"):
        return opening_of(source)
    if table.text:
        frame, decided = read_rows(table.text.encode(), "the lesson's table")
    else:
        path = None if lesson.folder is None else lesson.folder / source
        if path is None or not path.is_file():
            known = ", ".join((FIVE_ROWS, *SAMPLES))
            raise DownslopeError(
                f"there is no table {source!r}; write a file beside the lesson, or a sample: {known}"
            )
        frame, decided = read_rows(str(path))
    scaling = next((s.value for s in lesson.settings if s.name == "scaling"), AUTO)
    choices = Choices((table.target or frame.columns[-1],), scaling=scaling)
    rows = replace(rows_of(frame, choices, source or "the lesson's table"), source=decided)
    return rows, suited(rows), None


def with_settings(
    lesson: Lesson, settings: Settings, given: Sequence[Setting]
) -> tuple[Settings, Values | None]:
    """The settings with those that a lesson gives, and the values of its weights, if it gives some.

    Raises:
        DownslopeError: with the line of one that cannot be used.
    """
    weights = None
    for one in given:
        try:
            if one.name == "weights":
                weights = one
            elif one.name not in _OTHERS:
                settings = settings.changed({one.name: _value(one)})
        except DownslopeError as error:
            raise lesson.refused(one.line, error) from None
    if weights is None:
        return settings, None
    try:
        return settings, _values(settings, weights.value)
    except DownslopeError as error:
        raise lesson.refused(weights.line, error) from None


def pace_of(lesson: Lesson, given: Sequence[Setting], otherwise: float | None) -> float | None:
    """Steps a second, if a lesson gives them; None is as fast as it goes.

    Raises:
        DownslopeError: with the line where it is none.
    """
    speed = next((one for one in given if one.name == "speed"), None)
    if speed is None:
        return otherwise
    if speed.value == "fastest":
        return None
    try:
        return checked_pace(float(speed.value))
    except ValueError as error:  # of float, or of a pace
        reason = error if isinstance(error, DownslopeError) else "speed needs steps a second, or fastest"
        raise lesson.refused(speed.line, reason) from None


def _value(setting: Setting) -> Any:
    """What is written, as a setting takes it: layers, a number, a word, or None."""
    if setting.name == "layers":
        return [_layer(part) for part in setting.value.split(",")]
    if setting.value in ("all rows", "never", "none"):
        return None
    with suppress(ValueError):
        return int(setting.value)
    with suppress(ValueError):
        return float(setting.value)
    return setting.value


def _layer(text: str) -> dict[str, Any]:
    """``8 tanh``, ``1``, ``1 without bias``."""
    words = text.split()
    bias = words[-2:] != ["without", "bias"]
    words = words if bias else words[:-2]
    if not 1 <= len(words) <= 2 or not words[0].isdecimal():
        raise DownslopeError(
            f"found the layer {text.strip()!r}; write units and activation: 8 tanh, 8 tanh, 1 without bias"
        )
    return {"units": int(words[0]), "activation": words[1] if len(words) > 1 else "identity", "bias": bias}


def _values(settings: Settings, text: str) -> Values:
    """Numbers for all parameters, layer by layer, the weights of a unit beside each other, biases last."""
    try:
        numbers = np.array([float(part) for part in text.split(",")])
    except ValueError:
        raise DownslopeError(f"found the weights {text!r}; write numbers: 200, -14, 3456") from None
    if len(numbers) != settings.weights or not np.all(np.isfinite(numbers)):
        raise DownslopeError(
            f"found {len(numbers)} numbers; this network has {settings.weights} weights and biases"
        )
    found, at = {}, 0
    for name, shape in settings.shapes.items():
        size = int(np.prod(shape))
        found[name] = numbers[at : at + size].reshape(shape)
        at += size
    return found
