"""One row at a time, as a server asks: whole calls of ``predict`` on a row of NumPy.

python benchmarks/one_row.py [--write]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from measure import Round, Setting, interleaved, timed
from report import add_library_option, arguments, machine, notes, number, publish, ratio, table, wanted

ROWS, COLUMNS = 1000, 10


def main() -> None:
    parser = arguments(__doc__)
    add_library_option(parser)
    args = parser.parse_args()
    asked = [s for s in settings(args.seconds) if wanted(s.label, args.library)]
    results = interleaved(asked, args.repeats)
    ours = results.get("Downslope, one network")
    rows = [
        [label, number(found.median and 1e6 * found.median), ratio(found.median, ours and ours.median)]
        for label, found in results.items()
    ]
    shown = table(["model", "µs", "of Downslope's time, one network"], rows)
    publish("one_row", [machine("downslope", "scikit-learn"), shown, notes(results.values())], args.write)


def settings(seconds: float) -> list[Setting]:
    """Models of a table of ten numbers, each with what takes the numbers to its inputs."""
    common = {"seconds": seconds}
    return [
        Setting("Downslope, one network", ours, {**common, "members": 1}),
        Setting("Downslope, the whole blend", ours, common),
        Setting("Downslope, MLPRegressor", mlp, {**common, "module": "downslope"}),
        Setting("scikit-learn, MLPRegressor", mlp, {**common, "module": "sklearn.neural_network"}),
        Setting("scikit-learn, HistGradientBoostingRegressor", boosted, common),
    ]


def _rows() -> tuple[Any, Any]:
    x = np.random.default_rng(0).standard_normal((ROWS, COLUMNS))
    return x, x[:, 0] * x[:, 1] + x[:, 2]


def ours(seconds: float, **options: Any) -> Round:
    """A model of ``fit`` with its defaults, or of one network."""
    import downslope as ds

    x, y = _rows()
    model = ds.fit({**{f"c{i}": x[:, i] for i in range(COLUMNS)}, "y": y}, target="y", epochs=10, **options)
    return timed(lambda: model.predict(x[:1]), seconds, warm_up=10)


def mlp(seconds: float, module: str) -> Round:
    """Standardised columns and a network of two layers of 128."""
    from importlib import import_module

    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    made = import_module(module).MLPRegressor(hidden_layer_sizes=(128, 128), max_iter=5)
    x, y = _rows()
    model = make_pipeline(StandardScaler(), made).fit(x, y)
    return timed(lambda: model.predict(x[:1]), seconds, warm_up=10)


def boosted(seconds: float) -> Round:
    """Boosted trees with their defaults."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    x, y = _rows()
    model = HistGradientBoostingRegressor().fit(x, y)
    return timed(lambda: model.predict(x[:1]), seconds, warm_up=10)


if __name__ == "__main__":
    main()
