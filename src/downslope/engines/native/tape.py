"""The tape of a training step as data, for whoever reads it."""

from downslope.engines.native._descent import step_tape
from downslope.engines.native._footprint import GROUP, LANES, Footprint, footprint, multiplications
from downslope.engines.native._opcodes import Form, Kind, Opcode, View
from downslope.engines.native._tape import Instruction, Step, Tape, Value
from downslope.engines.native._views import layout

__all__ = [
    "GROUP",
    "LANES",
    "Footprint",
    "Form",
    "Instruction",
    "Kind",
    "Opcode",
    "Step",
    "Tape",
    "Value",
    "View",
    "footprint",
    "layout",
    "multiplications",
    "step_tape",
]
