#include "machine.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "machine_parts.hpp"
#include "threads.hpp"

namespace {

template <class T> Kernels<T> kernels_of(const InstructionSet& set) {
    if constexpr (sizeof(T) == 4)
        return set.floats();
    else
        return set.doubles();
}

}  // namespace

template <class T> typename Machine<T>::Buffer Machine<T>::zeros(long count) {
    constexpr std::size_t huge = 1 << 21;
    const auto bytes = static_cast<std::size_t>(count) * sizeof(T) + 64;
    const std::size_t page = bytes >= huge ? huge : 64;
    const std::size_t whole = (bytes + page - 1) / page * page;
    void* p = std::aligned_alloc(page, whole);
    if (!p) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    if (page == huge) madvise(p, whole, MADV_HUGEPAGE);  // fewer misses in the address cache
#endif
    std::memset(p, 0, whole);
    return Buffer(static_cast<T*>(p));
}

template <class T>
Machine<T>::Machine(std::shared_ptr<const Tape> tape)
    : tape_(std::move(tape)), kernels_(kernels_of<T>(instruction_set())), buffers_(tape_->values.size()) {
    for (std::size_t v = 0; v < buffers_.size(); ++v)
        if (tape_->values[v].kind == Kind::matrix) buffers_[v] = zeros(matrix_size(int(v)));
    for (const auto& i : tape_->instructions) parts_ = std::max(parts_, i.part + 1);
    for (const auto& i : tape_->instructions)
        if (i.partials >= 0) buffers_[i.partials] = zeros(tile_count(i));
}

template <class T> Machine<T>::~Machine() = default;

template <class T> long Machine<T>::panel_size(const Value& v) const {
    if (v.form == Form::halves) return v.rows * lanes / 2;
    return (v.form == Form::pairs ? up(v.rows, 2) : v.rows) * lanes;
}

template <class T> long Machine<T>::matrix_size(int value) const {
    const auto& v = tape_->values[value];
    if (v.form == Form::halves) return v.rows * row_length(value) / 2;
    return (v.form == Form::pairs ? up(v.rows, 2) : v.rows) * row_length(value);
}

template <class T> void Machine<T>::reserve(long panels) {
    capacity_ = panels;
    for (std::size_t v = 0; v < buffers_.size(); ++v) {
        const auto& value = tape_->values[v];
        if (value.kind == Kind::panels && !value.local) buffers_[v] = zeros(panels * panel_size(value));
        if (value.kind == Kind::transposed)
            buffers_[v] = zeros(up(value.rows, lanes) * panels * turned_panel(value.form));
        if (value.kind == Kind::partials && !buffers_[v]) buffers_[v] = zeros(panels);
    }
}

template <class T> void Machine<T>::make_thread(int index) {
    auto thread = std::make_unique<Thread>();
    thread->index = index;
    thread->scalars = zeros(long(tape_->values.size()) * lanes);
    for (const auto& [value, number] : tape_->constants)
        std::fill_n(thread->scalars.get() + long(value) * lanes, lanes, T(number));
    std::size_t most = 0;
    for (const auto& i : tape_->instructions) most = std::max(most, i.operands.size());
    thread->strips.resize(most);
    thread->scratch = zeros(long(most) * strip_rows * lanes);
    long size = 0;
    for (const auto& v : tape_->values)
        if (v.local) size = std::max(size, v.place + panel_size(v));
    thread->locals = zeros(group * size);
    threads_.push_back(std::move(thread));
}

template <class T> void Machine<T>::prepare(long panels, int threads) {
    const bool grown = panels > capacity_;
    if (grown) reserve(panels);
    if (!grown && threads == resolved_for_) return;
    while (int(threads_.size()) < threads) make_thread(int(threads_.size()));
    for (int t = 0; t < threads; ++t) resolve(*threads_[t], threads);
    share_tiles(threads);
    share_parts(threads);
    resolved_for_ = threads;
}

// Whether each thread can take as many parts as the others, and about as many multiplications in them.
template <class T> void Machine<T>::share_parts(int threads) {
    whole_parts_ = parts_ > 1 && parts_ % threads == 0;
    if (!whole_parts_) return;
    std::vector<double> shares(std::size_t(threads), 0.0);
    double all = 0;
    for (const auto& i : tape_->instructions)
        if (i.opcode == Opcode::product) {
            const double cost = double(i.args[4]) * double(tape_->values[i.args[2]].rows);
            shares[std::size_t(i.part / (parts_ / threads))] += cost;
            all += cost;
        }
    whole_parts_ = *std::max_element(shares.begin(), shares.end()) < 1.1 * all / threads;
}

template <class T> void Machine<T>::resolve(Thread& thread, int threads) {
    thread.scalar_tasks.assign(tape_->levels, {});
    thread.panel_tasks.assign(tape_->levels, {});
    thread.tile_tasks.assign(tape_->levels, {});
    thread.homes.clear();
    for (std::size_t v = 0; v < tape_->values.size(); ++v) thread.homes.push_back(home(thread, int(v)));
    for (const auto& i : tape_->instructions) {
        auto& tasks = domain(i) == Kind::scalar   ? thread.scalar_tasks
                      : domain(i) == Kind::panels ? thread.panel_tasks
                                                  : thread.tile_tasks;
        Task task{&i, {}, tile_rows(i), has_tiles(i.opcode) ? up(i.args[1], lanes) : 1};
        for (std::size_t k = 0; k < i.operands.size(); ++k) {
            task.operands.push_back(address(thread, i, k));
            const auto [value, view] = i.operands[k];
            if (view != View::strip || value < 0) continue;
            const Value& v = tape_->values[value];
            task.operands.back().far = v.kind == Kind::matrix ? v.rows > 1 : threads > 1 && !v.local;
        }
        tasks[i.level].push_back(std::move(task));
    }
    if (threads > 1)
        for (auto& tasks : thread.panel_tasks)
            for (std::size_t k = 0, next = 0; k < tasks.size(); ++k) {
                for (next = std::max(next, k); next < tasks.size() && tasks[next].of->opcode != Opcode::transpose_panels;) ++next;
                if (next < tasks.size()) tasks[k].next_turned = tasks[next].of->out;
            }
}

template <class T>
typename Machine<T>::Address Machine<T>::home(const Thread& thread, int value) const {
    const auto& v = tape_->values[value];
    if (v.kind == Kind::scalar) return {thread.scalars.get() + long(value) * lanes, 0, 0, 0, 0, 0};
    T* base = buffers_[value].get();
    if (v.kind == Kind::panels) {
        const long size = panel_size(v), row = v.form == Form::numbers ? lanes : lanes / 2;
        const long stride = v.form == Form::halves ? lanes / 2 : lanes;
        if (v.local) return {thread.locals.get() + group * v.place, 0, size, row, 0, stride};
        return {base, size, 0, row, 0, stride};
    }
    if (v.kind == Kind::matrix) {
        const long length = row_length(value);
        if (v.form == Form::halves) return {base, 0, 0, length / 2, lanes / 2, length / 2};
        if (v.form == Form::pairs) return {base, 0, 0, length / 2, lanes, length};
        return {base, 0, 0, length, lanes, length};
    }
    return {base, 0, 0, 0, 0, 0};
}

template <class T>
typename Machine<T>::Address Machine<T>::address(const Thread& thread, const Instruction& i, std::size_t k) const {
    const auto [value, view] = i.operands[k];
    if (view == View::scratch) return {thread.scratch.get() + long(k) * strip_rows * lanes, 0, 0, 0, 0, lanes};
    if (view == View::tile) return {nullptr, 0, 0, 0, 0, 0};
    const Address at = home(thread, value);
    switch (view) {
        case View::repeated: return {at.base, at.panel, at.place, 0, at.block, 0};
        case View::along_row: return {at.base, 0, 0, 1, 0, 1};
        case View::down_column: return {at.base, 0, 0, at.row, 0, at.stride};
        default: return at;
    }
}

template <class T> void Machine<T>::set(int value, const T* data) {
    const auto& v = tape_->values[value];
    const long length = row_length(value);
    for (long r = 0; r < v.rows; ++r)
        std::copy_n(data + r * v.columns, v.columns, buffers_[value].get() + r * length);
    mirror(value);
}

// The bfloat16 forms of a matrix, where it has any.
template <class T> void Machine<T>::mirror(int value) {
    for (const auto& [matrix, form] : tape_->mirrors) {
        if (matrix != value) continue;
        const auto& v = tape_->values[matrix];
        const long from = row_length(matrix), to = row_length(form) / (tape_->values[form].form == Form::halves ? 2 : 1);
        const Op code = tape_->values[form].form == Form::halves ? Op::round : Op::round_pairs;
        const ::Step step{code, 1, 0, 0, 0, 0, -1, true};
        for (long block = 0; block < up(v.columns, lanes); ++block) {
            const Strip<T> strips[] = {
                {buffers_[matrix].get() + block * lanes, from},
                {buffers_[form].get() + block * (code == Op::round ? lanes / 2 : lanes), to}};
            kernels_.block(&step, 1, strips, v.rows);
        }
    }
}

template <class T> void Machine<T>::get(int value, T* data) const {
    const auto& v = tape_->values[value];
    const long length = row_length(value);
    for (long r = 0; r < v.rows; ++r)
        std::copy_n(buffers_[value].get() + r * length, v.columns, data + r * v.columns);
}

template <class T> double Machine<T>::scalar(int value) const {
    return threads_.front()->scalars.get()[long(value) * lanes];
}

template <class T> bool Machine<T>::finite() const {
    for (const int value : tape_->updated) {
        // 0 times a number that is not finite is NaN, and so is every sum with it
        T sum = 0;
        const T* numbers = buffers_[value].get();
        const long count = matrix_size(value);
        T parts[lanes] = {};
        for (long k = 0; k < count; k += lanes)
            for (int l = 0; l < lanes; ++l) parts[l] += T(0) * numbers[k + l];
        for (const T part : parts) sum += part;
        if (sum != T(0)) return false;
    }
    return true;
}

template <class T> void Machine<T>::save() {
    saved_.resize(buffers_.size());
    for (const int value : tape_->updated) {
        if (!saved_[value]) saved_[value] = zeros(matrix_size(value));
        std::copy_n(buffers_[value].get(), matrix_size(value), saved_[value].get());
    }
}

template <class T> void Machine<T>::restore() {
    for (const int value : tape_->updated) {
        std::copy_n(saved_[value].get(), matrix_size(value), buffers_[value].get());
        mirror(value);
    }
}

template <class T>
long Machine<T>::run(const Data<T>& data, const Steps& steps, int wanted, double* watched) {
    const Lease lease(wanted);
    prepare(up(std::min(steps.batch, steps.rows), lanes), lease.count());
    const long in_round = up(steps.rows, steps.batch), count = in_round * steps.rounds;
    const auto inputs = long(tape_->scalar_inputs.size());
    Barrier barrier(lease.count());
    long done = 0;
    lease.run([&](int index) {
        Thread& thread = *threads_[index];
        thread.count = lease.count();
        for (long s = 0; s < count; ++s) {
            const long start = s % in_round * steps.batch;
            const Batch batch{steps.order ? steps.order + start : nullptr, steps.first + start, start,
                              std::min(steps.batch, steps.rows - start), steps.seed, steps.draw + std::uint64_t(s)};
            for (long k = 0; k < inputs; ++k)
                std::fill_n(thread.scalars.get() + long(tape_->scalar_inputs[k]) * lanes, lanes,
                            T(steps.scalars[s * inputs + k]));
            bool stopped = false;
            step(thread, data, batch, barrier, in_round == 1 && s > 0, watched + s, stopped);
            if (stopped) return;  // the same on every thread
            if (index == 0) done = s + 1;
        }
    });
    return done;
}

// A thread takes its panels through all parts, or, where parts can be shared out evenly, all panels through its parts.
template <class T>
void Machine<T>::panels_of(Thread& thread, int level, const Data<T>& data, const Batch& batch, bool again) {
    const auto& tasks = thread.panel_tasks[level];
    if (tasks.empty()) return;
    const bool whole = whole_parts_ && tasks.front().of->part != tasks.back().of->part;
    const long panels = up(batch.rows, lanes);
    const long first = whole ? 0 : panels * thread.index / thread.count;
    const long last = whole ? panels : panels * (thread.index + 1) / thread.count;
    for (auto begin = tasks.begin(), end = begin; begin != tasks.end(); begin = end) {
        const int part = begin->of->part;
        end = std::find_if(begin, tasks.end(), [=](const Task& task) { return task.of->part != part; });
        if (whole && part / (parts_ / thread.count) != thread.index) continue;
        for (long p = first; p < last; p += group)
            for (auto task = begin; task != end; ++task)
                if (!(again && task->of->once)) panel_act(thread, *task, data, batch, p, std::min(p + group, last));
    }
}

template <class T>
void Machine<T>::step(Thread& thread, const Data<T>& data, const Batch& batch, Barrier& barrier, bool again,
                      double* watched, bool& stopped) {
    for (int level = 0; level < tape_->levels; ++level) {
        for (const auto& task : thread.scalar_tasks[level])
            if (!(again && task.of->once)) scalar_act(thread, task, data, batch);
        if (level == tape_->stop_level && tape_->watched >= 0) {
            const double value = thread.homes[tape_->watched].base[0];
            if (thread.index == 0) *watched = value;
            if (!std::isfinite(value)) {
                stopped = true;
                return;
            }
        }
        // only now: what a step that stops has offered would be taken by the next run before its thread begins
        Share& share = shares_[level][thread.index];
        share.next.store(share.begin, std::memory_order_relaxed);
        panels_of(thread, level, data, batch, again);
        tiles_of(thread, level, batch, again);
        barrier.wait();
    }
}

template class Machine<float>;
template class Machine<double>;
