// What the kernels of every instruction set share: the layout of values and what kernels are given.
//
// A batch is cut into panels of 32 rows of the table. A value with one row of numbers for each row of the
// table is stored panel by panel, each panel as [features][32]: the 32 rows lie side by side in the vector
// registers, whatever the width of the network. Other values are matrices whose rows are padded to a
// multiple of 32 numbers.
//
// In bfloat16 products read their operands as words of two numbers that follow each other along the sum: of a
// panel [features / 2][32][2], of a matrix whose rows are summed over as they lie, or two rows interleaved.
#pragma once

#include <cstdint>

#include "opcodes.hpp"

constexpr int lanes = 32;
constexpr int strip_rows = 16;

using Word = std::uint32_t;  // two bfloat16 numbers, the first in the lower half

// One op of an elementwise block on numbered strips.
struct Step {
    Op op;
    int to, a, b, c;
    double setting;
    int chained = -1;  // which of its operands the step before it has just computed; -1: it begins anew
    bool kept = true;  // whether the result is written: others than the next step of the chain read it
};

// Rows of 32 elements; a stride of 0 repeats one row.
template <class T> struct Strip {
    T* data;
    long stride;
};

// C[i][0..32) = bias[i] + sum over k of A[i][k] B[k][0..32), where an Element is a number, or a word of two.
// A[i][k] lies at a + i * a_row + k * a_next within a block of `block` values of k; blocks are a_block apart.
template <class Element, class T> struct Product {
    const Element* a;
    long a_row, a_next, a_block, block;
    const Element* b;
    long b_row;
    T* c;
    long c_row;
    const T* bias;  // one for each row of C; null starts from 0
    long rows, depth;
    const void* const* wanted = nullptr;  // lines of memory that come into the cache meanwhile, a few a block
    long wants = 0;
    long columns = lanes;  // of C that are asked for; others may be left as they are
    bool by_blocks = false;  // whether each block is summed by itself, and then the sums of blocks
    const T* start = nullptr;  // rows of 32 that C starts from besides
};

// C[j] = bias[j] + start[j] + sum over k of A[k][j] x[k] for one row of a batch, whose numbers lie 32 apart, as those of
// `start` do; A, the bias and C go on to a multiple of 32.
template <class T> struct RowProduct {
    const T* a;
    long a_row;
    const T* x;
    const T* bias;   // null starts from 0
    const T* start;  // or null
    long columns, depth;
    T* c;
};

// A sum over more rows of a batch than these loses digits in float32: its rounding errors grow with their number where
// terms are alike. It goes by blocks of a few terms, then parts of so many rows, whose sums are added with what rounding
// takes from them.
constexpr long part_rows = 1024;

// The functions of one instruction set.
template <class T> struct Kernels {
    long tile_rows;  // rows of C that products keep in registers
    void (*product)(const Product<T, T>&);
    void (*pair_product)(const Product<Word, float>&);
    void (*row_product)(const RowProduct<T>&);
    void (*block)(const Step*, long count, const Strip<T>*, long rows, long columns);
    void (*gather)(const T* const* rows, long column, long columns, T* out);
    void (*transpose)(const T* in, long in_row, long rows, long columns, T* out, long out_row);
    void (*softmax)(const T* z, long features, T* out);
    void (*cross_entropy)(const T* z, const T* y, long features, T* out);
    void (*sum_features)(const T* in, long features, T* out);
    T (*total)(const T* in, long stride, long rows, long valid);
    void (*sum_rows)(const T* in, long features, long panel_size, long rows, bool by_blocks, T* out);
    void (*add_exactly)(const T* terms, long count, T* sums, T* lost);
    void (*add_lost)(const T* sums, const T* lost, long count, T* out);
    void (*keep_mask)(T* out, long features, const std::int64_t* rows, unsigned long seed, unsigned stream,
                      unsigned long step, double rate, T kept);
    void (*shuffle)(std::int64_t* out, long count, std::uint64_t seed, std::uint32_t stream, std::uint64_t step);
    void (*bin_places)(const T* x, const T* starts, long segments, bool peaks, T first, T height, long rows, T* out);
    void (*bin_lookup)(const T* table, long length, long last, const T* places, long rows, T* out);
    void (*bin_sums)(const T* places, long last, const T* terms, long rows, T* table, long length);
    double (*peak)(bool pairs);  // multiplications and additions a second that one core can do, in 1e9
};

struct InstructionSet {
    const char* name;
    bool (*present)();
    Kernels<float> (*floats)();
    Kernels<double> (*doubles)();
};
