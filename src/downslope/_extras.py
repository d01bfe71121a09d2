"""Packages that come with an extra: imported when they are first used; where one is missing, how to get it.

A module takes such a package from here, ``from downslope._extras import polars as pl``, and can itself be
imported without it: what needs no table runs where there is no Polars.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from downslope import _signals
from downslope.errors import DownslopeError

if TYPE_CHECKING:
    import charset_normalizer
    import fastexcel
    import narwhals
    import polars
    import xlsxwriter
    import zstandard

__all__ = [
    "MissingPackageError",
    "charset_normalizer",
    "check_installed",
    "fastexcel",
    "narwhals",
    "needed",
    "polars",
    "xlsxwriter",
    "zstandard",
]

_EXTRA_OF: Mapping[str, str] = {
    "charset_normalizer": "tables",
    "fastexcel": "tables",
    "narwhals": "tables",
    "polars": "tables",
    "xlsxwriter": "tables",
    "zstandard": "tables",
    "scipy": "sklearn",
    "sklearn": "sklearn",
    "torch": "torch",
}
"""The extra that brings each package."""

_NEED = {
    "tables": "tables, and the page, need Polars",
    "sklearn": "scikit-learn's API needs scikit-learn",
    "torch": "the torch engine, ranks and to_torch need PyTorch",
}
"""What an extra is for."""


class MissingPackageError(DownslopeError, ImportError):
    """A package of an extra that is not installed."""


def needed(name: str) -> ModuleType:
    """A package of an extra, or a module of it.

    Raises:
        MissingPackageError: if it is not installed; it says what installs it.
    """
    package = name.partition(".")[0]
    try:
        with _signals.Deferred():  # an extension that is half imported stays so
            return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
    raise _missing(package)


def check_installed(package: str) -> None:
    """Raise as ``needed`` does where a package is missing; where it is there, it is not imported."""
    if find_spec(package) is None:
        raise _missing(package)


def _missing(package: str) -> MissingPackageError:
    extra = _EXTRA_OF[package]
    return MissingPackageError(f"{_NEED[extra]}, which is not installed: pip install 'downslope[{extra}]'")


class _Package(ModuleType):
    """A package that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":  # what looks at modules is no use of one
            raise AttributeError(name)
        value = getattr(needed(self.__name__), name)
        setattr(self, name, value)
        return value


if not TYPE_CHECKING:
    charset_normalizer = _Package("charset_normalizer")
    fastexcel = _Package("fastexcel")
    narwhals = _Package("narwhals")
    polars = _Package("polars")
    xlsxwriter = _Package("xlsxwriter")
    zstandard = _Package("zstandard")
