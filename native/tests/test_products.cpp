#include "check.hpp"

// Every height of a tile, strides both ways, blocks of depth, with and without bias, against plain sums in double.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    for (long rows : {1, 2, 3, 5, 6, 7, 13, 14, 15, 29, 40})
        for (long depth : {1, 3, 32, 45, 100})
            for (int way = 0; way < 3; ++way) {
                const long padded = 64;
                const long blocks = (depth + lanes - 1) / lanes;
                const auto a = numbers<T>(std::size_t((rows + depth) * 128 + blocks * rows * lanes));
                const auto b = numbers<T>(std::size_t(depth * lanes), 1, 2);
                const auto bias = numbers<T>(std::size_t(rows), 1, 3);
                std::vector<T> c(std::size_t(rows * padded), T(7));
                Product<T> p{a.data(), 0, 0, 0, depth, b.data(), lanes, c.data(), padded,
                             way ? bias.data() : nullptr, 1, rows, depth};
                if (way == 0) p.a_row = 128, p.a_next = 1;
                if (way == 1) p.a_row = 1, p.a_next = 128;
                if (way == 2) p.a_row = lanes, p.a_next = 1, p.a_block = rows * lanes, p.block = lanes;
                kernels.product(p);
                for (long i = 0; i < rows; ++i)
                    for (long j = 0; j < padded; ++j) {
                        double sum = way ? double(bias[i]) : 0, size = std::abs(sum);
                        for (long k = 0; j < lanes && k < depth; ++k) {
                            const double term = double(a[i * p.a_row + k / p.block * p.a_block +
                                                         k % p.block * p.a_next]) * b[k * lanes + j];
                            sum += term, size += std::abs(term);
                        }
                        const double expected = j < lanes ? sum : 7;
                        const double error = std::abs(c[i * padded + j] - expected);
                        close(error > tolerance<T> * (size + 1) ? error : 0, 0, 0, "error of a product", set);
                    }
            }
}

FOR_EVERY_SET(test)
