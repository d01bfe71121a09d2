// The matrix product: a micro-kernel that keeps a tile of C in registers over the whole depth, and the walk
// over the tiles of a column of 32. A is read in place and broadcast, B is read in rows of 32.
// The scheme is that of Goto and van de Geijn (2008) and Van Zee and van de Geijn (BLIS, 2015); packing is not
// needed, because values are stored in the form in which packing would leave them.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "program.hpp"

#ifdef DOWNSLOPE_BFLOAT16
#include <immintrin.h>
#endif

namespace {

#ifndef DOWNSLOPE_VECTOR_BYTES
#error "define DOWNSLOPE_VECTOR_BYTES, the width of a vector register"
#endif

template <class T> struct Registers {
    static constexpr int width = DOWNSLOPE_VECTOR_BYTES / int(sizeof(T));
    // rows and vectors of the tile: up to 28 of 32 registers, or 12 of 16, hold C
    static constexpr int vectors = DOWNSLOPE_REGISTERS == 32 && lanes / width == 4 ? 4 : 2;
    static constexpr int rows = DOWNSLOPE_REGISTERS == 32 && vectors == 2 ? 14 : 6;
    typedef T Vector __attribute__((vector_size(DOWNSLOPE_VECTOR_BYTES), aligned(sizeof(T))));
};

// What a product does with two elements: numbers are multiplied and added.
template <class T> struct Numbers {
    using Element = T;
    using Sum = T;
    using Vector = typename Registers<T>::Vector;
    static inline void add(Vector& sum, T left, Vector right) { sum += left * right; }
};

// Words of two bfloat16 numbers each: both products are added, in float.
struct Pairs {
    using Element = Word;
    using Sum = float;
    using Vector = Registers<Word>::Vector;
    using Floats = Registers<float>::Vector;
    static inline void add(Floats& sum, Word left, Vector right) {
#ifdef DOWNSLOPE_BFLOAT16
        sum = (Floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32(int(left)), (__m512bh)right);
#else
        const float low = __builtin_bit_cast(float, left << 16), high = __builtin_bit_cast(float, left & 0xFFFF0000u);
        sum += low * (Floats)(right << 16);
        sum += high * (Floats)(right & 0xFFFF0000u);
#endif
    }
};

template <class Arithmetic, int rows, int vectors, bool by_blocks = false>
void tile(const Product<typename Arithmetic::Element, typename Arithmetic::Sum>& p, long row, long column) {
    using Element = typename Arithmetic::Element;
    using T = typename Arithmetic::Sum;
    using Sums = typename Registers<T>::Vector;
    using Vector = typename Arithmetic::Vector;
    constexpr int width = Registers<T>::width;
    Sums sum[rows][vectors];
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
        const T start = p.bias ? p.bias[row + i] : T(0);
        for (int v = 0; v < vectors; ++v) {
            sum[i][v] = Sums{} + start;
            if (p.start) sum[i][v] += *(const Sums*)(p.start + (row + i) * lanes + column + v * width);
        }
    }
    [[maybe_unused]] Sums blocks[rows][vectors];
    long fetched = row || column ? p.wants : 0;
    const Element *b = p.b + column, *block = p.a + row * p.a_row;
    for (long first = 0; first < p.depth; first += p.block) {
        const Element* a = block;
        block += p.a_block;
        const long count = p.depth - first < p.block ? p.depth - first : p.block;
        if (fetched < p.wants)  // a division takes as long as some rows of C
            for (const long until = p.wants * (first + count) / p.depth; fetched < until; ++fetched)
                __builtin_prefetch(p.wanted[fetched], 1);
        for (long k = 0; k < count; ++k) {
            Vector right[vectors];
            for (int v = 0; v < vectors; ++v) right[v] = *(const Vector*)(b + v * width);
#pragma GCC unroll 16
            for (int i = 0; i < rows; ++i) {
                const Element left = a[i * p.a_row];
                for (int v = 0; v < vectors; ++v) Arithmetic::add(sum[i][v], left, right[v]);
            }
            a += p.a_next;
            b += p.b_row;
        }
        if constexpr (by_blocks)
#pragma GCC unroll 16
            for (int i = 0; i < rows; ++i)
                for (int v = 0; v < vectors; ++v) {
                    blocks[i][v] = first ? blocks[i][v] + sum[i][v] : sum[i][v];
                    sum[i][v] = Sums{};
                }
    }
    if constexpr (by_blocks)
        for (int i = 0; i < rows; ++i)
            for (int v = 0; v < vectors; ++v) sum[i][v] = blocks[i][v];
    T* c = p.c + row * p.c_row + column;
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
        for (int v = 0; v < vectors; ++v) *(Sums*)(c + i * p.c_row + v * width) = sum[i][v];
}

// The tiles of a width in registers, by their height.
template <class Arithmetic, int vectors, bool by_blocks> struct Tiles {
    using R = Registers<typename Arithmetic::Sum>;
    using P = Product<typename Arithmetic::Element, typename Arithmetic::Sum>;
    using Function = void (*)(const P&, long, long);

    template <std::size_t... i> static constexpr std::array<Function, R::rows + 1> list(std::index_sequence<i...>) {
        return {nullptr, tile<Arithmetic, int(i) + 1, vectors, by_blocks>...};
    }
    static constexpr auto of_height = list(std::make_index_sequence<R::rows>());
};

// Tiles of nearly equal height: a last tile of one row would leave most registers idle. A few columns take tiles of
// half the width.
template <class Arithmetic, bool by_blocks>
void walk(const Product<typename Arithmetic::Element, typename Arithmetic::Sum>& p) {
    using R = Registers<typename Arithmetic::Sum>;
    const long tiles = p.rows <= R::rows ? 1 : (p.rows + R::rows - 1) / R::rows;
    for (long t = 0, row = 0; t < tiles; ++t) {
        const long left = p.rows - row;
        const long height = tiles - t == 1 ? left : (left + tiles - t - 1) / (tiles - t);
        for (long column = 0; column < p.columns; column += R::vectors * R::width)
            if (p.columns - column > R::vectors / 2 * R::width)
                Tiles<Arithmetic, R::vectors, by_blocks>::of_height[height](p, row, column);
            else
                Tiles<Arithmetic, R::vectors / 2, by_blocks>::of_height[height](p, row, column);
        row += height;
    }
}

// The product for one row of a batch, by a matrix whose rows are columns of the weights: neighbouring results lie in one
// vector. Its sums go in the order of `tile`, and have the same bits.
template <class T, int vectors>
void row_tile(const RowProduct<T>& p, long column) {
    using Vector = typename Registers<T>::Vector;
    constexpr int width = Registers<T>::width;
    Vector sum[vectors];
    for (int v = 0; v < vectors; ++v) {
        const long at = column + v * width;
        sum[v] = p.bias ? Vector{} + *(const Vector*)(p.bias + at) : Vector{};
        if (p.start) sum[v] += *(const Vector*)(p.c + at);
    }
    const T* row = p.a + column;
    for (long k = 0; k < p.depth; ++k, row += p.a_row) {
        const T left = p.x[k * lanes];
#pragma GCC unroll 16
        for (int v = 0; v < vectors; ++v) sum[v] += left * *(const Vector*)(row + v * width);
    }
    for (int v = 0; v < vectors; ++v) *(Vector*)(p.c + column + v * width) = sum[v];
}

template <class T> void row_product(const RowProduct<T>& p) {
    constexpr int vectors = lanes / Registers<T>::width;
    if (p.start)
        for (long j = 0; j < p.columns; ++j) p.c[j] = p.start[j * lanes];
    long column = 0;
    for (; column + 2 * lanes <= p.columns; column += 2 * lanes) row_tile<T, 2 * vectors>(p, column);
    for (; column < p.columns; column += lanes) row_tile<T, vectors>(p, column);
}

template <class Arithmetic>
void product(const Product<typename Arithmetic::Element, typename Arithmetic::Sum>& p) {
    if constexpr (sizeof(typename Arithmetic::Sum) == sizeof(float))
        if (p.by_blocks) return walk<Arithmetic, true>(p);
    walk<Arithmetic, false>(p);
}

}  // namespace
