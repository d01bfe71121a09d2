"""Names of columns, levels and files that are HTML or control characters are text wherever they are shown."""

import numpy as np
import polars as pl
import pytest
from visits import serving

from downslope.cli._run import run

EVIL = "<img src=x onerror=alert(1)>"
NAMES = (
    EVIL,
    f'"{EVIL}',
    f"' onmouseover=alert(2) x='{EVIL}",
    "</script><script>alert(3)</script>",
    "a\x1b[31m\x07b",
)
FOREIGN = "img[src='x'], [onerror], [onmouseover], .side script, main script"


def table(folder, rows=60):
    numbers = np.random.default_rng(0)
    columns = {name: numbers.normal(size=rows) for name in NAMES}
    columns["kind of " + EVIL] = numbers.choice(
        [EVIL, f"{EVIL}b", "</td></table><script>alert(4)</script>"], rows
    )
    x = columns[EVIL] * 2 + columns[NAMES[1]]
    columns["target " + EVIL] = x + numbers.normal(size=rows) / 9
    columns["class " + EVIL] = np.where(x > 0.5, EVIL, np.where(x < -0.5, f"{EVIL}2", "no"))
    path = folder / f"{EVIL}.parquet"  # text with control characters is no table
    pl.DataFrame(columns).write_parquet(path)
    return path


def hostile(page):
    """What of the names has become an element, and the dialogs that opened."""
    return page.page.locator(FOREIGN).count()


@pytest.fixture(scope="module", params=["target", "class"])
def address(request, tmp_path_factory):
    with serving(table(tmp_path_factory.mktemp("names")), "--target", f"{request.param} {EVIL}") as found:
        yield found


VIEWS = ("Picture", "Chain rule")
"""Panels whose choices change what is shown and nothing else."""


def test_names_stay_text_in_every_view(address, visit):
    dialogs, page = [], visit(address)
    page.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.take(3)
    assert hostile(page) == 0
    tabs = page.page.get_by_role("tab").all_inner_texts()
    assert {*VIEWS, "Columns", "Runs"} <= set(tabs)
    for name in tabs:
        panel = page.panel(name)
        page.page.wait_for_timeout(200)
        assert hostile(page) == 0, name
        for choice in panel.locator("select:visible:enabled").all() if name in VIEWS else ():
            for option in choice.locator("option").all()[:6]:
                choice.select_option(option.get_attribute("value"))
                page.page.wait_for_timeout(100)
                assert hostile(page) == 0, name
    for shown in page.page.locator("[title]:visible, th:visible, svg text:visible").all()[:25]:
        shown.hover(force=True, timeout=500, no_wait_after=True)
        assert hostile(page) == 0
    assert page.page.get_by_text(EVIL).count() > 0  # it is shown, as it is written
    assert dialogs == []


def test_names_stay_text_in_the_pages_that_are_saved(tmp_path, browser, monkeypatch):
    """The report and the page to play with, opened from the disk."""
    source = table(tmp_path)
    monkeypatch.chdir(tmp_path)
    goal = f"target {EVIL}"
    assert run(["fit", str(source), "-t", goal, "--epochs", "4", "-o", "m.downslope"]) == 0
    assert run(["report", "m.downslope", "-o", "report.html"]) == 0
    assert run(["export", "m.downslope", "play.html", "--play"]) == 0
    for name in ("report.html", "play.html"):
        dialogs, context = [], browser.new_context()
        page = context.new_page()
        page.on("dialog", lambda dialog, kept=dialogs: (kept.append(dialog.message), dialog.dismiss()))
        page.goto((tmp_path / name).as_uri())
        page.wait_for_timeout(400)
        for detail in page.locator("summary:visible").all():
            detail.click()
        assert page.locator("img[src='x'], [onerror], [onmouseover]").count() == 0, name
        assert page.get_by_text(EVIL).count() > 0, name
        assert dialogs == [], name
        context.close()
