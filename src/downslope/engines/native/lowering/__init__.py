"""From a program to a tape: the flat list of instructions that the machine runs."""

from downslope.engines.native.lowering._blocks import FACTORS
from downslope.engines.native.lowering._footprint import (
    GROUP,
    LANES,
    Footprint,
    footprint,
    in_panel,
    multiplications,
)
from downslope.engines.native.lowering._lowering import lower
from downslope.engines.native.lowering._opcodes import ELEMENTWISE_OPS, Form, Kind, Opcode, View, names
from downslope.engines.native.lowering._tape import BlockStep, Instruction, Tape, Value
from downslope.engines.native.lowering._views import is_flipped, layout

__all__ = [
    "ELEMENTWISE_OPS",
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
    "in_panel",
    "is_flipped",
    "layout",
    "lower",
    "multiplications",
    "names",
]
