"""``dataclass`` of the standard library, which makes the methods of a class when one is first used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass"]


class _Later:
    """In the place of a method that is yet to be made; to look at it makes all that its class lacks."""

    def __init__(self, name: str, make: Callable[[], Mapping[str, Any]]) -> None:
        self._name, self._make = name, make

    def __get__(self, instance: object, owner: type) -> Any:
        return self._make()[self._name].__get__(instance, owner)


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = False,
        eq: bool = True,
        repr: bool = True,  # as the standard library calls it
        order: bool = False,
    ) -> Any:
        """The same as ``dataclasses.dataclass``, for a tenth of the time where a class is never used.

        That of the standard library writes the source of every method and compiles it, 1 ms for a class, and
        a command uses few of the hundreds that it imports. Here a class has its fields at once and those
        methods later. One with a dataclass among its bases has all of them at once.

        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: float
        ...     y: float = 0.0
        >>> Point(1.0), Point(1.0) == Point(1.0, 0.0)
        (Point(x=1.0, y=0.0), True)
        """
        options = {"frozen": frozen, "eq": eq, "repr": repr, "order": order}
        if cls is None:
            return lambda cls: dataclass(cls, **options)
        if any(map(dataclasses.is_dataclass, cls.__bases__)):
            return dataclasses.dataclass(cls, **options)
        written = {name: value for name, value in vars(cls).items() if name not in _OF_EVERY_CLASS}
        names = [name for name in _made(**options) if written.get(name) is None]

        def make() -> Mapping[str, Any]:
            # the twin is of this call alone, and a place is never without a method: threads may meet here
            twin = dataclasses.dataclass(type(cls)(cls.__name__, cls.__bases__, dict(written)), **options)
            made = {name: vars(twin)[name] for name in names}
            for name, method in made.items():
                if isinstance(vars(cls)[name], _Later):  # another may have been set in the meantime
                    setattr(cls, name, method)
            return made

        dataclasses.dataclass(cls, init=False, repr=False, eq=False)
        cls.__doc__ = written.get("__doc__")
        cls.__dataclass_params__.frozen = frozen
        if eq and not frozen and "__hash__" not in written:
            cls.__hash__ = None
        for name in names:
            setattr(cls, name, _Later(name, make))
        if frozen:
            _freeze(cls)
        return cls


_OF_EVERY_CLASS = ("__dict__", "__weakref__")


def _made(frozen: bool, eq: bool, repr: bool, order: bool) -> list[str]:
    """The methods that ``dataclass`` makes later."""
    return [
        "__init__",
        *["__repr__"] * repr,
        *["__eq__"] * eq,
        *["__hash__"] * (eq and frozen),
        *["__lt__", "__le__", "__gt__", "__ge__"] * order,
    ]


def _freeze(cls: Any) -> None:
    """Refuse assignments to the fields of a class, and any to objects of this class itself."""
    names = frozenset(field.name for field in dataclasses.fields(cls))

    def set_(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    cls.__setattr__, cls.__delattr__ = set_, delete
