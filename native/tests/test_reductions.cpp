#include "check.hpp"

template <class T> void test(const Kernels<T>& kernels, const char* set) {
    for (long features : {1, 3, 32, 40}) {
        const long panels = 3, size = features * lanes;
        const auto z = numbers<T>(std::size_t(panels * size), 3);
        std::vector<T> out(numbers<T>(z.size() / panels)), y(lanes);
        for (int l = 0; l < lanes; ++l) y[l] = T(l % features);

        kernels.softmax(z.data(), features, out.data());
        std::vector<T> entropy(lanes), sums(lanes);
        kernels.cross_entropy(z.data(), y.data(), features, entropy.data());
        kernels.sum_features(z.data(), features, sums.data());
        for (int l = 0; l < lanes; ++l) {
            double total = 0, plain = 0, size_of = 0;
            for (long k = 0; k < features; ++k) {
                total += std::exp(double(z[k * lanes + l]));
                plain += z[k * lanes + l], size_of += std::abs(double(z[k * lanes + l]));
            }
            for (long k = 0; k < features; ++k)
                close(out[k * lanes + l], std::exp(double(z[k * lanes + l])) / total, tolerance<T>, "softmax", set);
            const double expected = std::log(total) - double(z[(l % features) * lanes + l]);
            close(entropy[l] + 1, expected + 1, 2 * tolerance<T>, "cross-entropy", set);
            close((sums[l] - plain) / size_of + 1, 1, tolerance<T>, "sum over features", set);
        }

        for (long rows : {1, 31, 32, 64, 70, 96}) {
            std::vector<T> by_feature(static_cast<std::size_t>(features));
            kernels.sum_rows(z.data(), features, size, rows, rows > 64, by_feature.data());
            for (long f = 0; f < features; ++f) {
                double sum = 0, scale = 1;
                for (long r = 0; r < rows; ++r) {
                    const double v = z[r / lanes * size + f * lanes + r % lanes];
                    sum += v, scale += std::abs(v);
                }
                close((by_feature[f] - sum) / scale + 1, 1, tolerance<T>, "sum over rows", set);
            }
        }

        for (long valid : {0, 1, 5, 32}) {
            double sum = 0, scale = 1;
            for (long f = 0; f < features; ++f)
                for (long l = 0; l < valid; ++l) sum += z[f * lanes + l], scale += std::abs(double(z[f * lanes + l]));
            close((kernels.total(z.data(), lanes, features, valid) - sum) / scale + 1, 1, tolerance<T>, "total", set);
        }
    }
}

FOR_EVERY_SET(test)
