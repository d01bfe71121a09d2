"""A network with rows of its data as one page that opens from a disk and runs what training runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from numpy.typing import ArrayLike

from downslope._visible import escape
from downslope.interchange._page_data import page_data
from downslope.interchange._page_program import PageDescent, page_program
from downslope.nets import AnyNetwork, Point

__all__ = ["page_source"]

_MODULES = (
    "numbers.js",
    "field.js",
    "descent.js",
    "drawing.js",
    "curve.js",
    "rows.js",
    "chain.js",
    "picture.js",
    "controls.js",
    "lesson.js",
    "still.js",
    "view.js",
    "acts.js",
    "page.js",
)
"""Each after those that it imports from."""

_START = "start({ predict, judge, descend, trace, shuffled });\n"


def page_source(
    network: AnyNetwork,
    parameters: Point,
    x: ArrayLike,
    y: ArrayLike,
    *,
    features: Sequence[str],
    target: str | Sequence[str],
    classes: Sequence[str] = (),
    title: str,
    note: str = "",
    descent: PageDescent | None = None,
    lesson: Mapping[str, Any] | None = None,
    pictures: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """One HTML text on which a reader changes weights, takes steps and sees every error follow.

    It needs no server and loads nothing: its content security policy forbids it. What it computes, gradients
    and updates included, is written from the graph that training runs.

    Args:
        network: what predicts.
        parameters: by name, all in one flat list, or a run's or a model's.
        x: the rows, (rows, network.inputs), at most 2,000.
        y: their targets, (rows, outputs), or class numbers (rows,).
        features: what the columns of x are called.
        target: what is predicted; the names of several outputs, or one name that they share.
        classes: what the classes are called, in the order of their numbers.
        title: of the page.
        note: a further sentence below it.
        descent: how it descends; None takes plain descent on all rows.
        lesson: whose steps the page walks through, as plain data (``studio/views/_page_lesson.py``).
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
    descent = descent or PageDescent()
    data = page_data(
        network,
        parameters,
        x,
        y,
        features=features,
        target=target,
        classes=classes,
        title=title,
        note=note,
        descent=descent,
        lesson=lesson,
        pictures=pictures,
    )
    unused = {"lesson.js"} if lesson is None else set()
    unused |= set() if data["picture"] else {"picture.js"}
    modules = [name for name in _MODULES if name not in unused]
    style = _asset("page.css")
    script = "\n".join([page_program(network, descent), *map(_joined, modules), _START])
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
        "title": escape(title),
        "style": style,
        "data": json.dumps(data).replace("<", "\\u003c"),
        "script": script,
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _asset("page.html"))


@cache
def _asset(name: str) -> str:
    return files("downslope.interchange").joinpath("page", name).read_text("utf-8")


def _joined(name: str) -> str:
    """A module as a part of one script, without its comments: what it imports stands before it."""
    text = re.sub(r"^import \{[^}]*\} from [^;]+;\n", "", _asset(name), flags=re.MULTILINE)
    text = re.sub(r"^ */\*\*.*?\*/\n", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"^export ", "", text, flags=re.MULTILINE)


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
