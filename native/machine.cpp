#include "machine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

template <class T> Kernels<T> kernels_of(const InstructionSet& set) {
    if constexpr (sizeof(T) == 4)
        return set.floats();
    else
        return set.doubles();
}

template <class T> T* zeros(long count) {
    const auto bytes = static_cast<std::size_t>((count * long(sizeof(T)) + 127) / 64 * 64);
    void* p = std::aligned_alloc(64, bytes);
    if (!p) throw std::bad_alloc();
    std::memset(p, 0, bytes);
    return static_cast<T*>(p);
}

bool is_scalar(Act act) { return act <= Act::count; }
bool is_panel(Act act) { return act > Act::count && act <= Act::sum_features; }

long pieces(long count, long size) { return (count + size - 1) / size; }

}  // namespace

template <class T> struct Machine<T>::Thread {
    int index = 0, count = 1;
    Buffer scalars;  // 32 of each value
    Buffer scratch;  // the registers of blocks
    alignas(64) T tile[strip_rows * lanes];
    std::vector<Strip<T>> strips;
};

template <class T>
Machine<T>::Machine(const Tape& tape, std::vector<int> scalar_inputs,
                    std::vector<std::pair<int, double>> constants, int watched, int stop_level)
    : tape_(tape), scalar_inputs_(std::move(scalar_inputs)), constants_(std::move(constants)),
      watched_(watched), stop_level_(stop_level), kernels_(kernels_of<T>(instruction_set())),
      scalars_(tape.levels), panels_(tape.levels), tiles_(tape.levels), buffers_(tape.values.size()) {
    for (const auto& i : tape_.instructions)
        (is_scalar(i.act) ? scalars_ : is_panel(i.act) ? panels_ : tiles_)[i.level].push_back(&i);
    for (std::size_t v = 0; v < buffers_.size(); ++v)
        if (tape_.values[v].kind == Kind::fixed)
            buffers_[v].reset(zeros<T>(tape_.values[v].rows * row_length(int(v))));
}

template <class T> Machine<T>::~Machine() = default;

template <class T> void Machine<T>::reserve(long panels) {
    if (panels <= capacity_) return;
    capacity_ = panels;
    for (std::size_t v = 0; v < buffers_.size(); ++v) {
        const auto& value = tape_.values[v];
        if (value.kind == Kind::panels) buffers_[v].reset(zeros<T>(panels * value.rows * lanes));
        if (value.kind == Kind::turned)
            buffers_[v].reset(zeros<T>(pieces(value.rows, lanes) * turned_block()));
        if (value.kind == Kind::partials) buffers_[v].reset(zeros<T>(panels));
    }
}

template <class T> void Machine<T>::set(int value, const T* data) {
    const auto& v = tape_.values[value];
    const long length = row_length(value);
    for (long r = 0; r < v.rows; ++r)
        std::copy_n(data + r * v.columns, v.columns, buffers_[value].get() + r * length);
}

template <class T> void Machine<T>::get(int value, T* data, long rows) const {
    const auto& v = tape_.values[value];
    if (v.kind == Kind::fixed) {
        const long length = row_length(value);
        for (long r = 0; r < v.rows; ++r)
            std::copy_n(buffers_[value].get() + r * length, v.columns, data + r * v.columns);
        return;
    }
    for (long r = 0; r < rows; ++r)
        for (long f = 0; f < v.rows; ++f)
            data[r * v.rows + f] = panel_of(value, r / lanes)[f * lanes + r % lanes];
}

template <class T> const T* Machine<T>::splat(const Thread& thread, int value) const {
    return thread.scalars.get() + long(value) * lanes;
}

template <class T> double Machine<T>::scalar(int value) const { return *splat(*threads_.front(), value); }

template <class T>
long Machine<T>::run(const std::vector<Column<T>>& columns, const Steps& steps, int threads, double* watched) {
    reserve(pieces(std::min(steps.batch, steps.rows), lanes));
    const long in_round = pieces(steps.rows, steps.batch), count = in_round * steps.rounds;
    columns_ = &columns;
    seed_ = steps.seed;
    while (int(threads_.size()) < threads) {
        auto thread = std::make_unique<Thread>();
        thread->index = int(threads_.size());
        thread->scalars.reset(zeros<T>(long(tape_.values.size()) * lanes));
        for (const auto& [value, number] : constants_)
            std::fill_n(thread->scalars.get() + long(value) * lanes, lanes, T(number));
        std::size_t most = 0;
        for (const auto& i : tape_.instructions) most = std::max(most, i.operands.size());
        thread->strips.resize(most);
        thread->scratch.reset(zeros<T>(long(most) * strip_rows * lanes));
        threads_.push_back(std::move(thread));
    }
    Barrier barrier(threads);
    long done = 0;
    on_threads(threads, [&](int index) {
        Thread& thread = *threads_[index];
        thread.count = threads;
        for (long s = 0; s < count; ++s) {
            if (index == 0) {
                const long start = s % in_round * steps.batch;
                first_ = steps.first + start;
                order_ = steps.order ? steps.order + start : nullptr;
                batch_rows_ = std::min(steps.batch, steps.rows - start);
                draw_ = steps.draw + std::uint64_t(s);
            }
            for (std::size_t k = 0; k < scalar_inputs_.size(); ++k)
                std::fill_n(thread.scalars.get() + long(scalar_inputs_[k]) * lanes, lanes,
                            T(steps.scalars[s * long(scalar_inputs_.size()) + long(k)]));
            barrier.wait();
            for (int l = 0; l < tape_.levels; ++l) {
                if (l == stop_level_ && watched_ >= 0) {
                    const double value = *splat(thread, watched_);
                    if (index == 0) watched[s] = value;
                    if (!std::isfinite(value)) return;  // the same on every thread
                }
                level(thread, l);
                barrier.wait();
            }
            if (index == 0) done = s + 1;
        }
    });
    return done;
}

template <class T> void Machine<T>::level(Thread& thread, int level) {
    for (const auto* i : scalars_[level]) scalar_act(thread, *i);
    if (!panels_[level].empty()) {
        constexpr long group = 4;  // panels that share a tile of weights while it is in the cache
        const long panels = pieces(batch_rows_, lanes);
        const long first = panels * thread.index / thread.count, last = panels * (thread.index + 1) / thread.count;
        for (long p = first; p < last; p += group)
            for (const auto* i : panels_[level]) panel_act(thread, *i, p, std::min(p + group, last));
    }
    for (const auto* i : tiles_[level]) tile_act(thread, *i);
}

template <class T> void Machine<T>::scalar_act(Thread& thread, const Instruction& i) {
    T* out = i.out < 0 ? nullptr : thread.scalars.get() + long(i.out) * lanes;
    if (i.act == Act::count) {
        std::fill_n(out, lanes, T(batch_rows_));
    } else if (i.act == Act::pick) {  // the one element of a matrix
        std::fill_n(out, lanes, buffers_[i.args[0]].get()[0]);
    } else if (i.act == Act::total) {
        double sum = 0;
        for (long p = 0; p < pieces(batch_rows_, lanes); ++p) sum += buffers_[i.args[0]].get()[p];
        std::fill_n(out, lanes, T(sum));
    } else {
        run_block(thread, i, nullptr, 0, 0, 0, 0, 1);
    }
}

// A block on the strip of a panel (panel >= 0) or of a matrix, from a row and a column on.
template <class T>
void Machine<T>::run_block(Thread& thread, const Instruction& i, T* tile, long tile_stride, long panel, long row,
                           long column, long rows) {
    if (i.steps.empty()) return;
    for (std::size_t k = 0; k < i.operands.size(); ++k) {
        const auto [value, view] = i.operands[k];
        Strip<T>& strip = thread.strips[k];
        if (view == View::scratch) {
            strip = {thread.scratch.get() + long(k) * strip_rows * lanes, lanes};
            continue;
        }
        if (view == View::tile) {
            strip = {tile, tile_stride};
            continue;
        }
        const auto& v = tape_.values[value];
        T* base = buffers_[value].get();
        if (v.kind == Kind::scalar) {
            strip = {const_cast<T*>(splat(thread, value)), 0};
        } else if (v.kind == Kind::panels) {
            base += panel * v.rows * lanes;
            strip = view == View::strip ? Strip<T>{base + row * lanes, lanes} : Strip<T>{base, 0};
        } else {
            const long length = row_length(value);
            if (view == View::strip) strip = {base + row * length + column, length};
            if (view == View::repeated) strip = {base + column, 0};
            if (view == View::along_row) strip = {base + row, 1};
            if (view == View::down_column) strip = {base + row * length, length};
        }
    }
    kernels_.block(i.steps.data(), long(i.steps.size()), thread.strips.data(), rows);
}

// args: column of the data, its panels or -1, its turned form or -1
template <class T> void Machine<T>::load(const Instruction& i, long panel) {
    const Column<T>& column = (*columns_)[i.args[0]];
    const long width = column.width, valid = std::min<long>(lanes, batch_rows_ - panel * lanes);
    for (long l = 0; l < lanes; ++l) {
        const long row = panel * lanes + std::min(l, valid - 1);  // rows beyond the batch repeat its last one
        const T* from = column.data + (order_ ? order_[row] : first_ + row) * width;
        if (i.args[1] >= 0) {
            T* to = panel_of(int(i.args[1]), panel) + l;
            for (long f = 0; f < width; ++f) to[f * lanes] = from[f];
        }
        if (i.args[2] >= 0)
            for (long f = 0; f < width; f += lanes)
                std::copy_n(from + f, std::min<long>(lanes, width - f),
                            buffers_[i.args[2]].get() + f / lanes * turned_block() + (panel * lanes + l) * lanes);
    }
}

template <class T>
void Machine<T>::panel_act(Thread& thread, const Instruction& i, long first, long last) {
    const auto at = [&](std::size_t k, long p) { return panel_of(int(i.args[k]), p); };
    if (i.act == Act::product) {
        // args: matrix, whether transposed, panels, bias or -1
        const int matrix = int(i.args[0]);
        const long length = row_length(matrix), rows = features(i.out), depth = features(int(i.args[2]));
        const long tiles = pieces(rows, kernels_.tile_rows);
        for (long t = 0, row = 0; t < tiles; ++t) {
            const long height = (rows - row + tiles - t - 1) / (tiles - t);
            const T* a = buffers_[matrix].get() + (i.args[1] ? row : row * length);
            const T* bias = i.args[3] < 0 ? nullptr : buffers_[i.args[3]].get() + row;
            for (long p = first; p < last; ++p) {
                T* c = panel_of(i.out, p) + row * lanes;
                kernels_.product({a, i.args[1] ? 1 : length, i.args[1] ? length : 1, 0, depth, at(2, p), lanes, c,
                                  lanes, bias, 1, height, depth});
                run_block(thread, i, c, lanes, p, row, 0, height);
            }
            row += height;
        }
        return;
    }
    for (long p = first; p < last; ++p) {
        const long valid = std::min<long>(lanes, batch_rows_ - p * lanes);
        T* out = i.out < 0 || tape_.values[i.out].kind != Kind::panels ? nullptr : panel_of(i.out, p);
        switch (i.act) {
            case Act::load: load(i, p); break;
            case Act::block:
                for (long row = 0; row < i.args[0]; row += strip_rows)
                    run_block(thread, i, nullptr, 0, p, row, 0, std::min<long>(strip_rows, i.args[0] - row));
                break;
            case Act::partial:
                buffers_[i.out].get()[p] = kernels_.total(at(0, p), features(int(i.args[0])), valid);
                break;
            case Act::turn:
                kernels_.turn(at(0, p), features(int(i.args[0])), buffers_[i.out].get() + p * lanes * lanes,
                              turned_block());
                break;
            case Act::softmax: kernels_.softmax(at(0, p), features(i.out), out); break;
            case Act::cross_entropy:
                kernels_.cross_entropy(at(0, p), at(1, p), features(int(i.args[0])), out);
                break;
            case Act::sum_features: kernels_.sum_features(at(0, p), features(int(i.args[0])), out); break;
            case Act::keep_mask:
                kernels_.keep_mask(out, features(i.out), p * lanes, seed_, unsigned(i.args[0]), draw_, i.setting);
                break;
            case Act::one_hot:
                for (long f = 0; f < features(i.out); ++f)
                    for (long l = 0; l < lanes; ++l) out[f * lanes + l] = at(0, p)[l] == T(f);
                break;
            case Act::take: {  // args: table, panels of row numbers
                const T* table = buffers_[i.args[0]].get();
                for (long l = 0; l < lanes; ++l)
                    for (long f = 0; f < features(i.out); ++f)
                        out[f * lanes + l] = table[long(at(1, p)[l]) * row_length(int(i.args[0])) + f];
                break;
            }
            case Act::copy_features:  // args: for each feature its value and place, or -1 for zeros
                for (long f = 0; f < features(i.out); ++f) {
                    if (i.args[2 * f] < 0)
                        std::fill_n(out + f * lanes, lanes, T(0));
                    else
                        std::copy_n(at(2 * f, p) + i.args[2 * f + 1] * lanes, lanes, out + f * lanes);
                }
                break;
            default: break;
        }
    }
}

template <class T> void Machine<T>::tile_act(Thread& thread, const Instruction& i) {
    const auto share = [&](long tasks) {
        return std::pair(tasks * thread.index / thread.count, tasks * (thread.index + 1) / thread.count);
    };
    // `out` may be -1: then only the block looks at the tile. args begin with rows and columns.
    const long rows = i.args[0], columns = i.args[1];
    T* out = i.out < 0 || tape_.values[i.out].kind != Kind::fixed ? nullptr : buffers_[i.out].get();
    const long length = out ? row_length(i.out) : 0;
    if (i.act == Act::contract || i.act == Act::product_fixed || i.act == Act::block_fixed) {
        const long most = i.act == Act::block_fixed ? strip_rows : kernels_.tile_rows;
        const long tiles = pieces(rows, most), blocks = pieces(columns, lanes);
        const auto [begin, end] = share(tiles * blocks);
        for (long task = begin; task < end; ++task) {
            const long t = task % tiles, block = task / tiles;
            const long row = rows * t / tiles, height = rows * (t + 1) / tiles - row, column = block * lanes;
            T* c = out ? out + row * length + column : thread.tile;
            const long c_row = out ? length : lanes;
            if (i.act == Act::contract) {  // args: rows, columns, panels, turned
                const T* a = panel_of(int(i.args[2]), 0) + row * lanes;
                const T* b = buffers_[i.args[3]].get() + block * turned_block();
                kernels_.product({a, lanes, 1, features(int(i.args[2])) * lanes, lanes, b, lanes, c, c_row, nullptr,
                                  0, height, batch_rows_});
            } else if (i.act == Act::product_fixed) {  // args: rows, columns, a, whether transposed, b, depth
                const long la = row_length(int(i.args[2])), lb = row_length(int(i.args[4]));
                const T* a = buffers_[i.args[2]].get() + (i.args[3] ? row : row * la);
                kernels_.product({a, i.args[3] ? 1 : la, i.args[3] ? la : 1, 0, i.args[5],
                                  buffers_[i.args[4]].get() + column, lb, c, c_row, nullptr, 0, height, i.args[5]});
            }
            run_block(thread, i, c, c_row, 0, row, column, height);
        }
        return;
    }
    if (i.act == Act::sum_rows) {  // args: 1, columns, panels
        const auto [begin, end] = share(pieces(columns, lanes));
        const long size = features(int(i.args[2])) * lanes;
        for (long block = begin; block < end; ++block) {
            T* c = out ? out + block * lanes : thread.tile;
            kernels_.sum_rows(panel_of(int(i.args[2]), 0) + block * lanes * lanes,
                              std::min<long>(lanes, columns - block * lanes), pieces(batch_rows_, lanes), size,
                              batch_rows_, c);
            run_block(thread, i, c, lanes, 0, 0, block * lanes, 1);
        }
        return;
    }
    if (thread.index != 0) return;  // what follows is rare and small
    const T* a = buffers_[i.args[2]].get();
    const long la = row_length(int(i.args[2]));
    if (i.act == Act::transpose) {
        for (long r = 0; r < rows; ++r)
            for (long c = 0; c < columns; ++c) out[r * length + c] = a[c * la + r];
    } else if (i.act == Act::add_rows) {  // args: rows, columns, panels, row numbers: rows added at their place
        for (long r = 0; r < rows; ++r) std::fill_n(out + r * length, columns, T(0));
        for (long n = 0; n < batch_rows_; ++n) {
            const long place = long(panel_of(int(i.args[3]), n / lanes)[n % lanes]);
            for (long c = 0; c < columns; ++c)
                out[place * length + c] += panel_of(int(i.args[2]), n / lanes)[c * lanes + n % lanes];
        }
    } else if (i.act == Act::sum_fixed) {  // args: rows, columns, matrix, axis (0, 1; 2: all), down a column
        double all = 0;
        std::vector<double> by_column(static_cast<std::size_t>(columns), 0.0);
        for (long r = 0; r < rows; ++r) {
            double sum = 0;
            for (long c = 0; c < columns; ++c) sum += a[r * la + c], by_column[c] += a[r * la + c];
            all += sum;
            if (i.args[3] == 1) out[i.args[4] ? r * length : r] = T(sum);
        }
        if (i.args[3] == 0) std::copy(by_column.begin(), by_column.end(), out);
        if (i.args[3] == 2) out[0] = T(all);
    }
}

template class Machine<float>;
template class Machine<double>;
