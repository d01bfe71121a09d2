"""A formula as one line of Unicode."""

from __future__ import annotations

from downslope.graph.notation._tree import (
    Apply,
    Bracketed,
    Cases,
    Differential,
    Expression,
    Fraction,
    Infix,
    Listing,
    Negative,
    Number,
    Phrase,
    Power,
    Root,
    SumOver,
    Symbol,
    Words,
)
from downslope.graph.notation._writing import (
    denominator,
    items,
    negated,
    number_text,
    numerator,
    power_base,
    terms,
)

__all__ = ["text"]

_ROUND = "({})"
_SUBSCRIPTS = str.maketrans("0123456789,ijkmnr", "₀₁₂₃₄₅₆₇₈₉,ᵢⱼₖₘₙᵣ")
_SUPERSCRIPTS = str.maketrans("0123456789()-+Tl.", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻⁺ᵀˡ·")


def _subscript(index: str) -> str:
    """An index in small letters where Unicode has them all, else behind a low line."""
    if all(ord(c) in _SUBSCRIPTS for c in index):
        return index.translate(_SUBSCRIPTS)
    return f"_{index}"


def text(e: Expression) -> str:
    """The expression as one line of Unicode.

    >>> text(Infix("·", (Infix("−", (Symbol("y"), Symbol("z"))), Symbol("W", index="2,1", layer="3"))))
    '(y − z)·W⁽³⁾₂,₁'
    """

    match e:
        case Symbol(letter, index, layer, prime):
            raised = f"({layer})".translate(_SUPERSCRIPTS) if layer else ""
            return letter + ("′" if prime else "") + raised + _subscript(index)
        case Number(value, digits):
            return number_text(value, digits)
        case Words(words):
            return words
        case Phrase(parts):
            return "".join(map(text, parts))
        case Infix(operator, _):
            return (operator if operator in "·×" else f" {operator} ").join(terms(e, text, _ROUND))
        case Negative(term):
            return "−" + negated(term, text, _ROUND)
        case Power(base, exponent):
            lower, upper = power_base(base, exponent, text, _ROUND), text(exponent)
            if all(c in "0123456789-Tᵀ" for c in upper):
                return lower + upper.translate(_SUPERSCRIPTS)
            return f"{lower}^{power_base(exponent, Number(2), text, _ROUND)}"
        case Root(radicand):
            return f"√({text(radicand)})"
        case Fraction(top, bottom):
            return f"{numerator(top, text, _ROUND)}/{denominator(bottom, text, _ROUND)}"
        case Differential(of):
            return f"∂{text(of)}"
        case Apply(function, arguments):
            return f"{text(function)}({', '.join(map(text, arguments))})"
        case SumOver(index, body):
            return f"Σ{index.translate(_SUBSCRIPTS)} {negated(body, text, _ROUND)}"
        case Bracketed(body, left, right):
            return f"{left}{text(body)}{right}"
        case Cases(pairs, otherwise):
            given = [f"{text(value)} if {text(condition)}" for value, condition in pairs]
            return "{" + "; ".join([*given, f"{text(otherwise)} else"]) + "}"
        case Listing():
            return "(" + items(e, text, ", ", ":\u00a0") + ")"
