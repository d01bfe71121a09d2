// The memory of a machine: a buffer for each value that is neither a scalar nor of one thread alone.
#pragma once

#include <memory>
#include <vector>

#include "layout.hpp"

struct Release {
    std::size_t bytes = 0;
    void* mapped = nullptr;  // null where the memory is malloc's
    bool borrowed = false;   // a part of another buffer

    void operator()(void* p) const;
};
template <class T> using Buffer = std::unique_ptr<T, Release>;

// So many numbers, or so many of some size each, all 0; throws std::bad_alloc. Large buffers come from the system page
// by page, as threads write them, and go back to it at once.
template <class T> Buffer<T> zeros(long count, long size = 1);

template <class T> class Memory {
public:
    Memory(const Tape& tape, const Kernels<T>& kernels);

    T* at(int value) const { return buffers_[std::size_t(value)].get(); }
    long capacity() const { return capacity_; }  // panels
    // Sums in float64 for a matrix of float32 that rows of a large batch are added to.
    double* row_sums(int value) const { return row_sums_[std::size_t(value)].get(); }
    // What an exchange sends: its matrices one after the other, padding included.
    T* sent(std::size_t exchange) const { return exchanged_[exchange].get(); }
    long sent_size(std::size_t exchange) const;
    std::size_t bytes() const;
    // Makes room for so many panels. Where there is no memory for them, there is none left for any.
    void reserve(long panels);

    // matrices, row after row without padding
    void set(int value, const T* data);
    void get(int value, T* data) const;

    // of the matrices that the tape updates:
    bool finite() const;  // whether all their numbers are
    void save();          // keeps them as they are,
    void restore();       // and brings them back
    // The same for a step that may be left in its middle: room for a copy, one thread's part of it, and the way back.
    void reserve_backup();
    void back_up(int thread, int threads);
    void roll_back() { copy_back(backup_); }

private:
    std::vector<Buffer<T>> buffers_of_updated() const;
    void copy_back(const std::vector<Buffer<T>>& from);
    void round_mirrors(int matrix);

    const Tape& tape_;
    const Kernels<T>& kernels_;
    std::vector<Buffer<T>> exchanged_, buffers_, saved_, backup_;
    std::vector<Buffer<double>> row_sums_;
    long capacity_ = 0;
};
