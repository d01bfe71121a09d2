"""A formula as presentation MathML."""

from __future__ import annotations

from collections.abc import Callable

from downslope._visible import escape
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
from downslope.graph.notation._writing import Write, has_hat, items, negated, number_text, power_base, terms

__all__ = ["mathml"]

_ROUND = "<mrow><mo>(</mo>{}<mo>)</mo></mrow>"


Mark = Callable[[Expression], str | None]
"""The attributes of an element around a symbol or a fraction; None for no element."""


def mathml(e: Expression, mark: Mark | None = None) -> str:
    """The expression as presentation MathML, without the surrounding ``<math>``.

    >>> mathml(Fraction(Number(1.0), Symbol("n")))
    '<mfrac><mn>1</mn><mi>n</mi></mfrac>'
    >>> mathml(Symbol("x"), lambda symbol: 'class="input"')
    '<mrow class="input"><mi>x</mi></mrow>'
    """
    if mark is None:
        return _written(e, mathml)
    marked = mark(e) if isinstance(e, Symbol | Fraction) else None
    if marked is None:
        return _written(e, lambda part: mathml(part, mark))
    return f"<mrow {marked}>{_written(e, mathml)}</mrow>"


def _written(e: Expression, write: Write) -> str:
    match e:
        case Symbol(letter, index, layer, prime):
            base = f"<mi>{escape(letter[0] if has_hat(letter) else letter)}</mi>"
            base = f'<mover accent="true">{base}<mo>^</mo></mover>' if has_hat(letter) else base
            raised = ("<mo>′</mo>" if prime else "") + (f"<mtext>({escape(layer)})</mtext>" if layer else "")
            low = f"<mrow><mtext>{escape(index)}</mtext></mrow>"
            if raised and index:
                return f"<msubsup>{base}{low}<mrow>{raised}</mrow></msubsup>"
            if raised:
                return f"<msup>{base}<mrow>{raised}</mrow></msup>"
            return f"<msub>{base}{low}</msub>" if index else base
        case Number(value, digits):
            plain = number_text(value, digits)
            if plain.startswith("−"):
                return f"<mrow><mo>−</mo><mn>{plain[1:]}</mn></mrow>"
            return f"<mn>{plain}</mn>"
        case Words(words):
            # blanks at the edges of a text would be dropped
            return f"<mtext>{escape(words)}</mtext>".replace(" ", "\u00a0")
        case Phrase(parts):
            return f"<mrow>{''.join(map(write, parts))}</mrow>"
        case Infix(operator, _):
            return f"<mrow>{f'<mo>{escape(operator)}</mo>'.join(terms(e, write, _ROUND))}</mrow>"
        case Negative(term):
            return f"<mrow><mo>−</mo>{negated(term, write, _ROUND)}</mrow>"
        case Power(base, exponent):
            return f"<msup>{power_base(base, exponent, write, _ROUND)}{write(exponent)}</msup>"
        case Root(radicand):
            return f"<msqrt>{write(radicand)}</msqrt>"
        case Fraction(top, bottom):
            return f"<mfrac>{write(top)}{write(bottom)}</mfrac>"
        case Differential(of):
            return f"<mrow><mo>∂</mo>{write(of)}</mrow>"
        case Apply(function, arguments):
            inside = "<mo>,</mo>".join(map(write, arguments))
            return f"<mrow>{write(function)}<mo>(</mo>{inside}<mo>)</mo></mrow>"
        case SumOver(index, body):
            inner = negated(body, write, _ROUND)
            sign = f"<munder><mo>∑</mo><mi>{escape(index)}</mi></munder>" if index else "<mo>∑</mo>"
            return f"<mrow>{sign}{inner}</mrow>"
        case Bracketed(body, left, right):
            return f"<mrow><mo>{left}</mo>{write(body)}<mo>{right}</mo></mrow>"
        case Cases(pairs, otherwise):
            given = [write(value) + write(Words(" if ")) + write(condition) for value, condition in pairs]
            cases = "<mo>;</mo>".join([*given, write(otherwise) + write(Words(" else"))])
            return f"<mrow><mo>{{</mo>{cases}<mo>}}</mo></mrow>"
        case Listing():
            inside = items(e, write, "<mo>,</mo>", "<mo>:</mo>")
            return f"<mrow><mo>(</mo>{inside}<mo>)</mo></mrow>"
