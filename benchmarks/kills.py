"""Fits that are killed at random moments and go on: each model file has the bytes of an undisturbed one.

    python benchmarks/kills.py [KILLS]

Each fit is a process that ends by SIGKILL, again and again, until it is done. It saves its training every few
steps, so that many kills come while a file is written.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 240


def tables() -> Mapping[str, dict[str, Any]]:
    """The arguments of ``fit`` by what they make of it."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(ROWS, 4))
    table: dict[str, Any] = {f"x{i}": x[:, i] for i in range(4)}
    table |= {"number": np.sin(x).sum(axis=1), "kind": np.where(x[:, 0] + x[:, 1] ** 2 > 0.5, "a", "b")}
    table |= {"patient": np.arange(ROWS) // 5, "year": 1000 + np.arange(ROWS) // 6}
    few = {"epochs": 4, "members": 3}
    plain = {"data": {n: v for n, v in table.items() if n not in ("patient", "year")}, **few}
    return {
        "number, with intervals": {**plain, "target": "number"},
        "classes": {**plain, "target": "kind"},
        "two targets": {**plain, "target": ["number", "kind"]},
        "one network": {**plain, "target": "number", "members": 1},
        "linear": {"data": plain["data"], "target": "number", "hidden": ()},
        "groups": {"data": table, "target": "number", "drop": ["year"], "group": "patient", **few},
        "times": {"data": table, "target": "number", "drop": ["patient"], "time": "year", **few},
    }


def fit(given: Mapping[str, Any], folder: Path, model: Path, checkpoints: bool) -> None:
    """One process: fit, save the model, end."""
    import downslope as ds

    checkpoint = ds.Checkpoint(folder, every="5 steps", resume=True) if checkpoints else None
    ds.fit(**given, checkpoint=checkpoint).save(model)
    os._exit(0)


def process(*given: Any) -> Any:
    """Such a process, which has everything imported from its parent."""
    started = multiprocessing.get_context("fork").Process(target=fit, args=given)
    started.start()
    return started


def run(name: str, given: Mapping[str, Any], kills: int, chance: random.Random) -> tuple[int, int, int, int]:
    """Kills, models, how many of those differ from that of an undisturbed fit, and temporaries left."""
    place = Path(tempfile.mkdtemp(prefix="downslope-kills-"))
    began = time.monotonic()
    process(given, place, place / "whole", False).join()
    seconds = time.monotonic() - began
    whole = (place / "whole").read_bytes()
    killed = models = differ = temporaries = 0
    while killed < kills:
        folder, model = place / f"checkpoints{models}", place / f"model{models}"
        while not model.exists():
            child = process(given, folder, model, True)
            child.join(chance.uniform(0.0, 0.7) * seconds if killed < kills else None)
            if child.is_alive():
                child.kill()
                killed += 1
            child.join()
            temporaries += sum(1 for path in place.rglob(".*"))
        models += 1
        differ += model.read_bytes() != whole
        shutil.rmtree(folder)
    shutil.rmtree(place)
    told = f"{killed:3} kills, {models:3} models, {differ} differ, {temporaries} temporary files left"
    print(f"{name:24} {seconds:5.1f} s, {told}", flush=True)
    return killed, models, differ, temporaries


def main() -> None:
    """All of them."""
    import downslope as ds

    _ = ds.fit  # imported before the processes fork
    cases, chance = tables(), random.Random(0)
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    each = -(-kills // len(cases))
    found = np.array([run(name, given, each, chance) for name, given in cases.items()]).sum(axis=0)
    print("all of them: {} kills, {} models, {} differ, {} temporary files left".format(*found))
    sys.exit(bool(found[2:].any()))


if __name__ == "__main__":
    main()
