"""The page as its reader meets it: a process that serves it, and a browser's tab that looks at it."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import numpy as np
from websockets.sync.client import connect

import downslope as ds
from downslope.studio.server._wire import unpack

FIVE_X = np.array([[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]], float)
FIVE_Y = np.array([13.5, 15.6, 27.4, 15.6, 12.5])
NEURON = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)])
START = [200.0, -14.0, 3456.0]
W = "layer1.weight"
PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
FRESH = {"command": "open_sample", "name": "five rows"}
FASTEST = {"command": "set_pace", "pace": None}
_NAMED = os.environ.get("DOWNSLOPE_COMMAND")
COMMAND = [_NAMED] if _NAMED else [sys.executable, "-c", "from downslope.cli import main; main()"]
PATIENCE = 20  # seconds until a page that does not answer is a failure
# a browser tells of a message before the page has it: the page counts those it has taken, of its last socket
COUNTING = """
    globalThis.taken = 0;
    const Socket = globalThis.WebSocket;
    globalThis.WebSocket = class extends Socket {
        constructor(...address) { super(...address); globalThis.taken = 0; }
        set onmessage(take) { super.onmessage = (event) => { take(event); globalThis.taken += 1; }; }
    };
"""
TWO_FRAMES = """() => new Promise((drawn) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))))"""


@contextmanager
def serving(*arguments):
    """The address of ``downslope play``; Ctrl-C ends it at once, and it leaves no traceback."""
    process = subprocess.Popen(
        [*COMMAND, "play", "--no-open", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        first = process.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, f"no address in {first!r}; {process.stderr.read() if process.poll() else ''}"
        yield found[0]
        assert process.poll() is None, "it ended by itself"
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=10)
        assert errors == "", errors
        assert process.returncode == 0
        assert rest.endswith("Ended.\n")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def socket_of(address):
    """Where the page's socket is."""
    parts = urlsplit(address)
    return f"ws://{parts.netloc}/socket?token={parse_qs(parts.query)['token'][0]}"


def send(address, command, **fields):
    """Send a command to a session as a page would; it may not be refused."""
    with connect(socket_of(address), origin=f"http://{urlsplit(address).netloc}") as socket:
        socket.send(json.dumps({"command": command, **fields}))
        socket.send(json.dumps({"command": "look", "rows": [0, 1], "again": True}))
        told = unpack(socket.recv(timeout=PATIENCE))
        assert told["message"] != "refused", told


class Visit:
    """A page that is open, what its session said last, and what went wrong in it.

    Attributes:
        page: Playwright's.
        frame, overview: the last ones; of the overview all parts as they came last. As in the page, an
            overview counts from the frame on that follows it.
        others: further messages in their order.
        sent: the commands that the page has sent, in their order.
        steps: of every frame.
    """

    def __init__(self, page, wrong):
        self.page = page
        self.frame = self.overview = None
        self.others, self.steps, self.sent = [], [], []
        self._arrived, self._received = [], 0
        page.add_init_script(COUNTING)
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("websocket", self._listen)

    def _listen(self, socket):
        self._received = 0
        socket.on("framereceived", self._take)
        socket.on(
            "framesent", lambda payload: isinstance(payload, str) and self.sent.append(json.loads(payload))
        )

    def _take(self, payload):
        message = unpack(payload)
        self._received += 1
        if message["message"] == "frame":
            for parts in self._arrived:
                self.overview = {**(self.overview or {}), **parts}
            self._arrived = []
            self.frame = message
            self.steps.append(message["step"])
        elif message["message"] == "overview":
            self._arrived.append(message)
        else:
            self.others.append(message)

    def until(self, holds, what=""):
        """Wait until something holds, and for the page to have drawn it; what it was then."""
        end = monotonic() + PATIENCE
        while not (found := self.frame is not None and holds()):
            assert monotonic() < end, f"waited in vain for {what or holds}; {self.glance()}"
            self.page.wait_for_timeout(10)
        self.drawn()
        return found

    def drawn(self):
        """Wait until the page has taken every message that has come, and has drawn what follows from it."""
        self.page.wait_for_function("(count) => globalThis.taken >= count", arg=self._received)
        self.page.evaluate(TWO_FRAMES)

    def glance(self):
        """What there is, for a failure's message."""
        now = self.frame and {k: self.frame[k] for k in ("step", "playing", "phase", "error", "parameters")}
        return f"{now}; {[message.get('text', message['message']) for message in self.others[-3:]]}"

    def at_step(self, step):
        """Wait until the page shows a step, and rests."""
        return self.until(lambda: self.frame["step"] == step and not self.frame["playing"], f"step {step}")

    def button(self, name):
        """A button by its words."""
        return self.page.get_by_role("button", name=name, exact=True)

    def weight(self, number):
        """The field of a weight of the neuron on the drawing, counted from 1."""
        return self.page.get_by_label(f"w{'₀₁₂₃'[number]}, weight")

    def shows_what_was_set(self, number):
        """Wait until a weight that is moved is the one that the page has asked for last, and is drawn so."""
        self.drawn()

        def last():
            return [one["value"] for one in self.sent if one["command"] == "set_parameter"][-1]

        self.until(
            lambda: self.weights[number - 1] == self.value(number) == last(), "the weight that was set"
        )

    def value(self, number):
        """The weight that its field tells in full precision."""
        return float(self.weight(number).get_attribute("aria-valuenow"))

    @property
    def weights(self):
        """The neuron's weights."""
        return self.frame["parameters"][W][0].copy()

    def take(self, steps):
        """So many steps, by the buttons."""
        after = self.frame["step"] + steps
        self.page.get_by_label("Number of steps").fill(str(steps))
        self.button("Take steps").click()
        self.at_step(after)

    def panel(self, name):
        """Open a panel; its element."""
        self.page.get_by_role("tab", name=name, exact=True).click()
        return self.page.get_by_role("tabpanel", name=name)

    def menu(self, name, entry):
        """Choose from a menu."""
        self.button(name).click()
        self.page.locator(".menu li").get_by_role("button", name=entry).click()

    def set(self, number, text):
        """Type a weight."""
        self.weight(number).click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Escape")

    def answer(self, kind, count=1):
        """Wait for the last of so many messages of a kind."""
        self.until(lambda: sum(m["message"] == kind for m in self.others) >= count, kind)
        return [m for m in self.others if m["message"] == kind][-1]


def number_in(text):
    """The number that the page wrote, in an English locale."""
    text = text.strip().replace(",", "").replace("−", "-").removesuffix("✓").strip()
    if "·10" in text:
        digits, power = text.split("·10")
        text = f"{digits}e{''.join('0123456789-'['⁰¹²³⁴⁵⁶⁷⁸⁹⁻'.index(c)] for c in power)}"
    return float(text)
