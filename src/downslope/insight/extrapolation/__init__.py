"""What a run will come to, from what it did so far, with intervals from how far off forecasts were."""

from downslope._on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "_ahead": (
            "Ahead",
            "Audit",
        ),
        "_estimate": ("Estimate",),
        "_grades": (
            "Grade",
            "grades_of",
            "near_grades",
            "read_grades",
            "write_grades",
        ),
        "_krylov": ("krylov_spectrum",),
        "_outlook": (
            "Outlook",
            "outlook",
        ),
        "_reference": ("EDGES",),
    },
)
