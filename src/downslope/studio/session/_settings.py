"""What the controls of the page set: the network and how it descends."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from downslope._checks import Interval, choice, number, whole
from downslope._dataclass import dataclass
from downslope._forks import cached_property
from downslope.errors import DownslopeError
from downslope.nets import Dense, Dropout, Huber, Layer, LossFunction, Network
from downslope.studio.table._choices import RAW
from downslope.studio.table._rows import Rows
from downslope.training import LEARNING_RATE, OPTIMIZERS, Optimizer, Sgd

__all__ = ["CHANGEABLE", "Settings", "embeddings_of", "first_settings", "settings_of", "suited"]

_RAW_RATE = 0.001  # of plain descent on numbers as they are, which need smaller steps
_MOST_UNITS, _MOST_LAYERS = 4096, 64


@dataclass(frozen=True)
class Settings:
    """A network as a front of other layers, dense layers and an output, and how it descends.

    Attributes:
        inputs: columns of x.
        front: layers before the dense ones, such as an embedding; the page leaves them as they are.
        layers: the dense layers, the output last.
        dropout: after each hidden layer.
        loss, l1, l2: as ``Network`` has them.
        delta: of the loss ``huber``.
        fixed: a network that is not of this form, of which only the loss and the penalties can be changed.
        optimizer, momentum: by name; momentum of ``sgd``.
        learning_rate, batch_size, seed: as ``descend`` has them.
        validation: the share of the rows that only measures; 0 for none.
        clip_norm: the largest norm of all gradients together, or None.
        stop_steps, stop_error, stop_patience: stop after so many steps, below such an error, after so many
            measurements of the validation error without a better one; None for never.
    """

    inputs: int
    layers: tuple[Dense, ...]
    loss: str | LossFunction = "squared_error"
    front: tuple[Layer, ...] = ()
    dropout: float = 0.0
    delta: float = 1.0
    l1: float = 0.0
    l2: float = 0.0
    fixed: Network | None = None
    optimizer: str = "sgd"
    momentum: float = 0.0
    learning_rate: float = LEARNING_RATE
    batch_size: int | None = None
    seed: int = 0
    validation: float = 0.0
    clip_norm: float | None = None
    stop_steps: int | None = None
    stop_error: float | None = None
    stop_patience: int | None = None

    @cached_property
    def network(self) -> Network:
        """The network that these settings describe.

        Raises:
            DownslopeError: where the parts do not fit together.
        """
        loss = Huber(self.delta) if self.loss == "huber" else self.loss
        penalties: dict[str, Any] = {"loss": loss, "l1": self.l1, "l2": self.l2}
        if self.fixed is not None:
            return replace(self.fixed, **penalties)
        layers: list[Layer] = [*self.front]
        for i, layer in enumerate(self.layers):
            layers.append(layer)
            if self.dropout and i < len(self.layers) - 1:
                layers.append(Dropout(self.dropout))
        return Network(self.inputs, layers, **penalties)

    @cached_property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of every parameter, by name."""
        return {name: tuple(map(int, node.shape)) for name, node in self.network.graph().parameters.items()}

    @cached_property
    def weights(self) -> int:
        """The number of parameters."""
        return sum(map(math.prod, self.shapes.values()))

    @cached_property
    def rule(self) -> Optimizer:
        """The optimizer."""
        return Sgd(self.momentum) if self.optimizer == "sgd" else OPTIMIZERS[self.optimizer]

    def changed(self, changes: Mapping[str, Any]) -> Settings:
        """These settings with some of them changed, checked.

        Raises:
            DownslopeError: if one is unknown or cannot be used.
        """
        given = dict(changes)
        if "layers" in given:
            if self.fixed is not None:
                raise DownslopeError(
                    "this network has layers that are not dense; its layers cannot be changed here"
                )
            given["layers"] = _dense_layers(given["layers"], self.layers)
        unknown = set(given) - CHANGEABLE
        if unknown:
            raise DownslopeError(f"there is no setting {sorted(unknown)[0]!r}")
        given = {name: _checked(name, value) for name, value in given.items()}
        if given.get("loss") == str(self.loss):  # one with settings, or a Python function, stays as it is
            given["loss"] = self.loss
        after = replace(self, **given)
        after.network, after.rule  # noqa: B018 (what cannot be built is refused here)
        return after

    def on_inputs(self, count: int, front: tuple[Layer, ...]) -> Settings:
        """The same layers on other inputs: how many, and the layers before the dense ones."""
        return replace(self, inputs=count, front=front)

    def to_json(self) -> dict[str, Any]:
        """What can be changed, as plain data; without starting values."""
        values = {name: getattr(self, name) for name in sorted(CHANGEABLE - {"layers"})}
        layers = [_dense_to_json(layer) for layer in self.layers]
        return {**values, "loss": str(self.loss), "layers": layers}


CHANGEABLE = {
    *(
        "layers",
        "loss",
        "dropout",
        "delta",
        "l1",
        "l2",
        "optimizer",
        "momentum",
        "learning_rate",
        "batch_size",
    ),
    *("seed", "validation", "clip_norm", "stop_steps", "stop_error", "stop_patience"),
}
_NUMBERS: Mapping[str, Interval] = {
    "dropout": Interval(0, 0.95),
    "delta": Interval(1e-12, 1e12),
    "l1": Interval(0, 1e6),
    "l2": Interval(0, 1e6),
    "momentum": Interval(0, 0.9999),
    "learning_rate": Interval(1e-12, 1e6),
    "validation": Interval(0, 0.9),
    "clip_norm": Interval(1e-12, 1e12),
    "stop_error": Interval(0, 1e300),
}
_WHOLE: Mapping[str, Interval] = {
    "batch_size": Interval(1, 2**31),
    "seed": Interval(0, 2**53),
    "stop_steps": Interval(1, 2**53),
    "stop_patience": Interval(1, 2**31),
}
_MAY_BE_NONE = {"batch_size", "clip_norm", "stop_steps", "stop_error", "stop_patience"}


def _checked(name: str, value: Any) -> Any:
    if value is None and name in _MAY_BE_NONE:
        return None
    words = name.replace("_", " ")  # as the page has them
    if name in _NUMBERS:
        return number(words, value, _NUMBERS[name])
    if name in _WHOLE:
        return whole(words, value, _WHOLE[name])
    if name == "optimizer":
        return choice(name, value, OPTIMIZERS)
    return value if name == "layers" else str(value)  # the loss, which the network looks at


def _dense_layers(given: Any, before: Sequence[Dense]) -> tuple[Dense, ...]:
    known = {str(layer.activation): layer.activation for layer in before}
    if not isinstance(given, list) or not 1 <= len(given) <= _MOST_LAYERS:
        raise DownslopeError(f"a network has 1 to {_MOST_LAYERS} dense layers here")
    layers = []
    for item in given:
        if not isinstance(item, Mapping) or not isinstance(item.get("units"), int):
            raise DownslopeError("a layer needs a whole number of units")
        if item["units"] > _MOST_UNITS:
            raise DownslopeError(f"a layer has at most {_MOST_UNITS:,} units here, not {item['units']:,}")
        name = str(item.get("activation", "identity"))
        layers.append(Dense(item["units"], known.get(name, name), bias=bool(item.get("bias", True))))
    return tuple(layers)


def _dense_to_json(layer: Dense) -> dict[str, Any]:
    return {"units": layer.units, "activation": str(layer.activation), "bias": layer.bias is not False}


def settings_of(network: Network, **how: Any) -> Settings:
    """The settings whose network is this one.

    >>> given = Network(2, [Dense(8, "tanh"), Dense(1)])
    >>> settings_of(given).network == given
    True
    """
    described = _loss_of(network)
    cut = next((i for i, layer in enumerate(network.layers) if isinstance(layer, Dense)), len(network.layers))
    front, rest = network.layers[:cut], network.layers[cut:]
    rates = {layer.rate for layer in rest if isinstance(layer, Dropout)}
    dense = tuple(layer for layer in rest if isinstance(layer, Dense))
    plain = Settings(
        network.inputs, dense, front=tuple(front), dropout=next(iter(rates), 0.0), **described, **how
    )
    if dense and len(rates) <= 1 and plain.network == network:
        return plain
    return Settings(network.inputs, (), fixed=network, **described, **how)


def _loss_of(network: Network) -> dict[str, Any]:
    """The loss of a network, and the penalties."""
    loss: Any = network.loss
    described = {"loss": "huber", "delta": loss.delta} if isinstance(loss, Huber) else {"loss": loss}
    return {**described, "l1": network.l1, "l2": network.l2}


def embeddings_of(rows: Rows) -> tuple[Layer, ...]:
    """The layer that makes a vector of each level of a table's columns of many levels; none without them."""
    from downslope.fitting import embeddings  # the first screen needs nothing of it

    return tuple(embeddings(rows.encoder))


def suited(rows: Rows) -> Settings:
    """Settings to begin with on a table: a neuron for a few raw rows, else two small layers.

    Columns of many levels are numbered levels in x; the network begins with a vector for each level.
    """
    outputs = rows.outputs
    count = len(rows.x)
    classes = len(rows.target.classes)
    loss = {0: "squared_error", 2: "binary_cross_entropy"}.get(classes, "cross_entropy")
    if rows.choices.scaling == RAW and count <= 20 and not classes:
        return Settings(len(rows.features), (Dense(outputs),), loss, learning_rate=_RAW_RATE)
    hidden = (Dense(8, "tanh"), Dense(8, "tanh"))
    return Settings(
        len(rows.features),
        (*hidden, Dense(outputs)),
        loss,
        front=embeddings_of(rows),
        optimizer="adam",
        batch_size=32 if count > 200 else None,
        validation=0.2 if count >= 50 else 0.0,
    )


def first_settings() -> Settings:
    """The neuron of the first screen."""
    return Settings(3, (Dense(1, bias=False),), "squared_error", learning_rate=_RAW_RATE)
