"""Tables in Markdown, the machine they come from, and their place in README.md."""

from __future__ import annotations

import argparse
import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measure import Result, cores

README = Path(__file__).parent / "README.md"
NOTHING = "–"


def arguments(description: str | None, *, repeats: int = 5, seconds: float = 0.3) -> argparse.ArgumentParser:
    """The options that every script has."""
    parser = argparse.ArgumentParser(
        description=(description or "").split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=repeats, help="rounds")
    parser.add_argument("--seconds", type=float, default=seconds, help="of each setting in each round")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/README.md")
    return parser


def add_library_option(parser: argparse.ArgumentParser) -> None:
    """An option that leaves libraries out; ``wanted`` reads it."""
    parser.add_argument(
        "--library", nargs="*", default=None, metavar="NAME", help="only those whose name begins so"
    )


def wanted(label: str, asked: Sequence[str] | None) -> bool:
    """Whether someone asked for this library."""
    return asked is None or any(label.casefold().startswith(name.casefold()) for name in asked)


def machine(*packages: str) -> str:
    """Processor, instruction set, versions, date: what a table has to say about its origin."""
    facts = [
        f"{processor()}, {cores()} cores, {instruction_set()}",
        f"{platform.system()} {platform.machine()}",
    ]
    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, packages))]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return f"{'; '.join(facts)}; {', '.join(versions)}; {date.today().isoformat()}{load}."


def processor() -> str:
    """Its name, as the operating system tells it."""
    try:
        found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def processor_has(flag: str) -> bool:
    """Whether the processor has an extension, such as avx512f; False where nobody says."""
    try:
        found = re.search(r"^(?:flags|Features)\s*: (.+)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        return False
    return found is not None and flag in found[1].split()


def instruction_set() -> str:
    """The one that the native engine uses."""
    try:
        native = import_module("downslope.engines.native._native")
    except ImportError:
        return "without the native engine"
    return str(native.instruction_set())


def _version(package: str) -> str | None:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None


def number(value: float | None, unit: str = "") -> str:
    """Three digits, or as many as stand before the decimal point."""
    if value is None:
        return NOTHING
    size = abs(value)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:,.{decimals}f}" if size >= 0.1 or not size else f"{value:.3g}"
    return f"{text} {unit}".strip()


def share(part: float | None, whole: float | None) -> str:
    """In percent."""
    return NOTHING if part is None or not whole else f"{100 * part / whole:.0f} %"


def ratio(above: float | None, below: float | None) -> str:
    """How many times as much."""
    return NOTHING if above is None or not below else number(above / below, "×")


def threads_in_words(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown whose columns also line up as text; all but the first are ranged right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(3, *(len(line[i]) for line in lines)) for i in range(len(headings))]

    def written(cells: Sequence[str]) -> str:
        padded = [
            cells[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)),
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([written(lines[0]), f"| {' | '.join(rule)} |", *map(written, lines[1:])])


def notes(results: Iterable[Result]) -> str:
    """Why some have no figures, a line each; empty where all have."""
    return "\n".join(f"- {r.setting.label}: {r.note.rstrip('.')}." for r in results if r.note)


def publish(name: str, parts: Iterable[str], write: bool, readme: Path = README) -> None:
    """Print the parts; where ``write``, also put them between the marks of that name in README.md."""
    text = "\n\n".join(part for part in parts if part)
    print(text)
    if not write:
        return
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = readme.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"{readme.name} has no place for these tables: it needs {begin} and {end}")
    beside = readme.with_name(f".{readme.name}.new")
    beside.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
    os.replace(beside, readme)
