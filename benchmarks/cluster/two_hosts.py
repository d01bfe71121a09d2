"""Two hosts on this machine, namespaces with a shaped wire between them: steps, measured and predicted.

Needs root, and Linux with /dev/net/tun. Everything it makes it takes down again.

    python benchmarks/cluster/two_hosts.py --table cluster.json
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from relay import Wire

HOSTS = ("downslope1", "downslope2")
DEVICE = "wire0"
SHAPES = ((256, 1024), (256, 4096), (512, 2048), (512, 8192))
LINKS = ((125e6, 0.0001), (125e6, 0.002), (25e6, 0.0005), (6.25e6, 0.001))  # bytes a second, seconds


def main() -> None:
    """Print a table, and keep it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", help="a file for the figures")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--nice", type=int, default=0, help="of the hosts, where others load the machine")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(1))
    atexit.register(take_down)
    take_down()
    for host in HOSTS:
        subprocess.run(["ip", "netns", "add", host], check=True)
    wire = Wire(HOSTS, DEVICE)
    atexit.register(wire.close)
    hosts = [started(host, rank, given.nice) for rank, host in enumerate(HOSTS)]
    atexit.register(lambda: [host.kill() for host in hosts])
    found = []
    print(" width  batch   MB/s  delay ms  computing ms  step ms  measured  predicted  without overlap")
    for bandwidth, delay in LINKS:
        wire.set(bandwidth, delay)
        for width, batch in SHAPES:
            each = {"MB/s": bandwidth / 1e6, "ms": delay * 1e3, **asked(hosts, width, batch, given.repeats)}
            found.append(each)
            print(
                f"{width:6} {batch:6} {each['MB/s']:6.4g} {each['ms']:9.4g} {each['computing'] * 1e3:13.1f} "
                f"{each['step'] * 1e3:8.1f} {each['measured']:9.0%} {each['predicted']:10.0%} "
                f"{each['without overlap']:16.0%}",
                flush=True,
            )
    if given.table:
        Path(given.table).write_text(json.dumps(found, indent=1))
    off = sorted(abs(each["predicted"] / each["measured"] - 1) for each in found)
    print(f"predicted / measured off by {off[len(off) // 2]:.0%} in the middle, at most {off[-1]:.0%}")


def asked(hosts: list[subprocess.Popen[str]], width: int, batch: int, repeats: int) -> dict[str, float]:
    """What the hosts measure."""
    for host in hosts:
        assert host.stdin is not None
        host.stdin.write(f"{width} {batch} {repeats}\n")
        host.stdin.flush()
    assert hosts[0].stdout is not None
    line = hosts[0].stdout.readline()
    if not line:
        sys.exit("a host ended")
    found: dict[str, float] = json.loads(line)
    return found


def started(host: str, rank: int, nice: int) -> subprocess.Popen[str]:
    """A rank in a namespace, whose device gets its address."""
    within = ["ip", "netns", "exec", host]
    for words in (
        ["addr", "add", f"10.77.0.{rank + 1}/24", "dev", DEVICE],
        ["link", "set", DEVICE, "mtu", "9000", "txqueuelen", "10000", "up"],
        ["link", "set", "lo", "up"],
    ):
        subprocess.run([*within, "ip", *words], check=True)
    there = {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "10.77.0.1", "MASTER_PORT": "29511"}
    there |= {"GLOO_SOCKET_IFNAME": DEVICE, "OMP_NUM_THREADS": "1", "LOCAL_RANK": "0"}
    words = [*within, "nice", "-n", str(nice), sys.executable, str(Path(__file__).with_name("host.py"))]
    return subprocess.Popen(
        words, env={**os.environ, **there}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def take_down() -> None:
    """The namespaces, if they are there."""
    for host in HOSTS:
        subprocess.run(["ip", "netns", "del", host], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
