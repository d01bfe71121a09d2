"""How many threads an estimator may use."""

from __future__ import annotations

from joblib import effective_n_jobs

from downslope.errors import DownslopeError

__all__ = ["threads_of"]


def threads_of(n_jobs: int | None) -> int | None:
    """At most how many threads, by joblib's rules for ``n_jobs``; None lets the engine choose.

    Raises:
        DownslopeError: for 0.
    """
    if n_jobs == 0:
        raise DownslopeError("n_jobs needs a whole number of threads, or -1 for all, not 0")
    return None if n_jobs is None else int(effective_n_jobs(n_jobs))
