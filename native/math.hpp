// Elementary functions without branches or tables, so that a loop over them becomes vector code.
//
// Each is accurate to a few units in the last place over the whole range, overflow, underflow, infinities
// and NaN included; sine and cosine up to Format<T>::farthest. Reductions follow Cody and Waite, "Software Manual
// for the Elementary Functions" (1980).
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "opcodes.hpp"

namespace {

template <class T> struct Format;

template <> struct Format<double> {
    using Int = std::int64_t;
    static constexpr int mantissa = 52, bias = 1023, exp_terms = 13, log_terms = 11;
    static constexpr double magic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
    static constexpr double highest = 710.0, lowest = -746.0;
    static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    static constexpr double least_normal = 2.2250738585072014e-308, lift = 18014398509481984.0;
    static constexpr int lift_bits = 54;
    // pi / 2 in parts whose products with the number of quarter turns are exact, all but the last
    static constexpr double half_pi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2e037073p-69};
    static constexpr double farthest = 1e6;  // what sine and cosine take
    static constexpr int sine_terms = 8, cosine_terms = 7;
};

template <> struct Format<float> {
    using Int = std::int32_t;
    static constexpr int mantissa = 23, bias = 127, exp_terms = 7, log_terms = 6;
    static constexpr float magic = 12582912.0f;
    static constexpr float highest = 89.0f, lowest = -104.0f;
    static constexpr float ln2_high = 0.693145751953125f, ln2_low = 1.42860682030941723e-6f;
    static constexpr float least_normal = 1.17549435e-38f, lift = 33554432.0f;
    static constexpr int lift_bits = 25;
    static constexpr float half_pi[] = {0x1.92p+0f, 0x1.fbp-12f, 0x1.51p-22f, 0x1.0b4612p-34f};
    static constexpr float farthest = 1e4f;
    static constexpr int sine_terms = 4, cosine_terms = 4;
};

template <class To, class From> inline To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From));
    return __builtin_bit_cast(To, from);
}

// c[0] + c[1] x + ... + c[last] x^last. A recursion, because a loop would keep its caller from being vectorised.
template <int last, int i = 0, int size, class T> inline T polynomial(const double (&c)[size], T x) {
    if constexpr (i == last)
        return T(c[i]);
    else
        return polynomial<last, i + 1>(c, x) * x + T(c[i]);
}

template <class T> inline T absolute(T x) {
    using Int = typename Format<T>::Int;
    return bits_as<T>(static_cast<Int>(bits_as<Int>(x) & std::numeric_limits<Int>::max()));
}

template <class T> inline T with_sign_of(T size, T sign) {
    using Int = typename Format<T>::Int;
    constexpr Int top = std::numeric_limits<Int>::min();
    return bits_as<T>(static_cast<Int>(bits_as<Int>(size) | (bits_as<Int>(sign) & top)));
}

template <class T> inline T power_of_two(typename Format<T>::Int n) {
    using Int = typename Format<T>::Int;
    return bits_as<T>(static_cast<Int>((n + Format<T>::bias) << Format<T>::mantissa));
}

constexpr double inverse_factorials[] = {  // from 1/2!
    1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,        1.0 / 720,         1.0 / 5040,
    1.0 / 40320,   1.0 / 362880,   1.0 / 3628800,   1.0 / 39916800,   1.0 / 479001600,   1.0 / 6227020800};

// x = n ln 2 + r with |r| <= ln 2 / 2; p = e^r - 1, and 2^n as a product of two factors within range.
template <class T> struct Reduced {
    T p, first, second;
};

template <class T> inline Reduced<T> reduced(T x) {
    using F = Format<T>;
    using Int = typename F::Int;
    x = x > F::highest ? F::highest : x;
    x = x < F::lowest ? F::lowest : x;
    const T shifted = x * T(1.4426950408889634) + F::magic;
    const T n = shifted - F::magic;
    const Int k = bits_as<Int>(shifted) - bits_as<Int>(F::magic);
    const T r = (x - n * F::ln2_high) - n * F::ln2_low;
    const T p = polynomial<F::exp_terms - 2>(inverse_factorials, r) * r * r + r;
    const Int half = k >> 1;
    return {p, power_of_two<T>(half), power_of_two<T>(k - half)};
}

template <class T> inline T exponential(T x) {
    const auto e = reduced(x);
    return (e.p + T(1)) * e.first * e.second;
}

template <class T> inline T exponential_minus_1(T x) {
    const auto e = reduced(x);
    // 1 / second is exact; far below 0 it may overflow, where the answer is -1
    const T value = (e.p * e.first + (e.first - T(1) / e.second)) * e.second;
    const T tiny = x < T(-45) ? T(-1) : value;
    return x == T(0) ? x : tiny;
}

constexpr double odd_reciprocals[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13,
                                      2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23};

template <class T> inline T logarithm(T x) {
    using F = Format<T>;
    using Int = typename F::Int;
    const bool small = x < F::least_normal;
    const T lifted = small ? x * F::lift : x;
    const Int bits = bits_as<Int>(lifted);
    constexpr Int root_half = std::is_same_v<T, double> ? Int(0x3FE6A09E667F3BCDLL) : Int(0x3F3504F3);
    // unsigned, where wrapping is defined: the bits of a negative number, whose logarithm is NaN below
    using Bits = std::make_unsigned_t<Int>;
    const Int k = Int(Bits(bits) - Bits(root_half)) >> F::mantissa;
    const T m = bits_as<T>(static_cast<Int>(Bits(bits) - (Bits(k) << F::mantissa)));
    const T n = T(k) - (small ? T(F::lift_bits) : T(0));
    const T f = m - T(1), s = f / (T(2) + f), square = s * s;
    const T series = polynomial<F::log_terms - 1>(odd_reciprocals, square) * square;
    T value = n * F::ln2_high + (T(2) * s + (s * series + n * F::ln2_low));
    constexpr T infinity = std::numeric_limits<T>::infinity();
    value = x == T(0) ? -infinity : value;
    value = x == infinity ? x : value;
    return x >= T(0) ? value : std::numeric_limits<T>::quiet_NaN();
}

// ln(1 + x) for x >= 0
template <class T> inline T logarithm_1_plus(T x) {
    const T w = T(1) + x;
    return logarithm(w) + (x - (w - T(1))) / w;
}

constexpr double sine_series[] = {  // (sin r - r) / r^3 in powers of r^2
    -1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
    -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
constexpr double cosine_series[] = {  // (cos r - 1 + r^2 / 2) / r^4 in powers of r^2
    1.0 / 24,         -1.0 / 720,          1.0 / 40320,         -1.0 / 3628800,
    1.0 / 479001600,  -1.0 / 87178291200,  1.0 / 20922789888000};

// sin(x + turns pi/2), |x| <= farthest: x = n pi/2 + r with |r| <= pi/4, then the series of sine or cosine
template <int turns, class T> inline T circular(T x) {
    using F = Format<T>;
    using Int = typename F::Int;
    const T shifted = x * T(0.63661977236758134) + F::magic;
    const T n = shifted - F::magic;
    const Int quarter = (bits_as<Int>(shifted) & 3) + turns;  // of the magic number the last bits are 0
    T r = (x - n * F::half_pi[0]) - n * F::half_pi[1];
    r -= n * F::half_pi[2];
    if constexpr (sizeof(T) == 4) r -= n * F::half_pi[3];
    const T square = r * r;
    const T sine = r + r * square * polynomial<F::sine_terms - 1>(sine_series, square);
    const T cosine = T(1) - (T(0.5) * square - square * square * polynomial<F::cosine_terms - 1>(cosine_series, square));
    const T size = quarter & 1 ? cosine : sine;
    return quarter & 2 ? -size : size;
}

template <class T> inline T hyperbolic_tangent(T x) {
    const T size = absolute(x);
    const T e = exponential_minus_1(size > T(22) ? T(44) : T(2) * size);
    return with_sign_of(e / (e + T(2)), x);
}

template <class T> inline T logistic(T z) {
    const T e = exponential(-absolute(z));
    return (z >= T(0) ? T(1) : e) / (T(1) + e);
}

template <class T> inline T soft_plus(T z) {
    return (z < T(0) ? T(0) : z) + logarithm_1_plus(exponential(-absolute(z)));
}

// The standard normal distribution function, with full relative accuracy in both tails. The series is that of
// graph/_numbers.py.
template <class T> inline T normal_distribution(T z) {
    const T x = absolute(z) * T(0.70710678118654752440);
    const T bounded = x > T(100) ? T(100) : x;
    const T t = (bounded - T(3.75)) / (bounded + T(3.75));
    const T g = polynomial<std::is_same_v<T, double> ? 24 : 18>(normal_series, t);
    const T half_square = T(0.5) * z * z;
    const T lost = T(0.5) * z * z - half_square;  // what rounding took, where products and sums are fused
    const T tail = T(0.5) * exponential(-half_square) * (T(1) - lost) * g / (T(1) + T(2) * bounded);
    const T far = half_square > T(800) ? T(0) : tail;
    const T value = z > T(0) ? T(1) - far : far;
    return z == z ? value : z;
}

}  // namespace
