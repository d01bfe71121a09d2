// What Python sees of the engine: a Machine for each dtype, and the names of the codes.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "machine.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using StepTuple = std::tuple<int, int, int, int, int, double>;
using InstructionTuple = std::tuple<int, int, int, std::vector<long>, double, std::vector<StepTuple>,
                                    std::vector<std::pair<int, int>>>;

Tape tape_of(const std::vector<std::tuple<int, long, long>>& values,
             const std::vector<InstructionTuple>& instructions, int levels) {
    Tape tape{{}, {}, levels};
    for (const auto& [kind, rows, columns] : values) tape.values.push_back({Kind(kind), rows, columns});
    for (const auto& [act, level, out, args, setting, steps, operands] : instructions) {
        Instruction i{Act(act), level, out, args, setting, {}, {}};
        for (const auto& [op, to, a, b, c, number] : steps) i.steps.push_back({Code(op), to, a, b, c, number});
        for (const auto& [value, view] : operands) i.operands.push_back({value, View(view)});
        tape.instructions.push_back(std::move(i));
    }
    return tape;
}

template <class T> using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

template <class T> void declare(nb::module_& m, const char* name) {
    using M = Machine<T>;
    nb::class_<M>(m, name)
        .def("__init__",
             [](M* self, const std::vector<std::tuple<int, long, long>>& values,
                const std::vector<InstructionTuple>& instructions, int levels, std::vector<int> scalar_inputs,
                std::vector<std::pair<int, double>> constants, int watched, int stop_level) {
                 new (self) M(tape_of(values, instructions, levels), std::move(scalar_inputs),
                              std::move(constants), watched, stop_level);
             })
        .def("set", [](M& self, int value, Array<const T> data) { self.set(value, data.data()); })
        .def("get", [](const M& self, int value, Array<T> data, long rows) { self.get(value, data.data(), rows); })
        .def("scalar", &M::scalar)
        .def("run",
             [](M& self, const std::vector<Array<const T>>& columns, std::optional<Array<const std::int64_t>> order,
                long first, long rows, long batch, long rounds, Array<const double> scalars, std::uint64_t seed,
                std::uint64_t draw, int threads, Array<double> watched) {
                 std::vector<Column<T>> data;
                 for (const auto& c : columns) data.push_back({c.data(), c.ndim() == 2 ? long(c.shape(1)) : 1});
                 const Steps steps{order ? order->data() : nullptr, first, rows, batch, rounds, scalars.data(), seed, draw};
                 nb::gil_scoped_release released;
                 return self.run(data, steps, threads, watched.data());
             },
             "columns"_a, "order"_a.none(), "first"_a, "rows"_a, "batch"_a, "rounds"_a, "scalars"_a, "seed"_a, "draw"_a,
             "threads"_a, "watched"_a);
}

}  // namespace

NB_MODULE(_native, m) {
    declare<float>(m, "FloatMachine");
    declare<double>(m, "DoubleMachine");
    m.def("instruction_sets", [] {
        std::vector<std::string> names;
        for (const auto* set : instruction_sets()) names.emplace_back(set->name);
        return names;
    });
    m.def("instruction_set", [] { return std::string(instruction_set().name); });
}
