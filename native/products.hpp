// The matrix product: a micro-kernel that keeps a tile of C in registers over the whole depth, and the walk
// over the tiles of a column of 32. A is read in place and broadcast, B is read in rows of 32.
// The scheme is that of Goto and van de Geijn (2008) and Van Zee and van de Geijn (BLIS, 2015); packing is not
// needed, because values are stored in the form in which packing would leave them.
#pragma once

#include "program.hpp"

namespace {

#ifndef DOWNSLOPE_VECTOR_BYTES
#error "define DOWNSLOPE_VECTOR_BYTES, the width of a vector register"
#endif

template <class T> struct Registers {
    static constexpr int width = DOWNSLOPE_VECTOR_BYTES / int(sizeof(T));
    // rows and vectors of the tile: 28 of 32 registers, or 12 of 16, hold C
    static constexpr int rows = DOWNSLOPE_REGISTERS == 32 ? 14 : 6;
    static constexpr int vectors = 2;
    typedef T Vector __attribute__((vector_size(DOWNSLOPE_VECTOR_BYTES), aligned(sizeof(T))));
};

template <class T, int rows, int vectors> void tile(const Product<T>& p, long row, long column) {
    using R = Registers<T>;
    using Vector = typename R::Vector;
    Vector sum[rows][vectors];
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
        const T start = p.bias ? p.bias[(row + i) * p.bias_next] : T(0);
        for (int v = 0; v < vectors; ++v) sum[i][v] = Vector{} + start;
    }
    const T* b = p.b + column;
    for (long first = 0; first < p.depth; first += p.block) {
        const T* a = p.a + row * p.a_row + first / p.block * p.a_block;
        const long count = p.depth - first < p.block ? p.depth - first : p.block;
        for (long k = 0; k < count; ++k) {
            Vector right[vectors];
            for (int v = 0; v < vectors; ++v) right[v] = *(const Vector*)(b + v * R::width);
#pragma GCC unroll 16
            for (int i = 0; i < rows; ++i) {
                const T left = a[i * p.a_row];
                for (int v = 0; v < vectors; ++v) sum[i][v] += left * right[v];
            }
            a += p.a_next;
            b += p.b_row;
        }
    }
    T* c = p.c + row * p.c_row + column;
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i)
        for (int v = 0; v < vectors; ++v) *(Vector*)(c + i * p.c_row + v * R::width) = sum[i][v];
}

template <class T, int rows> void tile_of(long wanted, const Product<T>& p, long row, long column) {
    if constexpr (rows > 0) {
        if (wanted == rows) return tile<T, rows, Registers<T>::vectors>(p, row, column);
        return tile_of<T, rows - 1>(wanted, p, row, column);
    }
}

// Tiles of nearly equal height: a last tile of one row would leave most registers idle.
template <class T> void product(const Product<T>& p) {
    using R = Registers<T>;
    const long tiles = (p.rows + R::rows - 1) / R::rows;
    for (long t = 0, row = 0; t < tiles; ++t) {
        const long height = (p.rows - row + tiles - t - 1) / (tiles - t);
        for (long column = 0; column < lanes; column += R::vectors * R::width)
            tile_of<T, R::rows>(height, p, row, column);
        row += height;
    }
}

}  // namespace
