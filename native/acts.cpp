// The instructions of the machine.
#include <algorithm>

#include "machine_parts.hpp"

// Blocks

// The block of a task on the strip of a panel or of a matrix, from a row and a block of 32 columns on.
template <class T>
void Machine<T>::run_block(Thread& thread, const Task& task, Strip<T> tile, long panel, long place, long row,
                           long block, long rows) {
    const auto& steps = task.of->steps;
    if (steps.empty()) return;
    Strip<T>* strip = thread.strips.data();
    for (const auto& a : task.operands)
        *strip++ = a.base ? Strip<T>{a.at(panel, place) + row * a.row + block * a.block, a.stride} : tile;
    kernels_.block(steps.data(), long(steps.size()), thread.strips.data(), rows);
}

// Scalars

template <class T>
void Machine<T>::scalar_act(Thread& thread, const Task& task, const Data<T>& data, const Batch& batch) {
    const Instruction& i = *task.of;
    if (i.opcode == Opcode::scalar_block) return run_block(thread, task, {}, 0, 0, 0, 0, 1);
    double sum = 0;
    if (i.opcode == Opcode::count) {
        sum = double(batch.rows);
    } else if (i.opcode == Opcode::pick) {  // the one element of a matrix
        sum = buffers_[i.args[0]].get()[0];
    } else if (i.opcode == Opcode::total) {  // args: partials, how many or -1: one for each panel
        const long count = i.args[1] < 0 ? up(batch.rows, lanes) : tile_count(tape_->instructions[i.args[1]]);
        const T* partials = buffers_[i.args[0]].get();
        for (long p = 0; p < count; ++p) sum += partials[p];
    } else if (i.opcode == Opcode::column_total) {  // args: column of the data, feature
        const auto& column = data.columns[i.args[0]];
        for (long n = 0; n < batch.rows; ++n) sum += column.data[batch.row(n) * column.width + i.args[1]];
    }
    std::fill_n(thread.homes[i.out].base, lanes, T(sum));
}

// Panels

template <class T> inline void fetch_lines(const T* from, long count) {
    for (long k = 0; k < count; k += 64 / long(sizeof(T))) __builtin_prefetch(from + k, 1);
}

// A row of a table; numbers that are none get the nearest.
template <class T> long nearest_row(T number, long rows) {
    return number > T(0) ? std::min(long(std::min(number, T(rows))), rows - 1) : 0;
}

// args: column of the data, its panels or -1, its turned form or -1
template <class T>
void Machine<T>::load(Thread& thread, const Instruction& i, const Data<T>& data, const Batch& batch, long panel,
                      long place) {
    const auto& column = data.columns[i.args[0]];
    const long width = column.width, first = panel * lanes, valid = std::min<long>(lanes, batch.rows - first);
    const T* rows[lanes];
    for (long l = 0; l < lanes; ++l)  // rows beyond the batch repeat its last one
        rows[l] = column.data + batch.row(first + std::min(l, valid - 1)) * width;
    if (batch.order && first + 2 * lanes <= batch.rows)
        for (long l = 0; l < lanes; ++l) __builtin_prefetch(column.data + batch.row(first + lanes + l) * width);
    T* out = i.args[1] < 0 ? nullptr : thread.homes[i.args[1]].at(panel, place);
    if (width < 8 && i.args[2] < 0) {
        for (long f = 0; f < width; ++f)
            for (long l = 0; l < lanes; ++l) out[f * lanes + l] = rows[l][f];
        return;
    }
    for (long f = 0; f < width; f += lanes) {
        const long count = std::min<long>(lanes, width - f);
        T* square = i.args[2] < 0 ? thread.square
                                  : buffers_[i.args[2]].get() + (f / lanes * capacity_ + panel) * lanes * lanes;
        kernels_.gather(rows, f, count, square);
        if (out) kernels_.transpose(square, lanes, lanes, count, out + f * lanes, lanes);
    }
}

// A panel turned so that each row of the batch is a row of numbers: [blocks of 32 features][row][32]; bfloat16 in
// words of two rows, the last of which is 0 where their number is odd. The second operand of a weight gradient.
template <class T>
void Machine<T>::turn(Thread& thread, const Instruction& i, const Batch& batch, long panel, long place) {
    const Value& v = tape_->values[i.out];
    const T* from = thread.homes[i.args[0]].at(panel, place);
    const long size = turned_panel(v.form), row = size / lanes;
    for (long f = 0; f < v.rows; f += lanes) {
        T* to = buffers_[i.out].get() + (f / lanes * capacity_ + panel) * size;
        kernels_.transpose(from + f * row, row, std::min<long>(lanes, v.rows - f), row, to, lanes);
        if (v.form != Form::pairs || batch.rows - panel * lanes >= lanes || batch.rows % 2 == 0) continue;
        auto* words = reinterpret_cast<Word*>(to) + batch.rows % lanes / 2 * lanes;
        for (long l = 0; l < lanes; ++l) words[l] &= 0xFFFFu;
    }
}

// What the block after a product reads and writes comes into the cache while the product is computed.
template <class T>
void Machine<T>::fetch(const Task& task, long panel, long place, long row, long block, long rows) const {
    for (const auto& a : task.operands)
        if (a.far)
            for (long r = 0; r < rows; ++r)
                fetch_lines(a.at(panel, place) + (row + r) * a.row + block * a.block, lanes);
}

// The lines of memory that the block on a tile reads and writes.
template <class T> void Machine<T>::want(Thread& thread, const Task& task, long row, long block, long rows) const {
    thread.wanted.clear();
    for (const auto& a : task.operands)
        if (a.far)
            for (long r = 0; r < rows; ++r)
                for (long k = 0; k < lanes; k += 64 / long(sizeof(T)))
                    thread.wanted.push_back(a.base + (row + r) * a.row + block * a.block + k);
}

// The part of a panel's place in a turned value that goes with one tile of the product before it.
template <class T> void Machine<T>::fetch_turned(int value, long panel, long tile, long tiles) const {
    const Value& v = tape_->values[value];
    const long size = turned_panel(v.form), squares = up(v.rows, lanes);
    const long first = squares * size * tile / tiles, last = squares * size * (tile + 1) / tiles;
    constexpr long line = 64 / long(sizeof(T));
    for (long k = first / line * line; k < last; k += line)
        fetch_lines(buffers_[value].get() + (k / size * capacity_ + panel) * size + k % size, line);
}

// args: matrix, whether transposed, panels, bias or -1
template <class T>
void Machine<T>::product(Thread& thread, const Task& task, const Batch& batch, long first, long last) {
    const Instruction& i = *task.of;
    const Value& matrix = tape_->values[i.args[0]];
    const bool pairs = matrix.form != Form::numbers, across = i.args[1];
    const long summed = tape_->values[i.args[2]].rows, depth = pairs ? up(summed, 2) : summed;
    const long length = row_length(int(i.args[0])) / (matrix.form == Form::halves ? 2 : 1);
    const Address &in = thread.homes[i.args[2]], *out = i.out < 0 ? nullptr : &thread.homes[i.out];
    for (std::size_t t = 1; t < task.rows.size(); ++t) {
        const long row = task.rows[t - 1], end = task.rows[t];
        const T* a = buffers_[i.args[0]].get() + (across ? row : row * length);
        const T* bias = i.args[3] < 0 ? nullptr : buffers_[i.args[3]].get() + row;
        const long a_row = across ? 1 : length, a_next = across ? length : 1;
        for (long p = first; p < last; ++p) {
            fetch(task, p, p - first, row, 0, end - row);
            if (task.next_turned >= 0) fetch_turned(task.next_turned, p, long(t) - 1, long(task.rows.size()) - 1);
            const long columns = std::min<long>(lanes, batch.rows - p * lanes);
            T *b = in.at(p, p - first), *c = out ? out->at(p, p - first) + row * lanes : thread.tile;
            if constexpr (sizeof(T) == sizeof(Word)) {
                if (pairs)
                    kernels_.pair_product({reinterpret_cast<const Word*>(a), a_row, a_next, 0, depth,
                                           reinterpret_cast<const Word*>(b), lanes, c, lanes, bias, end - row, depth,
                                           nullptr, 0, columns});
            }
            if (!pairs)
                kernels_.product({a, a_row, a_next, 0, depth, b, lanes, c, lanes, bias, end - row, depth, nullptr, 0, columns});
            run_block(thread, task, {c, lanes}, p, p - first, row, 0, end - row);
        }
    }
}

template <class T>
void Machine<T>::panel_act(Thread& thread, const Task& task, const Data<T>& data, const Batch& batch, long first,
                           long last) {
    const Instruction& i = *task.of;
    if (i.opcode == Opcode::product) return product(thread, task, batch, first, last);
    const auto features = [&](std::size_t arg) { return tape_->values[i.args[arg]].rows; };
    for (long p = first, q = 0; p < last; ++p, ++q) {
        const auto at = [&](std::size_t arg) { return thread.homes[i.args[arg]].at(p, q); };
        const long valid = std::min<long>(lanes, batch.rows - p * lanes);
        T* out = i.out < 0 ? nullptr : thread.homes[i.out].at(p, q);
        const long width = i.out < 0 ? 0 : tape_->values[i.out].rows;
        switch (i.opcode) {
            case Opcode::load: load(thread, i, data, batch, p, q); break;
            case Opcode::store: {  // args: number of the store, panels
                const auto& store = data.stores[i.args[0]];
                T* to = store.data + (batch.start + p * lanes) * store.width;
                for (long l = 0; l < valid; ++l)
                    for (long f = 0; f < store.width; ++f) to[l * store.width + f] = at(1)[f * lanes + l];
                break;
            }
            case Opcode::block:  // args: features
                for (long row = 0; row < i.args[0]; row += strip_rows)
                    run_block(thread, task, {}, p, q, row, 0, std::min<long>(strip_rows, i.args[0] - row));
                break;
            case Opcode::partial: buffers_[i.out].get()[p] = kernels_.total(at(0), lanes, features(0), valid); break;
            case Opcode::transpose_panels: turn(thread, i, batch, p, q); break;
            case Opcode::softmax: kernels_.softmax(at(0), width, out); break;
            case Opcode::cross_entropy: kernels_.cross_entropy(at(0), at(1), features(0), out); break;
            case Opcode::sum_features: kernels_.sum_features(at(0), features(0), out); break;
            case Opcode::keep_mask: {  // args: stream, the number that is kept or -1 for 1
                const T kept = i.args[1] < 0 ? T(1) : thread.homes[i.args[1]].base[0];
                kernels_.keep_mask(out, width, p * lanes, batch.seed, unsigned(i.args[0]), batch.draw, i.setting, kept);
                break;
            }
            case Opcode::one_hot:
                for (long f = 0; f < width; ++f)
                    for (long l = 0; l < lanes; ++l) out[f * lanes + l] = at(0)[l] == T(f);
                break;
            case Opcode::take: {  // args: table, panels of row numbers
                const int table = int(i.args[0]);
                for (long l = 0; l < lanes; ++l) {
                    const long row = nearest_row(at(1)[l], tape_->values[table].rows);
                    const T* from = buffers_[table].get() + row * row_length(table);
                    for (long f = 0; f < width; ++f) out[f * lanes + l] = from[f];
                }
                break;
            }
            case Opcode::copy_features:  // args: for each feature its value and place, or -1 for zeros
                for (long f = 0; f < width; ++f) {
                    if (i.args[2 * f] < 0)
                        std::fill_n(out + f * lanes, lanes, T(0));
                    else
                        std::copy_n(at(2 * f) + i.args[2 * f + 1] * lanes, lanes, out + f * lanes);
                }
                break;
            default: break;
        }
    }
}

// Matrices: args begin with rows and columns

template <class T> long Machine<T>::tile_count(const Instruction& i) const {
    const long blocks = up(i.args[1], lanes);
    if (has_tiles(i.opcode)) return up(i.args[0], i.opcode == Opcode::matrix_block ? strip_rows : kernels_.tile_rows) * blocks;
    return i.opcode == Opcode::sum_rows ? blocks : 1;
}

// Where tiles begin, and the end: an even number of rows in all but the last, as pairs of rows share words of
// bfloat16.
template <class T> std::vector<long> Machine<T>::tile_rows(const Instruction& i) const {
    if (i.opcode != Opcode::product && !has_tiles(i.opcode)) return {};
    const long rows = i.opcode == Opcode::product ? i.args[4] : i.args[0];
    const long tiles = up(rows, i.opcode == Opcode::matrix_block ? strip_rows : kernels_.tile_rows), pairs = up(rows, 2);
    std::vector<long> starts;
    for (long t = 0; t <= tiles; ++t) starts.push_back(std::min(rows, pairs * t / tiles * 2));
    return starts;
}

// About how many vector instructions a tile takes.
template <class T> double Machine<T>::tile_cost(const Instruction& i) const {
    const double area = has_tiles(i.opcode) ? double(i.args[0]) * double(i.args[1]) / double(tile_count(i)) : lanes;
    const double batch = double(capacity_) * lanes;
    const double made = i.opcode == Opcode::contract        ? area * batch
                        : i.opcode == Opcode::matrix_product ? area * double(i.args[5])
                        : i.opcode == Opcode::sum_rows      ? 2 * area * batch
                        : i.opcode == Opcode::matrix_block   ? 0
                                                      : 8.0 * double(i.args[0]) * double(i.args[1]);
    return made + 4 * area * double(i.steps.size() + 2);
}

template <class T> void Machine<T>::share_tiles(int threads) {
    pieces_.assign(tape_->levels, {});
    shares_.clear();
    for (int level = 0; level < tape_->levels; ++level) {
        const auto& tasks = threads_.front()->tile_tasks[level];
        std::vector<double> done{0};  // the cost of all pieces up to each
        for (std::size_t k = 0; k < tasks.size(); ++k)
            for (long tile = 0; tile < tile_count(*tasks[k].of); ++tile) {
                pieces_[level].push_back({int(k), tile});
                done.push_back(done.back() + tile_cost(*tasks[k].of));
            }
        shares_.push_back(std::make_unique<Share[]>(std::size_t(threads)));
        for (int t = 0; t < threads; ++t) {
            const auto until = [&](int share) {
                const double cost = done.back() * share / threads;
                return std::min(long(pieces_[level].size()), long(std::lower_bound(done.begin(), done.end(), cost) - done.begin()));
            };
            shares_[level][t].begin = until(t);
            shares_[level][t].end = t == threads - 1 ? long(pieces_[level].size()) : until(t + 1);
            shares_[level][t].next = shares_[level][t].end;  // nothing to take before its thread begins
        }
    }
}

template <class T> void Machine<T>::tiles_of(Thread& thread, int level, const Batch& batch, bool again) {
    const auto& pieces = pieces_[level];
    if (pieces.empty()) return;
    // a few pieces are done before another's would have come from its cache
    const int shares = long(pieces.size()) < 32 * thread.count ? 1 : thread.count;
    for (int k = 0; k < shares; ++k) {
        Share& share = shares_[level][(thread.index + k) % thread.count];
        for (long n; (n = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
            const Task& task = thread.tile_tasks[level][pieces[n].task];
            if (!(again && task.of->once)) tile_act(thread, task, batch, pieces[n].tile);
        }
    }
}

template <class T> void Machine<T>::tile_act(Thread& thread, const Task& task, const Batch& batch, long number) {
    const Instruction& i = *task.of;
    if (has_tiles(i.opcode)) {
        tile(thread, task, batch, number);
    } else if (i.opcode == Opcode::sum_rows) {  // args: 1, columns, panels
        const long columns = i.args[1], size = tape_->values[i.args[2]].rows * lanes;
        T* c = i.out < 0 ? thread.tile : buffers_[i.out].get() + number * lanes;
        kernels_.sum_rows(buffers_[i.args[2]].get() + number * lanes * lanes,
                          std::min<long>(lanes, columns - number * lanes), size, batch.rows, c);
        run_block(thread, task, {c, lanes}, 0, 0, 0, number, 1);
    } else {
        whole_act(thread, i, batch);
    }
}

template <class T> void Machine<T>::tile(Thread& thread, const Task& task, const Batch& batch, long number) {
    const Instruction& i = *task.of;
    const long block = number % task.blocks;  // along the rows, as matrices lie in memory
    const std::size_t t = std::size_t(number / task.blocks);
    const long row = task.rows[t], end = task.rows[t + 1];
    const long height = end - row, length = i.out < 0 ? lanes : row_length(i.out);
    T* c = i.out < 0 ? thread.tile : buffers_[i.out].get() + row * length + block * lanes;
    if (i.opcode == Opcode::matrix_product) fetch(task, 0, 0, row, block, height);
    if (i.opcode == Opcode::contract) {  // args: rows, columns, panels, turned
        const Value& turned = tape_->values[i.args[3]];
        const long size = turned_panel(turned.form), in_panel = size / lanes;  // values of k in a panel
        const T* a = buffers_[i.args[2]].get() + row * in_panel;
        const T* b = buffers_[i.args[3]].get() + block * capacity_ * size;
        const long next = panel_size(tape_->values[i.args[2]]);
        want(thread, task, row, block, height);
        const long wants = long(thread.wanted.size());
        if constexpr (sizeof(T) == sizeof(Word)) {
            if (turned.form == Form::pairs)
                kernels_.pair_product({reinterpret_cast<const Word*>(a), in_panel, 1, next, in_panel,
                                       reinterpret_cast<const Word*>(b), lanes, c, length, nullptr, height,
                                       up(batch.rows, 2), thread.wanted.data(), wants});
        }
        if (turned.form == Form::numbers)
            kernels_.product({a, lanes, 1, next, lanes, b, lanes, c, length, nullptr, height, batch.rows,
                              thread.wanted.data(), wants});
    } else if (i.opcode == Opcode::matrix_product) {  // args: rows, columns, a, whether transposed, b, depth
        const long la = row_length(int(i.args[2])), lb = row_length(int(i.args[4]));
        const T* a = buffers_[i.args[2]].get() + (i.args[3] ? row : row * la);
        kernels_.product({a, i.args[3] ? 1 : la, i.args[3] ? la : 1, 0, i.args[5],
                          buffers_[i.args[4]].get() + block * lanes, lb, c, length, nullptr, height, i.args[5]});
    }
    run_block(thread, task, {c, length}, 0, 0, row, block, height);
    if (i.summed < 0) return;
    const Strip<T> strip = thread.strips[i.summed];
    const long valid = std::min<long>(lanes, i.args[1] - block * lanes);
    buffers_[i.partials].get()[number] = kernels_.total(strip.data, strip.stride, height, valid);
}

// What is rare and small: one thread does it.
template <class T> void Machine<T>::whole_act(Thread& thread, const Instruction& i, const Batch& batch) {
    const long rows = i.args[0], columns = i.args[1], length = row_length(i.out), la = row_length(int(i.args[2]));
    const T* a = buffers_[i.args[2]].get();
    T* out = buffers_[i.out].get();
    if (i.opcode == Opcode::transpose) {
        kernels_.transpose(a, la, columns, rows, out, length);
    } else if (i.opcode == Opcode::add_rows) {  // args: rows, columns, panels, row numbers: rows added at their place
        for (long r = 0; r < rows; ++r) std::fill_n(out + r * length, columns, T(0));
        for (long n = 0; n < batch.rows; ++n) {
            const long p = n / lanes, l = n % lanes, place = nearest_row(thread.homes[i.args[3]].at(p, 0)[l], rows);
            const T* from = thread.homes[i.args[2]].at(p, 0);
            for (long c = 0; c < columns; ++c) out[place * length + c] += from[c * lanes + l];
        }
    } else if (i.opcode == Opcode::matrix_sum) {  // args: rows, columns, matrix, axis (2: all), down a column
        const long axis = i.args[3];
        std::vector<double> sums(static_cast<std::size_t>(axis == 0 ? columns : axis == 1 ? rows : 1), 0.0);
        for (long r = 0; r < rows; ++r)
            for (long c = 0; c < columns; ++c) sums[axis == 0 ? c : axis == 1 ? r : 0] += a[r * la + c];
        for (std::size_t k = 0; k < sums.size(); ++k) out[i.args[4] ? long(k) * length : long(k)] = T(sums[k]);
    }
}

template class Machine<float>;
template class Machine<double>;
