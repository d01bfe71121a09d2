// Sums and the losses that look at a whole row of scores. Along features a panel is added row by row, which
// needs no horizontal sums; along the batch each feature is one horizontal sum at the end.
#pragma once

#include "math.hpp"
#include "program.hpp"

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
    T sum[lanes] = {};
    for (long r = 0; r < rows; ++r)
        for (int l = 0; l < lanes; ++l) sum[l] += in[r * stride + l];
    T result = 0;
    for (long l = 0; l < valid; ++l) result += sum[l];
    return result;
}

// out[f] = sum over the rows of the batch of feature f, for features up to 32; panels lie panel_size apart.
template <class T>
void sum_rows(const T* in, long features, long panels, long panel_size, long rows, T* out) {
    for (long f = 0; f < features; ++f) {
        T sum[lanes] = {};
        long p = 0;
        for (; p < panels && (p + 1) * lanes <= rows; ++p)
            for (int l = 0; l < lanes; ++l) sum[l] += in[p * panel_size + f * lanes + l];
        for (long l = 0; l < rows - p * lanes; ++l) sum[l] += in[p * panel_size + f * lanes + l];
        for (int half = lanes / 2; half > 0; half /= 2)
            for (int l = 0; l < half; ++l) sum[l] += sum[l + half];
        out[f] = sum[0];
    }
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

// ln sum_k exp(z_k) - z_y for the class number y of each row
template <class T> void cross_entropy(const T* z, const T* y, long features, T* out) {
    T top[lanes], sum[lanes] = {}, chosen[lanes] = {};
    largest(z, features, top);
    for (long k = 0; k < features; ++k)
        for (int l = 0; l < lanes; ++l) {
            const T shifted = z[k * lanes + l] - top[l];
            sum[l] += exponential(shifted);
            chosen[l] = y[l] == T(k) ? shifted : chosen[l];
        }
    for (int l = 0; l < lanes; ++l) out[l] = logarithm(sum[l]) - chosen[l];
}

}  // namespace
