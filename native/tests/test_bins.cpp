#include "check.hpp"

// What bins are: each ramp or peak of a number, and the product of all of them with 32 columns of a matrix.
template <class T> struct Bins {
    bool peaks;
    std::vector<double> zeros;  // where ramps begin and the last ends, or where peaks are

    long segments() const { return long(zeros.size()) - 1; }
    long count() const { return peaks ? segments() + 1 : segments(); }
    double slope(long k) const {
        if (!peaks) return 1 / (zeros[k + 1] - zeros[k]);
        const double left = k ? zeros[k] - zeros[k - 1] : 1e9, right = k < segments() ? zeros[k + 1] - zeros[k] : 1e9;
        return 1 / std::min(left, right);
    }
    double feature(long k, double x, double height) const {
        const double line = (x - zeros[k]) * slope(k);
        return height * (peaks ? std::max(1 - std::abs(line), 0.0) : std::min(std::max(line, 0.0), 1.0));
    }
    std::vector<T> numbers() const {
        std::vector<T> found(zeros.begin(), zeros.end() - 1);
        for (long k = 0; k < count(); ++k) found.push_back(T(slope(k)));
        for (long k = 0; k < count(); ++k) found.push_back(T(-zeros[k] * slope(k)));
        return found;
    }
    // The rows of a table for a matrix with a row for each bin: sums up to each end of a ramp, or the rows themselves.
    std::vector<T> table(const std::vector<T>& weights) const {
        if (peaks) return weights;
        std::vector<T> found(lanes, T(0));
        for (long k = 0; k < count(); ++k)
            for (int c = 0; c < lanes; ++c) found.push_back(found[k * lanes + c] + weights[k * lanes + c]);
        return found;
    }
};

template <class T> void test_bins(const Kernels<T>& kernels, const Bins<T>& bins, const char* set) {
    const double height = 0.5, near = sizeof(T) == 8 ? 1e-12 : 2e-5;
    auto x = numbers<T>(lanes, 2);
    x[0] = T(bins.zeros[1]), x[1] = T(bins.zeros.front()), x[2] = T(bins.zeros.back()), x[3] = T(1e6), x[4] = T(-1e6);
    const auto given = bins.numbers(), weights = numbers<T>(std::size_t(bins.count() * lanes)), table = bins.table(weights);
    const long last = long(table.size()) / lanes - 2, first = 0;
    std::vector<T> places(3 * lanes);
    for (long rows : {1, 7, 32}) {
        kernels.bin_places(x.data(), given.data(), bins.segments(), bins.peaks, T(first), T(height), rows, places.data());
        std::vector<T> out(lanes * lanes, T(1));
        kernels.bin_lookup(table.data(), lanes, last, places.data(), rows, out.data());
        for (long l = 0; l < lanes; ++l)
            for (int c = 0; c < lanes; ++c) {
                double sum = 1, size = 1;
                for (long k = 0; l < rows && k < bins.count(); ++k) {
                    const double term = bins.feature(k, double(x[l]), height) * double(weights[k * lanes + c]);
                    sum += term, size += std::abs(term);
                }
                close((double(out[l * lanes + c]) - sum) / size + 1, 1, near, "looked up", set);
            }
        // the sums that belong to the table: in the direction of any table they change what is looked up by as much
        const auto terms = numbers<T>(lanes * lanes, 1, 5);
        std::vector<T> sums(table.size(), T(0));
        kernels.bin_sums(places.data(), last, terms.data(), rows, sums.data(), lanes);
        double forward = 0, back = 0, size = 0;
        for (long n = 0; n < rows * lanes; ++n) {
            forward += double(terms[n]) * (double(out[n]) - 1);
            size += std::abs(double(terms[n]) * double(out[n]));
        }
        for (std::size_t n = 0; n < table.size(); ++n) back += double(sums[n]) * double(table[n]);
        close((forward - back) / size + 1, 1, near, "summed", set);
    }
}

template <class T> void test(const Kernels<T>& kernels, const char* set) {
    for (const bool peaks : {false, true})
        for (const auto& zeros : {std::vector<double>{-1, 0.5}, {-2, -1, 0, 1, 2}, {-3, -1, -0.9, 0, 0.1, 0.2, 2.5, 4}})
            test_bins<T>(kernels, {peaks, zeros}, set);
    // a place that is no row, which no sound tape has, reads the first rows
    const T places[3 * lanes] = {T(-1), T(NAN), T(1e30)};
    std::vector<T> table(3 * lanes, T(1)), out(lanes * lanes);
    kernels.bin_lookup(table.data(), lanes, 1, places, lanes, out.data());
    for (const T found : out) close(found, 0, 0, "places beyond the table", set);
}

FOR_EVERY_SET(test)
