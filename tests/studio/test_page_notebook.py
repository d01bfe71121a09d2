"""The page in the output of a notebook: live, where storage is refused, and when its session is gone."""

import http.server
import threading
from contextlib import contextmanager

import pytest

import downslope as ds

NETWORK = ds.Network(2, [ds.Dense(4, "tanh"), ds.Dense(1)])
NO_STORAGE = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("refused", "SecurityError"); } });
}"""
# of VS Code's notebooks, where "notebook.experimental.enableCsp" is set
STRICT = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:;"
)


@pytest.fixture
def studio():
    page = ds.play(NETWORK, [[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0], open_browser=False)
    yield page
    page.close()


@contextmanager
def notebook(output, policy=""):
    """The address of a page at localhost that shows the output of a cell."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    content = f"<!DOCTYPE html><meta charset=utf-8>{meta}<body><div>{output}</div></body>".encode()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 1100, "height": 900}, locale="en-US")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("storage", [True, False])
def test_the_page_is_live_in_a_notebook_at_localhost(studio, tab, storage):
    if not storage:
        tab.add_init_script(NO_STORAGE)
    with notebook(studio._repr_html_()) as address:
        tab.goto(address)
        tab.wait_for_timeout(300)
        (frame,) = [frame for frame in tab.frames if frame.url.startswith(studio.address.split("?")[0])]
        frame.get_by_role("button", name="1 step").click()
        frame.locator(".timeline", has_text="step 1 ·").wait_for()
        assert not tab.get_by_text("stands here while its session runs").is_visible()


@pytest.mark.parametrize("policy", ["", STRICT])
def test_without_a_session_there_is_a_picture_and_a_line(studio, tab, policy):
    output = studio._repr_html_()
    if not policy:
        studio.close()
    with notebook(output, policy) as address:
        tab.goto(address)
        tab.get_by_text("stands here while its session runs").wait_for()
        picture = tab.locator("object svg").first.bounding_box()
        assert picture["width"] > 100
        assert picture["height"] > 50
        assert tab.get_by_role("link", name="open it").is_visible()


def test_the_frame_may_stand_where_notebooks_are(studio, tab):
    answer = tab.request.get(studio.address)
    ancestors = answer.headers["content-security-policy"].split("frame-ancestors")[1].split()
    assert set(ancestors) == {
        "'self'", "http://localhost:*", "http://127.0.0.1:*", "vscode-webview:", "vscode-file:",
    }  # fmt: skip
