"""Pages to measure: a session in a process of its own, and a client that looks at it and draws nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray

from measure import plain_environment
from workloads import NEURON_START, NEURON_X, NEURON_Y, WORKLOADS, data, network

_SERVE = """
import sys, time
import downslope as ds
sys.path.insert(0, {benchmarks!r})
import pages
page = ds.play(*pages.session({name!r}), open_browser=False, **pages.how({name!r}))
print(page.address, flush=True)
time.sleep(1e6)
"""
_ALONE = """
import sys, time
sys.path.insert(0, {benchmarks!r})
import downslope as ds, pages
net, x, y = pages.session({name!r})
how = pages.how({name!r})
steps = {first}
run = ds.descend(net, x, y, steps=steps, **how)
count, start, used = 0, time.perf_counter(), time.process_time()
while time.perf_counter() - start < {seconds}:
    began = time.perf_counter()
    how["start"] = run
    run = ds.descend(net, x, y, steps=steps, **how)
    count += steps
    steps = min(20_000_000, max(steps, int(steps * {seconds} / 4 / (time.perf_counter() - began))))
print(count / (time.perf_counter() - start), count / (time.process_time() - used))
"""


def session(name: str) -> tuple[Any, NDArray[Any], NDArray[Any]]:
    """The network and the rows of a workload."""
    import downslope as ds

    if name == "neuron":
        return ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)]), NEURON_X, NEURON_Y
    if name == "6x1024":
        rng = np.random.default_rng(0)
        x = rng.standard_normal((2048, 20), dtype=np.float32)
        layers = [*(ds.Dense(1024, "relu") for _ in range(6)), ds.Dense(1)]
        return ds.Network(inputs=20, layers=layers), x, np.sin(x[:, 0]) + x[:, 1] * x[:, 2]
    return network(WORKLOADS[name]), *data(WORKLOADS[name])


def how(name: str) -> dict[str, Any]:
    """How a workload descends; the neuron so slowly that it does not come to rest."""
    if name == "neuron":
        return {"learning_rate": 1e-9, "start": {"layer1.weight": [list(NEURON_START)]}}
    return {"learning_rate": 1e-3 if name == "small" else 1e-4, "optimizer": "adam", "batch_size": 128}


@contextmanager
def served(name: str) -> Iterator[tuple[str, int]]:
    """The address of a page on a workload, and the process that serves it."""
    code = _SERVE.format(benchmarks=sys.path[0], name=name)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=plain_environment()
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process.pid
    finally:
        process.kill()
        process.wait()


def engine_alone(name: str, seconds: float) -> tuple[float, float]:
    """Steps of ``ds.descend`` a second, and a second of the processor, in a process of its own."""
    first = 20 if name == "6x1024" else 2000
    code = _ALONE.format(benchmarks=sys.path[0], name=name, seconds=seconds, first=first)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=plain_environment()
    )
    by_clock, by_processor = map(float, done.stdout.split())
    return by_clock, by_processor


def processor_time(*processes: int) -> float:
    """Seconds of the processor that processes have taken so far, in steps of a hundredth."""
    found = 0.0
    for process in processes:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        found += (int(fields[11]) + int(fields[12])) / 100
    return found


def step_in(message: bytes) -> int | None:
    """The step of a frame; None where a message is none."""
    found = re.search(rb'"message":"frame","step":(\d+)', message[:200])
    return int(found[1]) if found else None


class Client:
    """A page that draws nothing: it asks for frames and reads them."""

    def __init__(self, address: str) -> None:
        from websockets.sync.client import connect

        place = urlsplit(address)
        token = parse_qs(place.query)["token"][0]
        self._socket = connect(
            f"ws://{place.netloc}/socket?token={token}", origin=f"http://{place.netloc}", max_size=None
        )
        self.say("set_pace", pace=None)
        self.frame(again=True)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, command: str, **fields: Any) -> None:
        """Send a command."""
        self._socket.send(json.dumps({"command": command, **fields}))

    def message(self) -> dict[str, Any]:
        """The next message."""
        from downslope.studio.server._wire import unpack

        return unpack(self._socket.recv())

    def frame(self, **look: Any) -> bytes:
        """The next frame, as it comes."""
        self.say("look", rows=[0, 20], **look)
        while True:
            message = self._socket.recv()
            assert isinstance(message, bytes)
            if step_in(message) is not None:
                return message

    def watch(
        self, seconds: float, process: int, pictures_a_second: float = 60
    ) -> tuple[float, float, float]:
        """Steps a second while it looks on, steps a second of the server's processor, frames a second."""
        used, began = processor_time(process), time.perf_counter()
        following = began
        first, last, count = step_in(self.frame()), 0, 0
        while (now := time.perf_counter()) < began + seconds:
            following = max(following + 1 / pictures_a_second, now)
            time.sleep(max(0.0, following - now))
            last = step_in(self.frame()) or 0
            count += 1
        passed = time.perf_counter() - began
        steps = last - (first or 0)
        return steps / passed, steps / (processor_time(process) - used), count / passed

    def ask(self, command: dict[str, Any], answer: str) -> dict[str, Any]:
        """What a command is answered, by the kind of the answer."""
        self.say(**command)
        while (message := self.message())["message"] != answer:
            assert message["message"] != "refused", message
        return message
