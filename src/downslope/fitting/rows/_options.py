"""Options of ``fit`` that contradict one another."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from downslope._checks import items, show
from downslope.errors import DownslopeError
from downslope.tables import name_text

__all__ = ["checked_column", "checked_columns", "refuse_contradictions", "refuse_two_roles"]


def checked_columns(option: str, names: Any) -> tuple[str, ...]:
    """The names of columns that an option was given: one, or several.

    Raises:
        DownslopeError: for anything but text, numbers and tuples, which frames have for names as well.
    """
    several = [names] if isinstance(names, str) else items(option, names, "names of columns", ordered=False)
    if not all(isinstance(name, str | int | tuple) for name in several):
        raise DownslopeError(f"{option} needs names of columns, such as [{'price'!r}], not {show(names)}")
    return tuple(map(name_text, several))


def checked_column(option: str, name: Any) -> str:
    """The name of the column that an option was given.

    Raises:
        DownslopeError: for anything but text, a number or a tuple, which frames have for names as well.
    """
    if not isinstance(name, str | int | tuple):
        raise DownslopeError(f"{option} needs the name of a column, such as {'price'!r}, not {show(name)}")
    return name_text(name)


def refuse_contradictions(
    task: str, target: str, columns: Mapping[str, Collection[str]], given: Mapping[str, Any]
) -> None:
    """Refuse an option that another one would make useless.

    Args:
        task: of ``fit``.
        target: the name of the target.
        columns: the names of columns that are dropped, or taken as categories or as numbers, by option.
        given: the settings of networks that differ from their defaults, where the network is linear.

    Raises:
        DownslopeError: it names both options.
    """
    of: dict[str, str] = {}
    for option, names in columns.items():
        for name in names:
            if of.setdefault(name, option) != option:
                raise DownslopeError(
                    f'the column "{name}" is in {of[name]} and in {option}; leave it in one of them'
                )
    wanted = {"category": "classification", "number": "regression"}.get(of.get(target, ""))
    if wanted and task not in ("auto", wanted):
        raise DownslopeError(
            f'the target "{target}" is in {of[target]}, which means {wanted}, and task is {task!r}; '
            "leave one of them out"
        )
    if given:
        raise DownslopeError(
            f"{', '.join(given)} {'does' if len(given) == 1 else 'do'} nothing for a linear model, which "
            "hidden=() asks for; leave them out, or give hidden layers"
        )


def refuse_two_roles(target: str, roles: Mapping[str, Any]) -> None:
    """Refuse a column that is to be two things.

    Args:
        target: the name of the target.
        roles: the names of the columns of weights, groups and times by option; anything else is none.

    Raises:
        DownslopeError: it names both options.
    """
    of = {target: "target"}
    for option, column in roles.items():
        if isinstance(column, str) and of.setdefault(column, option) != option:
            raise DownslopeError(f'{option} and {of[column]} are both "{column}"; name another column')
