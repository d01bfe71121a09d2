// The tape: a program lowered to a flat list of instructions over numbered values.
//
// Instructions of one level need no barrier between them. Within a level each thread runs, in this order, all
// scalar instructions (every thread for itself), the panel instructions on its own panels of the batch, and its
// share of the tiles of matrices. Whatever crosses these shares is in a later level.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "program.hpp"

enum class Kind : int {
    fixed,     // a matrix, rows padded to a multiple of 32
    panels,    // numbers for each row of the batch: [panel][features][32]
    turned,    // the same, turned: [blocks of 32 features][row][32]
    partials,  // one number for each panel, or for each tile of a matrix
    scalar,    // one number, repeated 32 times, private to each thread
};

// Numbers of the machine's type, or bfloat16: in the order of the numbers, or in words of two along the sum.
enum class Form : int { numbers, halves, pairs };

struct Value {
    Kind kind;
    Form form;
    long rows;  // of a matrix; or features
    long columns;
    bool local;  // panels that a thread needs only while it is at them
    long place;  // of such: numbers before it in the thread's memory for each panel
};

enum class Act : int {
    // scalars
    scalar_block, total, column_total, pick, count,
    // panels
    load, store, product, block, partial, turn, softmax, cross_entropy, one_hot, keep_mask, take, copy_features,
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
    int out;                 // the value written, or -1
    std::vector<long> args;  // values and settings, in an order of each act
    double setting = 0;
    std::vector<Step> steps;  // the block that follows on each strip
    std::vector<Operand> operands;
    int summed = -1;    // of a block on matrices: the operand whose sum over each tile is wanted
    int partials = -1;  // where these sums go
    bool once = false;  // computed from the batch alone: the same again while the batch is
    int part = 0;       // of networks side by side: panels of one need none of another within a level
};

struct Tape {
    std::vector<Value> values;
    std::vector<Instruction> instructions;
    int levels;
    std::vector<int> scalar_inputs;                 // values of kind scalar, given at each step
    std::vector<std::pair<int, double>> constants;  // or once
    std::vector<int> updated;                       // matrices that the tape writes and a run goes on from
    std::vector<std::pair<int, int>> mirrors;       // a matrix and its bfloat16 form
    int watched;     // the scalar to tell of each step, or -1
    int stop_level;  // a step whose watched scalar is not finite ends before the matrices of this level
};

inline long up(long count, long size) { return (count + size - 1) / size; }

// Columns of a matrix with padding: rows that lie a multiple of 1 KiB apart would share few sets of the cache.
inline long padded(long rows, long columns) {
    const long plain = up(columns, lanes) * lanes;
    return rows > 1 && plain % 256 == 0 ? plain + lanes : plain;
}
