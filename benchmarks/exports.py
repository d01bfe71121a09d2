"""Exported files: how far they are from the engine, their sizes, and their time for a prediction.

python benchmarks/exports.py [--write]
"""

from __future__ import annotations

import contextlib
import csv
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

import downslope as ds
from downslope.nets import ACTIVATIONS, LOSSES
from measure import Unavailable
from report import NOTHING, arguments, machine, publish, table
from runners import RUNNERS, Ran, cells_of, compiled_harness, prediction_of, sections

EXAMPLES = Path(__file__).parents[1] / "examples"
ROWS = 64
ENDINGS = tuple(RUNNERS)

LAYERS: Mapping[str, Sequence[Any]] = {
    "Dense": [ds.Dense(3)],
    "Dropout": [ds.Dense(6, "tanh"), ds.Dropout(0.4)],
    "LayerNorm": [ds.Dense(6, "tanh"), ds.LayerNorm()],
    "Residual": [ds.Dense(6, "tanh"), ds.Residual((ds.Dense(5, "tanh"), ds.Dense(6)))],
    "Embedding": [ds.Embedding((1, 3), (3, 3), (2, 3)), ds.Dense(6, "tanh")],
    "PiecewiseLinear": [ds.PiecewiseLinear((0, 2), ((-1.0, 0.0, 1.0), (-2.0, 0.5, 2.0)))],
    "Periodic": [ds.Periodic((0, 2), 4)],
    "of one's own": [ds.Dense(6, lambda z: z * ds.ops.sigmoid(1.5 * z) + ds.ops.sin(z))],
}


def main() -> None:
    parser = arguments(__doc__, repeats=1, seconds=0.2)
    parser.add_argument("--part", choices=("differences", "penguins", "peers"), help="one table alone")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    about = machine("downslope", "numpy", "onnxruntime", "scikit-learn", "emlearn", "m2cgen")
    parts = {
        "differences": ("### Difference from the engine", _differences),
        "penguins": ("### Penguins", lambda: _penguins(args.seconds)),
        "peers": ("### scikit-learn's networks in C", lambda: _peers(args.seconds)),
    }
    chosen = parts if args.part is None else [args.part]
    publish("exports", [about, *(text for p in chosen for text in (parts[p][0], parts[p][1]()))], args.write)


def _networks() -> dict[str, ds.Network | ds.Ensemble]:
    kinds: dict[str, ds.Network | ds.Ensemble] = {
        f"layer {name}": ds.Network(4, [*layers, ds.Dense(2)]) for name, layers in LAYERS.items()
    }
    for name in ACTIVATIONS:
        kinds[f"activation {name}"] = ds.Network(4, [ds.Dense(6, name), ds.Dense(5, name), ds.Dense(2)])
    for name in LOSSES:
        kinds[f"loss {name}"] = ds.Network(4, [ds.Dense(6, "tanh"), ds.Dense(3)], loss=name)
    member = ds.Network(4, [ds.Dense(6, "tanh"), ds.Dense(3)], loss="cross_entropy")
    kinds["ensemble, temperature"] = ds.Ensemble([member] * 3, (0.5, 0.2, 0.3), temperature=0.7)
    return kinds


def _columns() -> dict[str, list[Any]]:
    """A column for each encoder."""
    rng = np.random.default_rng(0)
    heavy = np.round(rng.lognormal(0, 1.5, 300), 3).tolist()
    moments = [datetime(2019, 1, 1) + timedelta(hours=int(h)) for h in rng.integers(0, 30_000, 300)]
    columns: dict[str, list[Any]] = {
        "number": rng.normal(50, 9, 300).round(2).tolist(),
        "number, clipped, gaps": [None if rng.random() < 0.1 else v for v in heavy],
        "two levels, gaps": [None if rng.random() < 0.1 else str(v) for v in rng.choice(["no", "yes"], 300)],
        "one-hot, gaps": [None if rng.random() < 0.1 else str(v) for v in rng.choice(["a", "b", "c"], 300)],
        "embedding": [f"town {i}" for i in rng.integers(0, 20, 300)],
        "date": moments,
        "clock time": [timedelta(seconds=int(s)) for s in rng.integers(0, 900, 300)],
    }
    return columns


def _differences() -> str:
    rows = []
    for name, network in _networks().items():
        rng = np.random.default_rng(1)
        x = rng.normal(size=(ROWS, 4))
        x[:, [1, 3]] = rng.integers(0, 3, (ROWS, 2))
        x = x.astype(np.float32)
        start = network.initial_parameters(1, np.float32).items()
        parameters = {n: (v + rng.normal(0, 0.3, v.shape)).astype(np.float32) for n, v in start}
        wanted = ds.predict(network, x, parameters=parameters)
        found = _run_all(network, parameters, {"x": x})
        rows.append([name, *(_off(ran, wanted, max(1.0, float(np.abs(wanted).max()))) for ran in found)])
    target = np.random.default_rng(2).normal(size=300).tolist()
    for name, column in _columns().items():
        given = {"c": column, "y": target}
        model = ds.fit(given, target="y", epochs=5, hidden=(8,), members=1)
        found = _run_all(model, None, _seconds(cells_of(model, given)))
        wanted = model.predict(given)[:, None]
        rows.append([f"encoder {name}", *(_off(ran, wanted, model.target.scale) for ran in found)])
    for file, goal in (("penguins", "species"), ("penguins", "body_mass_g"), ("sales", "sales")):
        model, given = _fitted(file, goal)
        found = _run_all(model, None, _seconds(cells_of(model, given)))
        wanted = model.predict_proba(given) if model.target.classes else model.predict(given)[:, None]
        rows.append([f"{file}, {goal}", *(_off(ran, wanted, model.target.scale) for ran in found)])
    return table(["what", *ENDINGS], rows)


def _fitted(file: str, target: str) -> tuple[ds.Model, dict[str, list[Any]]]:
    """A whole blend as ``ds.fit`` leaves it, and the columns of its table."""
    path = EXAMPLES / f"{file}.csv"
    model = ds.fit(path, target=target)
    return model, model.read(path).frame.to_dict(as_series=False)


def _seconds(cells: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """Dates as seconds since 1970, durations as seconds."""

    def cell(value: Any) -> Any:
        if isinstance(value, timedelta):
            return value.total_seconds()
        if hasattr(value, "year"):
            return (datetime(value.year, value.month, value.day) - datetime(1970, 1, 1)).total_seconds() + (
                3600 * getattr(value, "hour", 0) + 60 * getattr(value, "minute", 0)
            )
        return value

    return {name: list(map(cell, column)) for name, column in cells.items()}


def _run_all(source: Any, parameters: Any, cells: Mapping[str, Any]) -> list[Ran | None]:
    prediction, found = prediction_of(source, parameters), list[Ran | None]()
    with tempfile.TemporaryDirectory() as folder:
        for ending, runner in RUNNERS.items():
            path = Path(folder) / f"exported{ending}"
            ds.export(source, path, parameters)
            try:
                found.append(runner(path, prediction, cells, 0))
            except Unavailable:
                found.append(None)
    return found


def _off(ran: Ran | None, wanted: np.ndarray, scale: float) -> str:
    return NOTHING if ran is None else f"{np.max(np.abs(ran.outputs - wanted)) / scale:.0e}"


def _penguins(seconds: float) -> str:
    """The whole blend, and one small network of the same columns."""
    rows = []
    path = EXAMPLES / "penguins.csv"
    small = {"hidden": (16, 16), "members": 1}
    for what, model in (
        ("blend", ds.fit(path, target="species")),
        ("one network", ds.fit(path, target="species", **small)),
    ):
        given = cells_of(model, model.read(path).frame.to_dict(as_series=False))
        wanted = model.predict_proba(path)
        for ending in RUNNERS:
            for int8 in (False, True) if ending == ".c" else (False,):
                rows.append([what, *_penguins_row(model, given, wanted, ending, int8, seconds)])
    return table(["model", "file", "kB", "compiled, kB", "one row, ms", "a row of 344, µs", "error"], rows)


def _penguins_row(
    model: ds.Model,
    given: Mapping[str, Any],
    wanted: np.ndarray,
    ending: str,
    int8: bool,
    seconds: float,
) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"penguins{ending}"
        size = ds.export(model, path, int8=int8).size
        name = f"{ending}, int8" if int8 else ending
        try:
            ran = RUNNERS[ending](path, prediction_of(model), given, seconds)
            compiled = f"{sections(path) / 1000:,.1f}" if ending == ".c" else NOTHING
        except Unavailable:
            return [name, f"{size / 1000:,.1f}", *[NOTHING] * 4]
    each = ran.one if ran.each is None else ran.each
    error = np.max(np.abs(ran.outputs - wanted))
    return [
        name,
        f"{size / 1000:,.1f}",
        compiled,
        f"{1e3 * ran.one:.4f}",
        f"{1e6 * each:.1f}",
        f"{error:.0e}",
    ]


def _peers(seconds: float) -> str:
    """The same parameters, fitted by scikit-learn to the numbers of the penguins, in C of several makers."""
    x, y = _penguin_numbers()
    rows = [row for hidden in ((16, 16), (100, 100)) for row in _peer_rows(x, y, hidden, seconds)]
    columns = ["hidden", "C by", "source, kB", "compiled, kB", "a row, µs", "largest error of a probability"]
    return table(columns, rows)


def _penguin_numbers() -> tuple[np.ndarray, np.ndarray]:
    with (EXAMPLES / "penguins.csv").open() as file:
        found = list(csv.DictReader(file))
    names = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    complete = [row for row in found if all(row[name] not in ("", "NA") for name in names)]
    x = np.array([[float(row[name]) for name in names] for row in complete])
    y = np.unique([row["species"] for row in complete], return_inverse=True)[1]
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32), y


def _peer_rows(x: np.ndarray, y: np.ndarray, hidden: tuple[int, ...], seconds: float) -> list[list[str]]:
    from sklearn.neural_network import MLPClassifier

    mlp = MLPClassifier(hidden, random_state=0, max_iter=300).fit(x, y)
    wanted = mlp.predict_proba(x)
    network = ds.Network(4, [*(ds.Dense(n, "relu") for n in hidden), ds.Dense(3)], loss="cross_entropy")
    parameters = {}
    for i, (weight, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True), 1):
        parameters |= {f"layer{i}.weight": weight.T, f"layer{i}.bias": bias}
    parameters = {name: np.asarray(value, np.float32) for name, value in parameters.items()}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for int8 in (False, True):
            path = Path(folder) / "net.c"
            size = ds.export(network, path, parameters, int8=int8).size
            ran = RUNNERS[".c"](path, prediction_of(network, parameters), {"x": x}, seconds)
            by = "Downslope, int8" if int8 else "Downslope"
            rows.append(_peer_row(hidden, by, size, sections(path), ran, wanted))
        for name, run in (("emlearn", _emlearn), ("m2cgen", _m2cgen)):
            try:
                size, compiled, ran = run(mlp, x, Path(folder), seconds)
                rows.append(_peer_row(hidden, name, size, compiled, ran, wanted))
            except (Unavailable, NotImplementedError, ImportError) as error:
                rows.append([str(hidden), f"{name}: {error}", *[NOTHING] * 4])
    return rows


def _peer_row(
    hidden: tuple[int, ...], by: str, size: int, compiled: int, ran: Ran, wanted: np.ndarray
) -> list[str]:
    error = np.max(np.abs(ran.outputs - wanted))
    figures = [f"{size / 1000:.1f}", f"{compiled / 1000:.1f}", f"{1e6 * ran.one:.2f}", f"{error:.0e}"]
    return [" → ".join(map(str, hidden)), by, *figures]


def _emlearn(mlp: Any, x: np.ndarray, folder: Path, seconds: float) -> tuple[int, int, Ran]:
    import emlearn

    path = folder / "emlearn_net.h"
    with contextlib.chdir(folder):  # it compiles beside where it is called
        emlearn.convert(mlp, method="inline").save(name="net", file=str(path))
    path.write_text(f"#include <stdint.h>\n{path.read_text()}")
    unit = folder / "emlearn_net.c"
    unit.write_text(f'#include "{path}"\n')
    values = ", ".join(f"{v:.9g}" for v in x.ravel())
    call = (
        f"float found[3]; eml_net_predict_proba(&net, given + r * {x.shape[1]}, {x.shape[1]}, found, 3); "
        "for (int j = 0; j < 3; j++) out[j] = found[j];"
    )
    include = f"-I{emlearn.includedir}"
    ran = compiled_harness(
        f'#include "{path}"',
        f"static const float given[] = {{{values}}};",
        call,
        len(x),
        3,
        include,
        seconds=seconds,
    )
    return path.stat().st_size, sections(unit, include), ran


def _m2cgen(mlp: Any, x: np.ndarray, folder: Path, seconds: float) -> tuple[int, int, Ran]:
    import m2cgen

    path = folder / "m2cgen_net.c"
    path.write_text(m2cgen.export_to_c(mlp))  # refuses networks today
    values = ", ".join(f"{v:.9g}" for v in x.ravel())
    rows, call = f"static double given[] = {{{values}}};", f"score(given + r * {x.shape[1]}, out);"
    ran = compiled_harness(f'#include "{path}"', rows, call, len(x), 3, seconds=seconds)
    return path.stat().st_size, sections(path), ran


if __name__ == "__main__":
    main()
