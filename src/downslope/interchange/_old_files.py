"""Model files of the format before this one, brought up to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

__all__ = ["upgraded"]

_NUMERIC = re.compile(r"\breading(\d+)\.(?=slope|offset|frequency|phase)")
_SETTING = {"leaky_relu": "slope", "elu": "alpha"}
_INTERVALS = re.compile(r"^spread\.")

_FIELDS = {
    "trivial": "baseline",
    "kinds": "groups",
    "measured_rows": "validation_rows",
    "typical_error": "mean_absolute_error",
    "root_mean_square": "root_mean_squared_error",
}
"""The present names of fields of a record and of scores, by the old ones."""

T = TypeVar("T")


def upgraded(header: Mapping[str, str], tensors: Mapping[str, T]) -> tuple[dict[str, str], dict[str, T]]:
    """The header and the tensors of a file of the old format as the present one would have them."""
    sections = dict(header)
    for section, change in (("network", _network), ("spread", _network), ("graph", _graph)):
        if section in sections:
            data = json.loads(sections[section])
            change(data)
            sections[section] = json.dumps(data)
    if "spread" in sections:
        sections["intervals"] = sections.pop("spread")
    if "about" in sections:
        sections["about"] = json.dumps(_with_new_names(json.loads(sections["about"])))
    return sections, {_renamed(name): value for name, value in tensors.items()}


def _renamed(name: str) -> str:
    """numeric1.slope for what was called reading1.slope, and intervals.* for spread.*."""
    return _INTERVALS.sub("intervals.", _NUMERIC.sub(r"numeric\1.", name))


def _with_new_names(about: dict[str, Any]) -> dict[str, Any]:
    """The record of a fitted model with the present names of its fields."""
    record = {_FIELDS.get(name, name): value for name, value in about.get("record", {}).items()}
    for scores in ("baseline", "linear", "network"):
        old = record.get(scores, {})
        record[scores] = {_FIELDS.get(name, name): value for name, value in old.items()}
    return {**about, "record": record} if "record" in about else about


def _graph(data: Any) -> None:
    for node in data["nodes"]:
        if node["op"] == "spread":
            node["op"] = "broadcast"
        if node["op"] == "parameter":
            node["attributes"]["name"] = _renamed(node["attributes"]["name"])


def _network(data: Any) -> None:
    """A loss and activations carry the settings that their network and layers had."""
    for network in data.get("networks", [data]):
        delta, level = network.pop("delta", 1.0), network.pop("level", 0.5)
        if network["loss"] == "huber":
            network["loss"] = {"name": "huber", "delta": delta}
        elif network["loss"] == "quantile":
            network["loss"] = {"name": "quantile", "level": level}
        _layers(network["layers"])


def _layers(layers: Any) -> None:
    for layer in layers:
        settings = {name: layer.pop(name) for name in _SETTING.values() if name in layer}
        name = _SETTING.get(layer.get("activation"))
        if name in settings:
            layer["activation"] = {"name": layer["activation"], name: settings[name]}
        _layers(layer.get("layers", []))
