"""The nodes of the tree that a formula is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from downslope._dataclass import dataclass

__all__ = [
    "Apply",
    "Bracketed",
    "Cases",
    "Differential",
    "Expression",
    "Fraction",
    "Infix",
    "Listing",
    "Negative",
    "Number",
    "Phrase",
    "Power",
    "Root",
    "SumOver",
    "Symbol",
    "Words",
    "partial",
    "product",
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
    """Terms joined by one operator: ``+``, ``−``, ``·``, ``⊙``, or a relation such as ``=`` or ``>``."""

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
class Root:
    """√radicand"""

    radicand: Expression


@dataclass(frozen=True)
class Fraction:
    """numerator over denominator"""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True)
class Differential:
    """∂of, as it stands in ∂E/∂w"""

    of: Expression


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


@dataclass(frozen=True)
class Bracketed:
    """body between two signs: |body|, or [condition], which is 1 where it holds and 0 elsewhere"""

    body: Expression
    left: str = "["
    right: str = "]"


@dataclass(frozen=True)
class Cases:
    """{value if condition; … else}: pairs of a value and its condition, and the value of all other cases"""

    pairs: tuple[tuple[Expression, Expression], ...]
    otherwise: Expression


@dataclass(frozen=True)
class Listing:
    """(a, b, …); with ``positions``, counted from 1, where ``more`` smaller ones are left out"""

    items: tuple[Expression, ...]
    positions: tuple[int, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Phrase:
    """Words and expressions side by side; inside another expression it stands in parentheses"""

    parts: tuple[Expression, ...]


Expression: TypeAlias = (
    Symbol
    | Number
    | Words
    | Infix
    | Negative
    | Power
    | Root
    | Fraction
    | Differential
    | Apply
    | SumOver
    | Bracketed
    | Cases
    | Listing
    | Phrase
)


def product(factors: Iterable[Expression]) -> Expression:
    """The factors joined by ·, or the only factor itself."""
    terms = tuple(factors)
    return terms[0] if len(terms) == 1 else Infix("·", terms)


def partial(of: Expression, by: Expression) -> Expression:
    """∂of/∂by"""
    return Fraction(Differential(of), Differential(by))
