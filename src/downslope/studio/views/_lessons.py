"""The lesson as a page shows it: its step as spans of text, which become elements there and never HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from downslope.errors import DownslopeError
from downslope.insight import position_of
from downslope.nets import Network
from downslope.studio.lessons import BUILT_IN, LessonStep, Span, built_in, is_weight
from downslope.studio.session._state import SessionState

__all__ = ["lesson_source", "lesson_view", "lessons_view", "step_text"]


def lessons_view(state: SessionState) -> list[dict[str, Any]]:
    """The lessons that can be chosen: those of the reader, then those that come with the page."""
    own = [{"name": lesson.name, "title": lesson.title, "number": None} for lesson in state.lessons]
    return own + [
        {"name": name, "title": built_in(name).title, "number": number}
        for number, name in enumerate(BUILT_IN, 1)
    ]


def lesson_source(state: SessionState) -> tuple[Any, ...]:
    """What the view of the lesson is made from."""
    now = state.lesson
    return () if now is None else (now.lesson, now.at, now.done, state.settings.shapes)


def lesson_view(state: SessionState) -> dict[str, Any] | None:
    """The step of the lesson that is open, or None."""
    now = state.lesson
    if now is None:
        return None
    lesson, network = now.lesson, state.settings.network
    number = BUILT_IN.index(lesson.name) + 1 if lesson.name in BUILT_IN and lesson.folder is None else None
    following = BUILT_IN[number] if number is not None and number < len(BUILT_IN) else None
    return {
        "name": lesson.name,
        "title": lesson.title,
        "number": number,
        "count": len(BUILT_IN),
        "following": following,
        "at": now.at,
        "steps": len(lesson.steps),
        "heading": now.step.title,
        **step_text(now.step, lambda span: _place(span, network)),
        "asks": now.step.until is not None,
        "done": now.at in now.done,
    }


def step_text(step: LessonStep, place: Callable[[Span], str]) -> dict[str, Any]:
    """The text and the hint of a step as plain data; ``place`` is where a span leads to."""

    def spans(some: Sequence[Span]) -> list[dict[str, str]]:
        return [{"kind": span.kind, "text": span.text, "to": place(span)} for span in some]

    text = [{"kind": block.kind, "spans": spans(block.spans)} for block in step.text]
    return {"text": text, "hint": spans(step.hint)}


def _place(span: Span, network: Network) -> str:
    """Where a span leads to: of a weight its position, or the network where it has none of that name."""
    if span.kind != "part" or not is_weight(span.to):
        return span.to
    with suppress(DownslopeError):
        return str(position_of(network, span.to))
    return "network"
