#include "memory.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

void Release::operator()(void* p) const {
    if (borrowed) return;
    if (mapped)
        munmap(mapped, bytes);
    else
        std::free(p);
}

template <class T> Buffer<T> zeros(long count, long size) {
    constexpr std::size_t huge = 1 << 21, line = 64;
#ifdef __SANITIZE_ADDRESS__
    constexpr std::size_t least_mapped = std::numeric_limits<std::size_t>::max();  // the sanitizer watches malloc
#else
    constexpr std::size_t least_mapped = huge;
#endif
    long numbers = 0;
    if (__builtin_mul_overflow(count, size, &numbers) || numbers > std::numeric_limits<long>::max() / 16)
        throw std::bad_alloc();
    const std::size_t bytes = (static_cast<std::size_t>(numbers) * sizeof(T) + 2 * line - 1) / line * line;
    if (bytes < least_mapped) {
        void* p = std::aligned_alloc(line, bytes);
        if (!p) throw std::bad_alloc();
        std::memset(p, 0, bytes);
        return Buffer<T>(static_cast<T*>(p), Release{bytes});
    }
    std::size_t room = bytes + huge;
    void* mapped = mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    const Release release{room, mapped};
    void* p = mapped;
    std::align(huge, bytes, p, room);
#ifdef MADV_HUGEPAGE
    madvise(p, bytes / huge * huge, MADV_HUGEPAGE);  // fewer misses in the address cache
#endif
    return Buffer<T>(static_cast<T*>(p), release);
}

template <class T>
Memory<T>::Memory(const Tape& tape, const Kernels<T>& kernels)
    : tape_(tape), kernels_(kernels), buffers_(tape.values.size()) {
    for (std::size_t v = 0; v < buffers_.size(); ++v)
        if (tape_.values[v].kind == Kind::matrix) buffers_[v] = zeros<T>(matrix_size(tape_.values[v]));
    for (std::size_t e = 0; e < tape_.exchanges.size(); ++e) {
        exchanged_.push_back(zeros<T>(sent_size(e)));
        T* at = exchanged_.back().get();
        for (const auto& [sent, back] : tape_.exchanges[e].values) {
            for (const int v : {sent, back}) buffers_[std::size_t(v)] = Buffer<T>(at, Release{0, nullptr, true});
            at += matrix_size(tape_.values[std::size_t(sent)]);
        }
    }
    for (const auto& [v, given] : tape_.constants)
        if (tape_.values[std::size_t(v)].kind == Kind::matrix) set(v, std::vector<T>(given.begin(), given.end()).data());
    for (const auto& i : tape_.instructions)
        if (i.partials >= 0) buffers_[i.partials] = zeros<T>(tile_count(i, kernels_.tile_rows));
}

template <class T> long Memory<T>::sent_size(std::size_t exchange) const {
    long size = 0;
    for (const auto& [sent, back] : tape_.exchanges[exchange].values) size += matrix_size(tape_.values[std::size_t(sent)]);
    return size;
}

template <class T> std::size_t Memory<T>::bytes() const {
    std::size_t bytes = 0;
    for (const auto* buffers : {&exchanged_, &buffers_, &saved_, &backup_})
        for (const auto& buffer : *buffers)
            if (buffer) bytes += buffer.get_deleter().bytes;
    for (const auto& buffer : row_sums_)
        if (buffer) bytes += buffer.get_deleter().bytes;
    return bytes;
}

template <class T> void Memory<T>::reserve(long panels) {
    capacity_ = 0;
    std::vector<bool> of_tiles(buffers_.size());
    for (const auto& i : tape_.instructions)
        if (i.partials >= 0) of_tiles[i.partials] = true;
    for (std::size_t v = 0; v < buffers_.size(); ++v)
        if (tape_.values[v].kind != Kind::matrix && !of_tiles[v]) buffers_[v].reset();
    for (std::size_t v = 0; v < buffers_.size(); ++v) {
        const auto& value = tape_.values[v];
        if (value.kind == Kind::panels && !value.local) buffers_[v] = zeros<T>(panels, panel_size(value));
        if (value.kind == Kind::transposed) buffers_[v] = zeros<T>(panels, transposed_size(value));
        if (value.kind == Kind::partials && !of_tiles[v]) buffers_[v] = zeros<T>(panels);
    }
    row_sums_.clear();
    row_sums_.resize(buffers_.size());
    for (const auto& i : tape_.instructions) {
        const bool adds = i.opcode == Opcode::add_rows || i.opcode == Opcode::bin_sums;
        if (adds && sizeof(T) < sizeof(double) && panels * lanes > part_rows)
            row_sums_[i.out] = zeros<double>(i.args[0], up(i.args[1], lanes) * lanes);
    }
    capacity_ = panels;
}

template <class T> void Memory<T>::set(int value, const T* data) {
    const auto& v = tape_.values[value];
    std::fill_n(at(value), matrix_size(v), T(0));  // what an earlier descent has left in the padding
    for (long r = 0; r < v.rows; ++r) std::copy_n(data + r * v.columns, v.columns, at(value) + r * row_length(v));
    round_mirrors(value);
}

template <class T> void Memory<T>::get(int value, T* data) const {
    const auto& v = tape_.values[value];
    for (long r = 0; r < v.rows; ++r) std::copy_n(at(value) + r * row_length(v), v.columns, data + r * v.columns);
}

// The bfloat16 forms of a matrix, where it has any.
template <class T> void Memory<T>::round_mirrors(int matrix) {
    for (const auto& [of, form] : tape_.mirrors) {
        if (of != matrix) continue;
        const Value &v = tape_.values[matrix], &rounded = tape_.values[form];
        const bool halves = rounded.form == Form::halves;
        const long from = row_length(v), to = row_length(rounded) / (halves ? 2 : 1);
        const ::Step step{halves ? Op::round : Op::round_pairs, 1, 0, 0, 0, 0, -1, true};
        for (long block = 0; block < up(v.columns, lanes); ++block) {
            const Strip<T> strips[] = {{at(matrix) + block * lanes, from},
                                       {at(form) + block * (halves ? lanes / 2 : lanes), to}};
            kernels_.block(&step, 1, strips, v.rows, lanes);
        }
    }
}

template <class T> bool Memory<T>::finite() const {
    for (const int value : tape_.updated) {
        const auto& v = tape_.values[value];
        T parts[lanes] = {};
        // 0 times a number that is not finite is NaN, and so is every sum with it; the padding is nobody's
        for (long r = 0; r < v.rows; ++r) {
            const T* numbers = at(value) + r * row_length(v);
            long k = 0;
            for (; k + lanes <= v.columns; k += lanes)
                for (int l = 0; l < lanes; ++l) parts[l] += T(0) * numbers[k + l];
            for (; k < v.columns; ++k) parts[0] += T(0) * numbers[k];
        }
        for (const T part : parts)
            if (part != T(0)) return false;
    }
    return true;
}

template <class T> std::vector<Buffer<T>> Memory<T>::buffers_of_updated() const {
    std::vector<Buffer<T>> made(buffers_.size());
    for (const int value : tape_.updated) made[value] = zeros<T>(matrix_size(tape_.values[value]));
    return made;
}

template <class T> void Memory<T>::save() {
    if (saved_.empty()) saved_ = buffers_of_updated();
    for (const int value : tape_.updated)
        std::copy_n(at(value), matrix_size(tape_.values[value]), saved_[value].get());
}

template <class T> void Memory<T>::restore() {
    if (saved_.empty()) throw std::logic_error("nothing was saved that could be restored");
    copy_back(saved_);
}

template <class T> void Memory<T>::copy_back(const std::vector<Buffer<T>>& from) {
    for (const int value : tape_.updated) {
        std::copy_n(from[value].get(), matrix_size(tape_.values[value]), at(value));
        round_mirrors(value);
    }
}

template <class T> void Memory<T>::reserve_backup() {
    if (backup_.empty()) backup_ = buffers_of_updated();
}

template <class T> void Memory<T>::back_up(int thread, int threads) {
    for (const int value : tape_.updated) {
        const long size = matrix_size(tape_.values[value]);
        const long begin = size * thread / threads, end = size * (thread + 1) / threads;
        std::copy(at(value) + begin, at(value) + end, backup_[value].get() + begin);
    }
}

template Buffer<float> zeros(long, long);
template Buffer<double> zeros(long, long);
template class Memory<float>;
template class Memory<double>;
