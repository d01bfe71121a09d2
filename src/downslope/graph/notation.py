"""Mathematics as a tree, for whoever prints: symbols, numbers, and the three ways of writing them."""

from downslope.graph._notation import (
    Apply,
    Expression,
    Fraction,
    Infix,
    Negative,
    Number,
    Power,
    SumOver,
    Symbol,
    Words,
    latex,
    mathml,
    number_text,
    partial,
    product,
    text,
)

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
    "number_text",
    "partial",
    "product",
    "text",
]
