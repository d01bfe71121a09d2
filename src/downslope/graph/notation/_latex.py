"""A formula in LaTeX."""

from __future__ import annotations

from downslope._visible import one_line
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
from downslope.graph.notation._writing import has_hat, items, negated, number_text, power_base, terms

__all__ = ["latex"]

_ROUND = r"\left({}\right)"
_GREEK = {
    "σ": r"\sigma", "δ": r"\delta", "η": r"\eta", "φ": r"\varphi", "Φ": r"\Phi", "α": r"\alpha",
    "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda", "μ": r"\mu", "π": r"\pi", "ε": r"\varepsilon",
    "ω": r"\omega", "θ": r"\theta", "ŷ": r"\hat{y}", "ĥ": r"\hat{h}", "Δ": r"\Delta",
}  # fmt: skip
_OPERATORS = {
    "−": "-",
    "·": r" \cdot ",
    "×": r" \times ",
    "⊙": r" \odot ",
    "←": r" \leftarrow ",
    "≈": r" \approx ",
    "≤": r" \le ",
    "≥": r" \ge ",
}
_BRACKETS = {"{": r"\{", "}": r"\}"}


def _latex_name(name: str) -> str:
    if name in _GREEK:
        return _GREEK[name]
    if has_hat(name):
        return rf"\hat{{{name[0]}}}"
    if len(name) == 1:
        return name
    return rf"\mathrm{{{_latex_escape(name)}}}"


def _latex_escape(words: str) -> str:
    return "".join("\\" + c if c in "#$%&_{}" else c for c in one_line(words))


def _latex_number(value: float, digits: int) -> str:
    plain = number_text(value, digits).replace("−", "-")
    if "e" in plain:
        mantissa, exponent = plain.split("e")
        return rf"{mantissa} \cdot 10^{{{exponent.lstrip('+')}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{nan}"}.get(plain, plain)


def _latex_words(words: str) -> str:
    if not any(c.isalpha() for c in words):  # brackets and commas need no text mode
        plain = _latex_escape(words).replace("·", r"\cdot ")
        return plain.replace("\u00a0", r"\ ").replace(" ", r"\ ")
    return rf"\text{{{_latex_escape(words)}}}".replace("Σ", r"}\Sigma\text{").replace("∂", r"}\partial\text{")


def latex(e: Expression) -> str:
    r"""The expression in LaTeX, without the dollar signs.

    >>> print(latex(Fraction(Differential(Symbol("E")), Differential(Symbol("w", index="1")))))
    \frac{\partial E}{\partial w_{1}}
    """

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
        case Words(words):
            return _latex_words(words)
        case Phrase(parts):
            return "".join(map(latex, parts))
        case Infix(operator, _):
            return _OPERATORS.get(operator, f" {operator} ").join(terms(e, latex, _ROUND))
        case Negative(term):
            return "-" + negated(term, latex, _ROUND)
        case Power(base, exponent):
            raised = r"\top" if exponent == Words("ᵀ") else latex(exponent)
            return f"{{{power_base(base, exponent, latex, _ROUND)}}}^{{{raised}}}"
        case Root(radicand):
            return rf"\sqrt{{{latex(radicand)}}}"
        case Fraction(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Differential(of):
            return rf"\partial {latex(of)}"
        case Apply(function, arguments):
            return rf"{latex(function)}\left({', '.join(map(latex, arguments))}\right)"
        case SumOver(index, body):
            return rf"\sum{f'_{{{index}}}' if index else ''} {negated(body, latex, _ROUND)}"
        case Bracketed(body, left, right):
            return rf"\left{_BRACKETS.get(left, left)}{latex(body)}\right{_BRACKETS.get(right, right)}"
        case Cases(pairs, otherwise):
            given = [rf"{latex(value)} \text{{ if }} {latex(condition)}" for value, condition in pairs]
            return r"\left\{" + r";\ ".join([*given, rf"{latex(otherwise)} \text{{ else}}"]) + r"\right\}"
        case Listing():
            return r"\left(" + items(e, latex, r",\ ", r":\ ") + r"\right)"
