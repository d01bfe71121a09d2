"""What the native engine runs for one training step, for reading."""

from downslope.insight.step_tape._records import TapeFormula, TapeInstruction, TapeSummary, TapeValue
from downslope.insight.step_tape._step_tape import StepTape, tape

__all__ = ["StepTape", "TapeFormula", "TapeInstruction", "TapeSummary", "TapeValue", "tape"]
