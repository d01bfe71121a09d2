"""Downslope: fit the columns of a table by gradient descent, and see every derivative on the way down."""

__version__ = "0.1.0"
