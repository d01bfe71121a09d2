"""The server lets in who knows the address, and nobody else; it gives its own files, and nothing else."""

import http.client
import json
import os
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from visits import FIVE_X, FIVE_Y, NEURON, START, W, serving, socket_of
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import downslope as ds
import downslope.studio
from downslope.studio._schema import UPLOAD_LIMIT, Pause, SetParameter
from downslope.studio.server import _server
from downslope.studio.server._server import StudioServer
from downslope.studio.server._wire import unpack
from downslope.studio.session._samples import opening_of
from downslope.studio.session._session import Session, first_session

PAGE = Path(downslope.studio.__file__).parent / "page"


@pytest.fixture(scope="module")
def address():
    with serving() as found:
        yield found


def asked(address, path, **headers):
    """The answer to a request as it is written, dots in the path and all."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.putrequest("GET", path, skip_host=True, skip_accept_encoding=True)
    for name, value in {"Host": parts.netloc, **headers}.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def origin(address):
    return f"http://{urlsplit(address).netloc}"


def joined(address):
    return connect(socket_of(address), origin=origin(address), max_size=None)


def say(socket, command, **fields):
    socket.send(json.dumps({"command": command, **fields}))


def heard(socket, kind, holds=lambda message: True):
    """The next message of a kind of which something holds."""
    end = monotonic() + 20
    while monotonic() < end:
        message = unpack(socket.recv(timeout=20))
        if message["message"] == kind and holds(message):
            return message
        if message["message"] == "frame":
            say(socket, "look", rows=[0, 5])
    raise AssertionError(f"no {kind}")


@pytest.mark.parametrize("token", ["", "wrong", "é", "x" * 4000])
def test_the_socket_asks_for_the_token(address, token):
    place = socket_of(address).split("?")[0]
    for place_asked in (place, f"{place}?token={token.encode().hex()}"):
        with pytest.raises(InvalidStatus) as refused, connect(place_asked, origin=origin(address)):
            pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "foreign", ["http://example.org", "http://127.0.0.1:1", "null", None, "https://{netloc}"]
)
def test_the_socket_is_for_pages_of_its_own(address, foreign):
    foreign = foreign and foreign.format(netloc=urlsplit(address).netloc)
    with pytest.raises(InvalidStatus) as refused, connect(socket_of(address), origin=foreign):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/first.js", "/socket"])
@pytest.mark.parametrize(
    "host", ["example.org", "127.0.0.1", "127.0.0.1:1", "localhost.example.org:{port}", ""]
)
def test_another_host_is_refused(address, path, host):
    """As a page of another name that was made to point here would ask (DNS rebinding)."""
    answer, body = asked(address, path, Host=host.format(port=urlsplit(address).port))
    assert answer.status == 421
    assert b"<" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/nothing.js",
        "/../_server.py",
        "/vendor/../../_server.py",
        "/%2e%2e/_server.py",
        "/..%2f_server.py",
        "//etc/passwd",
        "/vendor",
        "/vendor/",
        "/vendor/README.md",
        "/vendor/licences",
        "/__init__.py",
        "/.",
        "/..",
        "/first.js\\..",
        "/app.js",
        "/core/store.js",
    ],
)
def test_only_files_of_the_page_are_given(address, path):
    answer, body = asked(address, path)
    assert (answer.status, body) == (404, b"there is no such file\n")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/?token=x", "text/html"),
        ("/index.html", "text/html"),
        ("/first.js", "text/javascript"),
        ("/rest.js", "text/javascript"),
        ("/vendor/uPlot.iife.min.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_every_file_comes_with_a_policy(address, path, kind):
    answer, _ = asked(address, path)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    port = urlsplit(address).port
    allowed = {"'self'", f"ws://127.0.0.1:{port}", f"ws://localhost:{port}"}
    assert set(rules["connect-src"].split()) <= allowed


def test_one_style_sheet_holds_those_of_all_parts(address):
    _, body = asked(address, "/style.css")
    own = [path for path in PAGE.rglob("*.css") if "vendor" not in path.parts]
    assert len(own) > 5
    places = {path: body.index(path.read_bytes()) for path in own}
    general = [place for path, place in places.items() if path.parent == PAGE]
    assert max(general) < min(place for path, place in places.items() if path.parent != PAGE)


def test_the_token_is_not_in_what_is_served(address):
    token = parse_qs(urlsplit(address).query)["token"][0].encode()
    for path in ("/", "/first.js", "/rest.js"):
        assert token not in asked(address, path)[1]


UPLOT = ("iife.min.js", "min.css")
NO_COMMANDS = [
    "{",
    "[]",
    "[" * 100_000,
    '{"command": "fly"}',
    '{"command": "step", "count": "3"}',
    '{"command": "upload", "name": "x.csv"}',
    b"",
    b"\xff\xff\xff\xff{",
    '{"command": "set_pace", "pace": Infinity}',
    '{"command": "set_pace", "pace": 1e400}',
    '{"command": "step", "count": 9007199254740993}',
    '{"command": "change_settings", "settings": {"learning_rate": NaN}}',
    '{"command": "open_sample", "name": "\\ud800"}',
    '{"command": ["look"]}',
    '{"command": "explain", "what": "unit", "name": "layer1", "index": [0, 0]}',
]


def test_what_is_no_command_is_refused_and_the_session_stays(address):
    with joined(address) as socket:
        for sent in NO_COMMANDS:
            socket.send(sent)
            assert unpack(socket.recv(timeout=20))["message"] == "refused"
        say(socket, "look", rows=[0, 5])
        assert heard(socket, "frame")["step"] == 0


def sent(address, message):
    """Send bytes; what comes back."""
    with joined(address) as socket:
        socket.send(message)
        return socket.recv(timeout=60)


def test_a_file_above_the_limit_is_refused(address):
    head = json.dumps({"command": "upload", "name": "much.csv"}).encode()
    head = len(head).to_bytes(4, "little") + head
    with pytest.raises(ConnectionClosed) as closed:
        sent(address, head + bytes(UPLOAD_LIMIT + (1 << 17)))
    assert closed.value.rcvd.code == 1009  # message too big
    with joined(address) as socket:
        say(socket, "look", rows=[0, 5])
        assert heard(socket, "overview")["table"]["name"] == "five rows"


def test_two_pages_follow_one_session(address):
    with joined(address) as one, joined(address) as other:
        say(one, "open_sample", name="five rows")
        say(other, "look", rows=[0, 5])
        heard(other, "frame", lambda frame: frame["step"] == 0)
        say(other, "look", rows=[0, 5])
        say(one, "step", count=25)
        run = ds.descend(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001, steps=25)
        found = heard(other, "frame", lambda frame: frame["step"] == 25)
        assert found["parameters"][W].tobytes() == run.parameters[W].tobytes()
        say(one, "look", rows=[0, 5])
        again = heard(one, "frame", lambda frame: frame["step"] == 25)
        assert again["parameters"][W].tobytes() == run.parameters[W].tobytes()


def waiting(socket):
    """The messages that have come."""
    found = []
    with suppress(TimeoutError):
        while True:
            found.append(socket.recv(timeout=0.3))
    return found


def test_a_page_that_does_not_look_is_not_waited_for_and_one_that_goes_ends_nothing(address):
    with joined(address) as quick:
        with joined(address) as slow:
            say(slow, "open_sample", name="five rows")
            say(slow, "change_settings", settings={"learning_rate": 1e-9})  # for a long way down
            say(slow, "look", rows=[0, 5])
            heard(slow, "frame", lambda frame: frame["step"] == 0)
            say(slow, "set_pace", pace=None)
            say(slow, "play")  # and never looks again
            say(quick, "look", rows=[0, 5])
            steps = [heard(quick, "frame", lambda frame: frame["playing"])["step"]]
            for _ in range(10):
                say(quick, "look", rows=[0, 5])
                steps.append(heard(quick, "frame")["step"])
            assert np.all(np.diff(steps) > 0)
            assert len(waiting(slow)) <= 1  # one frame was asked for before
        say(quick, "look", rows=[0, 5])
        later = heard(quick, "frame", lambda frame: frame["step"] > steps[-1])
        assert later["playing"]
        say(quick, "pause")


def test_the_first_picture_waits_for_no_least_squares(address):
    """SciPy is loaded for them; with the next picture they come."""
    with joined(address) as page:
        say(page, "open_sample", name="five rows")
        for known in (False, True):
            say(page, "look", rows=[0, 5])
            overview = heard(page, "overview")
            assert ("stable_range" in overview) is known
            assert heard(page, "frame")["challenge"]["rows"] == 5
    expected = ds.forecast(NEURON, FIVE_X, FIVE_Y, start=START, learning_rate=0.001)
    below, best = overview["stable_range"]
    np.testing.assert_allclose(below, expected.stable_below, rtol=1e-9)
    assert 0 < best < below


def test_steps_wait_while_no_page_is_open():
    """With the last page playing stops taking the processor; with the next one it goes on."""
    server = StudioServer(lambda: session)
    session = Session(*opening_of("spirals"))
    server.start()
    try:
        with joined(server.address) as page:
            say(page, "play")
            say(page, "look", rows=[0, 5])
            heard(page, "frame", lambda frame: frame["playing"])
        end = monotonic() + 10
        while server._pages:
            assert monotonic() < end
            sleep(0.01)
        sleep(0.1)  # what was begun is done
        waiting_at, used = session.step, thread_time_of(server)
        sleep(0.5)
        assert session.step == waiting_at
        assert thread_time_of(server) - used < 0.1
        with joined(server.address) as page:
            say(page, "look", rows=[0, 5])
            assert heard(page, "frame", lambda frame: frame["step"] > waiting_at)["playing"]
    finally:
        server.close()


def thread_time_of(server):
    """Seconds of the processor that the session's thread has taken."""
    thread = Path(f"/proc/self/task/{server._threads[1].native_id}/stat")
    if not thread.exists():
        pytest.skip("threads have their times in /proc on Linux")
    return int(thread.read_text().rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


def test_more_than_eight_pages_are_too_many(address):
    with ExitStack() as pages:
        for _ in range(8):
            page = pages.enter_context(joined(address))
            say(page, "look", rows=[0, 5])
            heard(page, "frame")
        with pytest.raises(InvalidStatus) as refused, joined(address):
            pass
        assert refused.value.response.status_code == 429


def test_a_port_that_is_taken_is_said():
    with serving() as address:
        port = urlsplit(address).port
        with pytest.raises(ds.DownslopeError, match=f"port {port}.*choose another --port"):
            StudioServer(lambda: None, port=port)


def test_play_from_python_serves_the_network_and_the_rows_that_were_given():
    network = ds.Network(3, [ds.Dense(2, "tanh"), ds.Dense(1)])
    studio = ds.play(network, FIVE_X, FIVE_Y, open_browser=False, learning_rate=0.01, seed=4)
    try:
        with joined(studio.address) as socket:
            say(socket, "step", count=10)
            say(socket, "look", rows=[0, 5])
            found = heard(socket, "frame", lambda frame: frame["step"] == 10)
        run = ds.descend(network, FIVE_X, FIVE_Y, learning_rate=0.01, steps=10, seed=4)
        for name, value in run.parameters.items():
            assert found["parameters"][name].tobytes() == value.tobytes()
    finally:
        studio.close()


LINE = ds.Network(3, [ds.Dense(1)])
RUN = ds.descend(LINE, FIVE_X, FIVE_Y, start=[1.0, -2.0, 3.0, 0.5], learning_rate=0.001, steps=2)


@pytest.mark.parametrize(
    "start",
    [
        [1.0, -2.0, 3.0, 0.5],
        (1, -2, 3, Fraction(1, 2)),
        np.array([1, -2, 3, 0.5], np.float32),
        {"layer1.weight": [[1.0, -2.0, 3.0]], "layer1.bias": [0.5]},
        {"layer1.bias": [0.5]},
        {},
        None,
        RUN,
        RUN.parameters,
    ],
    ids=lambda start: type(start).__name__,
)
def test_play_starts_where_descend_starts(start):
    run = ds.descend(LINE, FIVE_X, FIVE_Y, start=start, steps=0, seed=3)
    studio = ds.play(LINE, FIVE_X, FIVE_Y, start=start, seed=3, open_browser=False)
    try:
        with joined(studio.address) as socket:
            say(socket, "look", rows=[0, 5])
            found = heard(socket, "frame", lambda frame: frame["step"] == 0)
        for name, value in run.parameters.items():
            assert found["parameters"][name].tobytes() == value.tobytes()
    finally:
        studio.close()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"start": [1.0, 2.0]}, "start needs a flat list of 4 numbers"),
        ({"start": {"layer2.weight": [1.0]}}, "start names a parameter 'layer2.weight'"),
        ({"start": 3}, "start needs"),
        ({"network": ds.Ensemble([LINE, LINE])}, "network needs one network, not an ensemble of 2"),
        ({"network": None}, "play needs a network for x, y"),
        ({"y": None}, "play needs x and y"),
        ({"port": -1}, "port needs a whole number from 0 to 65535, not -1"),
        ({"open_browser": 1}, "open_browser needs True or False, not 1"),
        ({"learning_rate": "0.1"}, "learning rate needs a number .*, not '0.1'; write it without quotes"),
        ({"optimizer": "addam"}, "optimizer needs one of .*; did you mean 'adam'"),
        ({"patience": 3}, r"play\(\) has no parameter 'patience'"),
    ],
)
def test_what_play_cannot_begin_with_is_named(given, message):
    with pytest.raises(ds.DownslopeError, match=message):
        ds.play(**{"network": LINE, "x": FIVE_X, "y": FIVE_Y, "open_browser": False, **given})


class Broken(Session):
    """A session of which steps fail, and frames after the part "update"."""

    def work(self):
        if self.state.playing:
            raise RuntimeError("no step")
        return False

    @property
    def parameters(self):
        if self.state.phase == "update":
            raise RuntimeError("no frame")
        return super().parameters


def test_steps_and_frames_that_fail_are_told_and_end_nothing(capsys):
    given = first_session()
    server = StudioServer(lambda: Broken(given.state.rows, given.state.settings))
    server.start()
    try:
        with joined(server.address) as socket:
            say(socket, "play")
            assert "no step" in heard(socket, "refused", lambda told: told["command"] == "play")["text"]
            say(socket, "phase", part="update")
            say(socket, "look", rows=[0, 5], again=True)
            assert "no frame" in heard(socket, "refused", lambda told: told["command"] == "look")["text"]
            say(socket, "phase", part="loss")
            say(socket, "look", rows=[0, 5], again=True)
            assert not heard(socket, "frame")["playing"]
    finally:
        server.close()
    assert capsys.readouterr().err.count("RuntimeError: no ") == 2


def test_a_session_behind_the_hand_goes_to_the_last_place_and_asks_for_no_other():
    set_to = []

    class Slow(Session):
        def outcome(self, command):
            if isinstance(command, SetParameter):
                set_to.append(command.value)
                sleep(0.1)
            return super().outcome(command)

    given = first_session()
    server = StudioServer(lambda: Slow(given.state.rows, given.state.settings))
    server.start()
    try:
        with joined(server.address) as socket:
            for value in range(1, 40):
                say(socket, "set_parameter", name=W, index=[0, 1], value=value, dragging=True)
            say(socket, "set_parameter", name=W, index=[0, 1], value=40, dragging=False)
            say(socket, "set_parameter", name=W, index=[0, 0], value=7, dragging=True)
            say(socket, "look", rows=[0, 5], again=True)
            found = heard(socket, "frame", lambda told: told["parameters"][W][0, 0] == 7)["parameters"][W]
    finally:
        server.close()
    assert found[0, 1] == 40
    assert set_to[-2:] == [40, 7]
    assert len(set_to) < 20


def test_the_whole_page_is_small(address):
    sizes = {}
    for path in [
        "/",
        "/first.js",
        "/rest.js",
        "/style.css",
        "/icon.svg",
        *map("/vendor/uPlot.{}".format, UPLOT),
    ]:
        answer, packed = asked(address, path, **{"Accept-Encoding": "gzip"})
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip"), path
        sizes[path] = len(packed)
    assert sum(sizes.values()) <= 200_000
    assert sizes["/first.js"] <= 85_000


def test_a_pause_is_seen_in_numbers_before_all_rows_are_measured_and_pictures_drawn(monkeypatch):
    monkeypatch.setattr(_server, "_SEEN", 20.0)  # as long as this page may take to ask
    done = []

    class Noted(Session):
        def outcome(self, command):
            done.append(command)
            return super().outcome(command)

        def work(self):
            done.append("work")
            super().work()

    given = first_session()
    server = StudioServer(lambda: Noted(given.state.rows, given.state.settings))
    server.start()
    look = {"rows": [0, 5], "pictures": {"residuals": {}}}
    try:
        with joined(server.address) as socket:
            say(socket, "play")
            say(socket, "look", **look, again=True)
            heard(socket, "frame", lambda told: told["playing"] and told["step"] > 2)
            say(socket, "pause")
            while Pause() not in done:
                sleep(0.01)
            sleep(0.1)
            assert done[-1] == Pause()  # no work until it is seen
            say(socket, "look", **look)
            first = unpack(socket.recv(timeout=20))
            assert (first["message"], first["playing"], first.get("pictures")) == ("frame", False, None)
            say(socket, "look", **look)
            assert heard(socket, "frame")["pictures"]["residuals"]
            while done[-1] != "work":  # now it goes on
                sleep(0.01)
    finally:
        server.close()
