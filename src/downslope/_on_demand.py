"""Rooms whose modules are imported when one of their names is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

__all__ = ["on_demand"]


def on_demand(room: str, names: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], list[str]]:
    """The ``__getattr__`` and the ``__all__`` of a package that imports none of its modules before it has to.

    Args:
        room: the name of the package.
        names: the public names by the module in it that has them. Their types stand in ``__init__.pyi``.

    >>> find, names = on_demand("json", {"decoder": ["JSONDecoder"]})
    >>> find("JSONDecoder").__name__, names
    ('JSONDecoder', ['JSONDecoder'])
    >>> find("JSONCoder")
    Traceback (most recent call last):
    ...
    AttributeError: module 'json' has no attribute 'JSONCoder'
    """
    modules = {name: module for module, found in names.items() for name in found}

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(import_module(f"{room}.{modules[name]}"), name)
        setattr(import_module(room), name, value)  # so that this is asked for once
        return value

    return find, sorted(modules)
