// The choice of instruction set at run time.
#pragma once

#include <vector>

#include "program.hpp"

// Those that this processor has, the best first.
std::vector<const InstructionSet*> instruction_sets();

// The best, or the one that the environment variable DOWNSLOPE_ISA names; throws std::invalid_argument for one
// that is not there.
const InstructionSet& instruction_set();
