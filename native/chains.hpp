// Chains: ops of a block each of which takes the result of the one before it. A few rows of the strip go through
// the whole chain in registers; only what others read is written.
#pragma once

#include "products.hpp"

namespace {

template <class T> inline typename Registers<T>::Vector root(typename Registers<T>::Vector x) {
    for (int l = 0; l < Registers<T>::width; ++l) x[l] = T(sizeof(T) == 4 ? __builtin_sqrtf(float(x[l])) : __builtin_sqrt(x[l]));
    return x;
}

template <class T, int vectors> struct Chain {
    using Vector = typename Registers<T>::Vector;
    static constexpr int width = Registers<T>::width;

    Vector now[vectors];

    // Operand number `place` of a step: what is in the registers, or the next numbers of a strip.
    struct Source {
        const T* data[vectors];
    };

    static inline Vector load(const T* p) { return *(const Vector*)p; }

    template <class F> inline void unary(const Step& s, const Source& a, F f) {
        if (s.chained == 0)
            for (int v = 0; v < vectors; ++v) now[v] = f(now[v]);
        else
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]));
    }

    template <class F> inline void binary(const Step& s, const Source& a, const Source& b, F f) {
        if (s.chained == 0)
            for (int v = 0; v < vectors; ++v) now[v] = f(now[v], load(b.data[v]));
        else if (s.chained == 1)
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]), now[v]);
        else
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]), load(b.data[v]));
    }

    template <class F> inline void ternary(const Step& s, const Source& a, const Source& b, const Source& c, F f) {
        if (s.chained == 0)
            for (int v = 0; v < vectors; ++v) now[v] = f(now[v], load(b.data[v]), load(c.data[v]));
        else if (s.chained == 1)
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]), now[v], load(c.data[v]));
        else if (s.chained == 2)
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]), load(b.data[v]), now[v]);
        else
            for (int v = 0; v < vectors; ++v) now[v] = f(load(a.data[v]), load(b.data[v]), load(c.data[v]));
    }

    static inline Source source(const Strip<T>& strip, long row, long column) {
        constexpr int in_row = lanes / width < vectors ? lanes / width : vectors;
        Source found;
        for (int v = 0; v < vectors; ++v)
            found.data[v] = strip.data + (row + v / in_row) * strip.stride + column + v % in_row * width;
        return found;
    }

    inline void step(const Step& s, const Strip<T>* strips, long row, long column) {
        const Source a = source(strips[s.a], row, column), b = source(strips[s.b], row, column);
        const Vector zero{};
        switch (s.op) {
            case Code::copy: unary(s, a, [](Vector x) { return x; }); break;
            case Code::negate: unary(s, a, [](Vector x) { return -x; }); break;
            case Code::square: unary(s, a, [](Vector x) { return x * x; }); break;
            case Code::sqrt: unary(s, a, [](Vector x) { return root<T>(x); }); break;
            case Code::relu: unary(s, a, [=](Vector x) { return x < zero ? zero : x; }); break;
            case Code::add: binary(s, a, b, [](Vector x, Vector y) { return x + y; }); break;
            case Code::subtract: binary(s, a, b, [](Vector x, Vector y) { return x - y; }); break;
            case Code::multiply: binary(s, a, b, [](Vector x, Vector y) { return x * y; }); break;
            case Code::divide: binary(s, a, b, [](Vector x, Vector y) { return x / y; }); break;
            case Code::squared_error: binary(s, a, b, [](Vector z, Vector y) { return (y - z) * (y - z); }); break;
            case Code::gate: binary(s, a, b, [=](Vector x, Vector y) { return x * (y > zero ? zero + T(1) : zero); }); break;
            case Code::multiply_add:
                ternary(s, a, b, source(strips[s.c], row, column), [](Vector x, Vector y, Vector z) { return x * y + z; });
                break;
            case Code::multiply_subtract:
                ternary(s, a, b, source(strips[s.c], row, column), [](Vector x, Vector y, Vector z) { return z - x * y; });
                break;
            default: __builtin_unreachable();
        }
        if (!s.kept) return;
        const Source to = source(strips[s.to], row, column);
        for (int v = 0; v < vectors; ++v) *(Vector*)const_cast<T*>(to.data[v]) = now[v];
    }
};

// The steps from first to last on as many rows as make `vectors` registers, or on so many columns of one row.
template <class T, int vectors> long run_chain(const Step* first, const Step* last, const Strip<T>* strips, long row) {
    constexpr int in_row = lanes / Registers<T>::width, rows = vectors > in_row ? vectors / in_row : 1;
    for (long column = 0; column < lanes; column += vectors / rows * Registers<T>::width) {
        Chain<T, vectors> chain;
        for (const Step* s = first; s != last; ++s) chain.step(*s, strips, row, column);
    }
    return row + rows;
}

template <class T> void chain(const Step* first, const Step* last, const Strip<T>* strips, long rows) {
    constexpr int in_row = lanes / Registers<T>::width, most = DOWNSLOPE_REGISTERS == 32 ? 8 : 4;
    constexpr int many = most > in_row ? most / in_row : 1, one = in_row < most ? in_row : most;
    long row = 0;
    while (row + many <= rows) row = run_chain<T, most>(first, last, strips, row);
    while (row < rows) row = run_chain<T, one>(first, last, strips, row);
}

}  // namespace
