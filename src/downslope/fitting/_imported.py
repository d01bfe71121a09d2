"""Networks that were trained elsewhere, as models of a table."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from downslope._checks import items, show, text
from downslope._extras import polars as pl
from downslope._keywords import suggests_keywords
from downslope.errors import DownslopeError
from downslope.fitting._scores import Scores
from downslope.fitting.model import Model
from downslope.fitting.record import GroupRecord, Record
from downslope.graph import Node
from downslope.interchange.imports import (
    Behind,
    encoded,
    fitted_of_sklearn,
    network_of_onnx,
    network_of_steps,
    steps_of_torch,
)
from downslope.nets import ActivationFunction, LossFunction, Network, TrainedNetwork
from downslope.tables import (
    Column,
    Encoding,
    Numeric,
    TableEncoder,
    Target,
    listed,
    no_such_column,
    raw_number,
)
from downslope.training import Run

__all__ = ["from_onnx", "from_sklearn", "from_torch", "model_of_table"]


@suggests_keywords
def from_sklearn(estimator: Any, *, target: str = "y") -> Model | TrainedNetwork:
    """A model that was fitted with scikit-learn, with the same predictions.

    MLPClassifier, MLPRegressor and the linear models; pipelines of them with StandardScaler, MinMaxScaler,
    RobustScaler, MaxAbsScaler, PCA, TruncatedSVD, SimpleImputer, OneHotEncoder, OrdinalEncoder,
    ColumnTransformer, FeatureUnion and what selects columns; a scaled target; what a search found best.
    Columns keep their names, scalers and categories become encoders of the columns, and what is left of them
    part of the first layer.

    Args:
        estimator: fitted.
        target: the name of what it predicts, which scikit-learn does not keep.

    Returns:
        A model. Of an estimator with several outputs, a network with its parameters, which takes its columns
        in order.

    Raises:
        DownslopeError: if it is not fitted, or a part of it is none that a network or an encoder can be; the
            message names it and says what to do.

    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> fitted = LinearRegression().fit([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0]], [1.0, 4.0, 5.0])
    >>> model = from_sklearn(fitted, target="price")
    >>> model
    <Model of 'price': regression, from LinearRegression of scikit-learn, 1 network>
    >>> model.predict([[4.0, 1.0]]).round(6), fitted.predict([[4.0, 1.0]]).round(6)
    (array([8.]), array([8.]))
    """
    found = fitted_of_sklearn(estimator)
    encodings, matrix, shift = encoded(found.features)
    steps = [Behind(matrix, shift), *found.steps]
    if found.outputs > 1:
        return _several_outputs(encodings, steps, found)
    network, parameters = network_of_steps(steps, found.loss)
    name = text("target", target)
    known = Target(name, found.classes) if found.classes else Target(name, (), found.centre, found.scale)
    imported = f"{type(estimator).__name__} of scikit-learn"
    return imported_model(network, parameters, encodings, known, imported=imported)


def _several_outputs(encodings: Sequence[Encoding], steps: Sequence[Any], found: Any) -> TrainedNetwork:
    """A network of several outputs on its columns as they are, with their scales in its first layer."""
    if not all(isinstance(part, Numeric) and len(part.features) == 1 for part in encodings):
        raise DownslopeError(
            f"the estimator predicts {found.outputs} numbers of a row, and a model with categories or gaps "
            "predicts one; fit one estimator for each"
        )
    if (found.centre, found.scale) != (0.0, 1.0):
        raise DownslopeError(
            f"the estimator scales {found.outputs} targets; fit one estimator for each, or without the scaler"
        )
    scales = np.array([part.scale for part in encodings if isinstance(part, Numeric)])
    centres = np.array([part.centre for part in encodings if isinstance(part, Numeric)])
    matrix = steps[0].matrix / scales
    behind = Behind(matrix, steps[0].shift - matrix @ centres)
    network, parameters = network_of_steps([behind, *steps[1:]], found.loss)
    return TrainedNetwork(network, parameters)


@suggests_keywords
def from_torch(
    module: Any,
    *,
    activation: str | ActivationFunction | Callable[[Node], Node] | None = None,
    loss: str | LossFunction | None = None,
    columns: Sequence[str] | None = None,
    target: str = "y",
    classes: Sequence[Any] | None = None,
) -> TrainedNetwork | Model:
    """A network that was trained with PyTorch, with the same outputs.

    Linear layers, activations, LayerNorm, dropout, an embedding in front, and BatchNorm1d at rest, which
    becomes part of the linear layer beside it. torch is not imported: a state dict of arrays needs none.

    Args:
        module: a ``torch.nn.Sequential``; or a state dict, from names such as ``"0.weight"`` to tensors or
            arrays.
        activation: of a state dict, which holds none: the activation after each linear layer but the last.
        loss: that the outputs are trained with, as of ``Network``. A last sigmoid, softmax or log-softmax is
            what the loss makes of an output, so that None takes binary_cross_entropy or cross_entropy there,
            and squared_error elsewhere. Of logits the loss has to be named; predictions are probabilities.
        columns: the names of the inputs. With them, the result is a ``Model`` of a table.
        target: the name of what is predicted, of a model.
        classes: the names of the classes, of a model; None numbers them from 0.

    Returns:
        A network with its parameters; or a model, where ``columns`` are given.

    Raises:
        DownslopeError: for what no network here can be; the message names the layer and says what to do.

    >>> import numpy as np
    >>> state = {"0.weight": np.array([[1.0, -1.0]]), "0.bias": np.array([0.5])}
    >>> found = from_torch(state)
    >>> found.network, found.parameters["layer1.bias"]
    (<Network 2 inputs → 1; squared_error; 3 parameters>, array([0.5]))
    >>> from_torch(state, columns=["width", "height"], target="price").predict({"width": 3, "height": 1})
    array([2.5])
    """
    network, parameters = network_of_steps(steps_of_torch(module, activation), loss)
    return _with_columns(
        TrainedNetwork(network, parameters), columns, target, classes, "a network of PyTorch"
    )


@suggests_keywords
def from_onnx(
    path: str | os.PathLike[str],
    *,
    loss: str | LossFunction | None = None,
    columns: Sequence[str] | None = None,
    target: str = "y",
    classes: Sequence[Any] | None = None,
) -> TrainedNetwork | Model:
    """A network from a file of ONNX, as PyTorch, skl2onnx and others write it, with the same outputs.

    Linear operators one behind the other (Gemm, MatMul, LinearRegressor, LinearClassifier, Scaler),
    normalisations and dropout, and between them any function of each value alone, in whatever operators it is
    written. The file is read as data; the package onnx is not needed. A network that ``ds.export`` wrote
    comes back as it was, by the description that is in the file too, unless a loss is named.

    Args:
        path: of the file, with its arrays inside. It takes one matrix, (rows, inputs), or several that
            it puts side by side at once. Where it gives a class and probabilities, they are the prediction.
        loss, columns, target, classes: as of ``from_torch``.

    Returns:
        A network with its parameters; or a model, where ``columns`` are given.

    Raises:
        DownslopeError: if it cannot be read, or an operator is none of a network here; it is named.

    >>> import tempfile
    >>> from downslope.fitting import export
    >>> from downslope.nets import Dense, Network
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = Network(inputs=2, layers=[Dense(3, "silu"), Dense(1)])
    ...     _ = export(net, f"{folder}/net.onnx", net.initial_parameters())
    ...     from_onnx(f"{folder}/net.onnx").network
    <Network 2 inputs → 3 silu → 1; squared_error; 13 parameters>
    """
    network, parameters = network_of_onnx(path, loss)
    return _with_columns(TrainedNetwork(network, parameters), columns, target, classes, "a file of ONNX")


def _with_columns(
    trained: TrainedNetwork,
    columns: Sequence[str] | None,
    target: str,
    classes: Sequence[Any] | None,
    imported: str,
) -> TrainedNetwork | Model:
    """A network, or a model where the names of the inputs are given."""
    text("target", target)
    if columns is not None:
        return model_of_network(trained, columns, target, classes, imported=imported)
    if classes is not None:
        raise DownslopeError("classes are those of a model, which has columns; name the inputs with columns")
    return trained


def model_of_network(
    trained: TrainedNetwork,
    columns: Sequence[str],
    target: str,
    classes: Sequence[Any] | None = None,
    *,
    imported: str = "a network",
) -> Model:
    """A model whose network takes columns of numbers as they are.

    Args:
        trained: one network, of one output, or of one for each class.
        columns: the names of its inputs.
        target: what it predicts.
        classes: their names, where its loss is of classes; None numbers them from 0.
        imported: what it was made of.

    Raises:
        DownslopeError: if there are other inputs, outputs or classes.
    """
    names = [text("columns", name) for name in items("columns", columns, "names of the inputs")]
    network = trained.network
    if not isinstance(network, Network) or len(names) != network.inputs:
        raise DownslopeError(
            f"columns needs {network.inputs} names, one for each input of the network, not {len(names)}"
        )
    encodings = tuple(raw_number(name) for name in names)
    return imported_model(
        network, trained.parameters, encodings, target_of(network, target, classes), imported=imported
    )


def model_of_table(trained: TrainedNetwork | Run, frame: pl.DataFrame, target: str | None) -> Model:
    """A model whose network takes the columns of a table, in their order, but for the target.

    Args:
        trained: one network with its parameters.
        frame: rows with the target.
        target: its name; None takes the last column, and where the network takes all of them, none.

    Raises:
        DownslopeError: if there is no such column, or columns and classes are not those of the network.
    """
    network, classes = trained.network, None
    if target is None and isinstance(network, Network) and frame.width == network.inputs:
        name = "y"
        while name in frame.columns:
            name += "'"
        return model_of_network(TrainedNetwork(network, trained.parameters), frame.columns, name)
    target = frame.columns[-1] if target is None else target
    if target not in frame.columns:
        raise no_such_column(target, frame.columns)
    columns = [name for name in frame.columns if name != target]
    if isinstance(network, Network) and len(columns) != network.inputs:
        raise DownslopeError(
            f"the network takes {network.inputs} column{'s' * (network.inputs != 1)}, and the table has "
            f"{len(columns)} besides the target "
            f'"{target}": {listed(columns)}; leave columns out, or name another table'
        )
    if isinstance(network, Network) and network.loss in ("binary_cross_entropy", "cross_entropy"):
        known = Target.fit(frame[target], "classification").classes
        count = max(2, int(network.graph().prediction.shape[1]))
        numbered = set(known) <= set(map(str, range(count)))
        classes = None if numbered else known
    return model_of_network(TrainedNetwork(network, trained.parameters), columns, target, classes)


def target_of(network: Network, name: str, classes: Sequence[Any] | None) -> Target:
    """What a network predicts of a table.

    Raises:
        DownslopeError: if it has several outputs that are no classes, or the classes do not fit them.
    """
    name, outputs = text("target", name), int(network.graph().prediction.shape[1])
    count = {"binary_cross_entropy": 2, "cross_entropy": outputs}.get(str(network.loss), 0)
    if outputs > 1 and network.loss != "cross_entropy":
        raise DownslopeError(
            f"the network has {outputs} outputs, and a model predicts one target: leave out columns, and use "
            "the network with ds.predict"
        )
    if not count:
        if classes is not None:
            raise DownslopeError(
                f"classes belong to a network with the loss cross_entropy or binary_cross_entropy, not "
                f'{network.loss}; name it, such as loss="cross_entropy", or leave classes out'
            )
        return Target(name)
    found = tuple(
        map(str, range(count) if classes is None else items("classes", classes, "names of classes"))
    )
    if len(found) != count or len(set(found)) < count:
        raise DownslopeError(f"classes needs {count} different names, not {show(classes)}")
    return Target(name, found)


def imported_model(
    network: Network,
    parameters: Mapping[str, NDArray[Any]],
    encodings: Sequence[Encoding],
    target: Target,
    *,
    imported: str,
) -> Model:
    """A model of what is known of one that was fitted elsewhere.

    Raises:
        DownslopeError: if two columns have one name.
    """
    names = [part.name for part in encodings]
    if len(set(names)) < len(names) or target.name in names:
        raise DownslopeError(
            f"the columns {listed(names)} and the target {target.name!r} need names of their own"
        )
    kinds = ("number" if isinstance(part, Numeric) else "category" for part in encodings)
    record = Record(
        source="",
        columns=tuple(
            Column(name, kind, "as it was where it was fitted")
            for name, kind in zip(names, kinds, strict=True)
        ),
        task_reason="as it was where it was fitted",
        rows=0,
        gap_rows=0,
        validation_rows=0,
        held_out=False,
        baseline=Scores(),
        linear=Scores(),
        network=Scores(),
        groups=(GroupRecord("imported", 1, 1.0, 0, 0, (), ()),),
        interrupted=False,
        imported=imported,
    )
    dtype = np.result_type(np.float32, *parameters.values()).name
    return Model(network, parameters, TableEncoder(tuple(encodings), dtype), target, record)
