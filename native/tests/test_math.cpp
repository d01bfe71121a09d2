#include "check.hpp"

#include <functional>
#include <limits>

// Each elementary function against the C library in long double, special values included.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    using L = long double;
    const auto logistic = [](L z) { return 1 / (1 + std::exp(-z)); };
    const auto soft_plus = [](L z) { return (z > 0 ? z : L(0)) + std::log1p(std::exp(-std::abs(z))); };
    const auto normal = [](L z) { return std::erfc(-z / std::sqrt(L(2))) / 2; };
    const std::pair<Op, std::function<L(L)>> cases[] = {
        {Op::exp, [](L x) { return std::exp(x); }},
        {Op::expm1, [](L x) { return std::expm1(x); }},
        {Op::log, [](L x) { return std::log(x); }},
        {Op::sin, [](L x) { return std::sin(x); }},
        {Op::cos, [](L x) { return std::cos(x); }},
        {Op::tanh, [](L x) { return std::tanh(x); }},
        {Op::sigmoid, logistic},
        {Op::softplus, soft_plus},
        {Op::normal_cdf, normal},
        {Op::elu, [](L x) { return x > 0 ? x : 0.5L * std::expm1(x); }},
        {Op::silu, [=](L x) { return x * logistic(x); }},
        {Op::gelu, [=](L x) { return x * normal(x); }},
        {Op::mish, [=](L x) { return x * std::tanh(soft_plus(x)); }},
    };
    std::vector<T> x = numbers<T>(9 * lanes, sizeof(T) == 8 ? 12 : 5);
    const auto small = numbers<T>(3 * lanes, 1e-3, 4);
    x.insert(x.end(), small.begin(), small.end());
    constexpr T infinity = std::numeric_limits<T>::infinity(), tiny = std::numeric_limits<T>::min();
    const T special[] = {0, T(-0.0), 1, -1, T(NAN), infinity, -infinity, T(1e4), T(-1e4), tiny, T(tiny / 8)};
    std::copy(std::begin(special), std::end(special), x.begin());
    for (const auto& [code, f] : cases) {
        std::vector<T> out(x.size());
        const Strip<T> strips[] = {{out.data(), lanes}, {x.data(), lanes}};
        const Step step{code, 0, 1, 1, 1, 0.5};
        kernels.block(&step, 1, strips, long(x.size()) / lanes, lanes);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const L expected = f(L(x[i]));
            const bool product = code == Op::silu || code == Op::gelu || code == Op::mish;
            if (product && std::isinf(x[i])) continue;  // 0 times infinity, in the reference too
            if (std::abs(expected) < tiny && std::abs(L(out[i])) < 2 * L(tiny)) continue;
            // of a tail e^(-x²/2) rounding takes x²/2 units in the last place
            const bool tail = code == Op::normal_cdf || code == Op::gelu;
            const double relative = tolerance<T> * (tail ? 1 + double(x[i]) * double(x[i]) / 20 : 1);
            close(double(out[i]), double(T(expected)), relative, "elementary function", set);
        }
    }
}

// Sine and cosine of the numbers nearest to multiples of pi / 2, where they lose most, and far out; in place.
template <class T> void test_turns(const Kernels<T>& kernels, const char* set) {
    const long double half_pi = 1.57079632679489661923132169163975144L;
    std::vector<T> x = numbers<T>(8 * lanes, sizeof(T) == 8 ? 1e5 : 1e4);
    for (long n = 0; n < 7000; n += 3) x.push_back(T(n * half_pi));
    for (double far = 1e3; far < (sizeof(T) == 8 ? 1e300 : 1e38); far *= -1.7) x.push_back(T(far));
    x.resize(x.size() / lanes * lanes);
    for (const Op code : {Op::sin, Op::cos}) {
        std::vector<T> out = x;
        const Strip<T> strips[] = {{out.data(), lanes}};
        const Step step{code, 0, 0, 0, 0, 0};
        kernels.block(&step, 1, strips, long(x.size()) / lanes, lanes);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double exact = double(code == Op::sin ? std::sin((long double)x[i]) : std::cos((long double)x[i]));
            close(double(out[i]), exact, tolerance<T>, "turn", set);
        }
    }
}

template <class T> void tests(const Kernels<T>& kernels, const char* set) {
    test(kernels, set);
    test_turns(kernels, set);
}

FOR_EVERY_SET(tests)
