"""The page: its head, its style, and the parts of each model."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from downslope._visible import escape
from downslope.fitting.reports._findings import Findings
from downslope.fitting.reports.sections import SECTIONS, overview

__all__ = ["page_of"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Nothing is loaded, and no script runs, whatever a table holds."""


def page_of(parts: Sequence[Findings]) -> str:
    """The whole page, of one model after another."""
    title = escape(", ".join(part.model.target.name for part in parts))
    style = files("downslope.fitting.reports").joinpath("report.css").read_text("utf-8")
    body = "".join(_article(part, f"m{i + 1}-" if i else "") for i, part in enumerate(parts))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{title}: report on a model</title><style>\n{style}</style></head>\n"
        f"<body><main>{body}</main>{_footer()}</body></html>\n"
    )


def _article(found: Findings, prefix: str) -> str:
    """A model; the prefix keeps the names of places on a page apart."""
    made = [(section, section.make(found)) for section in SECTIONS]
    shown = [(section, content) for section, content in made if content]
    links = "".join(f'<a href="#{prefix}{section.name}">{section.title}</a>' for section, _ in shown)
    sections = "".join(
        f'<section id="{prefix}{section.name}"><h2>{section.title}</h2>{content}</section>\n'
        for section, content in shown
    )
    return (
        f'<article>{overview(found)}<nav aria-label="Parts of the report">{links}</nav>\n{sections}</article>'
    )


def _footer() -> str:
    from downslope import __version__

    return (
        f"<footer>Made by Downslope {__version__}. This page is whole: it loads nothing and runs nothing. It "
        "holds figures and single rows of the table; pass it on as you would the table.</footer>"
    )
