"""Mathematics as a small tree, written out as Unicode text, LaTeX or MathML.

An op says how it and its local derivative look by building such a tree; whoever prints chooses the
form. Parentheses follow from precedence, so no op has to think of them.
"""

from downslope.graph.notation._latex import latex
from downslope.graph.notation._mathml import Mark, mathml
from downslope.graph.notation._text import text
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
    partial,
    product,
)
from downslope.graph.notation._writing import number_text

__all__ = [
    "Apply",
    "Bracketed",
    "Cases",
    "Differential",
    "Expression",
    "Fraction",
    "Infix",
    "Listing",
    "Mark",
    "Negative",
    "Number",
    "Phrase",
    "Power",
    "Root",
    "SumOver",
    "Symbol",
    "Words",
    "latex",
    "mathml",
    "number_text",
    "partial",
    "product",
    "text",
]
