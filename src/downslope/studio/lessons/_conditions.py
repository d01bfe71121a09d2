"""Conditions: a small language of comparisons, flags, ``and``, ``or`` and ``not``.

    condition  = either ("or" either)*
    either     = part ("and" part)*
    part       = "not" part | "(" condition ")" | flag | of [what] | text ("=" | "!=") word
               | number ("<" | "<=" | ">" | ">=" | "=" | "!=") number

A number is a numeral, a name of ``NAMES`` or a weight. ``every error < 0.1`` holds if it does for every row.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Container, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.studio.lessons._names import NAMES, PANELS, Kind, alike, is_weight

__all__ = ["Condition", "Facts", "condition_of"]


class Facts(Protocol):
    """What conditions are about."""

    def number(self, name: str) -> float | NDArray[np.float64]:
        """The number of a name or a weight, or several of ``every error``; NaN where there is none."""

    def texts(self, name: str) -> tuple[str, ...]:
        """The words of a name: all of them count."""

    def flag(self, name: str) -> bool:
        """Whether a flag holds."""

    def of(self, name: str, what: str) -> bool:
        """Whether it is ``what``; anything, where that is empty."""


Remaining = bool | list[Any]
"""What is left of a condition: whether it holds, or a tree as plain data."""


class Condition(Protocol):
    """What can hold or not."""

    def holds(self, facts: Facts) -> bool:
        """Whether it does."""

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        """What is left to ask where no name but those of ``live`` and the weights can change any more.

        Of ``selected`` and ``open``, ``live`` can hold the name alone or with what follows it.
        """


@dataclass(frozen=True)
class _All:
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        return all(part.holds(facts) for part in self.parts)

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        parts = [part.remaining(facts, live) for part in self.parts]
        asked = [part for part in parts if part is not True]
        return False if False in parts else ["all", *asked] if asked else True


@dataclass(frozen=True)
class _Any:
    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        return any(part.holds(facts) for part in self.parts)

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        parts = [part.remaining(facts, live) for part in self.parts]
        asked = [part for part in parts if part is not False]
        return True if True in parts else ["any", *asked] if asked else False


@dataclass(frozen=True)
class _Not:
    part: Condition

    def holds(self, facts: Facts) -> bool:
        return not self.part.holds(facts)

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        part = self.part.remaining(facts, live)
        return not part if isinstance(part, bool) else ["not", part]


@dataclass(frozen=True)
class _Flag:
    name: str

    def holds(self, facts: Facts) -> bool:
        return facts.flag(self.name)

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        return ["flag", self.name] if self.name in live else self.holds(facts)


@dataclass(frozen=True)
class _Of:
    name: str
    what: str

    def holds(self, facts: Facts) -> bool:
        return facts.of(self.name, self.what)

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        changes = self.name in live or f"{self.name} {self.what}" in live
        return ["of", self.name, self.what] if changes else self.holds(facts)


@dataclass(frozen=True)
class _Text:
    name: str
    equal: bool
    word: str

    def holds(self, facts: Facts) -> bool:
        return all((text == self.word) is self.equal for text in facts.texts(self.name))

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        return self.holds(facts)


Number = float | str
"""A numeral, or a name."""


@dataclass(frozen=True)
class _Comparison:
    left: Number
    sign: str
    right: Number

    def holds(self, facts: Facts) -> bool:
        left, right = (facts.number(n) if isinstance(n, str) else n for n in (self.left, self.right))
        if np.any(np.isnan(left)) or np.any(np.isnan(right)):  # what is not known is not reached
            return False
        return bool(np.all(np.asarray(_SIGNS[self.sign](left, right))))

    def remaining(self, facts: Facts, live: Container[str]) -> Remaining:
        sides = [self._known(one, facts, live) for one in (self.left, self.right)]
        if not any(isinstance(side, str) for side in sides) or any(side != side for side in sides):
            return self.holds(facts)
        return ["compare", sides[0], self.sign, sides[1]]

    def _known(self, side: Number, facts: Facts, live: Container[str]) -> Number:
        """The number of a name that cannot change."""
        if not isinstance(side, str) or side in live or is_weight(side):
            return side
        return float(facts.number(side))


_SIGNS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
_ALSO = {"≤": "<=", "≥": ">=", "≠": "!=", "==": "=", "is": "="}
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
    |(?P<word>[^\W\d]\w*(?:\[\d+(?:,\ ?\d+)?\])?)
    |"(?P<quoted>[^"]*)"
    |(?P<sign><=|>=|!=|==|[<>=≤≥≠])
    |(?P<bracket>[()]))""",
    re.VERBOSE,
)
_JOINS = ("and", "or", "not")
_DEEPEST = 50


def condition_of(text: str) -> Condition:
    """The condition that is written.

    Raises:
        DownslopeError: what was found where something else can stand.

    >>> condition_of("error < 0.5 and steps >= 100") == condition_of("(error<.5) and steps ≥ 100")
    True
    """
    parser = _Parser(_tokens(text))
    found = parser.condition(0)
    if parser.rest:
        raise DownslopeError(f"{parser.rest[0][1]!r} cannot follow here; join conditions with and, or")
    return found


Token = tuple[str, str]


def _tokens(text: str) -> list[Token]:
    found, at, text = [], 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise DownslopeError(f"{text[at:].strip()[:20]!r} is no part of a condition")
        kind = str(match.lastgroup)
        word = match[kind]
        if kind == "word" and word == "is":
            kind = "sign"
        found.append((kind, _ALSO.get(word, word) if kind == "sign" else word))
        at = match.end()
    return found


class _Parser:
    """Reads tokens from the left, one rule of the grammar a method."""

    def __init__(self, tokens: list[Token]) -> None:
        self.rest = tokens

    def condition(self, depth: int) -> Condition:
        """Parts that are joined by or."""
        parts = [self._either(depth)]
        while self._taken("word", "or"):
            parts.append(self._either(depth))
        return parts[0] if len(parts) == 1 else _Any(tuple(parts))

    def _either(self, depth: int) -> Condition:
        parts = [self._part(depth)]
        while self._taken("word", "and"):
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else _All(tuple(parts))

    def _part(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise DownslopeError("the condition has too many brackets in each other")
        if self._taken("word", "not"):
            return _Not(self._part(depth + 1))
        if self._taken("bracket", "("):
            inside = self.condition(depth + 1)
            if not self._taken("bracket", ")"):
                raise DownslopeError("a bracket is opened and not closed; add )")
            return inside
        kind, word = self._next("a name or a number")
        name = self._name(kind, word)
        if not isinstance(name, str):
            return self._compared(name)
        about = NAMES.get(name)
        if about is None or about.kind is Kind.NUMBER:
            return self._compared(name)
        if about.kind is Kind.FLAG:
            return _Flag(name)
        return self._text(name) if about.kind is Kind.TEXT else self._of(name)

    def _compared(self, left: Number) -> Condition:
        kind, sign = self._next(f"<, <=, >, >= or = after {left}")
        if kind != "sign":
            raise DownslopeError(f"{left} is compared with a number, such as {left} < 0.1; found {sign!r}")
        right = self._name(*self._next(f"a number after {sign}"))
        for one in (left, right):
            if isinstance(one, str) and one in NAMES and NAMES[one].kind is not Kind.NUMBER:
                raise DownslopeError(f"{one} is no number; write it without {sign}")
        return _Comparison(left, sign, right)

    def _text(self, name: str) -> Condition:
        kind, sign = self._next(f"= or != after {name}")
        if kind != "sign" or sign not in ("=", "!="):
            raise DownslopeError(f'{name} is a text, such as {name} = "…"; found {sign!r}')
        kind, word = self._next(f"a word after {sign}")
        if kind in ("sign", "bracket"):
            raise DownslopeError(f"{name} {sign} needs a word, not {word!r}")
        return _Text(name, sign == "=", word)

    def _of(self, name: str) -> Condition:
        if not self.rest or self.rest[0][0] != "word" or self.rest[0][1] in _JOINS:
            return _Of(name, "")
        what = self.rest.pop(0)[1]
        if name == "open" and what not in PANELS:
            raise DownslopeError(f"there is no panel {what!r}{alike(what, PANELS)}")
        if name == "selected" and not is_weight(what):
            raise DownslopeError(f"{what!r} is no weight; write w1, b, W2[1,3] (layer, unit, input) or b1[2]")
        return _Of(name, what)

    def _name(self, kind: str, word: str) -> Number:
        """A numeral as a number, a name as it is known."""
        if kind == "number":
            return float(word.replace("−", "-"))
        if kind == "word" and word == "every":
            if not self._taken("word", "error"):
                raise DownslopeError("every stands before error: every error < 0.1")
            return "every error"
        if kind != "word" or word in _JOINS:
            raise DownslopeError(f"{word!r} cannot stand here; a name or a number can")
        if word not in NAMES and not is_weight(word):
            raise DownslopeError(f"there is no name {word!r}{alike(word, tuple(NAMES))}")
        return word

    def _next(self, wanted: str) -> Token:
        if not self.rest:
            raise DownslopeError(f"the condition ends too early; it needs {wanted}")
        return self.rest.pop(0)

    def _taken(self, kind: str, word: str) -> bool:
        """Whether the next token is this one, which is passed over then."""
        if self.rest and self.rest[0] == (kind, word):
            self.rest.pop(0)
            return True
        return False
