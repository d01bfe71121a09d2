"""The modules of the page as two scripts: what its first screen needs, and the rest.

In the source each module is a file. As requests of their own they cost the browser and this server more
time than what is in them, so a module becomes a function here, which runs when another one first needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from posixpath import dirname, join, normpath

__all__ = ["FIRST", "REST", "composed", "is_module"]

FIRST, REST = "first.js", "rest.js"
_PAGE = "app.js"
_SHOWN = (_PAGE, "pictures/gallery.js")  # with all that they need, the first screen
_LOADER = """const makers = new Map();
const made = new Map();
const $define = (name, make) => makers.set(name, make);
const $use = (name) => {
  if (!made.has(name)) made.set(name, makers.get(name)());
  return made.get(name);
};
const $later = async (name) => {
  if (!makers.has(name)) await import("./rest.js");
  return $use(name);
};
export { $define, $later, $use };
"""
_AFTER = 'import { $define, $later, $use } from "./first.js";\n'


def _starting(word: str) -> str:
    """A word that begins a statement; libraries have all of theirs on one line. It is searched for first."""
    return rf"{word}(?:(?<=^{word})|(?<=[;}}]{word}))"


_NAMES = r"\{(?P<names>[^}]*)\}"
_FROM = r'from\s*"(?P<path>\.[^"]+)"'
_IMPORT = re.compile(
    rf"{_starting('import')}\s*(?:{_NAMES}|\*\s*as\s+(?P<all>\w+)|(?P<default>\w+))\s*{_FROM}\s*;?", re.M
)
_NEEDED = re.compile(_FROM)
_LATER = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
_EXPORTS = re.compile(rf"{_starting('export')}\s*{_NAMES}(?:\s*{_FROM})?\s*;?", re.M)
_DECLARED = r"(?P<kind>(?:async )?function|const) (?P<name>\w+)|default (?P<value>function)"
_EXPORT = re.compile(rf"{_starting('export')} (?:{_DECLARED})", re.M)
_COMMENT = re.compile(r"^[ \t]*/\*\*.*?\*/\n", re.M | re.S)  # for readers of the source


def is_module(name: str) -> bool:
    """Whether a file of the page is one of its modules; a library that is none is asked for by itself."""
    return name.endswith((".js", ".mjs")) and not name.endswith(".iife.min.js")


def composed(script: str, modules: Iterable[str], text: Callable[[str], str]) -> str:
    """One of the two scripts.

    Args:
        script: which.
        modules: all of them, as paths in the page.
        text: the text of one; its exports are constants and functions, and no modules need each other.
    """
    first: dict[str, None] = {}
    for name in _SHOWN:
        _needed(name, text, first)
    if script == FIRST:
        return "".join([_LOADER, *(_defined(name, text(name)) for name in first), f'$use("{_PAGE}");\n'])
    return "".join([_AFTER, *(_defined(name, text(name)) for name in sorted(modules) if name not in first)])


def _needed(name: str, text: Callable[[str], str], found: dict[str, None]) -> None:
    """Add a module and those that it needs before it runs."""
    if name not in found:
        found[name] = None
        for path in _NEEDED.findall(text(name)):
            _needed(_resolved(name, path), text, found)


def _resolved(name: str, path: str) -> str:
    return normpath(join(dirname(name), path))


def _defined(name: str, text: str) -> str:
    """A module as a function that gives what it exports."""
    exported: dict[str, str] = {}

    def used(match: re.Match[str]) -> str:
        return f'$use("{_resolved(name, match["path"])}")'

    def imported(match: re.Match[str]) -> str:
        if match["all"]:
            left = match["all"]
        elif match["default"]:
            left = f"{{ default: {match['default']} }}"
        else:
            left = "{" + re.sub(r"\s+as\s+", ": ", match["names"]) + "}"
        return f"const {left} = {used(match)};"

    def listed(match: re.Match[str]) -> str:
        for one in filter(None, map(str.strip, match["names"].split(","))):
            own, _, other = one.partition(" as ")
            exported[other or own] = f"{used(match)}.{own}" if match["path"] else own
        return ""

    def declared(match: re.Match[str]) -> str:
        if match["value"]:
            exported["default"] = "$default"
            return "const $default = function"
        exported[match["name"]] = match["name"]
        return f"{match['kind']} {match['name']}"

    text = _IMPORT.sub(imported, _COMMENT.sub("", text))
    text = _EXPORTS.sub(listed, _EXPORT.sub(declared, text))
    text = _LATER.sub(lambda match: f'$later("{_resolved(name, match["path"])}")', text)
    values = ", ".join(f"{other}: {own}" for other, own in exported.items())
    return f'// {name}\n$define("{name}", () => {{\n{text.strip()}\n;return {{ {values} }};\n}});\n'
