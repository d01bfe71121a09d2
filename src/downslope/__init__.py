"""Downslope: fit the columns of a table by gradient descent, and see every derivative on the way down.

>>> import downslope as ds
>>> net = ds.Network(inputs=3, layers=[ds.Dense(1, bias=False)], loss="squared_error")
>>> x = [[3, 4, 7], [6, 2, 9], [8, 10, 12], [9, 7, 4], [7, 6, 3]]
>>> y = [13.5, 15.6, 27.4, 15.6, 12.5]
>>> run = ds.descend(net, x, y, start=[200.0, -14.0, 3456.0], learning_rate=0.001, steps=1000)
>>> run.parameters["layer1.weight"].round(3)
array([[ 1.59 , -0.325,  1.239]])
"""

from __future__ import annotations

from importlib.util import find_spec

from downslope._on_demand import on_demand

__version__ = "0.1.0"

_NAMES = {
    "errors": ("DownslopeError",),
    "estimators": (
        "MLPClassifier",
        "MLPRegressor",
        "TableClassifier",
        "TableRegressor",
    ),
    "fitting": (
        "Comparison",
        "Contributions",
        "Evaluation",
        "Exported",
        "Importance",
        "Model",
        "Models",
        "PartialDependence",
        "Report",
        "Tuned",
        "compare",
        "export",
        "fit",
        "from_onnx",
        "from_sklearn",
        "from_torch",
        "load",
        "report",
        "tune",
    ),
    "graph": ("ops",),
    "insight": (
        "Diagnosis",
        "Estimate",
        "Explanation",
        "Finding",
        "Forecast",
        "Outlook",
        "Solution",
        "StepTape",
        "doctor",
        "explain",
        "explain_row",
        "explain_unit",
        "forecast",
        "gradient",
        "gradient_norms",
        "hessian_vector_product",
        "outlook",
        "solve",
        "tape",
    ),
    "nets": (
        "Activation",
        "Dense",
        "Dropout",
        "Elu",
        "Embedding",
        "Ensemble",
        "Huber",
        "LayerNorm",
        "LeakyRelu",
        "Network",
        "Peaks",
        "Periodic",
        "PiecewiseLinear",
        "Products",
        "Quantile",
        "Residual",
        "Sinh",
        "TrainedNetwork",
    ),
    "studio": (
        "Studio",
        "play",
    ),
    "tracking": (
        "MLflow",
        "TensorBoard",
        "WandB",
    ),
    "tables": ("Dataset",),
    "training": (
        "History",
        "Adagrad",
        "Adam",
        "AdamW",
        "Checkpoint",
        "Constant",
        "Cosine",
        "FlatCosine",
        "Folds",
        "OneCycle",
        "RMSprop",
        "Run",
        "Sgd",
        "StepDecay",
        "WarmUp",
        "descend",
        "predict",
    ),
}
"""Every public name by the room that has it; the types stand in ``__init__.pyi``."""

_MISSING = frozenset() if find_spec("sklearn") else frozenset(_NAMES["estimators"])  # the extra of estimators

# ``import downslope`` costs nothing
__getattr__, _found = on_demand(__name__, _NAMES)
__all__ = [name for name in _found if name not in _MISSING]


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
