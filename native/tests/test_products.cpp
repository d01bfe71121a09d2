#include "check.hpp"

// Every height of a tile, strides both ways, blocks of depth, with and without bias, against plain sums in double.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    for (long rows : {1, 2, 3, 5, 6, 7, 13, 14, 15, 29, 40})
        for (long depth : {1, 3, 32, 45, 100})
            for (int way = 0; way < 5; ++way) {
                const long padded = 64;
                const long blocks = (depth + lanes - 1) / lanes;
                const auto a = numbers<T>(std::size_t((rows + depth) * 128 + blocks * rows * lanes));
                const auto b = numbers<T>(std::size_t(depth * lanes), 1, 2);
                const auto bias = numbers<T>(std::size_t(rows), 1, 3);
                std::vector<T> c(std::size_t(rows * padded), T(7));
                Product<T, T> p{a.data(), 0, 0, 0, depth, b.data(), lanes, c.data(), padded,
                                way ? bias.data() : nullptr, rows, depth};
                if (way == 0) p.a_row = 128, p.a_next = 1;
                if (way == 1) p.a_row = 1, p.a_next = 128;
                if (way == 2) p.a_row = lanes, p.a_next = 1, p.a_block = rows * lanes, p.block = lanes;
                if (way > 2) p.a_row = 128, p.a_next = 1, p.columns = way == 3 ? 8 : 19;
                const void* lines[] = {a.data(), b.data(), c.data()};
                if (way == 2) p.wanted = lines, p.wants = 3;
                kernels.product(p);
                for (long i = 0; i < rows; ++i)
                    for (long j = 0; j < padded; j = j + 1 == p.columns ? lanes : j + 1) {
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

// Words of two bfloat16 numbers against products of the rounded numbers in double.
template <class T> void test_pairs(const Kernels<T>& kernels, const char* set) {
    for (long rows : {1, 5, 14, 33})
        for (long depth : {1, 2, 40}) {
            const auto a = numbers<float>(std::size_t(rows * 2 * depth)), b = numbers<float>(std::size_t(2 * depth * lanes), 1, 2);
            std::vector<Word> left(std::size_t(rows * depth)), right(std::size_t(depth * lanes));
            const auto word = [](float low, float high) {
                return __builtin_bit_cast(Word, low) >> 16 | (__builtin_bit_cast(Word, high) & 0xFFFF0000u);
            };
            const auto cut = [](float x) { return double(__builtin_bit_cast(float, __builtin_bit_cast(Word, x) & 0xFFFF0000u)); };
            for (long i = 0; i < rows; ++i)
                for (long k = 0; k < depth; ++k) left[i * depth + k] = word(a[(i * depth + k) * 2], a[(i * depth + k) * 2 + 1]);
            for (long k = 0; k < depth; ++k)
                for (long j = 0; j < lanes; ++j) right[k * lanes + j] = word(b[2 * k * lanes + j], b[(2 * k + 1) * lanes + j]);
            std::vector<float> c(std::size_t(rows * lanes));
            kernels.pair_product({left.data(), depth, 1, 0, depth, right.data(), lanes, c.data(), lanes, nullptr, rows, depth});
            for (long i = 0; i < rows; ++i)
                for (long j = 0; j < lanes; ++j) {
                    double sum = 0, size = 1;
                    for (long k = 0; k < 2 * depth; ++k) {
                        const double term = cut(a[i * 2 * depth + k]) * cut(b[k * lanes + j]);
                        sum += term, size += std::abs(term);
                    }
                    close((c[i * lanes + j] - sum) / size + 1, 1, 2e-6, "product of bfloat16 pairs", set);
                }
        }
}

// One row of a batch, by the matrix turned: the bits of the product of all rows.
template <class T> void test_row(const Kernels<T>& kernels, const char* set) {
    for (long outputs : {1, 5, 31, 32, 33, 64, 100, 128})
        for (long depth : {1, 3, 45})
            for (int way = 0; way < 3; ++way) {
                const long wide = (outputs + lanes - 1) / lanes * lanes;
                const auto turned = numbers<T>(std::size_t(depth * wide)), x = numbers<T>(std::size_t(depth * lanes), 1, 2);
                const auto bias = numbers<T>(std::size_t(wide), 1, 3), start = numbers<T>(std::size_t(outputs * lanes), 1, 4);
                std::vector<T> whole(start.size()), row(bias.size());
                Product<T, T> p{turned.data(), 1, wide, 0, depth, x.data(), lanes, whole.data(), lanes,
                                way ? bias.data() : nullptr, outputs, depth};
                p.columns = 1, p.start = way == 2 ? start.data() : nullptr;
                kernels.product(p);
                kernels.row_product({turned.data(), wide, x.data(), p.bias, p.start, outputs, depth, row.data()});
                for (long j = 0; j < outputs; ++j) close(row[j], whole[j * lanes], 0, "a row of a product", set);
            }
}

template <class T> void tests(const Kernels<T>& kernels, const char* set) {
    test(kernels, set);
    test_row(kernels, set);
    test_pairs(kernels, set);
}

FOR_EVERY_SET(tests)
