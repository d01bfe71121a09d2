// The instruction sets this build knows, and the one to use: the best that the processor has, or the one that
// the environment variable DOWNSLOPE_ISA names.
#include "dispatch.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#include <cstdlib>
#include <stdexcept>
#include <string>

#define DOWNSLOPE_DECLARE(isa)        \
    Kernels<float> float_kernels_##isa(); \
    Kernels<double> double_kernels_##isa();

DOWNSLOPE_DECLARE(portable)
#if defined(__x86_64__)
DOWNSLOPE_DECLARE(avx2)
DOWNSLOPE_DECLARE(avx512)
DOWNSLOPE_DECLARE(avx512bf16)
#endif

namespace {

#if defined(__x86_64__)
// What the processor has, and the system keeps for each thread. __builtin_cpu_supports says the same with the libraries of
// GCC and LLVM; with those of zig, which builds wheels, it says that nothing is there.
struct Processor {
    bool avx2, avx512, bfloat16;

    Processor() : avx2(false), avx512(false), bfloat16(false) {
        unsigned a = 0, b = 0, c = 0, d = 0;
        if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return;
        const bool fma = c & bit_FMA;
        unsigned kept, above;
        asm("xgetbv" : "=a"(kept), "=d"(above) : "c"(0));
        constexpr unsigned ymm = 0x06, zmm = 0xe6;  // registers, by their bits
        constexpr unsigned all = bit_AVX512F | bit_AVX512VL | bit_AVX512DQ | bit_AVX512BW;
        if ((kept & ymm) != ymm || !fma || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
        avx2 = b & bit_AVX2;
        avx512 = avx2 && (kept & zmm) == zmm && (b & all) == all;
        bfloat16 = avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 5);
    }
};
const Processor processor;
#endif

const InstructionSet sets[] = {
#if defined(__x86_64__)
    {"avx512bf16", [] { return processor.bfloat16; }, float_kernels_avx512bf16, double_kernels_avx512bf16},
    {"avx512", [] { return processor.avx512; }, float_kernels_avx512, double_kernels_avx512},
    {"avx2", [] { return processor.avx2; }, float_kernels_avx2, double_kernels_avx2},
#endif
    {"portable", [] { return true; }, float_kernels_portable, double_kernels_portable},
};

}  // namespace

std::vector<const InstructionSet*> instruction_sets() {
    std::vector<const InstructionSet*> found;
    for (const auto& set : sets)
        if (set.present()) found.push_back(&set);
    return found;
}

const InstructionSet& instruction_set() {
    const auto found = instruction_sets();
    const char* asked = std::getenv("DOWNSLOPE_ISA");
    if (!asked || !*asked) return *found.front();
    std::string known;
    for (const auto* set : found) {
        if (std::string(asked) == set->name) return *set;
        known += (known.empty() ? "" : ", ") + std::string(set->name);
    }
    throw std::invalid_argument("DOWNSLOPE_ISA is " + std::string(asked) + "; this processor has " + known);
}
