"""A wire between two network namespaces, with a bandwidth and a delay: packets through two TUN devices.

``tc netem`` would delay packets too, but not every kernel has it.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import threading
import time
from collections import deque
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["Wire"]

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_MOST = 65535  # bytes of a packet


class Wire:
    """A process that carries packets between namespaces; ``set`` changes what it is like.

    Args:
        namespaces: two, by name.
        device: the name of the TUN device in each of them.
    """

    def __init__(self, namespaces: tuple[str, str], device: str) -> None:
        self._ours, theirs = Pipe()
        self._process = Process(target=_carry, args=(namespaces, device, theirs), daemon=True)
        self._process.start()
        self._ours.recv()  # the devices are there

    def set(self, bandwidth: float, delay: float) -> None:
        """From now on so many bytes a second go each way, and each packet is so many seconds on its way."""
        self._ours.send((bandwidth, delay))
        self._ours.recv()

    def close(self) -> None:
        """End the process, and with it the devices."""
        self._process.terminate()
        self._process.join()


def _carry(namespaces: tuple[str, str], device: str, told: Connection) -> None:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))  # packets leave in time on a busy machine
    ends = [_opened(name, device) for name in namespaces]
    like = {"bandwidth": 1e9, "delay": 0.0}
    for source, target in (ends, ends[::-1]):
        queue: deque[tuple[float, bytes]] = deque()
        arrived = threading.Condition()
        threading.Thread(target=_read, args=(source, queue, arrived, like), daemon=True).start()
        threading.Thread(target=_write, args=(target, queue, arrived), daemon=True).start()
    told.send(True)
    while True:
        like["bandwidth"], like["delay"] = told.recv()
        told.send(True)


def _opened(namespace: str, device: str) -> int:
    """The other end of a TUN device in a namespace."""
    libc: Any = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as there:
        if libc.setns(there.fileno(), 0):
            raise OSError(ctypes.get_errno(), f"there is no namespace {namespace}")
    end = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
    return end


def _read(
    source: int, queue: deque[tuple[float, bytes]], arrived: threading.Condition, like: dict[str, float]
) -> None:
    """Note when each packet is to come out: after those before it, at its length, and the delay later."""
    free = 0.0
    while True:
        packet = os.read(source, _MOST)
        free = max(free, time.monotonic()) + len(packet) / like["bandwidth"]
        with arrived:
            queue.append((free + like["delay"], packet))
            arrived.notify()


def _write(target: int, queue: deque[tuple[float, bytes]], arrived: threading.Condition) -> None:
    while True:
        with arrived:
            while not queue:
                arrived.wait()
            due, packet = queue.popleft()
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        try:
            os.write(target, packet)
        except OSError:  # the device is down
            continue
