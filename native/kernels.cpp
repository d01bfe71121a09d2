// The kernels of one instruction set. This file is compiled once for each, with its own flags and
// DOWNSLOPE_ISA (a name), DOWNSLOPE_VECTOR_BYTES and DOWNSLOPE_REGISTERS. Everything it calls is in anonymous
// namespaces: an inline function shared between two sets of flags would be merged into either one by the linker.
#include "bins.hpp"
#include "elementwise.hpp"
#include "peak.hpp"
#include "products.hpp"
#include "random.hpp"
#include "reductions.hpp"
#include "transpose.hpp"

namespace {

template <class T> Kernels<T> kernels() {
    // a multiple of the height of a tile, at most strip_rows
    constexpr long tile_rows = strip_rows / Registers<T>::rows * Registers<T>::rows;
    return {tile_rows,    product<Numbers<T>>, product<Pairs>,  row_product<T>, run_block<T>,   gather<T>,   transpose<T>,
            softmax<T>,   cross_entropy<T>,    sum_features<T>, total<T>,       sum_rows<T>,    add_exactly<T>, add_lost<T>,
            keep_mask<T>, shuffle,             bin_places<T>,   bin_lookup<T>,  bin_sums<T>,    peak<T>};
}

}  // namespace

#define DOWNSLOPE_JOIN_(a, b) a##b
#define DOWNSLOPE_JOIN(a, b) DOWNSLOPE_JOIN_(a, b)

Kernels<float> DOWNSLOPE_JOIN(float_kernels_, DOWNSLOPE_ISA)() { return kernels<float>(); }
Kernels<double> DOWNSLOPE_JOIN(double_kernels_, DOWNSLOPE_ISA)() { return kernels<double>(); }
