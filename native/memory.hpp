// The memory of a machine: a buffer for each value that is neither a scalar nor of one thread alone.
#pragma once

#include <cstdlib>
#include <memory>
#include <vector>

#include "layout.hpp"

template <class T> struct Free {
    void operator()(T* p) const { std::free(p); }
};
template <class T> using Buffer = std::unique_ptr<T, Free<T>>;

// So many numbers, all 0; throws std::bad_alloc.
template <class T> Buffer<T> zeros(long count);

template <class T> class Memory {
public:
    Memory(const Tape& tape, const Kernels<T>& kernels);

    T* at(int value) const { return buffers_[std::size_t(value)].get(); }
    long capacity() const { return capacity_; }  // panels
    // Makes room for so many panels. Where there is no memory for them, there is none left for any.
    void reserve(long panels);

    // matrices, row after row without padding
    void set(int value, const T* data);
    void get(int value, T* data) const;

    // of the matrices that the tape updates:
    bool finite() const;  // whether all their numbers are
    void save();          // keeps them as they are,
    void restore();       // and brings them back

private:
    void round_mirrors(int matrix);

    const Tape& tape_;
    const Kernels<T>& kernels_;
    std::vector<Buffer<T>> buffers_, saved_;
    long capacity_ = 0;
};
