"""What the written forms of a formula share: where parentheses are needed, and how a number is rounded."""

from __future__ import annotations

from collections.abc import Callable

from downslope.graph.notation._tree import (
    Expression,
    Fraction,
    Infix,
    Listing,
    Negative,
    Number,
    Phrase,
    Power,
    SumOver,
    Symbol,
    Words,
)

__all__ = [
    "Write",
    "denominator",
    "has_hat",
    "items",
    "negated",
    "number_text",
    "numerator",
    "power_base",
    "terms",
]

Write = Callable[[Expression], str]
"""One of the three forms: text, LaTeX or MathML."""

_LOOSEST, _SUM, _PRODUCT, _FRACTION, _POWER, _ATOM = range(6)
_PRECEDENCE = {
    **dict.fromkeys(("←", "=", "≈", ">", "<", "≤", "≥"), _LOOSEST),
    **dict.fromkeys(("+", "−"), _SUM),
    **dict.fromkeys(("·", "×", "⊙"), _PRODUCT),
}


def _precedence(e: Expression) -> int:
    match e:
        case Infix(operator, _):
            return _PRECEDENCE[operator]
        case Phrase(_):
            return _LOOSEST
        case Negative(_) | SumOver(_, _):
            return _SUM
        case Number(value, digits):
            return _SUM if value < 0 else _PRODUCT if "e" in number_text(value, digits) else _ATOM
        case Fraction(_, _):
            return _FRACTION
        case Power(_, _):
            return _POWER
        case _:
            return _ATOM


def _in_infix(operator: str, term: Expression, *, first: bool, last: bool) -> bool:
    """Whether a term of an operator needs parentheses."""
    level, inner = _PRECEDENCE[operator], _precedence(term)
    if isinstance(term, SumOver):  # it takes the product behind it, and no more
        return level == _PRODUCT and not last
    if isinstance(term, Number) and inner == _PRODUCT:
        return False
    if inner != level:
        return inner < level
    if level == _SUM:
        return not first
    return not (isinstance(term, Infix) and term.operator == operator and level == _PRODUCT)


def _wrapped(e: Expression, needed: bool, write: Write, brackets: str) -> str:
    return brackets.format(write(e)) if needed else write(e)


def terms(e: Infix, write: Write, brackets: str) -> list[str]:
    """The terms of an operator, in brackets such as ``"({})"`` where they need them."""
    last = len(e.terms) - 1
    return [
        _wrapped(term, _in_infix(e.operator, term, first=i == 0, last=i == last), write, brackets)
        for i, term in enumerate(e.terms)
    ]


def negated(term: Expression, write: Write, brackets: str) -> str:
    """What stands behind a minus sign, or behind Σ."""
    return _wrapped(term, _precedence(term) < _PRODUCT, write, brackets)


def power_base(base: Expression, exponent: Expression, write: Write, brackets: str) -> str:
    """What is raised to a power; a symbol that has something raised already is a base only of a transpose."""
    decorated = isinstance(base, Symbol) and bool(base.layer or base.prime) and exponent != Words("ᵀ")
    return _wrapped(base, decorated or _precedence(base) < _ATOM, write, brackets)


def numerator(top: Expression, write: Write, brackets: str) -> str:
    """What stands before a /."""
    level = _precedence(top)
    crossed = isinstance(top, Infix) and top.operator == "⊙"
    return _wrapped(top, level < _PRODUCT or level == _FRACTION or crossed, write, brackets)


def denominator(bottom: Expression, write: Write, brackets: str) -> str:
    """What stands behind a /."""
    return _wrapped(bottom, _precedence(bottom) < _POWER, write, brackets)


def items(e: Listing, write: Write, separator: str, colon: str) -> str:
    """The items of a listing, without its brackets."""
    positions = [f"{p}{colon}" for p in e.positions] if e.more else [""] * len(e.items)
    shown = [position + write(item) for position, item in zip(positions, e.items, strict=True)]
    return separator.join([*shown, *([write(Words(f"and {e.more:,} smaller"))] if e.more else [])])


def has_hat(letter: str) -> bool:
    """Whether a letter is one with a combining circumflex behind it, as in m̂."""
    return len(letter) == 2 and letter[1] == "\u0302"


def number_text(value: float, digits: int) -> str:
    """A number with the given significant digits and a true minus sign.

    >>> number_text(-0.5, 6), number_text(1.5e-9, 3), number_text(1234567.0, 4)
    ('−0.5', '1.5e−9', '1.235e+6')
    """
    plain = f"{value + 0.0:.{digits}g}"  # no sign before a zero
    if "e" in plain:
        mantissa, exponent = plain.split("e")
        plain = f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"
    return plain.replace("-", "−")
