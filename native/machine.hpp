// The machine that runs a tape: buffers for every value, and a run over batches without returning.
#pragma once

#include <memory>
#include <vector>

#include "dispatch.hpp"
#include "tape.hpp"
#include "threads.hpp"

// A column of the data: rows x width numbers, row after row.
template <class T> struct Column {
    const T* data;
    long width;
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
    // scalar_inputs, constants: values of kind scalar, given at each step or once
    Machine(const Tape& tape, std::vector<int> scalar_inputs, std::vector<std::pair<int, double>> constants,
            int watched, int stop_level);
    Machine(const Machine&) = delete;
    ~Machine();

    void set(int value, const T* data);         // a matrix, row after row without padding
    void get(int value, T* data, long rows) const;  // a matrix, or the numbers of each row of the last batch
    double scalar(int value) const;

    // Runs steps until one whose watched scalar is not finite, which does not get to stop_level; writes the
    // watched scalar of each step. Returns the number of steps done.
    long run(const std::vector<Column<T>>& columns, const Steps& steps, int threads, double* watched);

private:
    struct Thread;
    struct Free {
        void operator()(T* p) const { std::free(p); }
    };
    using Buffer = std::unique_ptr<T, Free>;

    void reserve(long panels);
    void level(Thread& thread, int level);
    void scalar_act(Thread& thread, const Instruction& i);
    void panel_act(Thread& thread, const Instruction& i, long first, long last);
    void tile_act(Thread& thread, const Instruction& i);
    void run_block(Thread& thread, const Instruction& i, T* tile, long tile_stride, long panel, long row,
                   long column, long rows);
    void load(const Instruction& i, long panel);
    const T* splat(const Thread& thread, int value) const;
    long features(int value) const { return tape_.values[value].rows; }
    T* panel_of(int value, long panel) const {
        return buffers_[value].get() + panel * tape_.values[value].rows * lanes;
    }
    long turned_block() const { return capacity_ * lanes * lanes; }
    long row_length(int value) const {
        return padded(tape_.values[value].rows, tape_.values[value].columns);
    }

    const Tape tape_;
    const std::vector<int> scalar_inputs_;
    const std::vector<std::pair<int, double>> constants_;
    const int watched_, stop_level_;
    const Kernels<T> kernels_;
    std::vector<std::vector<const Instruction*>> scalars_, panels_, tiles_;  // by level
    std::vector<Buffer> buffers_;
    std::vector<std::unique_ptr<Thread>> threads_;
    long capacity_ = 0;  // panels
    long batch_rows_ = 0;
    // the batch at hand
    const std::vector<Column<T>>* columns_ = nullptr;
    const std::int64_t* order_ = nullptr;
    long first_ = 0;
    std::uint64_t seed_ = 0, draw_ = 0;
};
