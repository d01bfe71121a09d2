// The tape: a program lowered to a flat list of instructions over numbered values.
//
// Instructions of one level need no barrier between them. Within a level each thread runs, in this order, all
// scalar instructions (every thread for itself), the panel instructions on its own panels of the batch, and its
// share of the tiles of matrices. Whatever crosses these shares is in a later level.
//
// What the names of kinds, forms, views and opcodes mean is said in engines/native/lowering/_opcodes.py.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "program.hpp"

struct Value {
    Kind kind;
    Form form;
    long rows;  // of a matrix; or features
    long columns;
    bool local;   // panels that a thread needs only while it is at them
    long offset;  // of such: numbers before it in the thread's memory for each panel
};

struct Operand {
    int value;
    View view;
};

struct Instruction {
    Opcode opcode;
    int level;
    int out;                 // the value written, or -1
    std::vector<long> args;  // values and settings: the arguments of the opcode
    double setting = 0;
    std::vector<Step> steps;  // the block that follows on each strip
    std::vector<Operand> operands;
    int summed = -1;    // of a block on matrices: the operand whose sum over each tile is computed
    int partials = -1;  // where these sums go
    bool once = false;  // computed from the batch alone: the same again while the batch is
    bool settled = false;  // computed from matrices that are set between runs: the same until then
    int part = 0;       // of networks side by side: panels of one need none of another within a level
};

// Of a column of the data or a store, in numbers for each row.
struct Width {
    long exact = -1;  // or -1: at least
    long least = 1;
};

// Matrices of which the sum over all ranks of a cluster is wanted: it comes back in their own memory, which lies together.
struct Exchange {
    std::vector<std::pair<int, int>> values;  // a matrix as it is sent, and as it comes back
    int sent, wanted;                         // the levels at whose beginning it is
};

struct Tape {
    std::vector<Value> values;
    std::vector<Instruction> instructions;
    int levels;
    std::vector<int> scalar_inputs;                 // values of kind scalar, given at each step
    std::vector<std::pair<int, std::vector<double>>> constants;  // or once: a scalar's number, or those of a matrix
    std::vector<int> updated;                       // matrices that the tape writes and a run goes on from
    std::vector<std::pair<int, int>> mirrors;       // a matrix and its bfloat16 form
    std::vector<Exchange> exchanges;                // in the order in which every rank sends them
    int watched;                         // the scalar whose value at each step is returned, or -1
    int stop_level;  // a step whose watched scalar is not finite ends before the matrices of this level
    std::vector<Width> columns, stores;  // that a run is given: see check()
};

inline const OpcodeInfo& info(const Instruction& i) { return opcodes[int(i.opcode)]; }
