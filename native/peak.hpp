// The most that one core can multiply and add: products of registers that wait for nothing.
#pragma once

#include <chrono>

#include "products.hpp"

namespace {

// Billions of operations a second, the best of a few short runs; a multiplication with its addition counts as two.
template <class Arithmetic> double peak_of() {
    using T = typename Arithmetic::Sum;
    using Element = typename Arithmetic::Element;
    using R = Registers<T>;
    alignas(64) thread_local Element left[R::rows], right[R::vectors * R::width];
    alignas(64) thread_local T out[R::rows * R::vectors * R::width];
    constexpr long depth = 1 << 18;
    // one row of B again and again: it stays in the first-level cache
    const Product<Element, T> product{left, 1, 0, 0, depth, right, 0, out, R::vectors * R::width, nullptr, R::rows, depth};
    double best = 0;
    for (int run = 0; run < 12; ++run) {
        const auto start = std::chrono::steady_clock::now();
        tile<Arithmetic, R::rows, R::vectors>(product, 0, 0);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        const double each = sizeof(out) / sizeof(T) * (sizeof(Element) == sizeof(T) && !std::is_same_v<Element, T> ? 4.0 : 2.0);
        const double rate = each * depth / taken.count() / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

template <class T> double peak(bool pairs) { return pairs ? peak_of<Pairs>() : peak_of<Numbers<T>>(); }

}  // namespace
