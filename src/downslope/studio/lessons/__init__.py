"""Lessons: Markdown files with steps, and conditions that say when a step is done."""

from downslope.studio.lessons._conditions import Condition, Facts, condition_of
from downslope.studio.lessons._format import SETTINGS, Lesson, LessonStep, Setting, Table, lesson_of
from downslope.studio.lessons._library import BUILT_IN, built_in, is_lesson_file, lesson_named, read_lesson
from downslope.studio.lessons._names import NAMES, PANELS, PARTS, Kind, is_weight
from downslope.studio.lessons._text import Block, Span

__all__ = [
    "BUILT_IN",
    "NAMES",
    "PANELS",
    "PARTS",
    "SETTINGS",
    "Block",
    "Condition",
    "Facts",
    "Kind",
    "Lesson",
    "LessonStep",
    "Setting",
    "Span",
    "Table",
    "built_in",
    "condition_of",
    "is_lesson_file",
    "is_weight",
    "lesson_named",
    "lesson_of",
    "read_lesson",
]
