// The machine that runs a tape: its memory, its threads, and a run over batches without returning.
#pragma once

#include <algorithm>
#include <atomic>

#include "dispatch.hpp"
#include "post.hpp"
#include "threads.hpp"
#include "worker.hpp"

// What a run of steps is given: the rows of each step, and for each step the numbers that change with it.
struct Steps {
    const std::int64_t* order;  // row numbers; null takes the rows from `first` on
    long first;
    long rows;    // in all
    long batch;   // rows in a step; the last may have fewer
    long rounds;  // how often to go over the rows
    const double* scalars;  // [step][scalar input]
    std::uint64_t seed;
    std::uint64_t draw;  // number of the first step
    const std::int64_t* places = nullptr;  // of each row in the batch that all ranks share; null: as they come
    const std::int64_t* ends = nullptr;    // of the rows of each step, where these differ; null: `batch` each
    long ended = 0;                        // how many steps have an end

    long in_round() const { return ends ? ended : (rows + batch - 1) / batch; }
    long count() const { return in_round() * rounds; }
    long panels() const { return up(std::min(batch, rows), lanes); }  // of the longest
    long start(long step) const { return !ends ? step * batch : step ? ends[step - 1] : 0; }
    long end(long step) const { return ends ? ends[step] : std::min(rows, (step + 1) * batch); }
};

template <class T> class Machine {
public:
    explicit Machine(std::shared_ptr<const Tape> tape);
    Machine(const Machine&) = delete;

    // Whether no other thread of this process uses the machine: then it is the caller's until leave().
    bool enter();
    void leave() { user_ = 0; }

    const Tape& tape() const { return *tape_; }
    Memory<T>& memory() { return memory_; }
    Post& post() { return post_; }
    void set(int value, const T* data);  // a matrix, row after row without padding
    double scalar(int value) const;  // after a run
    std::size_t bytes() const;       // of memory

    // Runs steps until one whose watched scalar is not finite, which does not update, or until it is stopped, if need
    // be in the middle of a step, which then changes nothing. Writes the watched scalar of each step. A tape with
    // exchanges also ends where one fails; the updates of that step are then done in part.
    void run(const Data<T>& data, const Steps& steps, int threads, double* watched, Stop& stop);

    // The same in slices, on one thread, for who decides when to stop (together.hpp): to make ready for such steps, to
    // take those from one number on, up to another, and to say in the end how many are known.
    void begin(const Steps& steps);
    void advance(const Data<T>& data, const Steps& steps, long from, long to, double* watched);
    void end(long known) { known_ = known; }
    // About how many multiplications there are in a step of so many panels, once it is ready.
    double work(long panels) const { return panel_work_ * double(panels) + tile_work_; }

    // Of how many steps of the last run the watched scalar is known: those done, and one that was not finite.
    long known() const { return known_; }
    std::uint64_t first() const { return first_; }  // the number of its first step

private:
    struct Piece;
    struct Run;
    struct Share;

    void prepare(long panels, int threads);
    int first_update() const { return tape_->updated.empty() ? tape_->levels : tape_->stop_level; }
    void take(Worker<T>& worker, Run& run, const Steps& steps, long from, long to, double* watched);
    double cost(const Instruction& i) const;
    void count_work();
    void share_tiles(int threads);
    void share_parts(int threads);

    template <bool brief>
    bool step(Worker<T>& worker, Run& run, const Batch& batch, long number, bool again, double* watched);
    Stop* waiting(Run& run, int level, long number) const;
    bool exchange(Run& run, bool first, int level);
    template <bool brief>
    void run_panels(Worker<T>& worker, int level, const Data<T>& data, const Batch& batch, bool again);
    template <bool brief> void run_tiles(Worker<T>& worker, int level, const Batch& batch, bool again, bool settled);

    std::atomic<int> user_{0};  // the process that uses it
    const std::shared_ptr<const Tape> tape_;
    const Kernels<T> kernels_;
    Memory<T> memory_;
    Post post_;
    std::vector<std::unique_ptr<Worker<T>>> workers_;
    std::vector<std::vector<Piece>> pieces_;        // by level
    std::vector<std::unique_ptr<Share[]>> shares_;  // by level, of each thread
    int resolved_for_ = 0;                          // threads; 0: the memory has moved
    double panel_work_ = 0, tile_work_ = 0;         // multiplications, about: in all panels together, in all tiles
    long known_ = 0;
    bool settled_ = false;  // whether what follows from the matrices that were set is there
    std::uint64_t first_ = 0;
    int parts_ = 1;
    bool whole_parts_ = false;  // whether threads take whole parts, not their share of each
};

// What the threads of a run share.
template <class T> struct Machine<T>::Run {
    const Data<T>& data;
    Stop& stop;
    Barrier barrier;
    double work;                 // of a step
    int first_update;            // the level from which on a step changes matrices
    long backed_up = -1;         // the step before whose updates these were backed up
    bool left_updating = false;  // whether it was left in the middle of them
    alignas(64) long known = 0;  // written at each step, and on a line that no other thread reads

    bool may_leave(int level, long step) const { return level < first_update || backed_up == step; }
};

// A piece of work on matrices: a tile of the task of that number.
template <class T> struct Machine<T>::Piece {
    int task;
    long tile;
};

// The pieces of a level that are one thread's: about as much work as another's, and the same at every step, so that
// what a thread has updated is in its cache. Who has done its own takes of the others'.
template <class T> struct alignas(64) Machine<T>::Share {
    std::atomic<long> next{0};
    long begin = 0, end = 0;
};
