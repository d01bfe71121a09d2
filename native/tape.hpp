// The tape: a program lowered to a flat list of instructions over numbered values.
//
// Instructions of one level need no barrier between them. Within a level each thread runs, in this order, all
// scalar instructions (every thread for itself), the panel instructions on its own panels of the batch, and its
// share of the tiles of matrices. Whatever crosses these shares is in a later level.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "program.hpp"

enum class Kind : int {
    fixed,     // a matrix, rows padded to a multiple of 32
    panels,    // numbers for each row of the batch: [panel][features][32]
    turned,    // the same, turned: [blocks of 32 features][row][32]
    partials,  // one number for each panel
    scalar,    // one number, repeated 32 times, private to each thread
};

struct Value {
    Kind kind;
    long rows;  // of a matrix; or features
    long columns;
};

enum class Act : int {
    // scalars
    scalar_block, total, pick, count,
    // panels
    load, product, block, partial, turn, softmax, cross_entropy, one_hot, keep_mask, take, copy_features,
    sum_features,
    // tiles
    contract, product_fixed, block_fixed, sum_rows, sum_fixed, add_rows, transpose,
};

// How a block sees an operand: moving with the strip, one row repeated, one number for each row of the strip
// along a row or down a column of a matrix, a register, or the tile that the instruction has just computed.
enum class View : int { strip, repeated, along_row, down_column, scratch, tile };

struct Operand {
    int value;
    View view;
};

struct Instruction {
    Act act;
    int level;
    int out;                    // the value written, or -1
    std::vector<long> args;     // values and settings, in an order of each act
    double setting = 0;
    std::vector<Step> steps;    // the block that follows on each strip
    std::vector<Operand> operands;
};

struct Tape {
    std::vector<Value> values;
    std::vector<Instruction> instructions;
    int levels;
};

// Columns of a matrix with padding: rows that lie a multiple of 1 KiB apart would share few sets of the cache.
inline long padded(long rows, long columns) {
    const long plain = (columns + lanes - 1) / lanes * lanes;
    return rows > 1 && plain % 256 == 0 ? plain + lanes : plain;
}
