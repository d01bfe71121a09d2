// What the two halves of the machine share: its memory and run (machine.cpp), its instructions (acts.cpp).
#pragma once

#include <atomic>

#include "machine.hpp"

constexpr long group = 4;  // panels that share a tile of weights while it is in the cache

inline Kind domain(const Instruction& i) { return opcodes[int(i.opcode)].domain; }

inline bool has_tiles(Opcode o) {
    return o == Opcode::contract || o == Opcode::matrix_product || o == Opcode::matrix_block;
}

inline long turned_panel(Form form) { return (form == Form::pairs ? lanes / 2 : lanes) * lanes; }

// Where an operand lies: base + panel * its number in the batch + place * its number in the group + row * row of
// the strip + block * number of the 32 columns; the rows of a strip are `stride` apart.
template <class T> struct Machine<T>::Address {
    T* base;
    long panel, place, row, block, stride;
    bool far = false;  // not in the cache of this thread: another one had it last, or it is large

    T* at(long p, long q) const { return base + p * panel + q * place; }
};

template <class T> struct Machine<T>::Batch {
    const std::int64_t* order;  // or null: rows from `first` on
    long first;
    long start;  // rows of this run before it
    long rows;
    std::uint64_t seed, draw;

    long row(long n) const { return order ? order[n] : first + n; }
};

// An instruction with its operands found. Its rows are cut into tiles, the last of `rows` being the end; there are as
// many tiles in a row as blocks of 32 columns.
template <class T> struct Machine<T>::Task {
    const Instruction* of;
    std::vector<Address> operands;
    std::vector<long> rows;
    long blocks;
    int next_turned = -1;  // what is turned next, where other threads have read it
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

template <class T> struct Machine<T>::Thread {
    int index = 0, count = 1;
    Buffer scalars;  // 32 of each value
    Buffer scratch;  // the registers of blocks
    Buffer locals;
    alignas(64) T tile[strip_rows * lanes];
    alignas(64) T square[lanes * lanes];
    std::vector<const void*> wanted;  // lines of memory
    std::vector<Strip<T>> strips;
    std::vector<Address> homes;                                              // of each value
    std::vector<std::vector<Task>> scalar_tasks, panel_tasks, tile_tasks;  // by level
};
