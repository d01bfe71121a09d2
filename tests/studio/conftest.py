"""A served page in a browser; whatever goes wrong in it fails the test that looked at it."""

from urllib.parse import urlsplit

import pytest
from visits import FASTEST, FRESH, PENGUINS, Visit, send, serving

WINDOW = {"width": 1280, "height": 760}


@pytest.fixture(scope="module")
def five_rows():
    """The address of a page on the five rows, one for all tests of a module; it plays as fast as it goes."""
    with serving() as address:
        send(address, **FASTEST)
        yield address


@pytest.fixture(scope="module")
def penguins():
    """The address of a page on the penguins' species, one for all tests of a module."""
    with serving(PENGUINS, "--target", "species") as address:
        yield address


@pytest.fixture
def alone():
    """A session of its own, in which nothing was done yet: runs are counted from 1."""
    with serving() as address:
        yield address


@pytest.fixture
def visit(browser):
    """Opens pages: ``visit(address)``. There may be no error in them, and no request elsewhere."""
    wrong, requests, contexts = [], [], []

    def open_(address, size=None, **how):
        context = browser.new_context(
            **{"viewport": size or WINDOW, "locale": "en-US", "accept_downloads": True, **how}
        )
        contexts.append(context)
        context.on("request", lambda request: requests.append(request.url))
        seen = Visit(context.new_page(), wrong)
        seen.page.goto(address)
        seen.until(lambda: seen.overview is not None, "the first frame")
        return seen

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []
    places = {urlsplit(url)[:2] for url in requests if not url.startswith(("data:", "blob:", "file:"))}
    assert {place[0].split(":")[0] for _, *place in places} <= {"127.0.0.1"}


@pytest.fixture
def page(five_rows, visit):
    """A page on the five rows as they are at first."""
    send(five_rows, **FASTEST)
    send(five_rows, **FRESH)
    return visit(five_rows)
