// What the kernels of every instruction set share: the layout of values and the codes of ops.
//
// A batch is cut into panels of 32 rows of the table. A value with one row of numbers for each row of the
// table is stored panel by panel, each panel as [features][32]: the 32 rows lie side by side in the vector
// registers, whatever the width of the network. Other values are matrices whose rows are padded to a
// multiple of 32 numbers.
#pragma once

constexpr int lanes = 32;
constexpr int strip_rows = 16;

enum class Code : int {
    splat, copy, add, subtract, multiply, divide, multiply_add, minimum, maximum, where, negate, square, sqrt,
    exp, expm1, log, absolute, sign, step, normal_cdf, sigmoid, tanh, relu, leaky_relu, elu, selu, gelu, silu,
    softplus, mish, squared_error, absolute_error, huber, binary_cross_entropy, poisson,
};

// One op of an elementwise block on numbered strips.
struct Step {
    Code op;
    int to, a, b, c;
    double setting;
};

// Rows of 32 elements; a stride of 0 repeats one row.
template <class T> struct Strip {
    T* data;
    long stride;
};

// C[i][0..32) (+)= sum over k of A[i][k] B[k][0..32).
// A[i][k] lies at a + i * a_row + k * a_next within a block of `block` values of k; blocks are a_block apart.
template <class T> struct Product {
    const T* a;
    long a_row, a_next, a_block, block;
    const T* b;
    long b_row;
    T* c;
    long c_row;
    const T* bias;  // one for each row of C, `bias_next` apart; null starts from 0
    long bias_next;
    long rows, depth;
};

// The functions of one instruction set.
template <class T> struct Kernels {
    long tile_rows;  // rows of C that products keep in registers
    void (*product)(const Product<T>&);
    void (*block)(const Step*, long, const Strip<T>*, long);
    void (*turn)(const T* panel, long features, T* turned, long turned_panel);
    void (*softmax)(const T* z, long features, T* out);
    void (*cross_entropy)(const T* z, const T* y, long features, T* out);
    void (*sum_features)(const T* in, long features, T* out);
    T (*total)(const T* in, long features, long valid);
    void (*sum_rows)(const T* in, long features, long panels, long panel_size, long rows, T* out);
    void (*keep_mask)(T* out, long features, long first_row, unsigned long seed, unsigned stream,
                      unsigned long step, double rate);
};

struct InstructionSet {
    const char* name;
    bool (*present)();
    Kernels<float> (*floats)();
    Kernels<double> (*doubles)();
};
