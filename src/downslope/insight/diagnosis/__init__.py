"""What is wrong with a network or its descent, the evidence, and what to change."""

from downslope._on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "_diagnosis": ("Diagnosis",),
        "_doctor": (
            "doctor",
            "examine",
        ),
        "_finding": (
            "Evidence",
            "Finding",
            "Proof",
            "Where",
        ),
        "findings": (
            "Sign",
            "signs",
        ),
        "measured": (
            "Call",
            "Look",
            "StableRange",
            "Yardstick",
            "dead_units",
            "stable_range",
        ),
    },
)
