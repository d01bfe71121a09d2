"""MLflow: a run of an experiment in its store."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from downslope._checks import text
from downslope._keywords import suggests_keywords
from downslope.tracking._tracker import Tracker, package

__all__ = ["MLflow"]

_PACKAGE = "mlflow"


@suggests_keywords
class MLflow(Tracker):
    """Training as a run of an experiment of MLflow.

    Args:
        experiment: its name; one that is not there is made.
        uri: where its store is, such as ``"sqlite:///mlflow.db"``; None takes that of MLflow itself.

    Raises:
        DownslopeError: if a name is no text; in training, if mlflow is not installed:
            ``pip install 'downslope[mlflow]'``.

    >>> import downslope as ds
    >>> flow = MLflow("houses", uri="sqlite:///mlflow.db")  # for ds.fit(..., progress=flow)
    """

    def __init__(self, experiment: str = "downslope", *, uri: str | None = None) -> None:
        self._experiment = text("experiment", experiment)
        self._uri = None if uri is None else text("uri", uri)
        self._client: Any = None
        self._run = ""

    def tell(self, prefix: str, step: int, errors: Mapping[str, float]) -> None:
        """Tell errors after a number of updates, under names that begin with the prefix."""
        client = self._opened()
        for name, value in errors.items():
            client.log_metric(self._run, f"{prefix}{name}", value, step=step)

    def tell_result(self, settings: Mapping[str, Any], scores: Mapping[str, float]) -> None:
        """Tell settings as parameters, and scores."""
        client = self._opened()
        for name, setting in settings.items():
            client.log_param(self._run, name, setting)
        for name, score in scores.items():
            client.log_metric(self._run, f"result/{name}", score)

    def close(self) -> None:
        """End the run."""
        self._ended("FINISHED")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended("FINISHED" if kind is None else "FAILED")

    def _ended(self, status: str) -> None:
        if self._client is not None:
            self._client.set_terminated(self._run, status=status)
            self._client = None

    def _opened(self) -> Any:
        """The client of a run that is open."""
        if self._client is None:
            client = package("mlflow.tracking", _PACKAGE).MlflowClient(tracking_uri=self._uri)
            known = client.get_experiment_by_name(self._experiment)
            of = client.create_experiment(self._experiment) if known is None else known.experiment_id
            self._run, self._client = client.create_run(of).info.run_id, client
        return self._client
