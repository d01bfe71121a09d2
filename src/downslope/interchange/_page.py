"""A network with rows of its data as one page that opens from a disk and runs what training runs."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from numpy.typing import ArrayLike

from downslope.interchange._javascript import javascript_source
from downslope.interchange._page_data import page_data
from downslope.nets import AnyNetwork, Point
from downslope.training import LEARNING_RATE, Sgd, program_of

__all__ = ["page_source"]

_MODULES = ("numbers.js", "field.js", "drawing.js", "rows.js", "page.js")
"""Each after those that it imports from."""


def page_source(
    network: AnyNetwork,
    parameters: Point,
    x: ArrayLike,
    y: ArrayLike,
    *,
    features: Sequence[str],
    target: str,
    classes: Sequence[str] = (),
    title: str,
    learning_rate: float = LEARNING_RATE,
    pictures: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """One HTML text on which a reader changes weights, takes steps and sees every error follow.

    It needs no server and loads nothing: its content security policy forbids it. What it computes is written
    from the graph of the network, dropout at rest; a step is one of plain gradient descent on the rows shown.

    Args:
        network: what predicts.
        parameters: by name, all in one flat list, or a run's or a model's.
        x: the rows shown, (rows, network.inputs), at most 200.
        y: their targets, (rows, outputs), or class numbers (rows,).
        features: what the columns of x are called.
        target: what is predicted.
        classes: what the classes are called, in the order of their numbers.
        title: of the page.
        learning_rate: at which the reader's steps begin.
        pictures: further pictures by their titles, each the text of an SVG or a data URL of a PNG.

    Raises:
        DownslopeError: if the rows, names or parameters do not fit the network, or a picture is none.

    >>> from downslope.nets import Dense, Network
    >>> net = Network(inputs=1, layers=[Dense(1)])
    >>> text = page_source(net, net.initial_parameters(), [[1.0], [2.0]], [3.0, 5.0], features=["hours"],
    ...                    target="points", title="Points by hours")
    >>> text.startswith("<!DOCTYPE html>"), "://" in text.replace("http://www.w3.org/2000/svg", "")
    (True, False)
    """
    data = page_data(
        network,
        parameters,
        x,
        y,
        features=features,
        target=target,
        classes=classes,
        title=title,
        learning_rate=learning_rate,
        pictures=pictures,
    )
    style = _asset("page.css")
    script = "\n".join([_program(network), *map(_joined, _MODULES), "start({ predict, judge, descend });\n"])
    policy = [
        "default-src 'none'",
        f"script-src '{_digest(script)}'",
        f"style-src '{_digest(style)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    parts = {
        "policy": "; ".join(policy),
        "title": html.escape(title),
        "style": style,
        "data": json.dumps(data).replace("<", "\\u003c"),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("page.html"))


def _program(network: AnyNetwork) -> str:
    """The functions of the page that are written from the graph."""
    graph = network.graph()
    program = program_of(graph, graph.error, Sgd())
    judged = {"prediction": graph.prediction, "errors": graph.errors, "error": graph.error}
    gradients = {f"gradient of {name}": node for name, node in program.gradients.items()}
    return "\n".join(
        [
            javascript_source({"prediction": graph.prediction}, "predict"),
            javascript_source({"output": graph.output, **judged}, "judge"),
            javascript_source({"error": graph.error, **gradients, **program.updates}, "descend"),
        ]
    )


@cache
def _asset(name: str) -> str:
    return files("downslope.interchange").joinpath("page", name).read_text("utf-8")


def _joined(name: str) -> str:
    """A module as a part of one script: what it imports stands before it."""
    text = re.sub(r"^import \{[^}]*\} from [^;]+;\n", "", _asset(name), flags=re.MULTILINE)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
