// Features of bins: of each column two neighbouring rows of a table count, each with a weight of its own.
#pragma once

#include "products.hpp"

namespace {

// The row that a number names, and 0 for one that names none but the rows up to the last but one.
template <class T> inline long lower_row(T row, long last) { return row >= T(0) && row <= T(last) ? long(row) : 0; }

// For numbers of a column: the row of the first of the two bins, and the weights of both.
// Bins begin at `starts`, which their slopes and offsets follow. A bin that is a ramp goes from 0 to `height`, and
// tables have a row for each end of one; one that is a peak is at its height where its line is 0.
template <class T, int columns>
void places_of(const T* x, const T* starts, long segments, bool peaks, T first, T height, T* out) {
    const long bins = peaks ? segments + 1 : segments;
    const T *slopes = starts + segments, *offsets = slopes + bins;
    T passed[columns] = {};
    for (long k = 1; k < segments; ++k)
        for (int l = 0; l < columns; ++l) passed[l] += x[l] >= starts[k] ? T(1) : T(0);
    for (int l = 0; l < columns; ++l) {
        const long bin = long(passed[l]);
        const T line = x[l] * slopes[bin] + offsets[bin];
        out[l] = first + passed[l];
        if (peaks) {
            const T next = x[l] * slopes[bin + 1] + offsets[bin + 1];
            const T near = T(1) - (line < T(0) ? -line : line), near_next = T(1) - (next < T(0) ? -next : next);
            out[lanes + l] = height * (near < T(0) ? T(0) : near);
            out[2 * lanes + l] = height * (near_next < T(0) ? T(0) : near_next);
        } else {
            const T above = line < T(0) ? T(0) : line, inside = above > T(1) ? T(1) : above;
            out[lanes + l] = height * (T(1) - inside);
            out[2 * lanes + l] = height * inside;
        }
    }
}

// Of 32 numbers, or of the first few where no more are rows of the batch.
template <class T>
void bin_places(const T* x, const T* starts, long segments, bool peaks, T first, T height, long rows, T* out) {
    constexpr int few = Registers<T>::width;
    if (rows <= few)
        places_of<T, few>(x, starts, segments, peaks, first, height, out);
    else
        places_of<T, lanes>(x, starts, segments, peaks, first, height, out);
}

// Adds to rows of 32 what their places find in 32 columns of a table.
template <class T>
void bin_lookup(const T* table, long length, long last, const T* places, long rows, T* out) {
    using Vector = typename Registers<T>::Vector;
    for (long l = 0; l < rows; ++l, out += lanes) {
        const T *low = table + lower_row(places[l], last) * length, *high = low + length;
        const T first = places[lanes + l], second = places[2 * lanes + l];
        for (int v = 0; v < lanes; v += Registers<T>::width)
            *(Vector*)(out + v) += first * *(const Vector*)(low + v) + second * *(const Vector*)(high + v);
    }
}

// The reverse: adds rows of 32, times their weights, to the rows of a table.
template <class T>
void bin_sums(const T* places, long last, const T* terms, long rows, T* table, long length) {
    using Vector = typename Registers<T>::Vector;
    for (long l = 0; l < rows; ++l, terms += lanes) {
        T *low = table + lower_row(places[l], last) * length, *high = low + length;
        const T first = places[lanes + l], second = places[2 * lanes + l];
        for (int v = 0; v < lanes; v += Registers<T>::width) {
            const Vector term = *(const Vector*)(terms + v);
            *(Vector*)(low + v) += first * term;
            *(Vector*)(high + v) += second * term;
        }
    }
}

}  // namespace
