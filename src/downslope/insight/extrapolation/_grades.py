"""How far off forecasts were, and the interval that follows: conformal prediction."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from downslope._checks import Interval, choice, number
from downslope._dataclass import dataclass
from downslope._writing import place_of
from downslope.errors import DownslopeError
from downslope.insight.curves import HORIZON, OFF, Course, Curve, fitted
from downslope.insight.extrapolation._reference import EDGES, QUANTILES
from downslope.insight.extrapolation._spectrum import Spectrum

__all__ = [
    "Grade",
    "Question",
    "bounds",
    "error_of_off",
    "foretold",
    "grades_of",
    "kind_of_error",
    "near_grades",
    "off_of_error",
    "own_grades",
    "question_of",
    "read_grades",
    "spread",
    "within_noise",
    "write_grades",
]

_MISSED = 0.05
"""The share of their own grades that is outside of the bounds.

Forecasts on one table miss together. Of the reference's 25 tables, each held against the bounds of the
others, 20 have nine of ten grades of steps within these; at 0.1 it is 13.
"""
_SHARES = (0.25, 0.5, 0.75, 0.9)  # of the way that the error fell, at which steps are asked for
_NEAR_SHARES = (0.005, 0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.25)
_FEWEST = 8  # epochs before the first forecast of a run
_LAST = 20  # the last part of a run that is its end: 1/20
_NOISE = 3  # standard deviations
_SOON = 1e-3  # of the time so far: nothing is foretold to come sooner
_DEEPEST = 1e6
_OF_BIN = (0.75, 0.99)  # of its end: where errors are graded, besides the last edge
_LEAST = 1e-12  # of what is foretold: a lower error is graded as this


@dataclass(frozen=True)
class Question:
    """What was asked, in numbers that mean the same for every run.

    Attributes:
        kind: ``"error"`` after some steps, ``"falling"`` where the learning rate falls; ``"steps"`` to an
            error that the curve comes to, ``"noisy"`` where the noise is above what a curve is off by;
            ``"beyond"``: to one that the curve does not come to; ``"near"``: steps by the spectrum.
        ahead: of an error, ln(time asked about / time so far). Of steps, ln(time foretold / time so far). Of
            those beyond, how far the error is below that of now, over the drop while the time grew last
            e-fold. Of those near, the share of the error now by which it falls, at most 1/4.
    """

    kind: str
    ahead: float


@dataclass(frozen=True)
class Grade(Question):
    """A forecast and what came.

    Attributes:
        off: of an error, what came minus what was foretold, over ``spread``; of one that came lower, where no
            error was below 0, the foretold times ln(came / foretold) over it. Of steps, ln(time that it took
            from then on / time foretold); of those beyond, ln(time that it took from then on / time so far);
            of those near, ln(steps that it took / steps foretold).
    """

    off: float


def grades_of(course: Course, asked: int, until: int) -> Iterator[Grade]:
    """How far off forecasts are that know the epochs before ``asked``, by those before ``until``.

    Args:
        course: of a run.
        asked: epochs that are known.
        until: epochs after which it is graded; more than ``asked``.
    """
    times, errors = course.times[:until], course.errors[:until]
    curve = fitted(errors[:asked], times[:asked])
    now, later, edges = curve.at(curve.now), errors[asked:], EDGES["error"]
    for ahead in (*(share * edge for edge in edges[1:] for share in _OF_BIN), edges[-1]):
        place = int(np.searchsorted(times, curve.now * np.exp(ahead) * (1 - 1e-9)))
        if asked <= place < until and (scale := spread(curve, ahead)) > 0:
            told = curve.at(float(times[place]))
            yield Grade(
                kind_of_error(course.falls), ahead, off_of_error(curve, told, float(errors[place]), scale)
            )
    end = float(errors[max(asked, until - max(1, (until - asked) // _LAST)) :].mean())
    for share in _SHARES:
        target = now + share * (end - now)
        reached = np.flatnonzero(later <= target)
        if len(reached) and not within_noise(curve, target):
            question = question_of(curve, target)
            took = float(times[asked + reached[0]]) - curve.now
            yield Grade(question.kind, question.ahead, float(np.log(took / foretold(curve, question))))


def kind_of_error(falls: bool) -> str:
    """Of a question for an error: where the learning rate falls, noise does, and with it the error."""
    return "falling" if falls else "error"


def spread(curve: Curve, ahead: float) -> float:
    """What errors are graded by, while ln(time) grows by so much.

    The geometric mean of the drop that is foretold and that of as long an ln(time) before, and the noise.
    """
    ratio = float(np.exp(ahead))
    foretold_drop = curve.at(curve.now) - curve.at(ratio * curve.now)
    drops = np.maximum([foretold_drop, curve.drop(ratio)], 0.0)
    return float(np.prod(np.sqrt(drops))) + curve.noise


def off_of_error(curve: Curve, told: float, came: float, scale: float) -> float:
    """How far off an error is, so that an interval of such numbers is not below 0 if no error was."""
    if told > 0 and came < told and not curve.offset:
        return told * float(np.log(max(came / told, _LEAST))) / scale
    return (came - told) / scale


def error_of_off(curve: Curve, told: float, off: float, scale: float) -> float:
    """The error that is so far off."""
    if off < 0 < told and not curve.offset:
        return told * float(np.exp(off * scale / told))
    return told + off * scale


def within_noise(curve: Curve, error: float) -> bool:
    """Whether a single error may be as low as this by chance, which no curve tells anything of."""
    return error >= curve.at(curve.now) - _NOISE * curve.noise


def question_of(curve: Curve, error: float) -> Question:
    """How far ahead an error is that is below that of now."""
    ratio, last = curve.when(error) / curve.now, curve.drop(float(np.e))
    if ratio <= HORIZON:
        kind = "steps" if curve.noise <= OFF * last else "noisy"
        return Question(kind, max(float(np.log(ratio)), _SOON))
    drop = max(last, curve.noise)
    depth = curve.at(curve.now) - error
    return Question("beyond", min(depth / drop, _DEEPEST) if drop > 0 else _DEEPEST)


def foretold(curve: Curve, question: Question) -> float:
    """The time from now on that ``off`` of steps is held against."""
    return curve.now * (1.0 if question.kind == "beyond" else float(np.expm1(question.ahead)))


def near_grades(spectrum: Spectrum, later: NDArray[np.float64]) -> Iterator[Grade]:
    """How far off a spectrum is, by the errors from its steps on."""
    now = spectrum.error_after(0)
    for share in _NEAR_SHARES:
        reached = np.flatnonzero(later <= (1 - share) * now)
        steps = spectrum.steps_to((1 - share) * now)
        if len(reached) and reached[0] and 0 < steps < np.inf:
            yield Grade("near", share, float(np.log(reached[0] / steps)))


def own_grades(course: Course) -> list[Grade]:
    """Grades of what would have been foretold at 1/8, 1/4 and 1/2 of the way of a run so far."""
    count = len(course.errors)
    asked = (count // part for part in (8, 4, 2))
    return [grade for each in asked if each >= _FEWEST for grade in grades_of(course, each, count)]


def bounds(question: Question, grades: Iterable[Grade]) -> tuple[float, float, float]:
    """What ``off`` will be: the middle, and between which it is in nine of ten forecasts on a new table.

    Quantiles of earlier grades that looked as far ahead (Mondrian conformal prediction: Vovk, Gammerman and
    Shafer 2005): those of the reference and those that are given.
    """
    place = _bin(question)
    own = [grade.off for grade in grades if grade.kind == question.kind and _bin(grade) == place]
    pool = np.sort([*QUANTILES[question.kind][place], *own])
    outside = int(_MISSED / 2 * (len(pool) + 1))
    return float(np.median(pool)), float(pool[outside - 1]), float(pool[-outside])


def _bin(question: Question) -> int:
    edges = EDGES[question.kind]
    return int(np.clip(np.searchsorted(edges, question.ahead, side="right") - 1, 0, len(edges) - 1))


def read_grades(path: str | os.PathLike[str]) -> list[Grade]:
    """The grades of a file of JSON lines; none where there is no such file.

    Raises:
        DownslopeError: if a line is no grade.
    """
    place = place_of(path, "grades")
    if not place.exists():
        return []
    try:
        lines = place.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DownslopeError(f"the grades in {place} cannot be read: {error}") from None
    return [_grade(f"line {i} of {place}", line) for i, line in enumerate(lines, 1) if line.strip()]


def _grade(where: str, line: str) -> Grade:
    try:
        found = json.loads(line)
        kind = choice("kind", found["kind"], tuple(EDGES))
        ahead = number("ahead", found["ahead"], Interval(0))
        return Grade(kind, ahead, number("off", found["off"]))
    except (ValueError, KeyError, TypeError, DownslopeError) as error:
        raise DownslopeError(
            f"{where} is no grade of an outlook ({error}); give another file, or delete the line"
        ) from None


def write_grades(path: str | os.PathLike[str], grades: Sequence[Grade]) -> None:
    """Append grades to a file of JSON lines."""
    try:
        with place_of(path, "grades").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(grade)) + "\n" for grade in grades)
    except OSError as error:
        raise DownslopeError(f"grades cannot be written to {path}: {error.strerror}") from None
