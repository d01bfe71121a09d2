// That a tape keeps within the memory of its machine: every number of a value, an operand or an argument is held
// against the values it stands for. What comes from outside at each run is checked in binding.cpp.
#pragma once

#include "tape.hpp"

// Throws std::invalid_argument; also fills in the widths of columns and stores, which follow from the instructions.
void check(Tape& tape);
