"""Keywords that a public function or class does not have: the error names the parameter that was meant."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from downslope.errors import UnknownParameterError

__all__ = ["alike", "refuse_unknown", "suggests_keywords"]

C = TypeVar("C", bound=Callable[..., Any])


def suggests_keywords(target: C) -> C:
    """Make calls with a keyword that a function or a class does not have an error which suggests one.

    Python itself finds that a call is wrong, so that calls which are right cost nothing. What takes any
    keyword, ``**settings``, gives them to ``refuse_unknown`` itself.

    >>> @suggests_keywords
    ... def fit(data, *, epochs=1): ...
    >>> fit([], epoch=3)
    Traceback (most recent call last):
    ...
    downslope.errors.UnknownParameterError: fit() has no parameter 'epoch'; did you mean 'epochs'?
    """
    if isinstance(target, type):
        target.__init__ = _checked(target.__init__, lambda args: type(args[0]).__name__)  # type: ignore[misc]
        return target
    name = target.__name__
    return _checked(target, lambda _: name)


def _checked(function: C, called: Callable[[tuple[Any, ...]], str]) -> C:
    @wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError:
            names = [name for name in inspect.signature(function).parameters if name != "self"]
            refuse_unknown(called(args), kwargs, names)
            raise

    return checked  # type: ignore[return-value]


def refuse_unknown(called: str, keywords: Iterable[str], names: Iterable[str]) -> None:
    """Refuse the first keyword that is none of the names of parameters.

    Raises:
        UnknownParameterError: it suggests a name, or lists them.
    """
    names = list(names)
    unknown = next((keyword for keyword in keywords if keyword not in names), None)
    if unknown is not None:
        near = alike(unknown, names)
        hint = f"did you mean {near!r}?" if near else f"it has {', '.join(names)}"
        raise UnknownParameterError(f"{called}() has no parameter {unknown!r}; {hint}") from None


def alike(given: str, names: Iterable[str]) -> str | None:
    """The name that was most likely meant: the nearest in its letters, or the one of these initials.

    >>> names = ["learning_rate", "epochs"]
    >>> alike("learningrate", names), alike("lr", names), alike("momentum", names)
    ('learning_rate', 'learning_rate', None)
    """
    names = list(names)
    initials = {"".join(word[0] for word in name.split("_") if word): name for name in names if "_" in name}
    near = difflib.get_close_matches(given.lower(), names, n=1)
    return near[0] if near else initials.get(given.lower())
