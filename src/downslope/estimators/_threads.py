"""How many threads an estimator may use."""

from __future__ import annotations

from joblib import effective_n_jobs

__all__ = ["threads_of"]


def threads_of(n_jobs: int | None) -> int | None:
    """At most how many threads, by joblib's rules for ``n_jobs``; None lets the engine choose."""
    return None if n_jobs is None else int(effective_n_jobs(n_jobs))
