"""Estimators of scikit-learn as steps of a network, behind features of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import one_of, show
from downslope._dataclass import dataclass
from downslope.errors import DownslopeError
from downslope.interchange.imports import _functions
from downslope.interchange.imports._columns import Feature, Number, column_names
from downslope.interchange.imports._steps import Drop, Function, Linear, Step
from downslope.interchange.imports._transformers import SCALERS, transformed
from downslope.nets import Huber, LossFunction, Quantile

__all__ = ["Fitted", "fitted_of_sklearn"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted estimator as what it computes.

    Attributes:
        features: of the columns, as the first step takes them.
        steps: from the features to the outputs.
        loss: that the outputs are trained with.
        classes: their names; empty where numbers are predicted.
        outputs: how many numbers are predicted of a row; 1 for classes that exclude one another.
        centre, scale: of numbers, which are scale times the output plus the centre.
    """

    features: list[Feature]
    steps: list[Step]
    loss: str | LossFunction
    classes: tuple[str, ...] = ()
    outputs: int = 1
    centre: float = 0.0
    scale: float = 1.0


def fitted_of_sklearn(estimator: Any) -> Fitted:
    """What a fitted estimator computes, what is before it in a pipeline included.

    Raises:
        DownslopeError: if it is not fitted, or is none that a network can be; it says what to do.
    """
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise DownslopeError(f"estimator needs a fitted estimator of scikit-learn, not {show(estimator)}")
    if hasattr(estimator, "best_estimator_"):  # of a search
        return fitted_of_sklearn(estimator.best_estimator_)
    parts = [estimator, *(step for _, step in getattr(estimator, "steps", ()))]
    first = next((part for part in parts if hasattr(part, "n_features_in_")), None)
    if first is None:
        raise DownslopeError(
            f"estimator is {one_of(type(estimator))} that was not fitted; call its method fit first"
        )
    return _with_target(estimator, [Number(name) for name in column_names(first, int(first.n_features_in_))])


def _with_target(estimator: Any, features: list[Feature]) -> Fitted:
    """An estimator, or one whose target is scaled, or a pipeline that ends in one of these."""
    kind = type(estimator).__name__
    if kind == "Pipeline":
        for name, step in estimator.steps[:-1]:
            features = transformed(f"the step {name!r}", step, features)
        return _with_target(estimator.steps[-1][1], features)
    if kind == "TransformedTargetRegressor":
        found = _with_target(estimator.regressor_, features)
        centre, scale = _target_scale(estimator.transformer_)
        return Fitted(found.features, found.steps, found.loss, (), found.outputs, centre, scale)
    if kind not in _ESTIMATORS:
        raise DownslopeError(f"{kind} {_REFUSED.get(kind, _NO_NETWORK)}")
    return _ESTIMATORS[kind](estimator, features)


def _target_scale(transformer: Any) -> tuple[float, float]:
    """What is added to an output that was multiplied by the scale."""
    kind = type(transformer).__name__
    if kind == "FunctionTransformer" and transformer.func is None:
        return 0.0, 1.0
    if kind not in SCALERS:
        raise DownslopeError(
            f"the target is transformed by {kind}, whose inverse is no scale; these can be taken: "
            f"{', '.join(SCALERS)}"
        )
    centre, scale = (np.broadcast_to(each, 1) for each in SCALERS[kind](transformer))
    return float(centre[0]), float(scale[0])


def _matrix(value: Any) -> NDArray[np.float64]:
    if hasattr(value, "toarray"):  # of a sparse model
        value = value.toarray()
    return np.atleast_2d(np.asarray(value, np.float64))


def _linear(estimator: Any) -> Linear:
    weight = _matrix(estimator.coef_)
    bias = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), len(weight)).copy()
    return Linear(type(estimator).__name__, weight, bias)


def _regressor(loss: Callable[[Any], str | LossFunction]) -> Callable[[Any, list[Feature]], Fitted]:
    def made(estimator: Any, features: list[Feature]) -> Fitted:
        step = _linear(estimator)
        return Fitted(features, [step], loss(estimator), outputs=len(step.weight))

    return made


def _tweedie(estimator: Any) -> str:
    power, link = float(estimator.power), estimator.link
    return "poisson" if link == "log" or (link == "auto" and power > 0) else "squared_error"


def _classes(estimator: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in np.asarray(estimator.classes_).tolist())


def _classifier(estimator: Any, features: list[Feature]) -> Fitted:
    """Log-odds of each class; where each was fitted against the rest, the shares of their probabilities."""
    if getattr(estimator, "loss", "log_loss") != "log_loss":
        raise DownslopeError(
            f"{type(estimator).__name__}(loss={estimator.loss!r}) gives no probabilities; fit it with "
            'loss="log_loss"'
        )
    step, classes = _linear(estimator), _classes(estimator)
    if len(classes) == 2:
        return Fitted(features, [step], "binary_cross_entropy", classes)
    against_rest = hasattr(estimator, "loss") or getattr(estimator, "solver", "") == "liblinear"
    steps: list[Step] = [step]
    if against_rest:  # the softmax of ln σ(z) is σ(z) over the sum of all
        steps.append(Function(step.name, _functions.log_sigmoid))
    return Fitted(features, steps, "cross_entropy", classes)


_ACTIVATIONS = {"logistic": "sigmoid"}
_MLP_LOSSES = {"identity": "squared_error", "logistic": "binary_cross_entropy"}
_MLP_LOSSES |= {"softmax": "cross_entropy", "exp": "poisson"}


def _mlp(estimator: Any, features: list[Feature]) -> Fitted:
    """Layers, with an activation behind each but the last; in this package each may have its own."""
    given, hidden = estimator.activation, len(estimator.coefs_) - 1
    named = [given] * hidden if isinstance(given, str) else list(given)
    rates = np.broadcast_to(np.asarray(getattr(estimator, "dropout", 0.0), float), hidden)
    steps: list[Step] = []
    layers = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    for place, (weight, bias) in enumerate(layers):
        name = f"layer {place + 1}"
        steps.append(Linear(name, np.asarray(weight).T, np.asarray(bias)))
        if place < hidden:
            if named[place] != "identity":
                steps.append(Function(name, _ACTIVATIONS.get(named[place], named[place])))
            steps.append(Drop(name, float(rates[place])))
    loss, outputs = _MLP_LOSSES[estimator.out_activation_], int(estimator.n_outputs_)
    if loss in ("squared_error", "poisson") or (loss == "binary_cross_entropy" and outputs > 1):
        return Fitted(features, steps, _with_settings(estimator, loss), outputs=outputs)
    return Fitted(features, steps, loss, _classes(estimator))


def _with_settings(estimator: Any, loss: str) -> str | LossFunction:
    """The loss of a regressor; those of this package have more than one whose output is the prediction."""
    asked = getattr(estimator, "loss", loss)
    if asked == "huber":
        return Huber(float(estimator.delta))
    if asked == "quantile":
        return Quantile(float(estimator.quantile))
    return asked if asked == "absolute_error" else loss


_SQUARED = _regressor(lambda estimator: "squared_error")
_ESTIMATORS: Mapping[str, Callable[[Any, list[Feature]], Fitted]] = {
    **dict.fromkeys(("LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV"), _SQUARED),
    **dict.fromkeys(
        ("ElasticNet", "ElasticNetCV", "SGDRegressor", "BayesianRidge", "ARDRegression"), _SQUARED
    ),
    **dict.fromkeys(
        ("HuberRegressor", "Lars", "LarsCV", "LassoLars", "LassoLarsCV", "LassoLarsIC"), _SQUARED
    ),
    **dict.fromkeys(("OrthogonalMatchingPursuit", "OrthogonalMatchingPursuitCV"), _SQUARED),
    **dict.fromkeys(("MultiTaskElasticNet", "MultiTaskLasso", "TheilSenRegressor", "LinearSVR"), _SQUARED),
    "QuantileRegressor": _regressor(lambda estimator: Quantile(float(estimator.quantile))),
    **dict.fromkeys(("PoissonRegressor", "GammaRegressor"), _regressor(lambda estimator: "poisson")),
    "TweedieRegressor": _regressor(_tweedie),
    **dict.fromkeys(("LogisticRegression", "LogisticRegressionCV", "SGDClassifier"), _classifier),
    **dict.fromkeys(("MLPRegressor", "MLPClassifier"), _mlp),
}
_NO_NETWORK = (
    "is none that a network can be; MLPRegressor, MLPClassifier, the linear models and LogisticRegression "
    "can be, alone or at the end of a Pipeline"
)
_NO_PROBABILITIES = (
    "gives no probabilities, which a network of classes has; use LogisticRegression, or "
    'SGDClassifier(loss="log_loss")'
)
_REFUSED = {
    **dict.fromkeys(("RidgeClassifier", "RidgeClassifierCV", "Perceptron", "LinearSVC"), _NO_PROBABILITIES),
    "PassiveAggressiveClassifier": _NO_PROBABILITIES,
    **dict.fromkeys(("TableRegressor", "TableClassifier"), "has a model already; use its model_"),
}
