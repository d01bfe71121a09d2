"""A browser without a network, for what is written in JavaScript; examples that are the same at each run."""

import shutil
from zlib import crc32

import pytest
from hypothesis import is_hypothesis_test, settings

from thorough import ALL

# pytest --hypothesis-profile=same: whether a commit passes is no matter of chance
settings.register_profile("same", derandomize=True)

NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_addoption(parser):
    """``--part 1/3``: one of three parts of what is chosen otherwise, where there is no time for all."""
    told = "one of so many parts of the tests; places go round, so that any number is one"
    parser.addoption("--part", default="0/1", metavar="PLACE/COUNT", help=told)


@pytest.hookimpl(trylast=True)  # after Hypothesis has taken its profile
def pytest_configure(config):
    """``make test`` draws a quarter of the examples; ``make thorough`` draws all of them."""
    if "not thorough" in config.option.markexpr:
        settings.register_profile("quick", settings(), max_examples=ALL // 4)
        settings.load_profile("quick")


def pytest_collection_modifyitems(config, items):
    """Whatever opens a browser is marked so: ``make page-test`` runs it, on the page as a user has it.

    What draws examples is thorough too, where those tests are what is asked for.
    """
    draws = "thorough" in config.option.markexpr and "not thorough" not in config.option.markexpr
    place, count = map(int, config.getoption("part").split("/"))
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
        if draws and is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("thorough")
    parts = [[], []]
    for item in items:
        parts[crc32(item.nodeid.encode()) % count == place % count].append(item)
    config.hook.pytest_deselected(items=parts[False])
    items[:] = parts[True]


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


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page from a disk, offline; it asks for nothing, and nothing goes wrong in it."""
    wrong, requests, contexts = [], [], []

    def open_(text, size=(1280, 720), **how):
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(**{"locale": "en-US", "viewport": viewport, **how})
        context.set_offline(True)
        contexts.append(context)
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(text, "utf-8")
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        requests.remove(path.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
    assert [url for url in requests if not url.startswith("data:")] == []
