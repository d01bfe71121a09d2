// Transposition: between rows of features and panels, where the rows of the table lie side by side.
#pragma once

#include <utility>

#include "products.hpp"

namespace {

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define DOWNSLOPE_SHUFFLES
#endif
#endif

#ifdef DOWNSLOPE_SHUFFLES
// Two rows of which blocks of `size` elements change places: below and beyond the diagonal.
template <class T, int size, std::size_t... l>
inline void exchange(typename Registers<T>::Vector& a, typename Registers<T>::Vector& b, std::index_sequence<l...>) {
    constexpr int width = Registers<T>::width;
    const auto above = __builtin_shufflevector(a, b, (int(l) & size ? width + int(l) - size : int(l))...);
    b = __builtin_shufflevector(a, b, (int(l) & size ? width + int(l) : int(l) + size)...);
    a = above;
}

// A square as wide as a register, by exchanges of halves, quarters and so on (Eklundh 1972).
template <class T, int size> inline void exchanges(typename Registers<T>::Vector (&rows)[Registers<T>::width]) {
    constexpr int width = Registers<T>::width;
#pragma GCC unroll 16
    for (int i = 0; i < width; ++i)
        if (!(i & size)) exchange<T, size>(rows[i], rows[i + size], std::make_index_sequence<width>());
    if constexpr (size > 1) exchanges<T, size / 2>(rows);
}

template <class T> inline void transpose_square_in_registers(typename Registers<T>::Vector (&rows)[Registers<T>::width]) {
    exchanges<T, Registers<T>::width / 2>(rows);
}
#else
template <class T> inline void transpose_square_in_registers(typename Registers<T>::Vector (&rows)[Registers<T>::width]) {
    for (int i = 0; i < Registers<T>::width; ++i)
        for (int j = 0; j < i; ++j) {
            const T kept = rows[i][j];
            rows[i][j] = rows[j][i];
            rows[j][i] = kept;
        }
}
#endif

template <class T> void transpose_square(const T* in, long in_row, T* out, long out_row) {
    using R = Registers<T>;
    typename R::Vector rows[R::width];
#pragma GCC unroll 16
    for (int i = 0; i < R::width; ++i) rows[i] = *(const typename R::Vector*)(in + i * in_row);
    transpose_square_in_registers<T>(rows);
#pragma GCC unroll 16
    for (int i = 0; i < R::width; ++i) *(typename R::Vector*)(out + i * out_row) = rows[i];
}

// Parts of 32 rows of a table, from a column on, one below the other.
template <class T> void gather(const T* const* rows, long column, long columns, T* out) {
    using Vector = typename Registers<T>::Vector;
    constexpr long width = Registers<T>::width;
    for (int r = 0; r < lanes; ++r) {
        const T* from = rows[r] + column;
        T* to = out + r * lanes;
        long c = 0;
        for (; c + width <= columns; c += width) *(Vector*)(to + c) = *(const Vector*)(from + c);
        for (; c < columns; ++c) to[c] = from[c];
    }
}

// out[j][i] = in[i][j]
template <class T> void transpose(const T* in, long in_row, long rows, long columns, T* out, long out_row) {
    constexpr long width = Registers<T>::width;
    const long whole_rows = rows / width * width, whole_columns = columns / width * width;
    for (long i = 0; i < whole_rows; i += width)
        for (long j = 0; j < whole_columns; j += width)
            transpose_square(in + i * in_row + j, in_row, out + j * out_row + i, out_row);
    for (long i = 0; i < rows; ++i)
        for (long j = i < whole_rows ? whole_columns : 0; j < columns; ++j) out[j * out_row + i] = in[i * in_row + j];
}

}  // namespace
