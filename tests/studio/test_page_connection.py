"""What the page says when there is no session behind it, and how it comes back."""

import re
import signal
import subprocess
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from visits import COMMAND, FASTEST, Visit, send, socket_of
from websockets.sync.client import connect


@contextmanager
def mortal(port=0):
    """A server that a test may kill: its address and its process."""
    command = [*COMMAND, "play", "--no-open", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield re.search(r"http://\S+", process.stdout.readline())[0], process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def looking(browser):
    """A tab, whose failed requests are part of the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, locale="en-US")
    yield lambda address: _opened(context, address)
    context.close()


def _opened(context, address):
    seen = Visit(context.new_page(), [])
    seen.page.goto(address)
    return seen


def first_frame(seen):
    seen.until(lambda: seen.overview is not None, "the first frame")
    return seen


def test_a_server_that_dies_leaves_no_run_on_the_screen(looking):
    with mortal() as (address, process):
        page = first_frame(looking(address))
        send(address, "open_sample", name="spirals")
        send(address, **FASTEST)
        page.button("▶ Descend").click()
        page.until(lambda: page.frame["playing"] and page.frame["speed"], "a speed")
        process.kill()
        page.page.get_by_text("The session has ended or cannot be reached").wait_for()
        assert page.button("▶ Descend").count() == 1
        assert "steps/s" not in page.page.locator(".timeline").inner_text()


def test_the_ninth_page_is_told_so_and_opens_when_another_closes(looking):
    with mortal() as (address, _), ExitStack() as others:
        place, origin = socket_of(address), f"http://{urlsplit(address).netloc}"
        eight = [others.enter_context(connect(place, origin=origin)) for _ in range(8)]
        ninth = looking(address)
        ninth.page.get_by_text("As many pages as can be open are open already").wait_for()
        assert ninth.page.get_by_text("token").count() == 0
        eight[0].close()
        first_frame(ninth)


def test_a_tab_comes_back_after_a_restart_with_the_token_of_another_tab(looking):
    with mortal() as (address, process):
        old = first_frame(looking(address))
        port = urlsplit(address).port
        process.send_signal(signal.SIGINT)
        process.wait()
    with mortal(port) as (again, _):
        old.page.get_by_text("needs the token in the address that the terminal printed last").wait_for()
        old.frame = None
        first_frame(looking(again))
        old.until(lambda: old.frame is not None, "a frame of the new session")
        old.page.get_by_role("alert").wait_for(state="detached")
