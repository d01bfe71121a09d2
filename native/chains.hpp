// Chains: ops of a block each of which takes the result of the one before it. A few rows of the strip go through
// the whole chain in registers; only what others read is written.
#pragma once

#include "products.hpp"

namespace {

template <class T> inline typename Registers<T>::Vector root(typename Registers<T>::Vector x) {
    for (int l = 0; l < Registers<T>::width; ++l) x[l] = T(sizeof(T) == 4 ? __builtin_sqrtf(float(x[l])) : __builtin_sqrt(x[l]));
    return x;
}

// Rows of a strip as registers see them: `rows` of them, of each so many vectors from a column on.
template <class T, int rows, int in_row> struct Registered {
    using Vector = typename Registers<T>::Vector;
    Vector now[rows][in_row];

    struct Source {
        const T* data;
        long stride;
        inline Vector at(int r, int v) const { return *(const Vector*)(data + r * stride + v * Registers<T>::width); }
    };

    template <class F> inline void each(F f) {
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < in_row; ++v) now[r][v] = f(r, v);
    }

    template <class F> inline void unary(int chained, const Source& a, F f) {
        if (chained == 0)
            each([&](int r, int v) { return f(now[r][v]); });
        else
            each([&](int r, int v) { return f(a.at(r, v)); });
    }

    // `with` gets an operand: a strip, or the one row that a strip repeats, which then is loaded only once.
    template <class F> static inline void choose(const Source& a, F with) {
        if (a.stride) return with([&](int r, int v) { return a.at(r, v); });
        Vector row[in_row];
#pragma GCC unroll 8
        for (int v = 0; v < in_row; ++v) row[v] = a.at(0, v);
        with([&](int, int v) { return row[v]; });
    }

    template <class F> inline void binary(int chained, const Source& a, const Source& b, F f) {
        if (chained == 0)
            choose(b, [&](auto y) { each([&](int r, int v) { return f(now[r][v], y(r, v)); }); });
        else if (chained == 1)
            choose(a, [&](auto x) { each([&](int r, int v) { return f(x(r, v), now[r][v]); }); });
        else
            choose(a, [&](auto x) { each([&](int r, int v) { return f(x(r, v), b.at(r, v)); }); });
    }

    template <class F> inline void ternary(int chained, const Source& a, const Source& b, const Source& c, F f) {
        if (chained == 0)
            choose(b, [&](auto y) { each([&](int r, int v) { return f(now[r][v], y(r, v), c.at(r, v)); }); });
        else if (chained == 1)
            choose(a, [&](auto x) { each([&](int r, int v) { return f(x(r, v), now[r][v], c.at(r, v)); }); });
        else if (chained == 2)
            choose(a, [&](auto x) { each([&](int r, int v) { return f(x(r, v), b.at(r, v), now[r][v]); }); });
        else
            choose(a, [&](auto x) { each([&](int r, int v) { return f(x(r, v), b.at(r, v), c.at(r, v)); }); });
    }
};

// The steps from first to last on a few rows, from a column on.
template <class T, int rows, int in_row>
void run_chain(const Step* first, const Step* last, const Strip<T>* strips, long row, long column) {
    using R = Registered<T, rows, in_row>;
    using Vector = typename R::Vector;
    const Vector zero{};
    R all;
    for (const Step* s = first; s != last; ++s) {
        const auto source = [&](int number) {
            const Strip<T>& strip = strips[number];
            return typename R::Source{strip.data + row * strip.stride + column, strip.stride};
        };
        const auto a = source(s->a), b = source(s->b);
        const int chained = s->chained;
        switch (s->op) {
            case Op::copy: all.unary(chained, a, [](Vector x) { return x; }); break;
            case Op::negate: all.unary(chained, a, [](Vector x) { return -x; }); break;
            case Op::square: all.unary(chained, a, [](Vector x) { return x * x; }); break;
            case Op::sqrt: all.unary(chained, a, [](Vector x) { return root<T>(x); }); break;
            case Op::relu: all.unary(chained, a, [=](Vector x) { return x < zero ? zero : x; }); break;
            case Op::add: all.binary(chained, a, b, [](Vector x, Vector y) { return x + y; }); break;
            case Op::subtract: all.binary(chained, a, b, [](Vector x, Vector y) { return x - y; }); break;
            case Op::multiply: all.binary(chained, a, b, [](Vector x, Vector y) { return x * y; }); break;
            case Op::divide: all.binary(chained, a, b, [](Vector x, Vector y) { return x / y; }); break;
            case Op::squared_error:
                all.binary(chained, a, b, [](Vector z, Vector y) { return (y - z) * (y - z); });
                break;
            case Op::gate:
                all.binary(chained, a, b, [=](Vector x, Vector y) { return x * (y > zero ? zero + T(1) : zero); });
                break;
            case Op::multiply_add:
                all.ternary(chained, a, b, source(s->c), [](Vector x, Vector y, Vector z) { return x * y + z; });
                break;
            case Op::multiply_subtract:
                all.ternary(chained, a, b, source(s->c), [](Vector x, Vector y, Vector z) { return z - x * y; });
                break;
            DOWNSLOPE_OTHER_OPS __builtin_unreachable();
        }
        if (!s->kept) continue;
        const auto to = source(s->to);
#pragma GCC unroll 8
        for (int r = 0; r < rows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < in_row; ++v)
                *(Vector*)(const_cast<T*>(to.data) + r * to.stride + v * Registers<T>::width) = all.now[r][v];
    }
}

template <class T> void chain(const Step* first, const Step* last, const Strip<T>* strips, long rows) {
    // the more vectors go through a step, the less its choice costs; 8 leave half of AVX2's registers to operands
    constexpr int width = Registers<T>::width, most = DOWNSLOPE_REGISTERS == 32 || width * sizeof(T) > 16 ? 8 : 4;
    constexpr int in_row = lanes / width < most ? lanes / width : most, many = most / in_row;
    for (long column = 0; column < lanes; column += in_row * width) {
        long row = 0;
        for (; row + many <= rows; row += many) run_chain<T, many, in_row>(first, last, strips, row, column);
        if constexpr (many > 2)
            for (; row + 2 <= rows; row += 2) run_chain<T, 2, in_row>(first, last, strips, row, column);
        if constexpr (many > 1)
            for (; row < rows; ++row) run_chain<T, 1, in_row>(first, last, strips, row, column);
    }
}

}  // namespace
