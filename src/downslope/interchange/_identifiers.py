"""Names of values in a program that is written out."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Identifiers"]


class Identifiers:
    """Gives every value a name of its own, as near to the wanted one as the language allows."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def of(self, wanted: str) -> str:
        """``layer1.weight`` becomes ``layer1_weight``; one that is taken gets a number.

        >>> names = Identifiers(["for"])
        >>> names.of("layer1.weight"), names.of("for"), names.of("for"), names.of("2x")
        ('layer1_weight', 'for_1', 'for_2', '_2x')
        """
        plain = re.sub(r"\W", "_", wanted, flags=re.ASCII) or "_"
        plain = f"_{plain}" if plain[0].isdigit() else plain
        name, count = plain, self._counts.get(plain, 0)
        while name in self._taken:
            count += 1
            name = f"{plain}_{count}"
        self._counts[plain] = count
        self._taken.add(name)
        return name
