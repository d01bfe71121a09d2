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
#include <list>
#include <stdexcept>

#include "checks.hpp"
#include "interpreter.hpp"
#include "machine.hpp"
#include "together.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using ValueTuple = std::tuple<int, int, long, long, bool, long>;
using StepTuple = std::tuple<int, int, int, int, int, double, int, bool>;
using InstructionTuple = std::tuple<int, int, int, std::vector<long>, double, std::vector<StepTuple>,
                                    std::vector<std::pair<int, int>>, int, int, bool, bool, int>;
using ExchangeTuple = std::tuple<std::vector<std::pair<int, int>>, int, int>;

Tape tape_of(const std::vector<ValueTuple>& values, const std::vector<InstructionTuple>& instructions, int levels) {
    Tape tape{};
    tape.levels = levels;
    for (const auto& [kind, form, rows, columns, local, offset] : values)
        tape.values.push_back({Kind(kind), Form(form), rows, columns, local, offset});
    for (const auto& [opcode, level, out, args, setting, steps, operands, summed, partials, once, settled, part] : instructions) {
        Instruction i{Opcode(opcode), level, out, args, setting, {}, {}, summed, partials, once, settled, part};
        for (const auto& [op, to, a, b, c, number, chained, kept] : steps)
            i.steps.push_back({Op(op), to, a, b, c, number, chained, kept});
        for (const auto& [value, view] : operands) i.operands.push_back({value, View(view)});
        tape.instructions.push_back(std::move(i));
    }
    return tape;
}

template <class T> using Array = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
using Order = std::optional<Array<const std::int64_t>>;
using Numbers = std::optional<Array<const double>>;
using Places = std::optional<Array<double>>;

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

// Arrays of the tape's widths with at least so many rows.
template <class T>
std::vector<Table<T>> tables(const std::vector<Array<T>>& arrays, const std::vector<Width>& widths, const char* kind) {
    if (arrays.size() != widths.size())
        throw std::invalid_argument("the tape needs " + std::to_string(widths.size()) + " " + kind + ", not " +
                                    std::to_string(arrays.size()));
    std::vector<Table<T>> found;
    for (std::size_t n = 0; n < arrays.size(); ++n) {
        const auto& a = arrays[n];
        require(a.ndim() == 1 || a.ndim() == 2, "columns and stores need one or two axes");
        const long width = a.ndim() == 2 ? long(a.shape(1)) : 1;
        const bool fits = widths[n].exact < 0 ? width >= widths[n].least : width == widths[n].exact;
        if (!fits)
            throw std::invalid_argument("number " + std::to_string(n) + " of the " + kind + " has " + std::to_string(width) +
                                        " numbers a row, which is not what the tape reads or writes");
        found.push_back({a.data(), width});
    }
    return found;
}

template <class T> long fewest_rows(const std::vector<Array<T>>& arrays) {
    long fewest = std::numeric_limits<long>::max();
    for (const auto& a : arrays) fewest = std::min(fewest, long(a.shape(0)));
    return fewest;
}

// That the rows of all steps are rows of the columns.
void check_rows(const Order& order, long first, long rows, long there) {
    if (!order) return require(first >= 0 && rows <= there && first <= there - rows, "steps take rows that are not there");
    require(order->ndim() == 1 && rows <= long(order->shape(0)), "the order has fewer rows than the steps");
    // the sign bit of a number below 0, or of the difference of one that is too large; vectors of any set have these ops
    const auto* numbers = order->data();
    const auto last = std::uint64_t(there - 1);
    std::uint64_t bits = 0;
    for (long n = 0; n < rows; ++n) bits |= std::uint64_t(numbers[n]) | (last - std::uint64_t(numbers[n]));
    require(there > 0 && !(bits >> 63), "the order names a row that is not there");
}

// That each step has its scalars, and a place for the watched one.
void check_steps(const Steps& steps, const Numbers& scalars, const Places& watched, const Tape& tape) {
    require(steps.rows >= 1 && steps.batch >= 1 && steps.rounds >= 0, "steps need at least one row");
    require(steps.rows < 1L << 48, "there are too many rows");
    require(!steps.ends || steps.rounds == 1, "steps with ends go over the rows once");
    long count = 0;
    const bool countable = !__builtin_mul_overflow(steps.in_round(), steps.rounds, &count);
    const bool placed = tape.watched < 0 || (watched && watched->ndim() == 1 && count <= long(watched->shape(0)));
    require(countable && placed, "there are more steps than places");
    const auto inputs = long(tape.scalar_inputs.size());
    require(inputs == 0 || (scalars && long(scalars->size()) / inputs >= count), "each step needs its scalar inputs");
}

// That each row has a place, and that the rows of each step end behind those of the step before, within a batch.
void check_parts(const Steps& steps, const Order& places, const Order& ends) {
    if (places) {
        require(places->ndim() == 1 && long(places->shape(0)) >= steps.rows, "there are fewer places than rows");
        for (long n = 0; n < steps.rows; ++n)
            require(steps.places[n] >= 0 && steps.places[n] < 1L << 48, "a row has a place that no batch has");
    }
    if (!ends) return;
    require(ends->ndim() == 1 && steps.ended >= 1 && steps.ends[steps.ended - 1] == steps.rows,
            "the last step does not end with the rows");
    for (long s = 0; s < steps.ended; ++s) {
        const long size = steps.end(s) - steps.start(s);
        require(size >= 1 && size <= steps.batch, "a step has no rows, or more than a batch");
    }
}

// The right to use a machine: one thread at a time has it.
template <class T> class Turn {
public:
    explicit Turn(Machine<T>& machine) : machine_(machine) {
        if (!machine_.enter()) throw std::runtime_error("the machine is at work on another thread");
    }
    ~Turn() { machine_.leave(); }
    Machine<T>* operator->() const { return &machine_; }

private:
    Machine<T>& machine_;
};

template <class T> void check_matrix(const Machine<T>& machine, int value, std::size_t numbers) {
    const auto& values = machine.tape().values;
    require(value >= 0 && value < int(values.size()), "there is no such value");
    const Value& v = values[std::size_t(value)];
    require(v.kind == Kind::matrix && v.form == Form::numbers, "the value is not a matrix of numbers");
    if (std::size_t(v.rows) * std::size_t(v.columns) != numbers)
        throw std::invalid_argument("the value has " + std::to_string(v.rows) + " x " + std::to_string(v.columns) +
                                    " numbers, not " + std::to_string(numbers));
}

template <class T>
void run(Machine<T>& machine, const std::vector<Array<const T>>& columns, const std::vector<Array<T>>& stores,
         const Order& order, long first, long rows, long batch, long rounds, const Numbers& scalars, std::uint64_t seed,
         std::uint64_t draw, int threads, const Places& watched, double seconds,
         const Order& places, const Order& ends) {
    const Tape& tape = machine.tape();
    const Data<T> data{tables(columns, tape.columns, "columns"), tables(stores, tape.stores, "stores")};
    const auto numbers = [](const auto& given) { return given ? given->data() : nullptr; };
    const Steps steps{numbers(order), first, rows, std::min(batch, rows), rounds, numbers(scalars), seed, draw,
                      numbers(places), numbers(ends), ends ? long(ends->size()) : 0};
    check_steps(steps, scalars, watched, tape);
    check_rows(order, first, rows, fewest_rows(columns));
    require(rows <= fewest_rows(stores), "the stores have fewer rows than the steps");
    check_parts(steps, places, ends);
    const Turn turn(machine);
    // ranks end together: handlers of signals are called, and what they ask for is done after these steps
    const bool alone = tape.exchanges.empty();
    Stop stop(alone ? seconds : std::numeric_limits<double>::infinity(),
              [=] { return interpreter::wants_back() && (alone || interpreter::is_over()); });
    {
        const interpreter::Released released;
        machine.run(data, steps, threads, numbers(watched), stop);
    }
    if (PyErr_Occurred()) throw nb::python_error();
}

template <class T>
void run_together(const std::vector<Machine<T>*>& machines, const std::vector<Array<const T>>& columns, const Order& order,
                  long rows, long batch, long rounds, const std::vector<Array<const double>>& scalars, double factor,
                  std::uint64_t seed, std::uint64_t draw, int threads, const Array<double>& watched, double seconds) {
    require(!machines.empty() && machines.size() == scalars.size(), "machines that run together need scalars each");
    for (const auto* machine : machines) require(machine, "None is no machine");
    const Tape& first = machines.front()->tape();
    const Data<T> data{tables(columns, first.columns, "columns"), {}};
    const Steps steps{order ? order->data() : nullptr, 0, rows, std::min(batch, rows), rounds, nullptr, seed, draw};
    check_rows(order, 0, rows, fewest_rows(columns));
    std::vector<const double*> numbers;
    for (std::size_t m = 0; m < machines.size(); ++m) {
        const Tape& tape = machines[m]->tape();
        require(tape.exchanges.empty() && tape.stores.empty() && tape.watched >= 0,
                "machines that run together watch a scalar, and neither exchange nor store");
        tables(columns, tape.columns, "columns");
        check_steps(steps, scalars[m], watched, tape);
        numbers.push_back(scalars[m].data());
    }
    std::list<Turn<T>> turns;
    for (auto* machine : machines) turns.emplace_back(*machine);
    Stop stop(seconds, [] { return interpreter::wants_back(); });
    {
        const interpreter::Released released;
        Together<T>(machines).run(data, steps, numbers, T(factor), threads, watched.data(), stop);
    }
    if (PyErr_Occurred()) throw nb::python_error();
}

template <class T> void declare(nb::module_& m, const char* name) {
    using M = Machine<T>;
    // what is written into is never a converted copy
    nb::class_<M>(m, name)
        .def(nb::init<std::shared_ptr<const Tape>>())
        .def("set",
             [](M& self, int value, const Array<const T>& data) {
                 const Turn turn(self);
                 check_matrix(self, value, data.size());
                 self.set(value, data.data());
             })
        .def("get",
             [](M& self, int value, const Array<T>& data) {
                 const Turn turn(self);
                 check_matrix(self, value, data.size());
                 self.memory().get(value, data.data());
             },
             "value"_a, "data"_a.noconvert())
        .def("scalar",
             [](M& self, int value) {
                 const Turn turn(self);
                 const auto& values = self.tape().values;
                 const bool there = value >= 0 && value < int(values.size()) && values[std::size_t(value)].kind == Kind::scalar;
                 require(there, "there is no such scalar");
                 return self.scalar(value);
             })
        .def("finite", [](M& self) { return Turn(self)->memory().finite(); })
        .def("save", [](M& self) { Turn(self)->memory().save(); })
        .def("restore", [](M& self) { Turn(self)->memory().restore(); })
        .def("run", &run<T>, "columns"_a, "stores"_a.noconvert(), "order"_a.none().noconvert(), "first"_a, "rows"_a, "batch"_a,
             "rounds"_a, "scalars"_a.none(), "seed"_a, "draw"_a, "threads"_a, "watched"_a.none().noconvert(),
             "seconds"_a = std::numeric_limits<double>::infinity(), "places"_a.none().noconvert() = nb::none(),
             "ends"_a.none().noconvert() = nb::none())
        .def_static("run_together", &run_together<T>, "machines"_a, "columns"_a, "order"_a.none().noconvert(), "rows"_a,
                    "batch"_a, "rounds"_a, "scalars"_a, "factor"_a, "seed"_a, "draw"_a, "threads"_a, "watched"_a.noconvert(),
                    "seconds"_a = std::numeric_limits<double>::infinity())
        .def("exchanged",
             [](M& self, long number) {
                 const auto& exchanges = self.tape().exchanges;
                 require(number >= 0 && number < long(exchanges.size()), "there is no such exchange");
                 const auto size = std::size_t(self.memory().sent_size(std::size_t(number)));
                 return nb::ndarray<nb::numpy, T, nb::ndim<1>>(self.memory().sent(std::size_t(number)), {size}, nb::find(self));
             })
        .def("serve",
             [](M& self, bool serves) {
                 require(!self.tape().exchanges.empty(), "the tape has no exchanges");
                 self.post().serve(serves);
             })
        .def("next_exchange",
             [](M& self) {
                 require(!self.tape().exchanges.empty(), "the tape has no exchanges");
                 const interpreter::Released released;
                 return self.post().next();
             })
        .def("answer",
             [](M& self, bool summed) {
                 require(!self.tape().exchanges.empty(), "the tape has no exchanges");
                 self.post().answer(summed);
             })
        .def_prop_ro("known", &M::known)
        .def_prop_ro("first", &M::first)
        .def_prop_ro("bytes", &M::bytes);
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
                int levels, std::vector<int> scalar_inputs, std::vector<std::pair<int, std::vector<double>>> constants,
                std::vector<int> updated, std::vector<std::pair<int, int>> mirrors, int watched, int stop_level,
                const std::vector<ExchangeTuple>& exchanges) {
                 Tape tape = tape_of(values, instructions, levels);
                 tape.scalar_inputs = std::move(scalar_inputs);
                 tape.constants = std::move(constants);
                 tape.updated = std::move(updated);
                 tape.mirrors = std::move(mirrors);
                 tape.watched = watched;
                 tape.stop_level = stop_level;
                 for (const auto& [values, sent, wanted] : exchanges) tape.exchanges.push_back({values, sent, wanted});
                 check(tape);
                 new (self) Tape(std::move(tape));
             },
             "values"_a, "instructions"_a, "levels"_a, "scalar_inputs"_a, "constants"_a, "updated"_a, "mirrors"_a,
             "watched"_a, "stop_level"_a, "exchanges"_a = std::vector<ExchangeTuple>());
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
              require(out.ndim() == 1, "an order has one axis");
              instruction_set().floats().shuffle(out.data(), long(out.shape(0)), seed, stream, step);
          },
          "out"_a.noconvert(), "seed"_a, "stream"_a, "step"_a);
    m.def("peak", &peak, "threads"_a, "dtype"_a);
    const auto main_thread = nb::module_::import_("threading").attr("main_thread")();
    interpreter::begin(nb::cast<unsigned long>(main_thread.attr("ident")));
    nb::module_::import_("atexit").attr("register")(nb::cpp_function(&interpreter::end));
}
