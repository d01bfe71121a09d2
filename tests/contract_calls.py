"""Of each public callable: how it is called and used, a valid call, and the good values of each parameter."""

import numpy as np

import downslope as ds
from unusual_values import (
    AT_LEAST_1,
    COUNT,
    FLAG,
    INSIDE,
    NOT_NEGATIVE,
    NOTHING,
    NUMBER,
    OPTIONAL,
    PATHS,
    POSITIVE,
    SEED,
    SHARE,
    STEPS,
    numbers,
    wholes,
)

X = np.random.default_rng(0).normal(size=(6, 3))
Y = X @ [1.0, -2.0, 0.5] + 0.1
LINE = ds.Network(3, [ds.Dense(1)])
NET = ds.Network(3, [ds.Dense(4, "tanh"), ds.Dense(1)])
PAIR = ds.Ensemble([NET, NET])
AT = NET.initial_parameters(1)
DATA = {"x": X, "y": Y}


def used(network):
    """A step of a network on two rows of 1s."""
    return ds.descend(network, np.ones((2, network.inputs)), [1.0, 2.0], steps=1)


def layer(kind, **settings):
    """A layer at work in a network."""
    network = ds.Network(3, [kind(**settings), ds.Dense(1)])
    return ds.descend(network, [[0.5, 1.0, 0.0], [0.3, 0.0, 1.0]], [1.0, 2.0], steps=1)


def activation(kind, **settings):
    return layer(ds.Dense, units=2, activation=kind(**settings))


def loss(kind, **settings):
    return ds.descend(ds.Network(3, [ds.Dense(1)], loss=kind(**settings)), X, Y, steps=2)


def optimizer(kind, **settings):
    return ds.descend(NET, X, Y, optimizer=kind(**settings), steps=2)


def schedule(kind, **settings):
    """A schedule in the middle of a descent."""
    return ds.descend(NET, X, Y, learning_rate=kind(**settings), steps=2)


TEXTS = frozenset({"text of a number", "empty text", "SGD", "Tanh", "unknown name"})
RESULTS = {
    "TrainedNetwork",
    "Tuned",
    "Comparison",
    "Contributions",
    "Diagnosis",
    "Estimate",
    "Evaluation",
    "Explanation",
    "Exported",
    "Finding",
    "Forecast",
    "History",
    "Importance",
    "Model",
    "Models",
    "Outlook",
    "PartialDependence",
    "Report",
    "Run",
    "Solution",
    "StepTape",
    "Studio",
}
"""Classes whose objects the library makes."""

CALLS = {
    ds.Network: (
        lambda **k: used(ds.Network(**k)),
        {"inputs": 3, "layers": [ds.Dense(1)], "loss": "squared_error", "l1": 0.0, "l2": 0.0},
        {
            "inputs": COUNT,
            "layers": frozenset(),
            "loss": NOTHING,
            "l1": NOT_NEGATIVE,
            "l2": NOT_NEGATIVE,
        },
    ),
    ds.Ensemble: (
        lambda **k: ds.predict(net := ds.Ensemble(**k), X, parameters=net.initial_parameters()),
        {"networks": [NET, NET], "shares": (0.5, 0.5), "temperature": 1.0},
        {
            "networks": NOTHING,
            "shares": frozenset({"empty list", "empty tuple", "empty array"}),
            "temperature": POSITIVE,
        },
    ),
    ds.Dense: (
        lambda **k: layer(ds.Dense, **k),
        {"units": 2, "activation": "tanh", "bias": True, "initializer": None},
        {"units": COUNT, "activation": frozenset({"Tanh"}), "bias": FLAG, "initializer": OPTIONAL},
    ),
    ds.Activation: (
        lambda **k: layer(ds.Activation, **k),
        {"activation": "tanh"},
        {"activation": frozenset({"Tanh"})},
    ),
    ds.Dropout: (lambda **k: layer(ds.Dropout, **k), {"rate": 0.5}, {"rate": SHARE}),
    ds.LayerNorm: (lambda **k: layer(ds.LayerNorm, **k), {"epsilon": 1e-5}, {"epsilon": POSITIVE}),
    ds.Residual: (
        lambda **k: layer(ds.Residual, **k),
        {"layers": (ds.Dense(3),)},
        {"layers": NOTHING},
    ),
    ds.Embedding: (
        lambda **k: layer(ds.Embedding, **k),
        {"columns": (1,), "levels": (2,), "sizes": (2,)},
        {"columns": NOTHING, "levels": NOTHING, "sizes": NOTHING},
    ),
    ds.PiecewiseLinear: (
        lambda **k: layer(ds.PiecewiseLinear, **k),
        {"columns": (1,), "edges": ((0.0, 1.0, 2.0),), "learned": True},
        {"columns": NOTHING, "edges": NOTHING, "learned": FLAG},
    ),
    ds.Peaks: (
        lambda **k: layer(ds.Peaks, **k),
        {"columns": (1,), "values": ((0.0, 1.0, 2.0),), "learned": True},
        {"columns": NOTHING, "values": NOTHING, "learned": FLAG},
    ),
    ds.Periodic: (
        lambda **k: layer(ds.Periodic, **k),
        {"columns": (1,), "frequencies": 2, "sigma": 0.1},
        {"columns": NOTHING, "frequencies": COUNT, "sigma": POSITIVE},
    ),
    ds.Sinh: (
        lambda **k: layer(ds.Sinh, **k),
        {"columns": (1,), "width": 1.0, "amplitude": 1.0},
        {"columns": NOTHING, "width": POSITIVE, "amplitude": POSITIVE},
    ),
    ds.Products: (
        lambda **k: layer(ds.Products, **k),
        {"left": (0, 1), "right": (2,)},
        {"left": NOTHING, "right": NOTHING},
    ),
    ds.LeakyRelu: (lambda **k: activation(ds.LeakyRelu, **k), {"slope": 0.1}, {"slope": NUMBER}),
    ds.Elu: (lambda **k: activation(ds.Elu, **k), {"alpha": 1.0}, {"alpha": NUMBER}),
    ds.Huber: (lambda **k: loss(ds.Huber, **k), {"delta": 1.0}, {"delta": POSITIVE}),
    ds.Quantile: (lambda **k: loss(ds.Quantile, **k), {"level": 0.5}, {"level": INSIDE}),
    ds.Sgd: (
        lambda **k: optimizer(ds.Sgd, **k),
        {"momentum": 0.9, "nesterov": False},
        {"momentum": SHARE, "nesterov": FLAG},
    ),
    ds.Adam: (
        lambda **k: optimizer(ds.Adam, **k),
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
        {"beta1": SHARE, "beta2": SHARE, "epsilon": POSITIVE},
    ),
    ds.AdamW: (
        lambda **k: optimizer(ds.AdamW, **k),
        {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
        {"beta1": SHARE, "beta2": SHARE, "epsilon": POSITIVE, "weight_decay": NOT_NEGATIVE},
    ),
    ds.RMSprop: (
        lambda **k: optimizer(ds.RMSprop, **k),
        {"alpha": 0.99, "epsilon": 1e-8},
        {"alpha": SHARE, "epsilon": POSITIVE},
    ),
    ds.Adagrad: (lambda **k: optimizer(ds.Adagrad, **k), {"epsilon": 1e-10}, {"epsilon": POSITIVE}),
    ds.Constant: (lambda **k: schedule(ds.Constant, **k), {"peak": 0.1}, {"peak": POSITIVE}),
    ds.StepDecay: (
        lambda **k: schedule(ds.StepDecay, **k),
        {"peak": 0.1, "every": 1, "factor": 0.5},
        {"peak": POSITIVE, "every": AT_LEAST_1, "factor": numbers(lambda v: 0 < v <= 1)},
    ),
    ds.Cosine: (
        lambda **k: schedule(ds.Cosine, **k),
        {"peak": 0.1, "final": 0.1},
        {"peak": POSITIVE, "final": NOT_NEGATIVE},
    ),
    ds.FlatCosine: (lambda **k: schedule(ds.FlatCosine, **k), {"peak": 0.1}, {"peak": POSITIVE}),
    ds.OneCycle: (
        lambda **k: schedule(ds.OneCycle, **k),
        {"peak": 0.1, "rise": 0.3, "divide": 25.0},
        {"peak": POSITIVE, "rise": INSIDE, "divide": numbers(lambda v: v >= 1)},
    ),
    ds.WarmUp: (
        lambda **k: schedule(ds.WarmUp, **k),
        {"then": ds.Constant(0.1), "over": 3},
        {"then": POSITIVE - {"1e308"}, "over": AT_LEAST_1},
    ),
    ds.Checkpoint: (
        lambda **k: ds.descend(NET, X, Y, steps=2, checkpoint=ds.Checkpoint(**k)),
        {"folder": "runs", "every": 60.0, "keep": 2, "resume": True},
        {
            "folder": PATHS,
            "every": POSITIVE,
            "keep": AT_LEAST_1,
            "resume": frozenset({"True"}),  # the folder holds something after the first call
        },
    ),
    ds.Folds: (
        lambda **k: ds.descend(PAIR, X, Y, validation=ds.Folds(**k), epochs=2),
        {"of": [0, 1, 0, 1, -1, -1]},
        {"of": NOTHING},
    ),
    ds.TensorBoard: (
        lambda **k: str(ds.TensorBoard(**k)._folder),
        {"folder": "runs"},
        {"folder": PATHS | {"empty text"}},
    ),
    ds.MLflow: (
        lambda **k: vars(ds.MLflow(**k)),
        {"experiment": "a", "uri": None},
        {"experiment": TEXTS, "uri": OPTIONAL | TEXTS},
    ),
    ds.WandB: (
        lambda **k: {name: str(value) for name, value in vars(ds.WandB(**k)).items()},
        {"project": "a", "folder": ".", "online": False},
        {"project": TEXTS, "folder": PATHS | {"empty text"}, "online": FLAG},
    ),
    ds.descend: (
        ds.descend,
        {"network": NET, **DATA, "start": None, "learning_rate": 0.1, "steps": 3, "epochs": None}
        | {"batch_size": None, "optimizer": "sgd", "row_weights": None, "clip_norm": None}
        | {
            "clip_value": None,
            "precision": None,
            "validation": 0.3,
            "patience": None,
            "ema_decay": 0.0,
            "frozen": None,
        }
        | {"time_limit": None, "threads": None, "engine": None, "device": None}
        | {"progress": None, "checkpoint": None, "parallel": None, "seed": 0},
        {
            "network": NOTHING,
            "x": NOTHING,
            "y": NOTHING,
            "start": OPTIONAL | {"empty dict"},
            "learning_rate": POSITIVE | OPTIONAL,
            "steps": STEPS | OPTIONAL,
            "epochs": OPTIONAL,  # steps are given as well
            "batch_size": AT_LEAST_1 | OPTIONAL,
            "optimizer": frozenset({"SGD", "instance", "class"}),
            "row_weights": OPTIONAL,
            "clip_norm": POSITIVE | OPTIONAL | {"inf"},
            "clip_value": POSITIVE | OPTIONAL | {"inf"},
            "precision": OPTIONAL,
            "validation": INSIDE | OPTIONAL,
            "patience": AT_LEAST_1 | OPTIONAL,
            "ema_decay": SHARE,
            "frozen": OPTIONAL | {"empty list", "empty tuple", "empty dict"},
            "time_limit": NOT_NEGATIVE | OPTIONAL | {"inf"},
            "threads": AT_LEAST_1 | OPTIONAL,
            "engine": OPTIONAL,
            "device": OPTIONAL,
            "progress": OPTIONAL | {"function"},
            "checkpoint": OPTIONAL,
            "seed": SEED,
        },
    ),
    ds.predict: (
        ds.predict,
        {"network": NET, "x": X, "parameters": AT},
        {"network": NOTHING, "x": frozenset({"empty array"}), "parameters": NOTHING},
    ),
    ds.gradient: (
        ds.gradient,
        {"network": NET, **DATA, "parameters": AT, "row_weights": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": NOTHING, "row_weights": OPTIONAL},
    ),
    ds.gradient_norms: (
        ds.gradient_norms,
        {"network": NET, **DATA, "parameters": AT, "row_weights": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": NOTHING, "row_weights": OPTIONAL},
    ),
    ds.hessian_vector_product: (
        ds.hessian_vector_product,
        {"network": NET, **DATA, "parameters": AT, "vector": AT, "row_weights": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": NOTHING, "vector": NOTHING}
        | {"row_weights": OPTIONAL},
    ),
    ds.solve: (
        ds.solve,
        {"network": LINE, **DATA, "row_weights": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "row_weights": OPTIONAL},
    ),
    ds.forecast: (
        lambda **k: [(found := ds.forecast(**k)).steps, found.error_after(5)],
        {"network": LINE, **DATA, "start": None, "learning_rate": 0.01, "momentum": 0.0}
        | {"tolerance": 1e-3, "row_weights": None, "seed": 0},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "start": OPTIONAL | {"empty dict"}}
        | {"learning_rate": POSITIVE, "momentum": SHARE, "tolerance": POSITIVE, "row_weights": OPTIONAL}
        | {"seed": SEED},
    ),
    ds.doctor: (
        lambda **k: str(ds.doctor(**k)),
        {"what": ds.descend(NET, X, Y, steps=5), **DATA, "prove": False, "seconds": 0.1},
        {"what": NOTHING, "x": NOTHING, "y": NOTHING, "prove": FLAG, "seconds": POSITIVE | OPTIONAL},
    ),
    ds.outlook: (
        lambda **k: ds.outlook(**k).to_json(),
        {"run": ds.descend(NET, X, Y, steps=20), **DATA, "grades": None},
        {"run": NOTHING, "x": NOTHING, "y": NOTHING, "grades": PATHS | OPTIONAL},
    ),
    ds.explain: (
        lambda **k: str(ds.explain(**k)),
        {"network": NET, **DATA, "parameters": AT, "of": "W1[2,3]", "row": 0, "learning_rate": 0.01}
        | {"row_weights": None, "seed": 0, "features": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": OPTIONAL, "of": OPTIONAL}
        | {"row": wholes(lambda v: 0 <= v < 6, "None"), "learning_rate": NUMBER, "row_weights": OPTIONAL}
        | {"seed": SEED, "features": OPTIONAL},
    ),
    ds.explain_row: (
        lambda **k: str(ds.explain_row(**k)),
        {"network": NET, **DATA, "parameters": AT, "row": 0},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": OPTIONAL}
        | {"row": wholes(lambda v: 0 <= v < 6)},
    ),
    ds.explain_unit: (
        lambda **k: str(ds.explain_unit(**k)),
        {"network": NET, **DATA, "parameters": AT, "layer": "layer1", "unit": 1, "row": None, "over": None},
        {"network": NOTHING, "x": NOTHING, "y": NOTHING, "parameters": OPTIONAL, "layer": NOTHING}
        | {"unit": wholes(lambda v: 1 <= v <= 4), "row": wholes(lambda v: 0 <= v < 6, "None")}
        | {"over": OPTIONAL},
    ),
    ds.tape: (
        lambda **k: str(ds.tape(**k)),
        {"network": NET, "optimizer": "sgd", "clip_norm": None, "clip_value": None, "precision": None},
        {
            "network": NOTHING,
            "optimizer": frozenset({"SGD", "instance", "class"}),
            "clip_norm": POSITIVE | OPTIONAL | {"inf"},
        }
        | {"clip_value": POSITIVE | OPTIONAL | {"inf"}, "precision": OPTIONAL},
    ),
}
