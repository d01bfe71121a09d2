#include "check.hpp"

#include <functional>

// Arithmetic, ties, NaN, and strips that repeat one row. The ops with elementary functions are in test_math.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    const long rows = 5;
    auto a = numbers<T>(rows * lanes), b = numbers<T>(rows * lanes, 1, 2), c = numbers<T>(rows * lanes, 1, 3);
    a[0] = b[0], a[1] = T(NAN), b[2] = T(NAN), a[3] = 0, a[4] = T(INFINITY);
    using F = std::function<double(double, double, double)>;
    const std::pair<Code, F> cases[] = {
        {Code::copy, [](double x, double, double) { return x; }},
        {Code::add, [](double x, double y, double) { return T(x + y); }},
        {Code::subtract, [](double x, double y, double) { return T(x - y); }},
        {Code::multiply, [](double x, double y, double) { return T(x * y); }},
        {Code::divide, [](double x, double y, double) { return x / y; }},
        {Code::multiply_add, [](double x, double y, double z) { return x * y + z; }},
        {Code::minimum, [](double x, double y, double) { return x < y || x != x ? x : y; }},
        {Code::maximum, [](double x, double y, double) { return x > y || x != x ? x : y; }},
        {Code::where, [](double x, double y, double z) { return x != 0 ? y : z; }},
        {Code::negate, [](double x, double, double) { return -x; }},
        {Code::square, [](double x, double, double) { return x * x; }},
        {Code::sqrt, [](double x, double, double) { return std::sqrt(x); }},
        {Code::absolute, [](double x, double, double) { return std::abs(x); }},
        {Code::sign, [](double x, double, double) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }},
        {Code::step, [](double x, double, double) { return x > 0 ? 1.0 : 0.0; }},
        {Code::relu, [](double x, double, double) { return x < 0 ? 0.0 : x; }},
        {Code::leaky_relu, [](double x, double, double) { return x > 0 ? x : 0.25 * x; }},
        {Code::squared_error, [](double x, double y, double) { return (y - x) * (y - x); }},
        {Code::absolute_error, [](double x, double y, double) { return std::abs(y - x); }},
    };
    for (const auto& [code, f] : cases) {
        std::vector<T> out(rows * lanes);
        const Strip<T> strips[] = {{out.data(), lanes}, {a.data(), lanes}, {b.data(), 0}, {c.data(), lanes}};
        const Step step{code, 0, 1, 2, 3, 0.25};
        kernels.block(&step, 1, strips, rows);
        for (long i = 0; i < rows * lanes; ++i) {
            const double expected = f(a[i], b[i % lanes], c[i]);
            const double near = code == Code::multiply_add || code == Code::squared_error ? 8 : 1;
            const double error = std::abs(double(out[i]) - expected);
            const bool fine = error < near * tolerance<T> * (1 + std::abs(expected));
            close(fine ? expected : double(out[i]), expected, 0, "elementwise op", set);
        }
    }
}

FOR_EVERY_SET(test)
