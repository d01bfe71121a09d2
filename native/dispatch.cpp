// The instruction sets this build knows, and the one to use: the best that the processor has, or the one that
// the environment variable DOWNSLOPE_ISA names.
#include "dispatch.hpp"

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
bool has_avx512() {
    return bool(__builtin_cpu_supports("avx512f")) && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

const InstructionSet sets[] = {
#if defined(__x86_64__)
    {"avx512bf16", [] { return has_avx512() && bool(__builtin_cpu_supports("avx512bf16")); },
     float_kernels_avx512bf16, double_kernels_avx512bf16},
    {"avx512", has_avx512, float_kernels_avx512, double_kernels_avx512},
    {"avx2", [] { return bool(__builtin_cpu_supports("avx2")) && __builtin_cpu_supports("fma"); },
     float_kernels_avx2, double_kernels_avx2},
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
