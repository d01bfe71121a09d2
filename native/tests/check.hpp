// A few lines instead of a test framework: each failed check says what was found, and the program exits with 1.
#pragma once

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "../dispatch.hpp"

inline int failures = 0;

inline void close(double found, double expected, double relative, const char* what, const char* set) {
    const bool same = found == expected || (std::isnan(found) && std::isnan(expected)) ||
                      std::abs(found - expected) <= relative * std::abs(expected);
    if (same || failures++ > 20) return;
    std::printf("%s, %s: found %.17g, expected %.17g\n", set, what, found, expected);
}

template <class T> constexpr double tolerance = sizeof(T) == 8 ? 1e-13 : 2e-6;

template <class T> std::vector<T> numbers(std::size_t count, double spread = 1, unsigned seed = 1) {
    std::mt19937_64 generator(seed);
    std::normal_distribution<double> normal(0, spread);
    std::vector<T> values(count);
    for (auto& v : values) v = T(normal(generator));
    return values;
}

// Runs a test for both types on every instruction set that the processor has.
#define FOR_EVERY_SET(test)                               \
    int main() {                                          \
        for (const auto* set : instruction_sets()) {      \
            test<float>(set->floats(), set->name);        \
            test<double>(set->doubles(), set->name);      \
        }                                                 \
        if (!failures) std::puts("passed");               \
        return failures != 0;                             \
    }
