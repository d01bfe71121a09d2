"""What the transformers of scikit-learn make of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from downslope.errors import DownslopeError
from downslope.interchange.imports._columns import Category, Feature, Missing, Number, mixed

__all__ = ["SCALERS", "transformed"]

Features = list[Feature]


def transformed(name: str, transformer: Any, features: Features) -> Features:
    """The features that a fitted transformer makes of others.

    Args:
        name: where it stands, for messages.
        transformer: fitted; None and ``"passthrough"`` change nothing.
        features: before it.

    Raises:
        DownslopeError: for one that no encoder here can be; it names the step and says what to do.
    """
    if transformer is None or (isinstance(transformer, str) and transformer == "passthrough"):
        return features
    kind = type(transformer).__name__
    if callable(getattr(transformer, "get_support", None)):
        kept = transformer.get_support()
        return [feature for feature, keep in zip(features, kept, strict=True) if keep]
    if kind not in _MAKERS:
        raise DownslopeError(
            f"{name} ({kind}) makes features that no encoder here makes; these can be taken: "
            f"{', '.join(sorted(_MAKERS))} and what selects columns. Leave it out, or import the estimator "
            "behind it alone, for rows that were transformed before"
        )
    return _MAKERS[kind](name, transformer, features)


def _pipeline(name: str, pipeline: Any, features: Features) -> Features:
    for step, transformer in pipeline.steps:
        features = transformed(f"{name}, step {step!r}", transformer, features)
    return features


def _side_by_side(name: str, union: Any, features: Features) -> Features:
    if union.transformer_weights:
        raise DownslopeError(f"{name} has transformer_weights; leave them out")
    made: Features = []
    for part, transformer in union.transformer_list:
        if transformer != "drop":
            made += transformed(f"{name}, part {part!r}", transformer, features)
    return made


def _by_column(name: str, transformer: Any, features: Features) -> Features:
    if transformer.transformer_weights:
        raise DownslopeError(f"{name} has transformer_weights; leave them out")
    indices = transformer._transformer_to_input_indices
    made: Features = []
    for part, each, _ in transformer.transformers_:
        if isinstance(each, str) and each == "drop":
            continue
        chosen = [features[i] for i in indices[part]]
        if chosen:
            made += transformed(f"{name}, part {part!r}", each, chosen)
    return made


def _standard(scaler: Any) -> tuple[Any, Any]:
    centre = scaler.mean_ if scaler.with_mean else 0.0
    return centre, 1.0 if scaler.scale_ is None else scaler.scale_


def _min_max(scaler: Any) -> tuple[Any, Any]:
    if scaler.clip:
        raise DownslopeError("MinMaxScaler(clip=True) bends every column at its ends; fit it with clip=False")
    scale = 1 / scaler.scale_
    exact = tuple(scaler.feature_range) == (0, 1)
    return (scaler.data_min_ if exact else -scaler.min_ * scale), scale


def _robust(scaler: Any) -> tuple[Any, Any]:
    centre = 0.0 if scaler.center_ is None else scaler.center_
    return centre, 1.0 if scaler.scale_ is None else scaler.scale_


SCALERS: Mapping[str, Callable[[Any], tuple[Any, Any]]] = {
    "MaxAbsScaler": lambda scaler: (0.0, scaler.scale_),
    "MinMaxScaler": _min_max,
    "RobustScaler": _robust,
    "StandardScaler": _standard,
}
"""What each kind of scaler subtracts, and what it divides by."""


def _scale(name: str, scaler: Any, features: Features) -> Features:
    centres, scales = (
        np.broadcast_to(each, len(features)) for each in SCALERS[type(scaler).__name__](scaler)
    )
    return [
        feature.scaled(centre, scale)
        for feature, centre, scale in zip(features, centres, scales, strict=True)
    ]


def _is_raw(feature: Feature) -> bool:
    return isinstance(feature, Number) and feature.centre == 0 and feature.scale == 1


def _imputed(name: str, imputer: Any, features: Features) -> Features:
    missing = imputer.missing_values
    if isinstance(missing, float | int | str) and missing == missing:
        raise DownslopeError(
            f"{name} fills cells that hold {missing!r}; only empty cells are gaps here: fit it with "
            "missing_values=np.nan"
        )
    made: Features = []
    for feature, fill in zip(features, imputer.statistics_, strict=True):
        if not _is_raw(feature):
            raise DownslopeError(f"{name} fills gaps behind another step; put it first")
        assert isinstance(feature, Number)
        if isinstance(fill, float) and np.isnan(fill) and not imputer.keep_empty_features:
            continue  # a column of gaps alone, which it leaves out
        made.append(Number(feature.column, fill=fill))
    if imputer.add_indicator:
        made += [Missing(features[i].column) for i in imputer.indicator_.features_]
    return made


def _raw(name: str, features: Features) -> list[Number]:
    for feature in features:
        if not _is_raw(feature):
            raise DownslopeError(
                f'{name} encodes the column "{feature.column}" behind another step; put it first, or behind '
                "a SimpleImputer"
            )
    return features  # type: ignore[return-value]


def _one_hot(name: str, encoder: Any, features: Features) -> Features:
    made: Features = []
    infrequent = getattr(encoder, "infrequent_categories_", [None] * len(features))
    for i, feature in enumerate(_raw(name, features)):
        levels = tuple(encoder.categories_[i].tolist())
        rare = [] if infrequent[i] is None else [levels.index(level) for level in infrequent[i].tolist()]
        often = [place for place in range(len(levels)) if place not in rare]
        drop = None if encoder.drop_idx_ is None else encoder.drop_idx_[i]
        outputs: list[Category] = []
        for place in often:
            values = tuple(float(k == place) for k in range(len(levels)))
            outputs.append(Category(feature.column, levels, values, fill=feature.fill))
        if rare:
            values = tuple(float(k in rare) for k in range(len(levels)))
            other = float(encoder.handle_unknown == "infrequent_if_exist")
            outputs.append(Category(feature.column, levels, values, other, fill=feature.fill))
        if drop is not None:
            kept = often.index(drop) if drop in often else len(often)
            del outputs[kept]
        made += outputs
    return made


def _ordinal(name: str, encoder: Any, features: Features) -> Features:
    made: Features = []
    if any(each is not None for each in getattr(encoder, "infrequent_categories_", [])):
        raise DownslopeError(f"{name} puts rare categories together; fit it without min_frequency")
    other = float(encoder.unknown_value) if encoder.handle_unknown == "use_encoded_value" else 0.0
    for i, feature in enumerate(_raw(name, features)):
        levels = tuple(encoder.categories_[i].tolist())
        gaps = [level is None or level != level for level in levels]
        values = [float(encoder.encoded_missing_value) if gap else float(k) for k, gap in enumerate(gaps)]
        if not np.isfinite([*values, other]).all():
            raise DownslopeError(
                f'{name} gives NaN for some cells of the column "{feature.column}"; fit it with a finite '
                "encoded_missing_value and unknown_value"
            )
        made.append(Category(feature.column, levels, tuple(values), other, feature.fill))
    return made


def _function(name: str, transformer: Any, features: Features) -> Features:
    if transformer.func is not None:
        raise DownslopeError(
            f"{name} is a Python function, which no file can hold; compute its columns in the table before"
        )
    return features


def _components(name: str, transformer: Any, features: Features) -> Features:
    """(f − mean)·componentsᵀ, over the deviation of each where it is whitened."""
    matrix = np.asarray(transformer.components_, np.float64)
    kind = type(transformer).__name__
    mean = np.zeros(len(features))
    if kind in ("PCA", "IncrementalPCA", "FastICA") and getattr(transformer, "mean_", None) is not None:
        mean = np.asarray(transformer.mean_, np.float64)
    if kind in ("PCA", "IncrementalPCA") and transformer.whiten:
        deviations = np.sqrt(transformer.explained_variance_)
        matrix = matrix / np.maximum(deviations, np.finfo(deviations.dtype).eps)[:, None]
    return mixed(features, matrix, -matrix @ mean)


_MAKERS: Mapping[str, Callable[[str, Any, Features], Features]] = {
    **dict.fromkeys(SCALERS, _scale),
    **dict.fromkeys(("FastICA", "IncrementalPCA", "PCA", "TruncatedSVD"), _components),
    "ColumnTransformer": _by_column,
    "FeatureUnion": _side_by_side,
    "FunctionTransformer": _function,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "Pipeline": _pipeline,
    "SimpleImputer": _imputed,
}
