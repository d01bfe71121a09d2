"""Models of several targets of one table, side by side."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from downslope._dataclass import dataclass
from downslope._extras import polars as pl
from downslope._files import SavedFile, write_file
from downslope.drawing import panel
from downslope.errors import DownslopeError, UnknownTargetError
from downslope.fitting.evaluation import Evaluation
from downslope.fitting.model import Model, read_as_fitted, read_model
from downslope.tables import Reading, Table, did_you_mean, listed

__all__ = ["Models", "model_for", "models_in", "read_models", "refuse_missing"]


@dataclass(frozen=True, eq=False, repr=False)
class Models(Mapping[str, Model]):
    """Models of several targets of one table: a mapping from the name of each target to its ``Model``.

    Each is what ``ds.fit`` makes of the table without the other targets: blended, calibrated and measured on
    its own, with the rows that have a value of its target. No target is an input of another's model.

    Attributes:
        models: one for each target, in the order in which the targets were named.
        unfitted: the targets that have no model, as Ctrl-C came before theirs.

    >>> from downslope import fit
    >>> rows = {"size": [50, 60, 80, 100, 120], "price": [100.5, 120.5, 160.5, 200.5, 240.5]}
    >>> models = fit({**rows, "tax": [5.5, 6.5, 8.5, 10.5, 12.5]}, target=["price", "tax"])
    >>> list(models), models["tax"]
    (['price', 'tax'], <Model of 'tax': regression, 5 rows, 1 network, R² 1>)
    >>> {name: found.round(1).tolist() for name, found in models.predict({"size": [70, 90]}).items()}
    {'price': [140.5, 180.5], 'tax': [7.5, 9.5]}
    """

    models: tuple[Model, ...]
    unfitted: tuple[str, ...] = ()

    def __getitem__(self, target: str) -> Model:
        """The model of a target.

        Raises:
            DownslopeError: if there is none, a KeyError too; it names those there are.
        """
        for model in self.models:
            if model.target.name == target:
                return model
        raise _no_such_target(target, list(self))

    def __iter__(self) -> Iterator[str]:
        return (model.target.name for model in self.models)

    def __len__(self) -> int:
        return len(self.models)

    def __repr__(self) -> str:
        each = (f"{name!r} ({model.summary.line})" for name, model in self.items())
        return f"<Models of {', '.join(each)}{self._left}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: each model."""
        each = [model._repr_html_() for model in self.values()]
        return panel("Models", f"of {len(self)} targets{self._left}", *each)

    @property
    def _left(self) -> str:
        return f"; not fitted: {listed(self.unfitted)}" if self.unfitted else ""

    def frame(self, data: Any) -> pl.DataFrame:
        """A table as a frame with the columns of the fitted one, read as that was."""
        return self.read(data).frame

    def read(
        self,
        data: Any,
        *,
        sheet: str | None = None,
        reading: Reading | None = None,
        keep_rows: bool = False,
    ) -> Table:
        """As ``Model.read``, once for all targets."""
        return read_as_fitted(self.models, data, sheet, reading, keep_rows)

    def predict(self, data: Any) -> dict[str, NDArray[Any]]:
        """As ``Model.predict``: numbers or class names of each target, a dict of columns.

        ``pandas.DataFrame`` and ``polars.DataFrame`` make a frame of it.
        """
        table = self.read(data, keep_rows=True)
        return {name: model.predict(table) for name, model in self.items()}

    def predict_proba(self, data: Any) -> dict[str, NDArray[Any]]:
        """The probability of each class, (rows, classes), of each target that is a class.

        Raises:
            DownslopeError: if all targets are numbers, or a needed column is not there.
        """
        return self._of_kind("predict_proba", data, classes=True)

    def predict_interval(self, data: Any, level: float = 0.9) -> dict[str, NDArray[Any]]:
        """As ``Model.predict_interval``, lower and upper ends, (rows, 2), of each target that is a number.

        Raises:
            DownslopeError: if all targets are classes, or for what ``Model.predict_interval`` refuses.
        """
        return self._of_kind("predict_interval", data, level, classes=False)

    def _of_kind(self, method: str, data: Any, *arguments: Any, classes: bool) -> dict[str, NDArray[Any]]:
        """What a method of the models of classes, or of numbers, gives."""
        kind = [model for model in self.models if bool(model.target.classes) == classes]
        table = self.read(data, keep_rows=True)
        return {
            model.target.name: getattr(model, method)(table, *arguments)
            for model in kind or self.models[:1]  # which says that it has none
        }

    def evaluate(
        self,
        data: Any,
        *,
        row_weights: ArrayLike | str | None = None,
        worst: int = 5,
        source: str | None = None,
    ) -> dict[str, Evaluation]:
        """As ``Model.evaluate``, of each target on the rows that have a value of it.

        Args:
            data: as for ``predict``, with the targets.
            row_weights, worst, source: as of ``Model.evaluate``.

        Raises:
            DownslopeError: for what ``Model.evaluate`` refuses.
        """
        source = os.fsdecode(data) if source is None and isinstance(data, str | os.PathLike) else source
        table, asked = self.read(data), {"row_weights": row_weights, "worst": worst, "source": source}
        refuse_missing(list(self), table.frame)
        return {name: model.evaluate(table, **asked) for name, model in self.items()}  # type: ignore[arg-type]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the models to one file, whole or not at all; ``ds.load`` reads it.

        Args:
            path: where; a file that is there is replaced. ``.downslope`` is the usual ending.

        Raises:
            DownslopeError: if it cannot be written there.
        """
        sections: dict[str, Any] = {"targets": list(self), "unfitted": list(self.unfitted)}
        arrays: dict[str, NDArray[Any]] = {}
        for place, model in enumerate(self.models):
            own = model.file().content()
            sections |= {_prefix(place) + name: data for name, data in own[0].items()}
            arrays |= {_prefix(place) + name: value for name, value in own[1].items()}
        write_file(path, "models", sections, arrays)


def _prefix(place: int) -> str:
    """Before the names of what the file holds of one model."""
    return f"model{place + 1}."


def read_models(file: SavedFile) -> Models:
    """The models of a file of several.

    Raises:
        DownslopeError: if the file is damaged.
    """
    with file.reading():
        targets, unfitted = (_names(file, section) for section in ("targets", "unfitted"))
        if not targets or len(set(targets + unfitted)) < len(targets + unfitted):
            raise DownslopeError("its targets are none, or not all different")
    models = tuple(read_model(file.part(_prefix(place))) for place in range(len(targets)))
    with file.reading():
        if tuple(model.target.name for model in models) != targets:
            raise DownslopeError("its models are of other targets than it says")
    return Models(models, unfitted)


def _names(file: SavedFile, section: str) -> tuple[str, ...]:
    names = file.section(section)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DownslopeError(f"its section {section!r} is no list of names")
    return tuple(names)


def models_in(found: Model | Models) -> Mapping[str, Model]:
    """The models by their targets, also where there is only one."""
    return found if isinstance(found, Models) else {found.target.name: found}


def refuse_missing(targets: Sequence[str], frame: pl.DataFrame) -> None:
    """Refuse a table that has some of the targets only.

    Raises:
        DownslopeError: it names one that is not there, and one that is.
    """
    there = [name for name in targets if name in frame.columns]
    if there and len(there) < len(targets):
        missing = next(name for name in targets if name not in there)
        raise DownslopeError(
            f'the table lacks the target "{missing}", with which predictions are compared; add the column, '
            f"or name a target that it has, such as --target {shlex.quote(there[0])}"
        )


def model_for(found: Model | Models, target: str | None) -> Model:
    """The model of a target; with a single one, the target need not be named.

    Raises:
        DownslopeError: if there are several and none was named, or there is no such target.
    """
    models = models_in(found)
    if target is None:
        if len(models) > 1:
            names = list(models)
            raise DownslopeError(
                f"there are models of {listed(names)}; name one, such as --target {shlex.quote(names[0])}"
            )
        return next(iter(models.values()))
    if target not in models:
        raise _no_such_target(target, list(models))
    return models[target]


def _no_such_target(target: Any, known: list[str]) -> UnknownTargetError:
    near = did_you_mean(target, known) if isinstance(target, str) else ""
    models = "the models are" if len(known) > 1 else "the model is"
    return UnknownTargetError(
        f'there is no model of the target "{target}"{near}; {models} of {listed(known)}'
    )
