// What Python sees of the engine: the tape, a machine for each dtype, the instruction sets and their peak.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <limits>

#include "interpreter.hpp"
#include "machine.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using ValueTuple = std::tuple<int, int, long, long, bool, long>;
using StepTuple = std::tuple<int, int, int, int, int, double, int, bool>;
using InstructionTuple = std::tuple<int, int, int, std::vector<long>, double, std::vector<StepTuple>,
                                    std::vector<std::pair<int, int>>, int, int, bool, int>;

Tape tape_of(const std::vector<ValueTuple>& values, const std::vector<InstructionTuple>& instructions, int levels) {
    Tape tape{};
    tape.levels = levels;
    for (const auto& [kind, form, rows, columns, local, offset] : values)
        tape.values.push_back({Kind(kind), Form(form), rows, columns, local, offset});
    for (const auto& [opcode, level, out, args, setting, steps, operands, summed, partials, once, part] : instructions) {
        Instruction i{Opcode(opcode), level, out, args, setting, {}, {}, summed, partials, once, part};
        for (const auto& [op, to, a, b, c, number, chained, kept] : steps)
            i.steps.push_back({Op(op), to, a, b, c, number, chained, kept});
        for (const auto& [value, view] : operands) i.operands.push_back({value, View(view)});
        tape.instructions.push_back(std::move(i));
    }
    return tape;
}

template <class T> using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

template <class T> long width(const Array<T>& a) { return a.ndim() == 2 ? long(a.shape(1)) : 1; }

template <class T> void declare(nb::module_& m, const char* name) {
    using M = Machine<T>;
    nb::class_<M>(m, name)
        .def(nb::init<std::shared_ptr<const Tape>>())
        .def("set", [](M& self, int value, Array<const T> data) { self.memory().set(value, data.data()); })
        .def("get", [](M& self, int value, Array<T> data) { self.memory().get(value, data.data()); })
        .def("scalar", &M::scalar)
        .def("finite", [](M& self) { return self.memory().finite(); })
        .def("save", [](M& self) { self.memory().save(); })
        .def("restore", [](M& self) { self.memory().restore(); })
        .def("run",
             [](M& self, const std::vector<Array<const T>>& columns, const std::vector<Array<T>>& stores,
                std::optional<Array<const std::int64_t>> order, long first, long rows, long batch, long rounds,
                Array<const double> scalars, std::uint64_t seed, std::uint64_t draw, int threads,
                Array<double> watched, double seconds) {
                 Data<T> data;
                 for (const auto& c : columns) data.columns.push_back({c.data(), width(c)});
                 for (const auto& c : stores) data.stores.push_back({c.data(), width(c)});
                 const Steps steps{order ? order->data() : nullptr, first, rows, batch, rounds, scalars.data(), seed, draw};
                 Stop stop(seconds, interpreter::wants_back);
                 {
                     const interpreter::Released released;
                     self.run(data, steps, threads, watched.data(), stop);
                 }
                 if (PyErr_Occurred()) throw nb::python_error();
             },
             "columns"_a, "stores"_a, "order"_a.none(), "first"_a, "rows"_a, "batch"_a, "rounds"_a, "scalars"_a,
             "seed"_a, "draw"_a, "threads"_a, "watched"_a, "seconds"_a = std::numeric_limits<double>::infinity())
        .def_prop_ro("known", &M::known);
}

// Billions of operations a second that all threads together can do, in products of a dtype.
double peak(int threads, const std::string& dtype) {
    const auto& set = instruction_set();
    const bool pairs = dtype == "bfloat16";
    const auto one = dtype == "float64" ? set.doubles().peak : set.floats().peak;
    const interpreter::Released released;
    const Lease lease(threads);
    std::vector<double> rates(static_cast<std::size_t>(lease.count()));
    lease.run([&](int index) { rates[static_cast<std::size_t>(index)] = one(pairs); });
    double all = 0;
    for (const double rate : rates) all += rate;
    return all;
}

}  // namespace

NB_MODULE(_native, m) {
    nb::set_leak_warnings(false);  // tapes are kept for later descents until the process ends
    nb::class_<Tape>(m, "Tape")
        .def("__init__",
             [](Tape* self, const std::vector<ValueTuple>& values, const std::vector<InstructionTuple>& instructions,
                int levels, std::vector<int> scalar_inputs, std::vector<std::pair<int, double>> constants,
                std::vector<int> updated, std::vector<std::pair<int, int>> mirrors, int watched, int stop_level) {
                 Tape tape = tape_of(values, instructions, levels);
                 tape.scalar_inputs = std::move(scalar_inputs);
                 tape.constants = std::move(constants);
                 tape.updated = std::move(updated);
                 tape.mirrors = std::move(mirrors);
                 tape.watched = watched;
                 tape.stop_level = stop_level;
                 new (self) Tape(std::move(tape));
             });
    m.attr("NAMES") = names;  // of the build: what _opcodes.py says must be the same
    declare<float>(m, "FloatMachine");
    declare<double>(m, "DoubleMachine");
    m.def("instruction_sets", [] {
        std::vector<std::string> names;
        for (const auto* set : instruction_sets()) names.emplace_back(set->name);
        return names;
    });
    m.def("instruction_set", [] { return std::string(instruction_set().name); });
    m.def("shuffle",
          [](Array<std::int64_t> out, std::uint64_t seed, std::uint32_t stream, std::uint64_t step) {
              instruction_set().floats().shuffle(out.data(), long(out.shape(0)), seed, stream, step);
          },
          "out"_a, "seed"_a, "stream"_a, "step"_a);
    m.def("peak", &peak, "threads"_a, "dtype"_a);
    const auto main_thread = nb::module_::import_("threading").attr("main_thread")();
    interpreter::begin(nb::cast<unsigned long>(main_thread.attr("ident")));
    nb::module_::import_("atexit").attr("register")(nb::cpp_function(&interpreter::end));
}
