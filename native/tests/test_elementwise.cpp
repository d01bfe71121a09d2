#include "check.hpp"

#include <functional>
#include <iterator>

// Arithmetic, ties, NaN, and strips that repeat one row. The ops with elementary functions are in test_math.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    const long rows = 5;
    auto a = numbers<T>(rows * lanes), b = numbers<T>(rows * lanes, 1, 2), c = numbers<T>(rows * lanes, 1, 3);
    a[0] = b[0], a[1] = T(NAN), b[2] = T(NAN), a[3] = 0, a[4] = T(INFINITY);
    using F = std::function<double(double, double, double)>;
    const std::pair<Op, F> cases[] = {
        {Op::copy, [](double x, double, double) { return x; }},
        {Op::add, [](double x, double y, double) { return T(x + y); }},
        {Op::subtract, [](double x, double y, double) { return T(x - y); }},
        {Op::multiply, [](double x, double y, double) { return T(x * y); }},
        {Op::divide, [](double x, double y, double) { return x / y; }},
        {Op::multiply_add, [](double x, double y, double z) { return x * y + z; }},
        {Op::multiply_subtract, [](double x, double y, double z) { return z - x * y; }},
        {Op::gate, [](double x, double y, double) { return y > 0 ? x : 0 * x; }},
        {Op::minimum, [](double x, double y, double) { return x < y || x != x ? x : y; }},
        {Op::maximum, [](double x, double y, double) { return x > y || x != x ? x : y; }},
        {Op::where, [](double x, double y, double z) { return x != 0 ? y : z; }},
        {Op::negate, [](double x, double, double) { return -x; }},
        {Op::square, [](double x, double, double) { return x * x; }},
        {Op::sqrt, [](double x, double, double) { return std::sqrt(x); }},
        {Op::absolute, [](double x, double, double) { return std::abs(x); }},
        {Op::sign, [](double x, double, double) { return x > 0 ? 1.0 : x < 0 ? -1.0 : x; }},
        {Op::step, [](double x, double, double) { return x > 0 ? 1.0 : 0.0; }},
        {Op::relu, [](double x, double, double) { return x < 0 ? 0.0 : x; }},
        {Op::leaky_relu, [](double x, double, double) { return x > 0 ? x : 0.25 * x; }},
        {Op::squared_error, [](double x, double y, double) { return (y - x) * (y - x); }},
        {Op::absolute_error, [](double x, double y, double) { return std::abs(y - x); }},
        {Op::quantile, [](double x, double y, double) { return T(y - x) > 0 ? 0.25 * T(y - x) : -0.75 * T(y - x); }},
    };
    for (const auto& [code, f] : cases) {
        std::vector<T> out(rows * lanes);
        const Strip<T> strips[] = {{out.data(), lanes}, {a.data(), lanes}, {b.data(), 0}, {c.data(), lanes}};
        const Step step{code, 0, 1, 2, 3, 0.25, -1, true};
        kernels.block(&step, 1, strips, rows, lanes);
        for (long i = 0; i < rows * lanes; ++i) {
            const double expected = f(a[i], b[i % lanes], c[i]);
            const double near = code == Op::multiply_add || code == Op::multiply_subtract || code == Op::squared_error ? 8 : 1;
            const double error = std::abs(double(out[i]) - expected);
            const bool fine = error < near * tolerance<T> * (1 + std::abs(expected));
            close(fine ? expected : double(out[i]), expected, 0, "elementwise op", set);
        }
    }
}

// A chain gives what its steps give one by one, for every number of rows, at each place of the operand it takes over.
template <class T> void test_chains(const Kernels<T>& kernels, const char* set) {
    for (long rows = 1; rows <= strip_rows; ++rows) {
        const auto a = numbers<T>(std::size_t(rows * 40)), b = numbers<T>(std::size_t(rows * lanes), 1, 2), c = numbers<T>(lanes, 1, 3);
        std::vector<T> results[2];
        for (int chained = 0; chained < 2; ++chained) {
            std::vector<T> out(std::size_t(rows * 40), T(7)), kept(out), scratch(rows * lanes);
            const Strip<T> strips[] = {{out.data(), 40},  {const_cast<T*>(a.data()), 40}, {const_cast<T*>(b.data()), lanes},
                                       {const_cast<T*>(c.data()), 0}, {scratch.data(), lanes}, {kept.data(), 40}};
            std::vector<Step> steps = {
                {Op::multiply, 4, 1, 2, 0, 0, -1, false},     {Op::multiply_add, 4, 4, 3, 2, 0, 0, false},
                {Op::multiply_subtract, 5, 1, 4, 3, 0, 1, true}, {Op::subtract, 4, 1, 5, 0, 0, 1, false},
                {Op::square, 4, 4, 0, 0, 0, 0, false},        {Op::add, 4, 3, 4, 0, 0, 1, false},
                {Op::multiply_add, 4, 1, 3, 4, 0, 2, false},  {Op::gate, 4, 4, 2, 0, 0, 0, false},
                {Op::divide, 4, 4, 3, 0, 0, 0, false},        {Op::negate, 4, 4, 0, 0, 0, 0, false},
                {Op::relu, 4, 4, 0, 0, 0, 0, false},          {Op::sqrt, 0, 4, 0, 0, 0, 0, true},
            };
            if (!chained)
                for (auto& s : steps) s.chained = -1, s.kept = true;
            kernels.block(steps.data(), long(steps.size()), strips, rows, lanes);
            results[chained] = out;
            results[chained].insert(results[chained].end(), kept.begin(), kept.end());
        }
        for (std::size_t i = 0; i < results[0].size(); ++i)
            close(results[1][i] + 1, double(results[0][i]) + 1, 8 * tolerance<T>, "chain", set);
    }
}

// A few columns get the numbers that they get among all, by every op alone and in a chain.
template <class T> void test_few_columns(const Kernels<T>& kernels, const char* set) {
    const long rows = 9;
    const auto a = numbers<T>(rows * lanes, 2), b = numbers<T>(rows * lanes, 1, 2), c = numbers<T>(rows * lanes, 1, 3);
    std::vector<std::vector<Step>> blocks;
    for (int op = 0; op < int(std::size(ops)); ++op)
        if (Op(op) != Op::round && Op(op) != Op::round_pairs) blocks.push_back({{Op(op), 0, 1, 2, 3, 0.25, -1, true}});
    blocks.push_back({{Op::multiply_add, 0, 1, 2, 3, 0, -1, false}, {Op::divide, 0, 0, 2, 0, 0, 0, true}});
    for (const auto& steps : blocks)
        for (const long columns : {1, 3, 8, 9, 31}) {
            std::vector<T> results[2];
            for (const long asked : {columns, long(lanes)}) {
                std::vector<T> out(rows * lanes);
                const Strip<T> strips[] = {{out.data(), lanes}, {const_cast<T*>(a.data()), lanes},
                                           {const_cast<T*>(b.data()), 0}, {const_cast<T*>(c.data()), lanes}};
                kernels.block(steps.data(), long(steps.size()), strips, rows, asked);
                results[asked == lanes] = out;
            }
            for (long r = 0; r < rows; ++r)
                for (long l = 0; l < columns; ++l)
                    close(results[0][r * lanes + l], results[1][r * lanes + l], 0, ops[int(steps[0].op)].name, set);
        }
}

// bfloat16: halves of the last place go to the even neighbour, infinities and NaN stay what they are.
void test_rounding(const Kernels<float>& kernels, const char* set) {
    const float in[] = {1, 1.00390625f, 1.01171875f, -1.0041f, INFINITY, NAN, 3.4e38f, 0};
    const Word expected[] = {0x3F80, 0x3F80, 0x3F82, 0xBF81, 0x7F80, 0x7FC0, 0x7F80, 0};
    std::vector<float> rows(3 * lanes);
    for (int l = 0; l < 8; ++l) rows[l] = rows[lanes + l] = rows[2 * lanes + l] = in[l];
    std::vector<Word> halves(3 * lanes / 2), pairs(2 * lanes, 7);
    const Strip<float> strips[] = {{rows.data(), lanes}, {reinterpret_cast<float*>(halves.data()), lanes / 2},
                                   {reinterpret_cast<float*>(pairs.data()), lanes}};
    const Step steps[] = {{Op::round, 1, 0, 0, 0, 0, -1, true}, {Op::round_pairs, 2, 0, 0, 0, 0, -1, true}};
    kernels.block(steps, 2, strips, 3, lanes);
    for (int l = 0; l < 8; ++l) {
        close(halves[l / 2] >> l % 2 * 16 & 0xFFFF, expected[l], 0, "rounded", set);
        close(pairs[l], expected[l] | expected[l] << 16, 0, "pair of rows", set);
        close(pairs[lanes + l], expected[l], 0, "last row alone", set);
    }
}

template <class T> void tests(const Kernels<T>& kernels, const char* set) {
    test(kernels, set);
    test_chains(kernels, set);
    test_few_columns(kernels, set);
    if constexpr (sizeof(T) == 4) test_rounding(kernels, set);
}

FOR_EVERY_SET(tests)
