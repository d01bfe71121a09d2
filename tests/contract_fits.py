"""As ``contract_calls``, of what fits whole tables: ``fit``, ``load``, ``play`` and the estimators."""

import inspect
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from sklearn.linear_model import LinearRegression

import downslope as ds
from unusual_values import (
    FLAG,
    INSIDE,
    NOTHING,
    OPTIONAL,
    PATHS,
    POSITIVE,
    SEED,
    SHARE,
    integers,
    numbers,
    reals,
    wholes,
)

ROWS = 60
DRAW = np.random.default_rng(0)
TABLE = {
    "a": np.linspace(0, 1, ROWS).tolist(),
    "kind": ["u", "v", "w"] * (ROWS // 3),
    "y": (np.linspace(0, 1, ROWS) ** 2).tolist(),
}
LONGER = {name: [*cells, *cells[::5]] for name, cells in TABLE.items()}
X = DRAW.normal(size=(ROWS, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1
FOLDER = TemporaryDirectory()  # which goes when Python ends
FILE = Path(FOLDER.name) / "network.downslope"
PARQUET = Path(FOLDER.name) / "table.parquet"
pl.DataFrame(TABLE).write_parquet(PARQUET)
LINE = ds.Network(3, [ds.Dense(1)])
LINE.save(FILE)
ONNX = Path(FOLDER.name) / "network.onnx"
ds.export(LINE, ONNX, LINE.initial_parameters())
STATE = {"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2), "2.weight": np.ones((1, 2))}
LINES = [ds.fit(TABLE, "y", hidden=(), drop=drop) for drop in ([], ["kind"])]
TEXTS = frozenset({"text of a number", "empty text", "SGD", "Tanh", "unknown name"})


def defaults(function, /, **others):
    """The parameters of a callable with their defaults, some of them replaced."""
    found = {
        parameter.name: parameter.default
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind != parameter.VAR_KEYWORD
    }
    return found | others


def fit(**given):
    model = ds.fit(**given)
    model = next(iter(model.values())) if isinstance(model, ds.Models) else model
    return model.parameters, model.predict(TABLE), errors_of(model)


def tune(**given):
    found = ds.tune(**given)
    return found.model.parameters, errors_of(found.model), [trial.score for trial in found.trials]


def errors_of(model):
    """Of each epoch of each group, whatever its share in the model."""
    return [(group.train_errors, group.validation_errors) for group in model.record.groups]


def play(**given):
    studio = ds.play(**given)
    studio.close()


def read_whole(dataset):
    return [frame.to_dict(as_series=False) for frame in dataset.frames()], dataset.budget


def estimator(kind):
    """Makes an estimator, which must not look at anything yet, fits it and predicts."""

    def fitted(X, y, sample_weight, **parameters):
        made = kind(**parameters)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # such as "has not converged yet"
            made.fit(X, y, sample_weight)
        predicted = getattr(made, "predict_proba", made.predict)(FIT["X"])
        return predicted, errors_of(made.model_) if hasattr(made, "model_") else made.loss_curve_

    return fitted


FIT = {"X": X, "sample_weight": None, "random_state": 0, "hidden_layer_sizes": (3,)}
DATA = {"X": NOTHING, "y": NOTHING, "sample_weight": OPTIONAL | POSITIVE | {"True"}}
UNITS = wholes(lambda v: 1 <= v < 1e9, "empty list", "empty tuple")
BOTH = {"True", "False"}
WEIGHED = DATA | {"sample_weight": OPTIONAL | numbers(lambda v: 0 != v < 1e300) | {"True"}}
ABOVE_0 = reals(lambda v: v > 0)
FROM_0 = reals(lambda v: v >= 0)
FROM_1 = integers(lambda v: v >= 1)

NO_COLUMNS = frozenset({"empty list", "empty tuple", "empty array", "set"})  # the set {1} is of indices
COLUMNS = frozenset({"empty list", "empty tuple", "empty array", "list of text"})

MLP = {
    "hidden_layer_sizes": UNITS | {"empty array"},
    "activation": NOTHING,
    "solver": NOTHING,
    "alpha": FROM_0 - {"1e308"},
    "batch_size": FROM_1,
    "learning_rate": NOTHING,
    "learning_rate_init": ABOVE_0 - {"1e308"},
    "power_t": FROM_0,
    "max_iter": FROM_1,
    "shuffle": BOTH,
    "random_state": OPTIONAL | integers(lambda v: 0 <= v < 2**32),
    "tol": FROM_0,
    "verbose": integers(lambda v: v >= 0),
    "warm_start": BOTH,
    "momentum": reals(lambda v: 0 <= v <= 1),
    "nesterovs_momentum": BOTH,
    "early_stopping": BOTH,
    "validation_fraction": reals(lambda v: 0 < v < 1),
    "beta_1": reals(lambda v: 0 <= v < 1),
    "beta_2": reals(lambda v: 0 <= v < 1),
    "epsilon": ABOVE_0,
    "n_iter_no_change": FROM_1 | {"inf"},
    "max_fun": FROM_1,
    "dropout": reals(lambda v: 0 <= v < 1) - BOTH | {"0-d 0.5"},
    "clip_norm": OPTIONAL | ABOVE_0,
    "clip_value": OPTIONAL | ABOVE_0,
    "schedule": OPTIONAL,
    "monitor": OPTIONAL,
    "callbacks": OPTIONAL | {"empty list", "empty tuple", "function"},
    "checkpoint": OPTIONAL,
    "n_jobs": OPTIONAL | integers(lambda v: v != 0),
    "precision": OPTIONAL,
    "engine": OPTIONAL,
    "device": OPTIONAL,
}
TABLES = {
    "activation": frozenset({"Tanh"}) | OPTIONAL,
    "dropout": OPTIONAL | reals(lambda v: 0 <= v < 1) - BOTH,
    "weight_decay": OPTIONAL | reals(lambda v: 0 <= v < 1e9) - BOTH,
    "members": OPTIONAL | integers(lambda v: 1 <= v <= 1000) - BOTH,
    "hidden_layer_sizes": OPTIONAL | UNITS | {"empty array"},
    "epochs": OPTIONAL | integers(lambda v: 1 <= v <= 1e6) - BOTH,
    "batch_size": OPTIONAL | FROM_1 - BOTH,
    "learning_rate": OPTIONAL | reals(lambda v: 0 < v < 3) - BOTH,
    "time_limit": OPTIONAL | ABOVE_0 - BOTH,
    "category": NO_COLUMNS,
    "number": NO_COLUMNS,
    "n_jobs": OPTIONAL | integers(lambda v: v != 0),
    "engine": OPTIONAL,
    "device": OPTIONAL,
    "random_state": OPTIONAL | integers(lambda v: 0 <= v < 2**32),
    "verbose": integers(lambda v: v >= 0),
    "checkpoint": OPTIONAL,
    "metric": OPTIONAL,
}
DESCENT = {"loss": "quantile", "solver": "sgd", "learning_rate": "invscaling"}  # Adam's for the classifier
FITTED = {"tol": 1e3, "n_iter_no_change": 1, "max_iter": 6, "early_stopping": True}

FITS = {
    ds.fit: (
        fit,
        defaults(ds.fit, data=TABLE, target="y", epochs=1, members=2, hidden=(3,)),
        {
            "data": NOTHING,
            "target": frozenset({"list of text"}),  # of the name of a column
            "task": NOTHING,
            "drop": COLUMNS,
            "category": COLUMNS,
            "number": COLUMNS,
            "members": OPTIONAL | wholes(lambda v: 1 <= v <= 1000),
            "hidden": OPTIONAL | wholes(lambda v: 1 <= v < 1e9),
            "activation": frozenset({"Tanh"}),
            "dropout": OPTIONAL | SHARE,
            "learning_rate": numbers(lambda v: 0 < v < 3),
            "weight_decay": numbers(lambda v: 0 <= v < 1e9),
            "batch_size": OPTIONAL | wholes(lambda v: v >= 1),
            "epochs": OPTIONAL | wholes(lambda v: 1 <= v <= 1e6),
            "time_limit": OPTIONAL | POSITIVE,
            "threads": OPTIONAL | wholes(lambda v: v >= 1),
            "engine": OPTIONAL,
            "device": OPTIONAL,
            "parallel": OPTIONAL,
            "row_weights": OPTIONAL,
            "group": OPTIONAL,
            "time": OPTIONAL,
            "seed": SEED,
            "metric": OPTIONAL,
            "class_weight": OPTIONAL | {"empty dict"},
            "source": OPTIONAL | TEXTS,
            "progress": OPTIONAL | {"function"},
            "checkpoint": OPTIONAL,
            "described": OPTIONAL | {"function"},
        },
    ),
    ds.Dataset: (
        lambda **k: read_whole(ds.Dataset(**k)),
        {"source": PARQUET, "columns": None, "memory": None},
        {
            "source": NOTHING,
            "columns": OPTIONAL | {"list of text"},
            "memory": OPTIONAL | wholes(lambda v: 1 <= v <= 1 << 60),
        },
    ),
    ds.tune: (
        tune,
        defaults(
            ds.tune,
            data=LONGER,
            target="y",
            time=None,
            trials=1,
            epochs=1,
            members=2,
            hidden=(3,),
            activation="tanh",
            dropout=0.1,
            learning_rate=0.01,
            weight_decay=0.1,
            batch_size=8,
        ),
        {
            "data": NOTHING,
            "target": NOTHING,
            "time": OPTIONAL | POSITIVE,
            "trials": wholes(lambda v: 1 <= v <= 1e6),
            "task": NOTHING,
            "drop": COLUMNS,
            "category": COLUMNS,
            "number": COLUMNS,
            "members": OPTIONAL | wholes(lambda v: 1 <= v <= 1000),
            "hidden": OPTIONAL | wholes(lambda v: 1 <= v < 1e9),
            "activation": OPTIONAL | {"Tanh"},
            "dropout": OPTIONAL | SHARE,
            "learning_rate": OPTIONAL | numbers(lambda v: 0 < v <= 8),
            "weight_decay": OPTIONAL | numbers(lambda v: 0 <= v < 1e9),
            "batch_size": OPTIONAL | wholes(lambda v: v >= 1),
            "epochs": OPTIONAL | wholes(lambda v: 1 <= v <= 1e6),
            "threads": OPTIONAL | wholes(lambda v: v >= 1),
            "row_weights": OPTIONAL,
            "group": OPTIONAL,
            "order": OPTIONAL,
            "seed": SEED,
            "metric": OPTIONAL,
            "class_weight": OPTIONAL | {"empty dict"},
            "source": OPTIONAL | TEXTS,
            "log": OPTIONAL | PATHS,
            "checkpoint": OPTIONAL,
            "progress": OPTIONAL | {"function"},
            "described": OPTIONAL | {"function"},
        },
    ),
    ds.compare: (
        lambda **k: ds.compare(**k).to_json(),
        {"models": LINES, "data": TABLE, "target": None, "metric": None, "row_weights": None, "source": None},
        {
            "models": NOTHING,
            "data": NOTHING,
            "target": OPTIONAL,
            "metric": OPTIONAL,
            "row_weights": OPTIONAL,
            "source": OPTIONAL | TEXTS,
        },
    ),
    ds.report: (
        lambda **k: ds.report(**k).to_json(),
        {"model": LINES[0], "data": TABLE, "row": 0, "of_class": None}
        | {"source": None, "seed": 0, "progress": None},
        {
            "model": NOTHING,
            "data": OPTIONAL,
            "row": wholes(lambda v: 0 <= v < len(TABLE["y"]), "None"),
            "of_class": OPTIONAL,
            "source": OPTIONAL | TEXTS,
            "seed": SEED,
            "progress": OPTIONAL | {"function"},
        },
    ),
    ds.export: (
        lambda **k: ds.export(**k).size,
        {"source": LINES[0], "path": FILE.with_suffix(".c"), "parameters": None, "int8": False}
        | {"interval": None},
        {"source": NOTHING, "path": NOTHING, "parameters": OPTIONAL, "int8": FLAG}
        | {"interval": numbers(lambda v: 0 < v < 1, "None")},
    ),
    ds.load: (
        lambda **k: ds.load(**k).outline(),
        {"path": FILE, "kind": None},
        {"path": NOTHING, "kind": OPTIONAL},
    ),
    ds.from_sklearn: (
        lambda **k: ds.from_sklearn(**k).predict(X),
        {"estimator": LinearRegression().fit(X, Y), "target": "y"},
        {"estimator": NOTHING, "target": TEXTS},
    ),
    ds.from_torch: (
        lambda **k: ds.from_torch(**k).parameters,
        {
            "module": STATE,
            "activation": "relu",
            "loss": None,
            "columns": ["a", "b", "c"],
            "target": "y",
            "classes": None,
        },
        {
            "module": NOTHING,
            "activation": frozenset({"Tanh"}),
            "loss": OPTIONAL,
            "columns": OPTIONAL,
            "target": TEXTS,
            "classes": OPTIONAL,
        },
    ),
    ds.from_onnx: (
        lambda **k: ds.from_onnx(**k).parameters,
        {"path": ONNX, "loss": None, "columns": ["a", "b", "c"], "target": "y", "classes": None},
        {"path": NOTHING, "loss": OPTIONAL, "columns": OPTIONAL, "target": TEXTS, "classes": OPTIONAL},
    ),
    ds.play: (
        play,
        {"network": LINE, "x": X, "y": Y, "start": None, "lesson": None, "port": 0, "open_browser": False}
        | {"learning_rate": 0.1, "optimizer": "sgd", "batch_size": None, "seed": 0, "validation": 0.0},
        {
            "network": NOTHING,
            "x": NOTHING,
            "y": NOTHING,
            "start": OPTIONAL | {"empty dict"},
            "lesson": OPTIONAL,
            "open_browser": FLAG | OPTIONAL,
            "learning_rate": numbers(lambda v: 0 < v <= 1e6),
            "optimizer": frozenset({"SGD"}),
            "batch_size": OPTIONAL | wholes(lambda v: 1 <= v < 2**31),
            "seed": wholes(lambda v: 0 <= v < 2**53),
            "validation": INSIDE | {"0"},
        },
    ),
    ds.MLPRegressor: (
        estimator(ds.MLPRegressor),
        defaults(ds.MLPRegressor, **FIT, **FITTED, **DESCENT, y=Y),
        MLP
        | WEIGHED
        | {"loss": NOTHING, "delta": ABOVE_0, "quantile": frozenset({"0.1", "float32 0.1", "0-d 0.5"})}
        | {"alpha": FROM_0, "learning_rate_init": ABOVE_0},  # the slope of this loss is at most 1
    ),
    ds.MLPClassifier: (
        estimator(ds.MLPClassifier),
        defaults(ds.MLPClassifier, **FIT, **FITTED, y=np.arange(ROWS) % 2),
        MLP | WEIGHED | {"class_weight": OPTIONAL | {"empty dict"}},
    ),
    ds.TableRegressor: (
        estimator(ds.TableRegressor),
        defaults(ds.TableRegressor, **FIT, members=2, epochs=1, y=Y),
        TABLES | DATA,
    ),
    ds.TableClassifier: (
        estimator(ds.TableClassifier),
        defaults(ds.TableClassifier, **FIT, members=2, epochs=1, y=TABLE["kind"]),
        TABLES
        | DATA
        | {"class_weight": OPTIONAL | {"empty dict"}}
        | {
            "learning_rate": TABLES["learning_rate"] | {"8", "int64 3"}
        },  # errors of probabilities are bounded
    ),
}
