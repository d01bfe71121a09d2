// What each opcode does. The order of `args` is that of the opcode's arguments in engines/native/lowering/_opcodes.py.
#include <algorithm>
#include <limits>

#include "worker.hpp"

namespace {

template <class T> inline void prefetch_lines(const T* from, long count) {
    for (long k = 0; k < count; k += 64 / long(sizeof(T))) __builtin_prefetch(from + k, 1);
}

// The row of a table that a number in a column names, or -1.
template <class T> inline long named_row(T number, long rows) {
    const bool within = number >= T(0) && number < T(rows);
    const long row = within ? std::min(long(number), rows - 1) : -1;
    return within && T(row) == number ? row : -1;
}

// Rows of a panel that are rows of the batch.
inline long valid_rows(const Batch& batch, long panel) { return std::min<long>(lanes, batch.rows - panel * lanes); }

}  // namespace

// Blocks

// The block of a task on the strip of a panel or of a matrix, from a row and a block of 32 columns on.
template <class T>
void Worker<T>::run_block(const Task<T>& task, Strip<T> tile, long panel, long in_group, long row, long block,
                          long rows, long columns) {
    const auto& steps = task.of->steps;
    if (steps.empty()) return;
    Strip<T>* strip = strips_.data();
    for (const auto& a : task.operands)
        *strip++ = a.base ? Strip<T>{a.at(panel, in_group) + row * a.row + block * a.block, a.stride} : tile;
    kernels_.block(steps.data(), long(steps.size()), strips_.data(), rows, columns);
}

// What the block after a product reads and writes comes into the cache while the product is computed.
template <class T>
void Worker<T>::prefetch_operands(const Task<T>& task, long panel, long in_group, long row, long block,
                                  long rows) const {
    for (const auto& a : task.operands)
        if (a.far)
            for (long r = 0; r < rows; ++r)
                prefetch_lines(a.at(panel, in_group) + (row + r) * a.row + block * a.block, lanes);
}

// The lines of memory that the block on a tile reads and writes.
template <class T> void Worker<T>::collect_lines(const Task<T>& task, long row, long block, long rows) {
    lines_.clear();
    for (const auto& a : task.operands)
        if (a.far)
            for (long r = 0; r < rows; ++r)
                for (long k = 0; k < lanes; k += 64 / long(sizeof(T)))
                    lines_.push_back(a.base + (row + r) * a.row + block * a.block + k);
}

// Scalars

template <class T> void Worker<T>::run_scalar(const Task<T>& task, const Data<T>& data, const Batch& batch) {
    const Instruction& i = *task.of;
    if (i.opcode == Opcode::scalar_block) return run_block(task, {}, 0, 0, 0, 0, 1, lanes);
    double sum = 0;
    if (i.opcode == Opcode::count) {
        sum = double(batch.rows);
    } else if (i.opcode == Opcode::pick) {
        sum = matrix(i.args[0])[0];
    } else if (i.opcode == Opcode::total) {
        const long panels = up(batch.rows, lanes);
        const long count = i.args[1] < 0 ? panels : tile_count(tape_.instructions[i.args[1]], kernels_.tile_rows);
        const T* partials = matrix(i.args[0]);
        for (long p = 0; p < count; ++p) sum += partials[p];
    } else if (i.opcode == Opcode::column_total) {
        const auto& column = data.columns[i.args[0]];
        for (long n = 0; n < batch.rows; ++n) sum += column.data[batch.row(n) * column.width + i.args[1]];
    }
    std::fill_n(homes_[i.out].base, lanes, T(sum));
}

// Panels

template <class T>
void Worker<T>::run_panels(const Task<T>& task, const Data<T>& data, const Batch& batch, long first, long last) {
    const Instruction& i = *task.of;
    if (i.opcode == Opcode::product) return product(task, batch, first, last);
    if (i.opcode == Opcode::bin_lookup) return bin_lookup(i, batch, first, last);
    const auto features = [&](std::size_t arg) { return value(i.args[arg]).rows; };
    for (long p = first, q = 0; p < last; ++p, ++q) {
        const auto at = [&](std::size_t arg) { return homes_[i.args[arg]].at(p, q); };
        T* out = i.out < 0 ? nullptr : homes_[i.out].at(p, q);
        const long width = i.out < 0 ? 0 : value(i.out).rows;
        switch (i.opcode) {
            case Opcode::load: load(i, data, batch, p, q); break;
            case Opcode::store: store(i, data, batch, p, q); break;
            case Opcode::block:
                for (long row = 0; row < i.args[0]; row += strip_rows)
                    run_block(task, {}, p, q, row, 0, std::min<long>(strip_rows, i.args[0] - row), valid_rows(batch, p));
                break;
            case Opcode::partial:
                matrix(i.out)[p] = kernels_.total(at(0), lanes, features(0), valid_rows(batch, p));
                break;
            case Opcode::transpose_panels: transpose_panel(i, batch, p, q); break;
            case Opcode::softmax: kernels_.softmax(at(0), width, out); break;
            case Opcode::cross_entropy: kernels_.cross_entropy(at(0), at(1), features(0), out); break;
            case Opcode::sum_features: kernels_.sum_features(at(0), features(0), out); break;
            case Opcode::keep_mask: {
                const T kept = i.args[1] < 0 ? T(1) : homes_[i.args[1]].base[0];
                std::int64_t rows[lanes];
                for (long l = 0; l < lanes; ++l) rows[l] = batch.place(p * lanes + l);
                kernels_.keep_mask(out, width, rows, batch.seed, unsigned(i.args[0]), batch.draw, i.setting, kept);
                break;
            }
            case Opcode::one_hot: one_hot(i, p, q); break;
            case Opcode::take: take(i, p, q); break;
            case Opcode::copy_features: copy_features(i, p, q); break;
            case Opcode::bin_places: bin_places(i, batch, p, q); break;
            default: break;
        }
    }
}

template <class T>
void Worker<T>::load(const Instruction& i, const Data<T>& data, const Batch& batch, long panel, long in_group) {
    const auto& column = data.columns[i.args[0]];
    const long width = column.width, first = panel * lanes, valid = valid_rows(batch, panel);
    const T* rows[lanes];
    for (long l = 0; l < lanes; ++l)  // rows beyond the batch repeat its last one
        rows[l] = column.data + batch.row(first + std::min(l, valid - 1)) * width;
    if (batch.order && first + 2 * lanes <= batch.rows)
        for (long l = 0; l < lanes; ++l) __builtin_prefetch(column.data + batch.row(first + lanes + l) * width);
    T* out = i.args[1] < 0 ? nullptr : homes_[i.args[1]].at(panel, in_group);
    if (width < 8 && i.args[2] < 0) {
        for (long f = 0; f < width; ++f)
            for (long l = 0; l < lanes; ++l) out[f * lanes + l] = rows[l][f];
        return;
    }
    for (long f = 0; f < width; f += lanes) {
        const long count = std::min<long>(lanes, width - f);
        T* square = i.args[2] < 0 ? square_
                                  : matrix(i.args[2]) + (f / lanes * memory_.capacity() + panel) * lanes * lanes;
        kernels_.gather(rows, f, count, square);
        if (out) kernels_.transpose(square, lanes, lanes, count, out + f * lanes, lanes);
    }
}

template <class T>
void Worker<T>::store(const Instruction& i, const Data<T>& data, const Batch& batch, long panel, long in_group) {
    const auto& store = data.stores[i.args[0]];
    const T* from = homes_[i.args[1]].at(panel, in_group);
    T* to = store.data + (batch.start + panel * lanes) * store.width;
    for (long l = 0; l < valid_rows(batch, panel); ++l)
        for (long f = 0; f < store.width; ++f) to[l * store.width + f] = from[f * lanes + l];
}

// A panel with its rows as rows: the second operand of a weight gradient. Of words of two bfloat16 rows the last is 0
// where the number of rows is odd.
template <class T>
void Worker<T>::transpose_panel(const Instruction& i, const Batch& batch, long panel, long in_group) {
    const Value& v = value(i.out);
    const T* from = homes_[i.args[0]].at(panel, in_group);
    const long size = square_size(v.form), row = size / lanes;
    for (long f = 0; f < v.rows; f += lanes) {
        T* to = matrix(i.out) + (f / lanes * memory_.capacity() + panel) * size;
        kernels_.transpose(from + f * row, row, std::min<long>(lanes, v.rows - f), row, to, lanes);
        if (v.form != Form::pairs || batch.rows - panel * lanes >= lanes || batch.rows % 2 == 0) continue;
        auto* words = reinterpret_cast<Word*>(to) + batch.rows % lanes / 2 * lanes;
        for (long l = 0; l < lanes; ++l) words[l] &= 0xFFFFu;
    }
}

// The part of a panel of a transposed value that goes with one tile of the product before it.
template <class T> void Worker<T>::prefetch_transposed(int number, long panel, long tile, long tiles) const {
    const Value& v = value(number);
    const long size = square_size(v.form), squares = up(v.rows, lanes);
    const long first = squares * size * tile / tiles, last = squares * size * (tile + 1) / tiles;
    constexpr long line = 64 / long(sizeof(T));
    for (long k = first / line * line; k < last; k += line)
        prefetch_lines(matrix(number) + (k / size * memory_.capacity() + panel) * size + k % size, line);
}

template <class T> void Worker<T>::product(const Task<T>& task, const Batch& batch, long first, long last) {
    const Instruction& i = *task.of;
    const Value& weights = value(i.args[0]);
    const bool pairs = weights.form != Form::numbers, transposed = i.args[1];
    const long summed = value(i.args[2]).rows, depth = pairs ? up(summed, 2) : summed;
    const long length = row_length(weights) / (weights.form == Form::halves ? 2 : 1);
    const Address<T> &in = homes_[i.args[2]], *out = i.out < 0 ? nullptr : &homes_[i.out];
    const long tiles = long(task.rows.size()) - 1;
    const bool one_row = i.args[6] >= 0 && batch.rows == 1;
    if (one_row) {
        const T *bias = i.args[3] < 0 ? nullptr : matrix(i.args[3]), *start = i.args[5] < 0 ? nullptr : homes_[i.args[5]].at(0, 0);
        kernels_.row_product({matrix(i.args[6]), row_length(value(i.args[6])), in.at(0, 0), bias, start, i.args[4], summed, row_.get()});
    }
    for (long t = 0; t < tiles; ++t) {
        const long row = task.rows[t], rows = task.rows[t + 1] - row;
        if (leaves(double(rows * summed * (last - first) * lanes))) return;
        const T* a = matrix(i.args[0]) + (transposed ? row : row * length);
        const T* bias = i.args[3] < 0 ? nullptr : matrix(i.args[3]) + row;
        const long a_row = transposed ? 1 : length, a_next = transposed ? length : 1;
        for (long p = first; p < last; ++p) {
            const long q = p - first;
            prefetch_operands(task, p, q, row, 0, rows);
            if (task.next_transposed >= 0) prefetch_transposed(task.next_transposed, p, t, tiles);
            const long columns = valid_rows(batch, p);
            T *b = in.at(p, q), *c = out ? out->at(p, q) + row * lanes : tile_;
            const T* start = i.args[5] < 0 ? nullptr : homes_[i.args[5]].at(p, q) + row * lanes;
            if constexpr (sizeof(T) == sizeof(Word)) {
                if (pairs)
                    kernels_.pair_product({reinterpret_cast<const Word*>(a), a_row, a_next, 0, depth,
                                           reinterpret_cast<const Word*>(b), lanes, c, lanes, bias, rows, depth,
                                           nullptr, 0, columns, false, start});
            }
            if (one_row)
                for (long r = 0; r < rows; ++r) std::fill_n(c + r * lanes, lanes, row_.get()[row + r]);
            else if (!pairs)
                kernels_.product({a, a_row, a_next, 0, depth, b, lanes, c, lanes, bias, rows, depth, nullptr, 0, columns,
                                  false, start});
            run_block(task, {c, lanes}, p, q, row, 0, rows, columns);
        }
    }
}

template <class T> void Worker<T>::one_hot(const Instruction& i, long panel, long in_group) {
    const T* number = homes_[i.args[0]].at(panel, in_group);
    T* out = homes_[i.out].at(panel, in_group);
    for (long f = 0; f < value(i.out).rows; ++f)
        for (long l = 0; l < lanes; ++l) out[f * lanes + l] = number[l] == T(f);
}

template <class T> void Worker<T>::take(const Instruction& i, long panel, long in_group) {
    const Value& table = value(i.args[0]);
    const T* index = homes_[i.args[1]].at(panel, in_group);
    T* out = homes_[i.out].at(panel, in_group);
    for (long l = 0; l < lanes; ++l) {
        const long row = named_row(index[l], table.rows);
        const T* from = matrix(i.args[0]) + std::max(row, 0L) * row_length(table);
        for (long f = 0; f < value(i.out).rows; ++f)
            out[f * lanes + l] = row < 0 ? std::numeric_limits<T>::quiet_NaN() : from[f];
    }
}

template <class T> void Worker<T>::copy_features(const Instruction& i, long panel, long in_group) {
    T* out = homes_[i.out].at(panel, in_group);
    for (std::size_t f = 0; 2 * f < i.args.size(); ++f, out += lanes)
        if (i.args[2 * f] < 0)
            std::fill_n(out, lanes, T(0));
        else
            std::copy_n(homes_[i.args[2 * f]].at(panel, in_group) + i.args[2 * f + 1] * lanes, lanes, out);
}

// Matrices

template <class T> void Worker<T>::run_tile(const Task<T>& task, const Batch& batch, long number) {
    const Instruction& i = *task.of;
    if (i.opcode == Opcode::sum_rows) return sum_rows(task, batch, number);
    if (i.opcode == Opcode::bin_table) return bin_table(i, number);
    if (i.opcode == Opcode::bin_sums) return bin_sums(i, batch, number);
    if (i.opcode == Opcode::bin_gradient) return bin_gradient(i, number);
    if (i.opcode == Opcode::add_rows) return add_rows(i, batch);
    if (i.opcode == Opcode::matrix_sum) return matrix_sum(i);
    if (i.opcode == Opcode::transpose)
        return kernels_.transpose(matrix(i.args[2]), row_length(value(i.args[2])), i.args[1], i.args[0], matrix(i.out),
                                  row_length(value(i.out)));
    const long block = number % task.blocks;  // along the rows, as matrices lie in memory
    const std::size_t t = std::size_t(number / task.blocks);
    const long row = task.rows[t], rows = task.rows[t + 1] - row;
    const long length = i.out < 0 ? lanes : row_length(value(i.out));
    T* c = i.out < 0 ? tile_ : matrix(i.out) + row * length + block * lanes;
    if (i.opcode == Opcode::contract) contract(task, batch, row, block, rows, c, length);
    if (i.opcode == Opcode::matrix_product) matrix_product(task, row, block, rows, c, length);
    run_block(task, {c, length}, 0, 0, row, block, rows, lanes);
    if (i.summed < 0) return;
    const Strip<T> strip = strips_[i.summed];
    const long valid = std::min<long>(lanes, i.args[1] - block * lanes);
    matrix(i.partials)[number] = kernels_.total(strip.data, strip.stride, rows, valid);
}

template <class T>
void Worker<T>::contract(const Task<T>& task, const Batch& batch, long row, long block, long rows, T* c, long length) {
    const Instruction& i = *task.of;
    const Value &left = value(i.args[2]), &right = value(i.args[3]);
    const long size = square_size(right.form), in_panel = size / lanes;  // values of k in a panel
    const T* a = matrix(i.args[2]) + row * in_panel;
    const T* b = matrix(i.args[3]) + block * memory_.capacity() * size;
    collect_lines(task, row, block, rows);
    sum_parts(batch, rows, c, length, [&](long first, long count, bool by_blocks, T* to, long to_row) {
        const long lines = first ? 0 : long(lines_.size());
        const T *from = a + first / lanes * panel_size(left), *with = b + first * in_panel;
        if constexpr (sizeof(T) == sizeof(Word)) {
            if (right.form == Form::pairs)
                kernels_.pair_product({reinterpret_cast<const Word*>(from), in_panel, 1, panel_size(left), in_panel,
                                       reinterpret_cast<const Word*>(with), lanes, to, to_row, nullptr, rows,
                                       up(count, 2), lines_.data(), lines, lanes, by_blocks});
        }
        if (right.form == Form::numbers)
            kernels_.product({from, lanes, 1, panel_size(left), lanes, with, lanes, to, to_row, nullptr, rows, count,
                              lines_.data(), lines, lanes, by_blocks});
    });
}

// Rows of 32 sums over the batch, of which `sum` computes those over some of its rows.
template <class T>
template <class F>
void Worker<T>::sum_parts(const Batch& batch, long rows, T* c, long length, F sum) {
    if (batch.rows <= part_rows || sizeof(T) == sizeof(double)) return sum(0, batch.rows, false, c, length);
    const long size = rows * lanes;
    for (T* tile : {part_, sums_, lost_}) std::fill_n(tile, size, T(0));  // padding as well
    sum(0, part_rows, true, sums_, lanes);
    for (long first = part_rows; first < batch.rows; first += part_rows) {
        sum(first, std::min(part_rows, batch.rows - first), true, part_, lanes);
        kernels_.add_exactly(part_, size, sums_, lost_);
    }
    for (long r = 0; r < rows; ++r) kernels_.add_lost(sums_ + r * lanes, lost_ + r * lanes, lanes, c + r * length);
}

template <class T>
void Worker<T>::matrix_product(const Task<T>& task, long row, long block, long rows, T* c, long length) {
    const Instruction& i = *task.of;
    prefetch_operands(task, 0, 0, row, block, rows);
    const long left = row_length(value(i.args[2])), right = row_length(value(i.args[4])), depth = i.args[5];
    const bool transposed = i.args[3];
    const T* a = matrix(i.args[2]) + (transposed ? row : row * left);
    kernels_.product({a, transposed ? 1 : left, transposed ? left : 1, 0, depth, matrix(i.args[4]) + block * lanes,
                      right, c, length, nullptr, rows, depth});
}

template <class T> void Worker<T>::sum_rows(const Task<T>& task, const Batch& batch, long block) {
    const Instruction& i = *task.of;
    const long columns = std::min<long>(lanes, i.args[1] - block * lanes);
    T* c = i.out < 0 ? tile_ : matrix(i.out) + block * lanes;
    const long size = value(i.args[2]).rows * lanes;
    const T* in = matrix(i.args[2]) + block * lanes * lanes;
    sum_parts(batch, 1, c, lanes, [&](long first, long count, bool by_blocks, T* to, long) {
        kernels_.sum_rows(in + first / lanes * size, columns, size, count, by_blocks, to);
    });
    run_block(task, {c, lanes}, 0, 0, 0, block, 1, lanes);
}

// Bins

template <class T> void Worker<T>::bin_places(const Instruction& i, const Batch& batch, long panel, long in_group) {
    T* out = homes_[i.out].at(panel, in_group);
    for (std::size_t k = 2; k < i.args.size(); k += 5, out += 3 * lanes) {
        const T *x = homes_[i.args[k]].at(panel, in_group) + i.args[k + 1] * lanes, *numbers = matrix(i.args[0]);
        kernels_.bin_places(x, numbers + i.args[k + 3], i.args[k + 2], i.args[1], T(i.args[k + 4]), T(i.setting),
                            valid_rows(batch, panel), out);
    }
}

// 32 units of a group of panels at a time: what is read of a column of the table then stays in the cache.
template <class T> void Worker<T>::bin_lookup(const Instruction& i, const Batch& batch, long first, long last) {
    constexpr long size = lanes * lanes;
    for (long unit = 0; unit < i.args[0]; unit += lanes) {
        for (long p = first; p < last; ++p)
            std::fill_n(squares_.get() + (p - first) * size, valid_rows(batch, p) * lanes, T(0));
        for (std::size_t k = 1; k < i.args.size(); k += 2) {
            const Value& table = value(i.args[k]);
            const T* from = matrix(i.args[k]) + unit;
            for (long c = 0; c < value(i.args[k + 1]).rows; c += 3)
                for (long p = first; p < last; ++p)
                    kernels_.bin_lookup(from, row_length(table), table.rows - 2,
                                        homes_[i.args[k + 1]].at(p, p - first) + c * lanes, valid_rows(batch, p),
                                        squares_.get() + (p - first) * size);
        }
        const long units = std::min<long>(lanes, i.args[0] - unit);
        for (long p = first; p < last; ++p)
            kernels_.transpose(squares_.get() + (p - first) * size, lanes, valid_rows(batch, p), units,
                               homes_[i.out].at(p, p - first) + unit * lanes, lanes);
    }
}

// A row of the table for each end of a bin: the sum of the weights of the bins below; or a row for each bin, where sums
// are not asked for.
template <class T> void Worker<T>::bin_table(const Instruction& i, long block) {
    const Value& weights = value(i.args[2]);
    const long length = row_length(value(i.out)), from = row_length(weights);
    const long units = std::min<long>(lanes, i.args[1] - block * lanes);
    T* columns = columns_.get();
    kernels_.transpose(matrix(i.args[2]) + block * lanes * from, from, units, weights.columns, columns, lanes);
    T* out = matrix(i.out) + block * lanes;
    T sum[lanes] = {};
    for (long r = 0; r < i.args[0]; ++r, out += length) {
        const long column = i.args[std::size_t(4 + r)];
        if (column < 0 || !i.args[3]) std::fill_n(sum, lanes, T(0));
        if (column >= 0)
            for (int l = 0; l < lanes; ++l) sum[l] += columns[column * lanes + l];
        std::copy_n(sum, lanes, out);
    }
}

template <class T> void Worker<T>::bin_sums(const Instruction& i, const Batch& batch, long block) {
    const long length = row_length(value(i.out)), last = i.args[0] - 2, columns = value(i.args[2]).rows;
    T* out = matrix(i.out) + block * lanes;
    const T* terms = matrix(i.args[3]) + block * memory_.capacity() * lanes * lanes;
    const long panels = up(batch.rows, lanes);
    if (sizeof(T) == sizeof(double) || batch.rows <= part_rows) {
        for (long r = 0; r < i.args[0]; ++r) std::fill_n(out + r * length, lanes, T(0));
        for (long c = 0; c < columns; c += 3)
            for (long p = 0; p < panels; ++p)
                kernels_.bin_sums(homes_[i.args[2]].at(p, 0) + c * lanes, last, terms + p * lanes * lanes,
                                  valid_rows(batch, p), out, length);
        return;
    }
    const long wide = up(i.args[1], lanes) * lanes;
    double* sums = memory_.row_sums(i.out) + block * lanes;
    for (long r = 0; r < i.args[0]; ++r) std::fill_n(sums + r * wide, lanes, 0.0);
    for (long c = 0; c < columns; c += 3)
        for (long n = 0; n < batch.rows; ++n) {
            const T *at = homes_[i.args[2]].at(n / lanes, 0) + c * lanes + n % lanes, *term = terms + n * lanes;
            const bool within = at[0] >= T(0) && at[0] <= T(last);
            double *low = sums + (within ? long(at[0]) : 0) * wide, *high = low + wide;
            for (int l = 0; l < lanes; ++l) low[l] += double(at[lanes]) * double(term[l]);
            for (int l = 0; l < lanes; ++l) high[l] += double(at[2 * lanes]) * double(term[l]);
        }
    for (long r = 0; r < i.args[0]; ++r)
        for (int l = 0; l < lanes; ++l) out[r * length + l] = T(sums[r * wide + l]);
}

// The gradient of 32 rows of the weights: by the columns that are multiplied, which come first, and by the sums of tables.
template <class T> void Worker<T>::bin_gradient(const Instruction& i, long block) {
    const Value& dense = value(i.args[2]);
    const long length = row_length(value(i.out)), from = row_length(dense);
    const long units = std::min<long>(lanes, i.args[0] - block * lanes);
    T *out = matrix(i.out) + block * lanes * length, *columns = columns_.get();
    for (std::size_t k = 3; k < i.args.size();) {
        const Value& table = value(i.args[k]);
        const T* in = matrix(i.args[k]) + block * lanes;
        T sum[lanes] = {};
        for (long r = table.rows - 1; r >= 0; --r) {
            const long column = i.args[k + 2 + std::size_t(r)];
            if (!i.args[k + 1]) std::fill_n(sum, lanes, T(0));
            for (int l = 0; l < lanes; ++l) sum[l] += in[r * row_length(table) + l];
            if (column >= 0)
                std::copy_n(sum, lanes, columns + column * lanes);
            else
                std::fill_n(sum, lanes, T(0));
        }
        k += 2 + std::size_t(table.rows);
    }
    kernels_.transpose(columns + dense.columns * lanes, lanes, i.args[1] - dense.columns, units, out + dense.columns, length);
    for (long u = 0; u < units; ++u)
        std::copy_n(matrix(i.args[2]) + (block * lanes + u) * from, dense.columns, out + u * length);
}

// What is rare and small: one thread does it.

template <class T> void Worker<T>::add_rows(const Instruction& i, const Batch& batch) {
    const long rows = i.args[0], columns = i.args[1], length = row_length(value(i.out));
    T* out = matrix(i.out);
    const auto add = [&](auto* sums, long sums_row) {
        for (long r = 0; r < rows; ++r) std::fill_n(sums + r * sums_row, columns, 0);
        for (long n = 0; n < batch.rows; ++n) {
            const long p = n / lanes, l = n % lanes, row = named_row(homes_[i.args[3]].at(p, 0)[l], rows);
            if (row < 0) continue;
            auto* to = sums + row * sums_row;
            const T* from = homes_[i.args[2]].at(p, 0);
            for (long c = 0; c < columns; ++c) to[c] += from[c * lanes + l];
        }
    };
    if (sizeof(T) == sizeof(double) || batch.rows <= part_rows) return add(out, length);
    double* sums = memory_.row_sums(i.out);
    add(sums, columns);
    for (long r = 0; r < rows; ++r)
        for (long c = 0; c < columns; ++c) out[r * length + c] = T(sums[r * columns + c]);
}

template <class T> void Worker<T>::matrix_sum(const Instruction& i) {
    const long rows = i.args[0], columns = i.args[1], axis = i.args[3], from = row_length(value(i.args[2]));
    const long count = axis == 0 ? columns : axis == 1 ? rows : 1, to = i.args[4] ? row_length(value(i.out)) : 1;
    const T* a = matrix(i.args[2]);
    std::fill_n(matrix_sums_.begin(), count, 0.0);
    for (long r = 0; r < rows; ++r)
        for (long c = 0; c < columns; ++c) matrix_sums_[axis == 0 ? c : axis == 1 ? r : 0] += a[r * from + c];
    for (long k = 0; k < count; ++k) matrix(i.out)[k * to] = T(matrix_sums_[k]);
}

#define DOWNSLOPE_MEMBERS(T)                                                                        \
    template void Worker<T>::run_scalar(const Task<T>&, const Data<T>&, const Batch&);               \
    template void Worker<T>::run_panels(const Task<T>&, const Data<T>&, const Batch&, long, long); \
    template void Worker<T>::run_tile(const Task<T>&, const Batch&, long);
DOWNSLOPE_MEMBERS(float)
DOWNSLOPE_MEMBERS(double)
