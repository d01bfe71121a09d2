// A thread's share of a machine: its own memory, where it finds operands, and the instructions it runs.
#pragma once

#include "memory.hpp"
#include "stop.hpp"

constexpr long group = 4;  // panels that share a tile of weights while it is in the cache

// Rows of `width` numbers, row after row.
template <class T> struct Table {
    T* data;
    long width;
};

template <class T> struct Data {
    std::vector<Table<const T>> columns;
    std::vector<Table<T>> stores;  // what instructions write for each row, in the order of the steps' rows
};

// The rows of one step.
struct Batch {
    const std::int64_t* order;  // or null: rows from `first` on
    long first;
    long start;  // rows of this run before it
    long rows;
    std::uint64_t seed, draw;
    const std::int64_t* places;  // of its rows in the batch that all ranks share; null: as they come

    long row(long n) const { return order ? order[n] : first + n; }
    std::int64_t place(long n) const { return places && n < rows ? places[n] : n; }
};

// Where an operand lies: base + panel * its number in the batch + in_group * its number in the group + row * row of
// the strip + block * number of the 32 columns; the rows of a strip are `stride` apart.
template <class T> struct Address {
    T* base;
    long panel, in_group, row, block, stride;
    bool far = false;  // not in the cache of this thread: another one had it last, or it is large

    T* at(long p, long q) const { return base + p * panel + q * in_group; }
};

// An instruction with its operands found. Its rows are cut into tiles, the last of `rows` being the end; there are as
// many tiles in a row as blocks of 32 columns.
template <class T> struct Task {
    const Instruction* of;
    std::vector<Address<T>> operands;
    std::vector<long> rows;
    long blocks;
    double work;  // of a panel or a tile, in multiplications, about
    int next_transposed = -1;  // what is transposed next, where other threads have read it
};

template <class T> class Worker {
public:
    int index = 0, count = 1;  // this thread, of how many
    Stop* stop = nullptr;      // null while its work has to be finished
    std::vector<std::vector<Task<T>>> scalar_tasks, panel_tasks, tile_tasks;  // by level

    Worker(const Tape& tape, const Kernels<T>& kernels, const Memory<T>& memory, int index);
    Worker(const Worker&) = delete;
    // Finds all operands, for work on so many threads: again when the memory has moved.
    void resolve(int threads);

    // Whether to leave the work of a level: asked before a part of it that takes as long as so many multiplications.
    bool leaves(double work) const {
        if (!stop) return false;
        if (index == 0) stop->work(work);
        return stop->wanted();
    }

    std::size_t bytes() const {
        std::size_t bytes = 0;
        for (const auto* buffer : {&scalars_, &scratch_, &locals_, &row_, &columns_, &squares_})
            if (*buffer) bytes += buffer->get_deleter().bytes;
        return bytes;
    }
    T* scalar(int value) { return scalars_.get() + long(value) * lanes; }  // repeated 32 times

    void run_scalar(const Task<T>& task, const Data<T>& data, const Batch& batch);
    void run_panels(const Task<T>& task, const Data<T>& data, const Batch& batch, long first, long last);
    void run_tile(const Task<T>& task, const Batch& batch, long number);

private:
    // operands
    Address<T> home(int value) const;
    Address<T> address(const Instruction& i, std::size_t operand) const;
    const Value& value(long number) const { return tape_.values[std::size_t(number)]; }
    T* matrix(long number) const { return memory_.at(int(number)); }

    // instructions
    void load(const Instruction& i, const Data<T>& data, const Batch& batch, long panel, long in_group);
    void store(const Instruction& i, const Data<T>& data, const Batch& batch, long panel, long in_group);
    void product(const Task<T>& task, const Batch& batch, long first, long last);
    void transpose_panel(const Instruction& i, const Batch& batch, long panel, long in_group);
    void one_hot(const Instruction& i, long panel, long in_group);
    void take(const Instruction& i, long panel, long in_group);
    void copy_features(const Instruction& i, long panel, long in_group);
    void contract(const Task<T>& task, const Batch& batch, long row, long block, long rows, T* c, long length);
    void matrix_product(const Task<T>& task, long row, long block, long rows, T* c, long length);
    template <class F> void sum_parts(const Batch& batch, long rows, T* c, long length, F sum);
    void sum_rows(const Task<T>& task, const Batch& batch, long block);
    void add_rows(const Instruction& i, const Batch& batch);
    void matrix_sum(const Instruction& i);
    void bin_places(const Instruction& i, const Batch& batch, long panel, long in_group);
    void bin_lookup(const Instruction& i, const Batch& batch, long first, long last);
    void bin_table(const Instruction& i, long block);
    void bin_sums(const Instruction& i, const Batch& batch, long block);
    void bin_gradient(const Instruction& i, long block);
    void run_block(const Task<T>& task, Strip<T> tile, long panel, long in_group, long row, long block, long rows,
                   long columns);

    // lines of memory that come into the cache before they are needed
    void prefetch_operands(const Task<T>& task, long panel, long in_group, long row, long block, long rows) const;
    void prefetch_transposed(int value, long panel, long tile, long tiles) const;
    void collect_lines(const Task<T>& task, long row, long block, long rows);

    const Tape& tape_;
    const Kernels<T>& kernels_;
    const Memory<T>& memory_;
    Buffer<T> scalars_;  // 32 of each value
    Buffer<T> scratch_;  // the registers of blocks
    Buffer<T> locals_;
    alignas(64) T tile_[strip_rows * lanes];
    alignas(64) T part_[strip_rows * lanes], sums_[strip_rows * lanes], lost_[strip_rows * lanes];
    alignas(64) T square_[lanes * lanes];
    Buffer<T> row_;      // what products are for one row of a batch
    Buffer<T> columns_;  // 32 weights of each feature, where some are bins
    Buffer<T> squares_;  // one for each panel of a group, where there are lookups
    std::vector<const void*> lines_;  // of memory
    std::vector<double> matrix_sums_;
    std::vector<Strip<T>> strips_;
    std::vector<Address<T>> homes_;  // of each value
};
