"""The lesson of a session as an exported page walks through it: plain data, without what cannot change."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.insight import position_of
from downslope.interchange import has_picture
from downslope.studio.lessons import LessonStep, is_weight
from downslope.studio.session._lesson_facts import StateFacts
from downslope.studio.session._lesson_opening import with_settings
from downslope.studio.session._session import Session
from downslope.studio.session._settings import Settings
from downslope.studio.session._state import Progress
from downslope.studio.views._lessons import step_text

__all__ = ["page_lesson"]

_LIVE = frozenset(
    {
        *("error", "validation_error", "every error", "accuracy", "steps", "moves", "learning_rate"),
        *("playing", "diverged", "moved_by_hand", "looking_back", "selected"),
    }
)
"""What can change in an exported page; all else a condition asks for is as it is when the page is written."""
_PANELS = frozenset({"open chain_rule", "open picture"})
"""What can change too where there is a picture."""


def page_lesson(session: Session) -> dict[str, Any] | None:
    """The lesson that is open, or None; a warning names steps that ask for what only a served page has."""
    now = session.state.lesson
    if now is None:
        return None
    # the chain rule is open at first, and always where there is no picture
    facts = StateFacts(replace(session.state, lesson=replace(now, panel="chain_rule")), session.engine)
    steps = [_step(step, now, facts) for step in now.lesson.steps]
    served = [str(i) for i, step in enumerate(steps, 1) if step["until"] is False]
    if served:
        which = (
            f"step {served[0]} asks"
            if len(served) == 1
            else f"steps {', '.join(served[:-1])} and {served[-1]} ask"
        )
        warnings.warn(
            f'{which} of "{now.lesson.title}" for what only the page of downslope play has, such as other '
            "layers; the file shows the text",
            stacklevel=2,
        )
    scale = session.state.rows.target.scale if not session.state.rows.target.classes else 1.0
    return {"title": now.lesson.title, "steps": steps, "scale": float(scale)}


def _step(step: LessonStep, now: Progress, facts: StateFacts) -> dict[str, Any]:
    """A step; its condition is what is left to ask, True where nothing is, False where it cannot be done."""
    settings = facts.state.settings
    live = _LIVE | _PANELS if has_picture(settings.network) else _LIVE
    start = _start(step, now, settings)
    until = True if step.until is None else step.until.remaining(facts, live)
    until = False if start is None else until
    spans = [span for block in step.text for span in block.spans] + list(step.hint)
    names = {span.to for span in spans if span.kind == "part"} | set(_names(until))
    return {
        "title": step.title,
        **step_text(step, lambda span: span.to),
        "until": until,
        "start": start or {},
        "places": {name: place for name in sorted(names) if (place := _place(name, settings)) is not None},
    }


def _start(step: LessonStep, now: Progress, settings: Settings) -> dict[str, Any] | None:
    """The weights and the learning rate that a step begins with; None where it begins with other settings."""
    changed, weights = with_settings(now.lesson, settings, step.start)
    if replace(changed, learning_rate=settings.learning_rate) != settings:
        return None
    found: dict[str, Any] = {}
    if any(one.name == "learning_rate" for one in step.start):
        found["learningRate"] = changed.learning_rate
    if weights is not None:
        found["weights"] = {name: np.ravel(value).tolist() for name, value in weights.items()}
    return found


def _names(until: Any) -> Iterator[str]:
    """The names in what is left of a condition."""
    if isinstance(until, list):
        for part in until:
            yield from _names(part)
    elif isinstance(until, str):
        yield until


def _place(name: str, settings: Settings) -> list[int] | None:
    """Which parameter a weight is in and where, in row-major order; None of what is no weight here."""
    if not is_weight(name):
        return None
    with suppress(DownslopeError):
        found = position_of(settings.network, name)
        shape = settings.shapes[found.name]
        return [list(settings.shapes).index(found.name), int(np.ravel_multi_index(found.index, shape))]
    return None
