"""``export``: a model, or a network with its parameters, as a file for something else to run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from downslope._checks import flag, number, show
from downslope._dataclass import dataclass
from downslope._keywords import suggests_keywords
from downslope._writing import place_of, write_whole
from downslope.errors import DownslopeError
from downslope.fitting._interval_nodes import interval_nodes
from downslope.fitting._models import Models
from downslope.fitting.model import LEVEL, Model
from downslope.fitting.reports import report
from downslope.interchange.exports import (
    Prediction,
    c_source,
    equations,
    javascript_module,
    of_network,
    onnx_file,
    python_script,
    rounding_error,
    weights_file,
)
from downslope.interchange.exports.columns import of_table
from downslope.nets import AnyNetwork, Ensemble, Network, Point, TrainedNetwork
from downslope.tables import listed
from downslope.training import Run

__all__ = ["Exported", "export"]


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: where it is.
        size: in bytes.
        notes: what there is to know of it, in sentences without their points.
    """

    path: str
    size: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"{self.path}, {self.size / 1000:,.1f} kB", *(f"{note}." for note in self.notes)])


@dataclass(frozen=True)
class _Source:
    """What is exported.

    Attributes:
        network, parameters: what predicts.
        model: whose they are; None for a network alone.
        name: of the file, without its ending.
        int8: whether weights are to be whole numbers of 8 bits.
        interval: the share of targets in the interval that is predicted too; None for none.
    """

    network: AnyNetwork
    parameters: Point
    model: Model | None
    name: str
    int8: bool
    interval: float | None = None

    @property
    def prediction(self) -> Prediction:
        """The prediction as nodes."""
        if self.model is None:
            return of_network(self.network, self.parameters)
        model = self.model
        parts = model.network, model.parameters, model.encoder, model.target
        if self.interval is None:
            return of_table(*parts)
        ends = partial(interval_nodes, model._interval_networks(), self.interval)
        return of_table(*parts, self.interval, ends)


@dataclass(frozen=True)
class _Content:
    """What a file holds, and what there is to know of it."""

    content: bytes
    notes: tuple[str, ...] = ()


def _onnx(source: _Source) -> _Content:
    sections = source.network.sections() if source.model is None else {}
    return _Content(onnx_file(source.prediction, sections))


def _c(source: _Source) -> _Content:
    prediction = source.prediction
    notes = _checked_rounding(prediction) if source.int8 else ()
    written = c_source(prediction, source.name, int8=source.int8)
    size = f"{written.constants:,} bytes of constants, {written.stack:,} bytes of numbers on the stack"
    return _Content(written.text.encode(), (size, *notes))


def _python(source: _Source) -> _Content:
    return _Content(python_script(source.prediction).encode())


def _javascript(source: _Source) -> _Content:
    return _Content(javascript_module(source.prediction).encode())


def _tex(source: _Source) -> _Content:
    inputs = () if source.model is None else source.model.input_names
    return _Content(equations(source.network, source.parameters, inputs).encode())


def _html(source: _Source) -> _Content:
    if source.model is None:
        raise DownslopeError(
            "a page is about a model and its rows; of a network, downslope play --export writes one to play"
        )
    return _Content(report(source.model).html().encode())


def _safetensors(source: _Source) -> _Content:
    notes = () if source.model is None else ("The weights alone: how cells become their inputs is not in it",)
    return _Content(weights_file(source.network, source.parameters), notes)


def _checked_rounding(prediction: Prediction) -> tuple[str, ...]:
    """How far 8 bits take the prediction, in words.

    Raises:
        DownslopeError: if that is too far.
    """
    error, scale = rounding_error(prediction)
    said = f"{error:.2g}" + ("" if prediction.classes else f", {100 * error / scale:.2g} % of its deviation")
    if error > _MOST_ROUNDING * scale:
        raise DownslopeError(
            f"8-bit numbers would take the {prediction.labels} up to {said} away; leave int8 out, or train a "
            "network with more units"
        )
    return (f"8-bit numbers take the {prediction.labels} up to {said} away, over 2,000 random rows",)


_MOST_ROUNDING = 0.1
"""Of a deviation of the target, or in a probability."""

_FORMATS: Mapping[str, Callable[[_Source], _Content]] = {
    ".onnx": _onnx,
    ".c": _c,
    ".py": _python,
    ".js": _javascript,
    ".safetensors": _safetensors,
    ".tex": _tex,
    ".html": _html,
}
"""What writes each format, by the ending of its files."""
_COMPUTED = (".onnx", ".c", ".py", ".js")
"""The formats that compute a prediction."""


@suggests_keywords
def export(
    source: Model | Network | Ensemble | TrainedNetwork | Run,
    path: str | os.PathLike[str],
    parameters: Point | None = None,
    *,
    int8: bool = False,
    interval: float | None = None,
) -> Exported:
    """Write a prediction as a file that something else runs; its ending says what.

    ``.onnx``: for runtimes of ONNX. A model takes the cells of its columns, (rows, 1) each: numbers as
    float64, NaN for a gap; text as strings; dates as seconds since 1970. It gives ``prediction`` and, for
    classes, ``probabilities``. A network takes its inputs ``x``, (rows, inputs).

    ``.c``: one file of C99 without allocation; it takes a row and gives the prediction.

    ``.py``: a script that needs NumPy alone; ``predict`` takes a table, each column by its name.

    ``.js``: a file for browsers and Node.js; ``predict`` takes rows, each an object with the cells.

    ``.safetensors``: the parameters by their names in a ``torch.nn.Sequential`` of the same layers.

    ``.tex``: the network as equations. ``.html``: the report on a model, as of ``ds.report``.

    Args:
        source: a model, or a run, a trained network, or a network with its parameters.
        path: the file to write, whole or not at all; one that is there is replaced.
        parameters: of a network: by name, all in one flat list, or a run's or a model's.
        int8: of C: whether weights are whole numbers of 8 bits, which need a quarter of the room; the notes
            say how far that takes predictions.
        interval: of ONNX, C, Python and JavaScript, for a model of numbers: the ends of the interval that
            holds the true number with this probability are predicted too, as by ``model.predict_interval``.

    Raises:
        DownslopeError: if there is no such format, it cannot hold a layer, the parameters do not fit, 8 bits
            take predictions too far, or it cannot be written there.

    >>> import os, tempfile
    >>> from downslope.nets import Dense
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> export(Network(inputs=2, layers=[Dense(1)]), path, [0.5, -1.0, 2.0]).size
    985
    """
    place = place_of(path)
    ending = place.suffix.lower()
    if ending not in _FORMATS:
        raise DownslopeError(
            f"the ending of a file says what it is to be, and {place.name} ends as nothing that can be "
            f"written; end it in {' or '.join(_FORMATS)}"
        )
    int8 = flag("int8", int8)
    if int8 and ending != ".c":
        raise DownslopeError(
            f"int8 is of files of C, and {place.name} is none; leave it out, or end it in .c"
        )
    network, values, model = _parts(source, parameters)
    if interval is not None:
        interval = number("interval", interval, LEVEL)
        _check_interval(place.name, ending, model)
    made = _FORMATS[ending](_Source(network, values, model, place.stem, int8, interval))
    write_whole(place, made.content)
    return Exported(str(place), len(made.content), made.notes)


def _check_interval(name: str, ending: str, model: Model | None) -> None:
    if ending not in _COMPUTED:
        raise DownslopeError(
            f"intervals are computed by files that end in {' or '.join(_COMPUTED)}, and {name} is none; "
            "leave interval out"
        )
    if model is None:
        raise DownslopeError("a model of a table has intervals, and a network none; leave interval out")


def _parts(source: Any, parameters: Point | None) -> tuple[AnyNetwork, Point, Model | None]:
    """A network, its parameters, and the model that they are of."""
    if isinstance(source, Models):
        first = next(iter(source))
        raise DownslopeError(
            f"source holds the models of {listed(list(source))}, and a file one of them; give "
            f"source[{first!r}]"
        )
    if isinstance(source, Network | Ensemble):
        if parameters is None:
            raise DownslopeError("a network predicts with its parameters; give them too: parameters=…")
        return source, parameters, None
    if parameters is not None:
        raise DownslopeError(
            f"parameters are those of a network, and {show(source)} has its own; leave them out"
        )
    if isinstance(source, Model | TrainedNetwork | Run):
        return source.network, source.parameters, source if isinstance(source, Model) else None
    hint = "; pass its model_" if isinstance(getattr(source, "model_", None), Model) else ""
    raise DownslopeError(
        f"source needs a model, a network, a run or a trained network, not {show(source)}{hint}"
    )
