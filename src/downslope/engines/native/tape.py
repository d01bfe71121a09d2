"""The tape of a training step as data, for whoever reads it."""

from downslope.engines.native._descent import step_tape
from downslope.engines.native.lowering import (
    FACTORS,
    GROUP,
    LANES,
    BlockStep,
    Footprint,
    Form,
    Instruction,
    Kind,
    Opcode,
    Tape,
    Value,
    View,
    footprint,
    layout,
    multiplications,
)

__all__ = [
    "FACTORS",
    "GROUP",
    "LANES",
    "BlockStep",
    "Footprint",
    "Form",
    "Instruction",
    "Kind",
    "Opcode",
    "Tape",
    "Value",
    "View",
    "footprint",
    "layout",
    "multiplications",
    "step_tape",
]
