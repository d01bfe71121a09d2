"""Model files of the format before this one, brought up to it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["OLD_FORMAT", "upgraded"]

OLD_FORMAT = "downslope 1"

_NUMERIC = re.compile(r"\breading(\d+)\.(?=slope|offset|frequency|phase)")

T = TypeVar("T")


def upgraded(header: Mapping[str, str], tensors: Mapping[str, T]) -> tuple[dict[str, str], dict[str, T]]:
    """The header and the tensors of a file of the old format as the present one would have them."""
    sections = dict(header)
    if "graph" in sections:
        graph = json.loads(sections["graph"])
        for node in graph["nodes"]:
            if node["op"] == "parameter":
                node["attributes"]["name"] = _renamed(node["attributes"]["name"])
        sections["graph"] = json.dumps(graph)
    return sections, {_renamed(name): value for name, value in tensors.items()}


def _renamed(name: str) -> str:
    """numeric1.slope for what was called reading1.slope."""
    return _NUMERIC.sub(r"numeric\1.", name)
