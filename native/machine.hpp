// The machine that runs a tape: buffers for every value, and a run over batches without returning.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "dispatch.hpp"
#include "tape.hpp"

// Rows of `width` numbers, row after row.
template <class T> struct Table {
    T* data;
    long width;
};

template <class T> struct Data {
    std::vector<Table<const T>> columns;
    std::vector<Table<T>> stores;  // what instructions write for each row, in the order of the steps' rows
};

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
};

template <class T> class Machine {
public:
    explicit Machine(std::shared_ptr<const Tape> tape);
    Machine(const Machine&) = delete;
    ~Machine();

    void set(int value, const T* data);  // a matrix, row after row without padding
    void get(int value, T* data) const;
    double scalar(int value) const;
    bool finite() const;  // all numbers of the matrices that the tape updates
    void save();          // keeps these matrices as they are,
    void restore();       // and brings them back

    // Runs steps until one whose watched scalar is not finite, which does not update; writes the watched scalar of
    // each step. Returns the number of steps done.
    long run(const Data<T>& data, const Steps& steps, int threads, double* watched);

private:
    struct Address;
    struct Batch;
    struct Piece;
    struct Share;
    struct Task;
    struct Thread;
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    using Buffer = std::unique_ptr<T, Free>;

    static Buffer zeros(long count);

    // memory
    long panel_size(const Value& v) const;
    long matrix_size(int value) const;
    long row_length(int value) const { return padded(tape_->values[value].rows, tape_->values[value].columns); }
    void mirror(int value);
    void prepare(long panels, int threads);
    void reserve(long panels);
    void make_thread(int index);
    void resolve(Thread& thread, int threads);
    Address address(const Thread& thread, const Instruction& i, std::size_t operand) const;
    Address home(const Thread& thread, int value) const;

    // shares of the work
    long tile_count(const Instruction& i) const;
    double tile_cost(const Instruction& i) const;
    void share_tiles(int threads);
    void share_parts(int threads);
    std::vector<long> tile_rows(const Instruction& i) const;

    // instructions
    void step(Thread& thread, const Data<T>& data, const Batch& batch, class Barrier& barrier, bool again,
              double* watched, bool& stopped);
    void panels_of(Thread& thread, int level, const Data<T>& data, const Batch& batch, bool again);
    void scalar_act(Thread& thread, const Task& task, const Data<T>& data, const Batch& batch);
    void panel_act(Thread& thread, const Task& task, const Data<T>& data, const Batch& batch, long first, long last);
    void product(Thread& thread, const Task& task, const Batch& batch, long first, long last);
    void fetch(const Task& task, long panel, long place, long row, long block, long rows) const;
    void want(Thread& thread, const Task& task, long row, long block, long rows) const;
    void fetch_turned(int value, long panel, long tile, long tiles) const;
    void load(Thread& thread, const Instruction& i, const Data<T>& data, const Batch& batch, long panel, long place);
    void turn(Thread& thread, const Instruction& i, const Batch& batch, long panel, long place);
    void tiles_of(Thread& thread, int level, const Batch& batch, bool again);
    void tile_act(Thread& thread, const Task& task, const Batch& batch, long number);
    void tile(Thread& thread, const Task& task, const Batch& batch, long number);
    void whole_act(Thread& thread, const Instruction& i, const Batch& batch);
    void run_block(Thread& thread, const Task& task, Strip<T> tile, long panel, long place, long row, long block,
                   long rows);

    const std::shared_ptr<const Tape> tape_;
    const Kernels<T> kernels_;
    std::vector<Buffer> buffers_, saved_;
    std::vector<std::unique_ptr<Thread>> threads_;
    std::vector<std::vector<Piece>> pieces_;                // by level
    std::vector<std::unique_ptr<Share[]>> shares_;  // by level, of each thread
    long capacity_ = 0;  // panels
    int resolved_for_ = 0;  // threads
    int parts_ = 1;
    bool whole_parts_ = false;  // whether threads take whole parts, not their share of each
};
