// Sums and the losses that look at a whole row of scores. Along features a panel is added row by row, which
// needs no horizontal sums; along the batch each feature is one horizontal sum at the end.
#pragma once

#include "math.hpp"
#include "transpose.hpp"

namespace {

// out[l] = sum over features of in[f][l]
template <class T> void sum_features(const T* in, long features, T* out) {
    T sum[lanes] = {};
    for (long f = 0; f < features; ++f)
        for (int l = 0; l < lanes; ++l) sum[l] += in[f * lanes + l];
    for (int l = 0; l < lanes; ++l) out[l] = sum[l];
}

// The sum of the first `valid` elements of each row of a strip.
template <class T> T total(const T* in, long stride, long rows, long valid) {
    if (rows == 1) {  // the same sum
        T result = 0;
        for (long l = 0; l < valid; ++l) result += in[l];
        return result;
    }
    T sum[lanes] = {};
    for (long r = 0; r < rows; ++r)
        for (int l = 0; l < lanes; ++l) sum[l] += in[r * stride + l];
    T result = 0;
    for (long l = 0; l < valid; ++l) result += sum[l];
    return result;
}

// out[f] = sum over the rows of the batch of feature f, for features up to 32; panels lie panel_size apart. As
// many features as a register has lanes are summed at once: transposed, their sums lie side by side. By blocks, each
// lane adds 32 numbers, and then the sums of blocks.
template <class T>
void sum_rows(const T* in, long features, long panel_size, long rows, bool by_blocks, T* out) {
    using R = Registers<T>;
    using Vector = typename R::Vector;
    const long whole = rows / lanes, left = rows - whole * lanes, block = by_blocks ? R::width : whole;
    for (long first = 0; first < features; first += R::width) {
        Vector sums[R::width] = {};
        for (long f = 0; f < R::width && first + f < features; ++f) {
            const T* from = in + (first + f) * lanes;
            for (long begin = 0; begin < whole; begin += block) {
                Vector sum = begin ? Vector{} : sums[f];
                for (long p = begin; p < whole && p < begin + block; ++p)
                    for (int l = 0; l < lanes; l += R::width) sum += *(const Vector*)(from + p * panel_size + l);
                sums[f] = begin ? sums[f] + sum : sum;
            }
            if (!left) continue;
            alignas(64) T last[lanes] = {};
            for (long l = 0; l < left; ++l) last[l] = from[whole * panel_size + l];
            for (int l = 0; l < lanes; l += R::width) sums[f] += *(const Vector*)(last + l);
        }
        transpose_square_in_registers<T>(sums);
        Vector total{};
        for (int l = 0; l < R::width; ++l) total += sums[l];
        for (long f = 0; f < R::width && first + f < features; ++f) out[first + f] = total[f];
    }
}

// Adds terms to sums and what rounding takes from these to `lost` (Knuth 1969; Neumaier 1974).
template <class T> void add_exactly(const T* terms, long count, T* sums, T* lost) {
    for (long k = 0; k < count; ++k) {
        const T before = sums[k], sum = before + terms[k], added = sum - before;
        lost[k] += (before - (sum - added)) + (terms[k] - added);
        sums[k] = sum;
    }
}

// out = sums + lost; a sum that is not finite has lost nothing that is a number.
template <class T> void add_lost(const T* sums, const T* lost, long count, T* out) {
    for (long k = 0; k < count; ++k) out[k] = lost[k] - lost[k] == T(0) ? sums[k] + lost[k] : sums[k];
}

template <class T> inline void largest(const T* z, long features, T* top) {
    for (int l = 0; l < lanes; ++l) top[l] = z[l];
    for (long k = 1; k < features; ++k)
        for (int l = 0; l < lanes; ++l) {
            const T x = z[k * lanes + l];
            top[l] = x > top[l] || x != x ? x : top[l];
        }
}

template <class T> void softmax(const T* z, long features, T* out) {
    T top[lanes], sum[lanes];
    largest(z, features, top);
    for (long k = 0; k < features; ++k)
        for (int l = 0; l < lanes; ++l) out[k * lanes + l] = exponential(z[k * lanes + l] - top[l]);
    sum_features(out, features, sum);
    for (long k = 0; k < features; ++k)
        for (int l = 0; l < lanes; ++l) out[k * lanes + l] /= sum[l];
}

// ln sum_k exp(z_k) - z_y for the class number y of each row: ln(1 + the terms beside the largest), which keeps its
// digits where that of y is by far the largest
template <class T> void cross_entropy(const T* z, const T* y, long features, T* out) {
    T top[lanes], others[lanes] = {}, chosen[lanes] = {}, found[lanes] = {};
    largest(z, features, top);
    for (long k = 0; k < features; ++k)
        for (int l = 0; l < lanes; ++l) {
            const T shifted = z[k * lanes + l] - top[l], term = exponential(shifted);
            const T first = shifted == T(0) && found[l] == T(0) ? T(1) : T(0);
            others[l] += first != T(0) ? T(0) : term;
            found[l] += first;
            chosen[l] = y[l] == T(k) ? shifted : chosen[l];
        }
    for (int l = 0; l < lanes; ++l) out[l] = logarithm_1_plus(others[l]) - chosen[l];
}

}  // namespace
