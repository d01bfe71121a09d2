// The kernels of the set avx512bf16: those of avx512, but for products of pairs, which have an instruction of their own.
#include "peak.hpp"
#include "products.hpp"

Kernels<float> float_kernels_avx512();
Kernels<double> double_kernels_avx512();

namespace {

template <class T> Kernels<T> with_pairs(Kernels<T> kernels) {
    kernels.pair_product = product<Pairs>;
    kernels.peak = peak<T>;
    return kernels;
}

}  // namespace

Kernels<float> float_kernels_avx512bf16() { return with_pairs(float_kernels_avx512()); }
Kernels<double> double_kernels_avx512bf16() { return with_pairs(double_kernels_avx512()); }
