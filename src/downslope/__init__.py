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

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from downslope.errors import DownslopeError
    from downslope.estimators import MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
    from downslope.fitting import Model, fit, load
    from downslope.insight import (
        Explanation,
        Forecast,
        Solution,
        StepTape,
        explain,
        explain_row,
        explain_unit,
        forecast,
        gradient_norms,
        hessian_vector_product,
        solve,
        tape,
    )
    from downslope.nets import (
        Dense,
        Dropout,
        Embedding,
        Ensemble,
        LayerNorm,
        Network,
        Periodic,
        PiecewiseLinear,
        Residual,
    )
    from downslope.studio import Studio, play
    from downslope.training import (
        Adagrad,
        Adam,
        AdamW,
        Constant,
        Cosine,
        FlatCosine,
        Folds,
        OneCycle,
        RMSprop,
        Run,
        Sgd,
        StepDecay,
        WarmUp,
        descend,
        predict,
    )

__version__ = "0.1.0"

__all__ = [
    "Adagrad",
    "Adam",
    "AdamW",
    "Constant",
    "Cosine",
    "Dense",
    "DownslopeError",
    "Dropout",
    "Embedding",
    "Ensemble",
    "Explanation",
    "FlatCosine",
    "Folds",
    "Forecast",
    "LayerNorm",
    "MLPClassifier",
    "MLPRegressor",
    "Model",
    "Network",
    "OneCycle",
    "Periodic",
    "PiecewiseLinear",
    "RMSprop",
    "Residual",
    "Run",
    "Sgd",
    "Solution",
    "StepDecay",
    "StepTape",
    "Studio",
    "TableClassifier",
    "TableRegressor",
    "WarmUp",
    "descend",
    "explain",
    "explain_row",
    "explain_unit",
    "fit",
    "forecast",
    "gradient_norms",
    "hessian_vector_product",
    "load",
    "play",
    "predict",
    "solve",
    "tape",
]

_ROOMS = {
    "errors": ("DownslopeError",),
    "estimators": ("MLPClassifier", "MLPRegressor", "TableClassifier", "TableRegressor"),
    "fitting": ("Model", "fit", "load"),
    "insight": (
        *("Explanation", "Forecast", "Solution", "StepTape"),
        *(
            "explain",
            "explain_row",
            "explain_unit",
            "forecast",
            "gradient_norms",
            "hessian_vector_product",
            "solve",
            "tape",
        ),
    ),
    "nets": (
        *("Dense", "Dropout", "Embedding", "LayerNorm", "Periodic", "PiecewiseLinear", "Residual"),
        *("Ensemble", "Network"),
    ),
    "studio": ("Studio", "play"),
    "training": (
        *("Adagrad", "Adam", "AdamW", "RMSprop", "Sgd"),
        *("Constant", "Cosine", "FlatCosine", "OneCycle", "StepDecay", "WarmUp"),
        *("Folds", "Run", "descend", "predict"),
    ),
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    """Rooms are imported when one of their names is first asked for: ``import downslope`` costs nothing."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'downslope' has no attribute {name!r}")
    return getattr(import_module(f"downslope.{_ROOM_OF[name]}"), name)
