"""Mathematics as a small tree, written out as Unicode text, LaTeX or MathML.

An op says how it and its local derivative look by building such a tree; whoever prints chooses the
form. Parentheses follow from precedence, so no op has to think of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

__all__ = [
    "Apply",
    "Expression",
    "Fraction",
    "Infix",
    "Negative",
    "Number",
    "Power",
    "SumOver",
    "Symbol",
    "Words",
    "latex",
    "mathml",
    "partial",
    "product",
    "text",
]


@dataclass(frozen=True)
class Symbol:
    """A letter with an optional layer (superscript in parentheses), index (subscript) and prime."""

    letter: str
    index: str = ""
    layer: str = ""
    prime: bool = False


@dataclass(frozen=True)
class Number:
    """A number as it was evaluated; ``digits`` significant digits are shown."""

    value: float
    digits: int = 6


@dataclass(frozen=True)
class Words:
    """Plain words inside a formula."""

    words: str


@dataclass(frozen=True)
class Infix:
    """Terms joined by one operator: ``+``, ``−``, ``·``, ``⊙``, ``=`` or ``←``."""

    operator: str
    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Negative:
    """−term"""

    term: Expression


@dataclass(frozen=True)
class Power:
    """base to the exponent; a transpose is the exponent ``ᵀ``"""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Fraction:
    """numerator over denominator"""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True)
class Apply:
    """function(arguments)"""

    function: Expression
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class SumOver:
    """Σ over an index of a body"""

    index: str
    body: Expression


Expression: TypeAlias = Symbol | Number | Words | Infix | Negative | Power | Fraction | Apply | SumOver

_PRECEDENCE = {"←": 0, "=": 0, "≈": 0, "+": 1, "−": 1, "⊙": 3, "·": 2, "×": 2}
_ATOM = 5


def product(factors: Iterable[Expression]) -> Expression:
    """The factors joined by ·, or the only factor itself."""
    terms = tuple(factors)
    return terms[0] if len(terms) == 1 else Infix("·", terms)


def partial(of: Expression, by: Expression) -> Expression:
    """∂of/∂by"""
    return Fraction(Infix("", (Words("∂"), of)), Infix("", (Words("∂"), by)))


def _precedence(e: Expression) -> int:
    if isinstance(e, Infix):
        return _PRECEDENCE.get(e.operator, _ATOM)
    if isinstance(e, Negative):
        return 1
    if isinstance(e, Number) and e.value < 0:
        return 1
    if isinstance(e, SumOver):
        return 1
    if isinstance(e, Fraction | Power):
        return 3
    return _ATOM


def _needs_parentheses(term: Expression, parent: int, *, first: bool) -> bool:
    inner = _precedence(term)
    if parent == 1:  # a negative second term reads a + (−b)
        return inner < 1 or (not first and inner == 1 and not isinstance(term, SumOver))
    return inner < parent or (parent == 2 and inner == 1)


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


_SUBSCRIPTS = str.maketrans("0123456789,ijkmn", "₀₁₂₃₄₅₆₇₈₉,ᵢⱼₖₘₙ")
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

    def wrapped(term: Expression, parent: int, first: bool = True) -> str:
        inner = text(term)
        return f"({inner})" if _needs_parentheses(term, parent, first=first) else inner

    match e:
        case Symbol(letter, index, layer, prime):
            return (
                letter
                + ("′" if prime else "")
                + (f"({layer})".translate(_SUPERSCRIPTS) if layer else "")
                + _subscript(index)
            )
        case Number(value, digits):
            return number_text(value, digits)
        case Words(words):
            return words
        case Infix("", terms):
            return "".join(text(t) for t in terms)
        case Infix(operator, terms):
            level = _PRECEDENCE[operator]
            parts = [wrapped(t, level, i == 0) for i, t in enumerate(terms)]
            return (operator if operator in "·×" else f" {operator} ").join(parts)
        case Negative(term):
            return "−" + wrapped(term, 2)
        case Power(base, exponent):
            raised = text(exponent)
            if all(c in "0123456789-Tᵀ" for c in raised):
                return wrapped(base, 4) + raised.translate(_SUPERSCRIPTS)
            return wrapped(base, 4) + "^" + wrapped(exponent, 4)
        case Fraction(top, bottom):
            return wrapped(top, 2) + "/" + wrapped(bottom, 4)
        case Apply(function, arguments):
            return f"{text(function)}({', '.join(map(text, arguments))})"
        case SumOver(index, body):
            return f"Σ{index.translate(_SUBSCRIPTS)} {wrapped(body, 2)}"


_GREEK = {
    "σ": r"\sigma", "δ": r"\delta", "η": r"\eta", "φ": r"\varphi", "Φ": r"\Phi", "α": r"\alpha",
    "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda", "μ": r"\mu", "ε": r"\varepsilon", "ŷ": r"\hat{y}",
    "ω": r"\omega", "θ": r"\theta", "∂": r"\partial ", "Δ": r"\Delta",
}  # fmt: skip
_OPERATORS = {
    "−": "-",
    "·": r" \cdot ",
    "×": r" \times ",
    "⊙": r" \odot ",
    "←": r" \leftarrow ",
    "≈": r" \approx ",
}


def _latex_name(name: str) -> str:
    if name in _GREEK:
        return _GREEK[name]
    if len(name) == 1:
        return name
    return rf"\mathrm{{{_latex_escape(name)}}}"


def _latex_escape(words: str) -> str:
    return "".join("\\" + c if c in "#$%&_{}" else c for c in words)


def _latex_number(value: float, digits: int) -> str:
    plain = number_text(value, digits).replace("−", "-")
    if "e" in plain:
        mantissa, exponent = plain.split("e")
        return rf"{mantissa} \cdot 10^{{{exponent.lstrip('+')}}}"
    return {"inf": r"\infty", "-inf": r"-\infty"}.get(plain, plain)


def latex(e: Expression) -> str:
    r"""The expression in LaTeX, without the dollar signs.

    >>> print(latex(partial(Symbol("E"), Symbol("w", index="1"))))
    \frac{\partial E}{\partial w_{1}}
    """

    def wrapped(term: Expression, parent: int, first: bool = True) -> str:
        inner = latex(term)
        if _needs_parentheses(term, parent, first=first):
            return rf"\left({inner}\right)"
        return inner

    match e:
        case Symbol(letter, index, layer, prime):
            raised = (r"\prime" if prime else "") + (f"({layer})" if layer else "")
            return (
                _latex_name(letter)
                + (f"^{{{raised}}}" if raised else "")
                + (f"_{{{index}}}" if index else "")
            )
        case Number(value, digits):
            return _latex_number(value, digits)
        case Words(words) if words in _GREEK:
            return _GREEK[words]
        case Words(words):
            if not any(c.isalpha() for c in words):  # brackets and commas need no text mode
                plain = _latex_escape(words).replace("·", r"\cdot ")
                return plain.replace("\u00a0", r"\ ").replace(" ", r"\ ")
            return rf"\text{{{_latex_escape(words)}}}".replace("Σ", r"}\Sigma\text{")
        case Infix("", terms):
            return "".join(latex(t) for t in terms)
        case Infix(operator, terms):
            level = _PRECEDENCE[operator]
            parts = [wrapped(t, level, i == 0) for i, t in enumerate(terms)]
            return _OPERATORS.get(operator, f" {operator} ").join(parts)
        case Negative(term):
            return "-" + wrapped(term, 2)
        case Power(base, exponent):
            raised = r"\top" if exponent == Words("ᵀ") else latex(exponent)
            return f"{{{wrapped(base, 4)}}}^{{{raised}}}"
        case Fraction(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Apply(function, arguments):
            return rf"{latex(function)}\left({', '.join(map(latex, arguments))}\right)"
        case SumOver(index, body):
            return rf"\sum_{{{index}}} {wrapped(body, 2)}"


def mathml(e: Expression) -> str:
    """The expression as presentation MathML, without the surrounding ``<math>``.

    >>> mathml(Fraction(Number(1.0), Symbol("n")))
    '<mfrac><mn>1</mn><mi>n</mi></mfrac>'
    """

    def wrapped(term: Expression, parent: int, first: bool = True) -> str:
        inner = mathml(term)
        if _needs_parentheses(term, parent, first=first):
            return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"
        return inner

    match e:
        case Symbol(letter, index, layer, prime):
            base = f"<mi>{escape(letter)}</mi>"
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
        case Words("∂"):
            return "<mo>∂</mo>"
        case Words(words):
            # blanks at the edges of a text would be dropped
            return f"<mtext>{escape(words)}</mtext>".replace(" ", "\u00a0")
        case Infix("", terms):
            return f"<mrow>{''.join(mathml(t) for t in terms)}</mrow>"
        case Infix(operator, terms):
            level = _PRECEDENCE[operator]
            parts = [wrapped(t, level, i == 0) for i, t in enumerate(terms)]
            return f"<mrow>{f'<mo>{operator}</mo>'.join(parts)}</mrow>"
        case Negative(term):
            return f"<mrow><mo>−</mo>{wrapped(term, 2)}</mrow>"
        case Power(base, exponent):
            return f"<msup>{wrapped(base, 4)}{mathml(exponent)}</msup>"
        case Fraction(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Apply(function, arguments):
            inside = "<mo>,</mo>".join(mathml(a) for a in arguments)
            return f"<mrow>{mathml(function)}<mo>(</mo>{inside}<mo>)</mo></mrow>"
        case SumOver(index, body):
            return f"<mrow><munder><mo>∑</mo><mi>{escape(index)}</mi></munder>{wrapped(body, 2)}</mrow>"
