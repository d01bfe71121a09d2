"""What 8, 64 and 1024 hosts would give, by the arithmetic that two_hosts.py holds against measurements.

python benchmarks/cluster/many_hosts.py --plot docs/images/cluster.png
"""

from __future__ import annotations

import argparse

from downslope.training import Link, ShareOfStep, step_seconds

RATE = 1e11  # multiplications a second of one host, about half of what two cores with AVX-512 can do
HOSTS = (2, 8, 64, 1024)
LINKS = {
    "1 Gbit/s, 0.1 ms": Link(1e-4, 125e6),
    "10 Gbit/s, 0.05 ms": Link(5e-5, 1.25e9),
    "100 Gbit/s, 0.01 ms": Link(1e-5, 12.5e9),
}
LAYERS = 6


def efficiency(width: int, rows: float, hosts: int, link: Link) -> float:
    """Of so many times the speed of one host, how much is left.

    Args:
        width: of six layers.
        rows: of each host in a step.
        hosts: how many.
        link: between them.
    """
    layer = width * width
    seconds, size = rows * layer / RATE, 4 * layer
    shares = [ShareOfStep((LAYERS + 1) * seconds, size)]  # forward, and the gradients of the last layer
    shares += [ShareOfStep(2 * seconds, size)] * (LAYERS - 1)
    return sum(share.seconds for share in shares) / step_seconds(shares, hosts, link)


def spread(members: int, hosts: int) -> float:
    """Of so many times the speed of one host, how much is left where each trains networks of its own."""
    return members / (hosts * -(-members // hosts))


def table() -> None:
    """Print a row for each case: the speed on so many hosts, of one host's."""
    cases = [(1024, 8192), (1024, 65536), (128, 8192)]
    print("| | rows in a step | link | " + " | ".join(f"{n} hosts" for n in HOSTS) + " |")
    print("| --- | --- | --- |" + " --- |" * len(HOSTS))
    for width, batch in cases:
        for name, link in LINKS.items():
            speeds = [n * efficiency(width, batch / n, n, link) for n in HOSTS]
            print(f"| 6 × {width} | {batch:,} in all | {name} | " + " | ".join(map(_times, speeds)) + " |")
    for width in (1024,):
        for name, link in LINKS.items():
            speeds = [n * efficiency(width, 8192, n, link) for n in HOSTS]
            print(f"| 6 × {width} | 8,192 on each host | {name} | " + " | ".join(map(_times, speeds)) + " |")
    for members in (8, 64):
        speeds = [n * spread(members, n) for n in HOSTS]
        print(f"| {members} networks, spread | any | any | " + " | ".join(map(_times, speeds)) + " |")


def _times(speed: float) -> str:
    return f"{speed:.3g}" if speed < 999 else f"{speed:.0f}"


def plot(path: str) -> None:
    """Draw the speed on a number of hosts."""
    import matplotlib.pyplot as plt

    hosts = [2**k for k in range(11)]
    figure, axes = plt.subplots(figsize=(7, 4.2))
    axes.loglog(hosts, hosts, color="0.7", label="as many times as fast")
    colours = ("#0072b2", "#009e73", "#d55e00")
    for (name, link), colour in zip(LINKS.items(), colours, strict=True):
        fixed = [n * efficiency(1024, 8192 / n, n, link) for n in hosts]
        grown = [n * efficiency(1024, 8192, n, link) for n in hosts]
        axes.loglog(hosts, grown, color=colour, label=f"8192 rows on each host, {name}")
        axes.loglog(hosts, fixed, color=colour, linestyle="--", label=f"8192 rows in all, {name}")
    axes.loglog(
        hosts, [n * spread(8, n) for n in hosts], color="black", linestyle=":", label="8 networks, spread"
    )
    axes.set_xlabel("hosts")
    axes.set_ylabel("speed, one host = 1")
    axes.set_xticks(hosts[::2], map(str, hosts[::2]))
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plot", help="a file for the picture")
    given = parser.parse_args()
    table()
    if given.plot:
        plot(given.plot)
