"""``downslope report``: one page about a model."""

from __future__ import annotations

from pathlib import Path

from downslope._visible import one_line
from downslope.cli._results import as_json as json_text
from downslope.cli._results import write_content
from downslope.cli._screen import Screen
from downslope.cli._tables import How, refuse_same, source_of
from downslope.cli._targets import columns_of, loaded
from downslope.errors import DownslopeError
from downslope.fitting import models_in, report
from downslope.tables import listed

__all__ = ["report_model"]

_PAGES = (".html", ".htm", "")  # with no ending it may be a device


def report_model(
    *,
    model: str,
    target: str | None,
    output: str | None,
    table: str | None,
    row: int | None,
    of_class: str | None,
    seed: int,
    as_json: bool,
    how: How,
) -> None:
    """Write the page, or the figures as JSON."""
    if output is None and not as_json:
        output = f"{Path(model).name.removesuffix('.downslope')}.html"
    as_json = as_json or Path(output or "").suffix.lower() == ".json"
    if how["sheet"] is not None and table is None:
        raise DownslopeError("--sheet is of the file of --table; name that too, or leave --sheet out")
    fitted = loaded(model, target, columns_of(model, table, how))
    sources = [each.record.source for each in models_in(fitted).values()] if table is None else [table]
    refuse_same("the report", output, model, *sources)
    page = output != "-" and Path(output or "").suffix.lower() in _PAGES
    if not (as_json or page):
        raise DownslopeError(
            f"a report is a page or JSON, and {output} ends as neither; end it in .html or .json (a browser "
            "prints the page to PDF)"
        )
    rows = None if table is None else fitted.read(table, **how)
    source = None if table is None else source_of(table)
    screen = Screen(stderr=True, highlight=False)
    with screen.status("report", spinner="dots") as status:  # nothing where standard error is no terminal
        found = report(
            fitted,
            rows,
            row=None if row is None else row - 1,
            of_class=of_class,
            source=source,
            seed=seed,
            progress=lambda step: status.update(f"report: {step}"),
        )
    content = json_text(found.to_json()) if as_json else found.html()
    write_content(content.encode(), output)
    if output is not None:
        size = f"{len(content.encode()) / 1000:,.0f} kB"
        print(one_line(f"Report on {listed(list(models_in(fitted)))} written to {output}, {size}."))
