// Blocks of elementwise ops, run strip by strip: a strip is a few rows of 32 elements that stay in the
// first-level cache from the first op of a block to the last.
#pragma once

#include "chains.hpp"
#include "math.hpp"
#include "program.hpp"

// The rows of a strip do not overlap those of another: loops over them become vector code without a look at run time.
#ifdef __clang__
#define DOWNSLOPE_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define DOWNSLOPE_INDEPENDENT _Pragma("GCC ivdep")
#endif

namespace {

template <int columns, class T, class F> inline void each(const Strip<T>& d, const Strip<T>& a, long rows, F f) {
    for (long r = 0; r < rows; ++r) {
        T* out = d.data + r * d.stride;
        const T* x = a.data + r * a.stride;
DOWNSLOPE_INDEPENDENT
        for (int l = 0; l < columns; ++l) out[l] = f(x[l]);
    }
}

template <int columns, class T, class F>
inline void each(const Strip<T>& d, const Strip<T>& a, const Strip<T>& b, long rows, F f) {
    for (long r = 0; r < rows; ++r) {
        T* out = d.data + r * d.stride;
        const T *x = a.data + r * a.stride, *y = b.data + r * b.stride;
DOWNSLOPE_INDEPENDENT
        for (int l = 0; l < columns; ++l) out[l] = f(x[l], y[l]);
    }
}

template <int columns, class T, class F>
inline void each(const Strip<T>& d, const Strip<T>& a, const Strip<T>& b, const Strip<T>& c, long rows, F f) {
    for (long r = 0; r < rows; ++r) {
        T* out = d.data + r * d.stride;
        const T *x = a.data + r * a.stride, *y = b.data + r * b.stride, *z = c.data + r * c.stride;
DOWNSLOPE_INDEPENDENT
        for (int l = 0; l < columns; ++l) out[l] = f(x[l], y[l], z[l]);
    }
}

// Sine or cosine: numbers too far out for the fast way go to the C library, one by one.
template <int columns, class T, class F, class G>
inline void each_turn(const Strip<T>& d, const Strip<T>& a, long rows, F near, G far) {
    constexpr T farthest = Format<T>::farthest;
    for (long r = 0; r < rows; ++r) {
        T* out = d.data + r * d.stride;
        const T* x = a.data + r * a.stride;
        int beyond = 0;
        for (int l = 0; l < columns; ++l) beyond |= absolute(x[l]) > farthest;
        T kept[columns];  // out may be x
        if (beyond) __builtin_memcpy(kept, x, sizeof kept);
DOWNSLOPE_INDEPENDENT
        for (int l = 0; l < columns; ++l) out[l] = near(x[l]);
        for (int l = 0; beyond && l < columns; ++l)
            if (absolute(kept[l]) > farthest) out[l] = far(kept[l]);
    }
}

// The bfloat16 number nearest to a float, the even one of two; NaN stays NaN (Intel, "bfloat16 - Hardware
// Numerics Definition", 2018).
inline Word rounded(float x) {
    const Word bits = __builtin_bit_cast(Word, x);
    const Word nearest = (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
    return (bits & 0x7FFFFFFFu) > 0x7F800000u ? bits >> 16 | 0x40u : nearest;
}

// Rows of bfloat16 numbers, two to a word: neighbours along the row, or one above the other in two rows.
inline void round_rows(const Strip<float>& d, const Strip<float>& a, long rows) {
    for (long r = 0; r < rows; ++r) {
        auto* out = reinterpret_cast<std::uint16_t*>(d.data + r * d.stride);
        const float* x = a.data + r * a.stride;
        for (int l = 0; l < lanes; ++l) out[l] = std::uint16_t(rounded(x[l]));
    }
}

inline void round_pairs(const Strip<float>& d, const Strip<float>& a, long rows) {
    for (long r = 0; r < rows; r += 2) {
        auto* out = reinterpret_cast<Word*>(d.data + r / 2 * d.stride);
        const float *x = a.data + r * a.stride, *y = x + a.stride;
        if (r + 1 < rows)
            for (int l = 0; l < lanes; ++l) out[l] = rounded(x[l]) | rounded(y[l]) << 16;
        else
            for (int l = 0; l < lanes; ++l) out[l] = rounded(x[l]);
    }
}

// One op on a strip, of those that have no place in chains. NaN goes through every op, as in the reference engine.
template <class T, int columns> void apply(const Step& step, const Strip<T>* s, long rows) {
    const Strip<T>&d = s[step.to], &a = s[step.a], &b = s[step.b], &c = s[step.c];
    const T t = T(step.setting);
    const T zero = 0, one = 1;
    switch (step.op) {
        case Op::splat:
            for (long r = 0; r < rows; ++r) {
                const T first = a.data[r * a.stride];
                T* out = d.data + r * d.stride;
                for (int l = 0; l < lanes; ++l) out[l] = first;
            }
            return;
        case Op::minimum:
            return each<columns>(d, a, b, rows, [](T x, T y) { return x < y || x != x ? x : y; });
        case Op::maximum:
            return each<columns>(d, a, b, rows, [](T x, T y) { return x > y || x != x ? x : y; });
        case Op::where: return each<columns>(d, a, b, c, rows, [](T m, T x, T y) { return m != T(0) ? x : y; });
        case Op::exp: return each<columns>(d, a, rows, [](T x) { return exponential(x); });
        case Op::expm1: return each<columns>(d, a, rows, [](T x) { return exponential_minus_1(x); });
        case Op::log: return each<columns>(d, a, rows, [](T x) { return logarithm(x); });
        case Op::sin:
            return each_turn<columns>(d, a, rows, [](T x) { return circular<0>(x); }, [](T x) { return T(__builtin_sin(x)); });
        case Op::cos:
            return each_turn<columns>(d, a, rows, [](T x) { return circular<1>(x); }, [](T x) { return T(__builtin_cos(x)); });
        case Op::absolute: return each<columns>(d, a, rows, [](T x) { return absolute(x); });
        case Op::sign:
            return each<columns>(d, a, rows, [=](T x) { return x > zero ? one : x < zero ? -one : x; });
        case Op::step: return each<columns>(d, a, rows, [=](T x) { return x > zero ? one : zero; });
        case Op::normal_cdf: return each<columns>(d, a, rows, [](T x) { return normal_distribution(x); });
        case Op::sigmoid: return each<columns>(d, a, rows, [](T x) { return logistic(x); });
        case Op::tanh: return each<columns>(d, a, rows, [](T x) { return hyperbolic_tangent(x); });
        case Op::leaky_relu: return each<columns>(d, a, rows, [=](T x) { return x > zero ? x : t * x; });
        case Op::elu:
            return each<columns>(d, a, rows, [=](T x) {
                const T low = t * exponential_minus_1(x > zero ? zero : x);
                return x > zero ? x : low;
            });
        case Op::selu:
            return each<columns>(d, a, rows, [=](T x) {
                const T low = T(selu_alpha) * exponential_minus_1(x > zero ? zero : x);
                return T(selu_scale) * (x > zero ? x : low);
            });
        case Op::gelu: return each<columns>(d, a, rows, [](T x) { return x * normal_distribution(x); });
        case Op::silu: return each<columns>(d, a, rows, [](T x) { return x * logistic(x); });
        case Op::softplus: return each<columns>(d, a, rows, [](T x) { return soft_plus(x); });
        case Op::mish: return each<columns>(d, a, rows, [](T x) { return x * hyperbolic_tangent(soft_plus(x)); });
        case Op::absolute_error: return each<columns>(d, a, b, rows, [](T z, T y) { return absolute(y - z); });
        case Op::huber:
            return each<columns>(d, a, b, rows, [=](T z, T y) {
                const T size = absolute(y - z), inner = size > t ? t : size;
                return inner * (size - T(0.5) * inner);
            });
        case Op::quantile: {
            const T low = T(step.setting - 1);
            return each<columns>(d, a, b, rows, [=](T z, T y) { return (y - z > zero ? t : low) * (y - z); });
        }
        case Op::binary_cross_entropy:
            // max(z, 0) and y z cancel exactly where y is 1
            return each<columns>(d, a, b, rows, [=](T z, T y) {
                return ((z > zero ? z : zero) - y * z) + soft_plus(-absolute(z));
            });
        case Op::poisson: return each<columns>(d, a, b, rows, [](T z, T y) { return exponential(z) - y * z; });
        case Op::round:
            if constexpr (sizeof(T) == 4) round_rows(d, a, rows);
            return;
        case Op::round_pairs:
            if constexpr (sizeof(T) == 4) round_pairs(d, a, rows);
            return;
        DOWNSLOPE_CHAINED_OPS return;
    }
}

template <class T, int columns> void run_columns(const Step* steps, long count, const Strip<T>* strips, long rows) {
    for (long i = 0; i < count;) {
        long next = i + 1;
        while (next < count && steps[next].chained >= 0) ++next;
        if (ops[int(steps[i].op)].in_chains)
            chain(steps + i, steps + next, strips, rows);
        else
            apply<T, columns>(steps[i], strips, rows);
        i = next;
    }
}

// Of a few columns the first vector is enough: the same numbers as in a whole strip, for a part of the work of
// elementary functions. Chains are arithmetic alone, and always go over the whole strip.
template <class T> void run_block(const Step* steps, long count, const Strip<T>* strips, long rows, long columns) {
    constexpr int few = Registers<T>::width;
    if (columns <= few)
        run_columns<T, few>(steps, count, strips, rows);
    else
        run_columns<T, lanes>(steps, count, strips, rows);
}

}  // namespace
