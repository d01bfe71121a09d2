"""What is chosen of a table: targets, kinds of columns, scaling, formulas."""

from __future__ import annotations

from downslope._dataclass import dataclass

__all__ = ["AUTO", "RAW", "STANDARD", "Choices", "Recipe"]

RAW, STANDARD, AUTO = "raw", "standard", "auto"


@dataclass(frozen=True)
class Choices:
    """What is taken of a table.

    Attributes:
        targets: the columns to predict, one or more; more than one are all numbers.
        task: ``"auto"``, ``"regression"`` or ``"classification"``.
        scaling: ``"raw"`` takes numbers as they are, ``"standard"`` standardises them, ``"auto"``
            takes a few rows of plain numbers raw.
        drop, category, number: columns to leave out, or to take as categories or as numbers.
        formulas: further columns as expressions of others, such as ``x1*x2``.
        classes: the classes in their order, where they are known beforehand and need not all be there.
    """

    targets: tuple[str, ...]
    task: str = "auto"
    scaling: str = AUTO
    drop: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    formulas: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """How a table that comes with the page was made.

    Attributes:
        noise: the standard deviation of what is added to each input.
        rows: how many.
        seed: of the points and of the noise.
    """

    noise: float = 0.08
    rows: int = 240
    seed: int = 0
