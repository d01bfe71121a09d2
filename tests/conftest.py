"""A browser without a network, for what is written in JavaScript; examples that are the same at each run."""

import shutil

import pytest
from hypothesis import settings

# pytest --hypothesis-profile=same: whether a commit passes is no matter of chance
settings.register_profile("same", derandomize=True)

NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_collection_modifyitems(items):
    """Whatever opens a browser is marked so: ``make page-test`` runs it, on the page as a user has it."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="module")
def browser():
    """Chromium; what needs it is skipped where it, or Playwright, is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright for Python")
    found = [path for path in map(shutil.which, NAMES) if path]
    if not found:
        pytest.skip(f"needs one of {', '.join(NAMES)} on the path")
    with playwright.sync_playwright() as run:
        chromium = run.chromium.launch(executable_path=found[0], args=["--no-sandbox"])
        yield chromium
        chromium.close()
