#include <numeric>

#include "check.hpp"

// Rates, the independence of row and panel, and the published vector of Philox4x32-10 for a counter of zeros:
// its first word, 6627e8d5, is 0.39905 of the range.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    std::int64_t rows[lanes];
    for (long features : {1, 4, 6, 33}) {
        std::vector<T> mask(static_cast<std::size_t>(features * lanes), T(7));
        double kept = 0;
        const long panels = 400;
        for (long p = 0; p < panels; ++p) {
            std::iota(rows, rows + lanes, p * lanes);
            kernels.keep_mask(mask.data(), features, rows, 5, 1, 9, 0.3, T(1.25));
            for (T m : mask) {
                close(m * (T(1.25) - m), 0, 0, "mask of 0 and what is kept", set);
                kept += m != 0;
            }
        }
        const double count = double(features * lanes * panels), spread = std::sqrt(0.21 / count);
        close(std::abs(kept / count - 0.7) < 5 * spread ? 0 : kept / count, 0, 0, "share kept", set);
    }
    std::iota(rows, rows + lanes, 0);
    std::vector<T> mask(4 * lanes);
    kernels.keep_mask(mask.data(), 4, rows, 0, 0, 0, 0.399, T(1));
    close(mask[0], 1, 0, "first word of Philox above 0.399", set);
    kernels.keep_mask(mask.data(), 4, rows, 0, 0, 0, 0.3991, T(1));
    close(mask[0], 0, 0, "first word of Philox below 0.3991", set);

    for (long count : {1, 2, 65, 1000}) {  // every number once
        std::vector<std::int64_t> order(static_cast<std::size_t>(count));
        kernels.shuffle(order.data(), count, 5, 1, 2);
        std::vector<int> seen(static_cast<std::size_t>(count));
        for (const auto place : order) ++seen[std::size_t(place)];
        for (const int times : seen) close(times, 1, 0, "number in a shuffle", set);
    }
    double first = 0;  // each place is as likely as the others
    const int tries = 20000;
    for (int i = 0; i < tries; ++i) {
        std::int64_t order[5];
        kernels.shuffle(order, 5, 5, 1, std::uint64_t(i));
        first += order[0] == 3;
    }
    close(std::abs(first / tries - 0.2) < 5 * std::sqrt(0.16 / tries) ? 0 : first / tries, 0, 0, "share of a place", set);
}

FOR_EVERY_SET(test)
