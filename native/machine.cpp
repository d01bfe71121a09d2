#include "machine.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace {

// Multiplications of a step that is always finished, and of one that may be left after it has begun to update.
constexpr double brief_work = 1 << 22, long_work = 1 << 30;

template <class T> Kernels<T> kernels_of(const InstructionSet& set) {
    if constexpr (sizeof(T) == 4)
        return set.floats();
    else
        return set.doubles();
}

}  // namespace

template <class T>
Machine<T>::Machine(std::shared_ptr<const Tape> tape)
    : tape_(std::move(tape)), kernels_(kernels_of<T>(instruction_set())), memory_(*tape_, kernels_),
      post_(tape_->exchanges.size()) {
    for (const auto& v : tape_->values)
        if (sizeof(T) != sizeof(Word) && v.form != Form::numbers)
            throw std::invalid_argument("a tape with bfloat16 needs a machine of float32");
    for (const auto& i : tape_->instructions) parts_ = std::max(parts_, i.part + 1);
}

template <class T> double Machine<T>::scalar(int value) const {
    if (workers_.empty()) throw std::logic_error("there is no number before the first run");
    return workers_.front()->scalar(value)[0];
}

template <class T> void Machine<T>::set(int value, const T* data) {
    settled_ = false;
    memory_.set(value, data);
}

template <class T> bool Machine<T>::enter() {
    const int process = getpid();
    int user = 0;
    if (user_.compare_exchange_strong(user, process)) return true;
    if (user == process || !user_.compare_exchange_strong(user, process)) return false;
    resolved_for_ = 0;  // a thread of the parent was at work when this process was forked
    return true;
}

template <class T> std::size_t Machine<T>::bytes() const {
    std::size_t bytes = memory_.bytes();
    for (const auto& worker : workers_) bytes += worker->bytes();
    return bytes;
}

// Sharing the work

template <class T> void Machine<T>::prepare(long panels, int threads) {
    const bool grown = panels > memory_.capacity();
    if (!grown && threads == resolved_for_) return;
    resolved_for_ = 0;
    if (grown) memory_.reserve(panels);
    while (int(workers_.size()) < threads)
        workers_.push_back(std::make_unique<Worker<T>>(*tape_, kernels_, memory_, int(workers_.size())));
    for (int t = 0; t < threads; ++t) workers_[t]->resolve(threads);
    count_work();
    share_tiles(threads);
    share_parts(threads);
    resolved_for_ = threads;
}

template <class T> void Machine<T>::count_work() {
    for (auto& worker : workers_)
        for (auto* tasks : {&worker->panel_tasks, &worker->tile_tasks})
            for (auto& level : *tasks)
                for (auto& task : level) task.work = cost(*task.of);
    panel_work_ = tile_work_ = 0;
    for (const auto& i : tape_->instructions) {
        if (info(i).domain == Kind::panels) panel_work_ += cost(i);
        if (info(i).domain == Kind::matrix) tile_work_ += cost(i) * double(tile_count(i, kernels_.tile_rows));
    }
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

// About how many multiplications take as long as a tile, or as a panel.
template <class T> double Machine<T>::cost(const Instruction& i) const {
    if (info(i).domain == Kind::panels) {
        const auto rows = [&](long value) { return double(tape_->values[value].rows); };
        if (i.opcode == Opcode::product) return lanes * double(i.args[4]) * rows(i.args[2]);
        if (i.opcode == Opcode::bin_lookup) return 2 * lanes * double(i.args[0]) * rows(i.args[2]);
        if (i.opcode == Opcode::block) return 8 * lanes * double(i.args[0]) * double(i.steps.size());
        return 8 * lanes * (i.out < 0 ? 1 : rows(i.out));
    }
    const double whole = double(i.args[0]) * double(i.args[1]);
    const double area = has_tiles(i.opcode) ? whole / double(tile_count(i, kernels_.tile_rows)) : lanes;
    const double batch = double(memory_.capacity()) * lanes;
    const double made = i.opcode == Opcode::contract         ? area * batch
                        : i.opcode == Opcode::matrix_product ? area * double(i.args[5])
                        : i.opcode == Opcode::sum_rows       ? 2 * area * batch
                        : i.opcode == Opcode::bin_sums       ? double(lanes) * double(tape_->values[i.args[2]].rows) * batch
                        : is_by_block(i.opcode)              ? 4.0 * lanes * double(i.args[0])
                        : i.opcode == Opcode::matrix_block   ? 0
                                                             : 8.0 * whole;
    return made + 4 * area * double(i.steps.size() + 2);
}

template <class T> void Machine<T>::share_tiles(int threads) {
    pieces_.assign(tape_->levels, {});
    shares_.clear();
    for (int level = 0; level < tape_->levels; ++level) {
        const auto& tasks = workers_.front()->tile_tasks[level];
        std::vector<double> done{0};  // the cost of all pieces up to each
        for (std::size_t k = 0; k < tasks.size(); ++k)
            for (long tile = 0; tile < tile_count(*tasks[k].of, kernels_.tile_rows); ++tile) {
                pieces_[level].push_back({int(k), tile});
                done.push_back(done.back() + tasks[k].work);
            }
        const long all = long(pieces_[level].size());
        shares_.push_back(std::make_unique<Share[]>(std::size_t(threads)));
        for (int t = 0; t < threads; ++t) {
            const auto until = [&](int share) {
                const double cost = done.back() * share / threads;
                return std::min(all, long(std::lower_bound(done.begin(), done.end(), cost) - done.begin()));
            };
            shares_[level][t].begin = until(t);
            shares_[level][t].end = t == threads - 1 ? all : until(t + 1);
            shares_[level][t].next = shares_[level][t].end;  // nothing to take before its thread begins
        }
    }
}

// Running

template <class T>
void Machine<T>::run(const Data<T>& data, const Steps& steps, int wanted, double* watched, Stop& stop) {
    known_ = 0;
    first_ = steps.draw;
    const Lease lease(wanted);
    prepare(steps.panels(), lease.count());
    Run run{data, stop, Barrier(lease.count()), work(steps.panels()), first_update()};
    if (run.work > long_work && !tape_->updated.empty()) memory_.reserve_backup();
    lease.run([&](int index) {
        Worker<T>& worker = *workers_[index];
        worker.count = lease.count();
        worker.stop = nullptr;
        take(worker, run, steps, 0, steps.count(), watched);
    });
    for (std::size_t e = 0; e < tape_->exchanges.size(); ++e) post_.wait(e);  // those of a step that ended early
    known_ = run.known;
    settled_ = settled_ || known_ > 0;
    if (run.left_updating) memory_.roll_back();
}

template <class T> void Machine<T>::begin(const Steps& steps) {
    known_ = 0;
    first_ = steps.draw;
    prepare(steps.panels(), 1);
}

template <class T>
void Machine<T>::advance(const Data<T>& data, const Steps& steps, long from, long to, double* watched) {
    Stop never;
    Run run{data, never, Barrier(1), work(steps.panels()), first_update()};
    Worker<T>& worker = *workers_.front();
    worker.count = 1;
    worker.stop = nullptr;
    take(worker, run, steps, from, to, watched);
}

// A thread's share of the steps from one number on, up to another, or to the first that ends the run.
template <class T>
void Machine<T>::take(Worker<T>& worker, Run& run, const Steps& steps, long from, long to, double* watched) {
    const long in_round = steps.in_round();
    const auto inputs = long(tape_->scalar_inputs.size());
    const bool brief = run.work < brief_work || run.first_update == 0;
    for (long s = from; s < to; ++s) {
        double* const seen = watched ? watched + s : nullptr;
        const long start = steps.start(s % in_round);
        const Batch batch{steps.order ? steps.order + start : nullptr, steps.first + start, start,
                          steps.end(s % in_round) - start, steps.seed, steps.draw + std::uint64_t(s),
                          steps.places ? steps.places + start : nullptr};
        for (long k = 0; k < inputs; ++k) {
            T* repeated = worker.scalar(tape_->scalar_inputs[k]);
            const T value = T(steps.scalars[s * inputs + k]);
            if (!(*repeated == value)) std::fill_n(repeated, lanes, value);  // most stay as they were
        }
        const bool again = in_round == 1 && s > 0;
        const bool more = brief ? step<true>(worker, run, batch, s, again, seen)
                                : step<false>(worker, run, batch, s, again, seen);
        if (!more) return run.barrier.leave();  // the same on every thread of a sound tape
    }
}

// A thread takes its panels through all parts, or, where parts can be shared out evenly, all panels through its parts.
template <class T>
template <bool brief>
void Machine<T>::run_panels(Worker<T>& worker, int level, const Data<T>& data, const Batch& batch, bool again) {
    const auto& tasks = worker.panel_tasks[level];
    if (tasks.empty()) return;
    const bool whole = whole_parts_ && tasks.front().of->part != tasks.back().of->part;
    const long panels = up(batch.rows, lanes);
    const long first = whole ? 0 : panels * worker.index / worker.count;
    const long last = whole ? panels : panels * (worker.index + 1) / worker.count;
    for (auto begin = tasks.begin(), end = begin; begin != tasks.end(); begin = end) {
        const int part = begin->of->part;
        end = std::find_if(begin, tasks.end(), [=](const Task<T>& task) { return task.of->part != part; });
        if (whole && part / (parts_ / worker.count) != worker.index) continue;
        for (long p = first; p < last; p += group)
            for (auto task = begin; task != end; ++task) {
                if (again && task->of->once) continue;
                // a product asks by itself
                if (!brief && task->of->opcode != Opcode::product && worker.leaves(task->work * group)) return;
                worker.run_panels(*task, data, batch, p, std::min(p + group, last));
            }
    }
}

template <class T>
template <bool brief>
void Machine<T>::run_tiles(Worker<T>& worker, int level, const Batch& batch, bool again, bool settled) {
    const auto& pieces = pieces_[level];
    if (pieces.empty()) return;
    if (worker.count == 1) {  // nobody to share with
        for (const Piece& piece : pieces) {
            const Task<T>& task = worker.tile_tasks[level][piece.task];
            if ((again && task.of->once) || (settled && task.of->settled)) continue;
            if (!brief && worker.leaves(task.work)) return;
            worker.run_tile(task, batch, piece.tile);
        }
        return;
    }
    // a few pieces are done before another's would have come from its cache
    const int shares = long(pieces.size()) < 32 * worker.count ? 1 : worker.count;
    for (int k = 0; k < shares; ++k) {
        Share& share = shares_[level][(worker.index + k) % worker.count];
        for (long n; (n = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
            const Task<T>& task = worker.tile_tasks[level][pieces[n].task];
            if ((again && task.of->once) || (settled && task.of->settled)) continue;
            if (!brief && worker.leaves(task.work)) return;
            worker.run_tile(task, batch, pieces[n].tile);
        }
    }
}

// Whether another step may follow. Brief steps are always finished, so that the stop counts them instead of levels.
template <class T>
template <bool brief>
bool Machine<T>::step(Worker<T>& worker, Run& run, const Batch& batch, long number, bool again, double* watched) {
    const bool first = worker.index == 0;
    const long begin = brief ? number : number * tape_->levels, end = brief ? number : begin + tape_->levels - 1;
    if (first) run.stop.step_begins(end, brief ? run.work : 0);
    for (int level = 0; level < tape_->levels; ++level) {
        if constexpr (!brief) {
            worker.stop = run.may_leave(level, number) ? &run.stop : nullptr;
            if (first && worker.stop) run.stop.enter(begin + level);
        }
        if (!tape_->exchanges.empty() && !exchange(run, first, level)) return false;
        for (const auto& task : worker.scalar_tasks[level])
            if (!(again && task.of->once)) worker.run_scalar(task, run.data, batch);
        if (level == tape_->stop_level && tape_->watched >= 0) {
            const double value = worker.scalar(tape_->watched)[0];
            if (first) *watched = value;
            if (!std::isfinite(value)) {
                if (first && !run.stop.wanted()) run.known = number + 1;
                return false;
            }
        }
        if (!brief && level == run.first_update && run.backed_up == number) {
            memory_.back_up(worker.index, worker.count);
            run.barrier.wait();
        }
        // only now: what a step that stops has offered would be taken by the next run before its thread begins
        Share& share = shares_[level][worker.index];
        share.next.store(share.begin, std::memory_order_relaxed);
        run_panels<brief>(worker, level, run.data, batch, again);
        run_tiles<brief>(worker, level, batch, again, settled_ || number > 0);
        if constexpr (brief) {
            run.barrier.wait();
        } else {
            run.barrier.wait(first ? waiting(run, level, number) : nullptr);
            if (!worker.stop || !run.stop.leaves_after(begin + level)) continue;
            share.next.store(share.end, std::memory_order_relaxed);
            if (first) run.left_updating = level >= run.first_update;
            return false;
        }
    }
    if (first) run.known = number + 1;
    return !run.stop.leaves_after(end);
}

// What is to be sent and to be back at the beginning of a level; false, on every thread, where an exchange failed.
template <class T> bool Machine<T>::exchange(Run& run, bool first, int level) {
    std::function<void()> look;
    if (first) look = [&] { run.stop.look(); };
    for (std::size_t e = 0; e < tape_->exchanges.size(); ++e)
        if (first && tape_->exchanges[e].sent == level) post_.send(e);
    for (std::size_t e = 0; e < tape_->exchanges.size(); ++e)
        if (tape_->exchanges[e].wanted == level && !post_.wait(e, look)) return false;
    return true;
}

// What the first thread looks at while it waits at the end of a level: it decides for the next one, if that can be left.
template <class T> Stop* Machine<T>::waiting(Run& run, int level, long number) const {
    const int next = level + 1;
    if (next == run.first_update && run.work > long_work && run.stop.step_is_long()) run.backed_up = number;
    if (next == tape_->levels || !run.may_leave(next, number)) return nullptr;
    run.stop.enter(number * tape_->levels + next);
    return &run.stop;
}

template class Machine<float>;
template class Machine<double>;
