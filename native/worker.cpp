// The memory of a thread, and where it finds operands; what it does with them is in instructions.cpp.
#include "worker.hpp"

#include <algorithm>

template <class T>
Worker<T>::Worker(const Tape& tape, const Kernels<T>& kernels, const Memory<T>& memory, int index)
    : index(index), tape_(tape), kernels_(kernels), memory_(memory) {
    scalars_ = zeros<T>(long(tape_.values.size()) * lanes);
    for (const auto& [number, given] : tape_.constants)
        if (value(number).kind == Kind::scalar) std::fill_n(scalar(number), lanes, T(given[0]));
    std::size_t operands = 0, sums = 1;
    long features = 0, outputs = 0;
    for (const auto& i : tape_.instructions) {
        operands = std::max(operands, i.operands.size());
        if (i.opcode == Opcode::product && i.args[6] >= 0) outputs = std::max(outputs, i.args[4]);
        if (i.opcode == Opcode::bin_lookup && !squares_) squares_ = zeros<T>(group * lanes * lanes);
        if (i.opcode == Opcode::bin_table) features = std::max(features, tape_.values[std::size_t(i.args[2])].columns);
        if (i.opcode == Opcode::bin_gradient) features = std::max(features, i.args[1]);
        if (i.opcode == Opcode::matrix_sum) sums = std::max({sums, std::size_t(i.args[0]), std::size_t(i.args[1])});
    }
    if (outputs) row_ = zeros<T>(up(outputs, lanes), lanes);
    if (features) columns_ = zeros<T>(features, lanes);
    strips_.resize(operands);
    matrix_sums_.resize(sums);
    lines_.reserve(operands * strip_rows * lanes * sizeof(T) / 64);
    scratch_ = zeros<T>(long(operands) * strip_rows * lanes);
    long size = 0;
    for (const auto& v : tape_.values)
        if (v.local) size = std::max(size, v.offset + panel_size(v));
    locals_ = zeros<T>(group * size);
}

template <class T> void Worker<T>::resolve(int threads) {
    scalar_tasks.assign(tape_.levels, {});
    panel_tasks.assign(tape_.levels, {});
    tile_tasks.assign(tape_.levels, {});
    homes_.clear();
    for (std::size_t v = 0; v < tape_.values.size(); ++v) homes_.push_back(home(int(v)));
    for (const auto& i : tape_.instructions) {
        const Kind domain = info(i).domain;
        auto& tasks = domain == Kind::scalar ? scalar_tasks : domain == Kind::panels ? panel_tasks : tile_tasks;
        Task<T> task{&i, {}, tile_rows(i, kernels_.tile_rows), has_tiles(i.opcode) ? up(i.args[1], lanes) : 1, 0};
        for (std::size_t k = 0; k < i.operands.size(); ++k) {
            task.operands.push_back(address(i, k));
            const auto [number, view] = i.operands[k];
            if (view != View::strip || number < 0) continue;
            const Value& v = value(number);
            task.operands.back().far = v.kind == Kind::matrix ? v.rows > 1 : threads > 1 && !v.local;
        }
        tasks[i.level].push_back(std::move(task));
    }
    if (threads > 1)
        for (auto& tasks : panel_tasks)
            for (std::size_t k = 0, next = 0; k < tasks.size(); ++k) {
                next = std::max(next, k);
                while (next < tasks.size() && tasks[next].of->opcode != Opcode::transpose_panels) ++next;
                if (next < tasks.size()) tasks[k].next_transposed = tasks[next].of->out;
            }
}

template <class T> Address<T> Worker<T>::home(int number) const {
    const Value& v = value(number);
    if (v.kind == Kind::scalar) return {scalars_.get() + long(number) * lanes, 0, 0, 0, 0, 0};
    T* base = matrix(number);
    if (v.kind == Kind::panels) {
        const long size = panel_size(v), row = v.form == Form::numbers ? lanes : lanes / 2;
        const long stride = v.form == Form::halves ? lanes / 2 : lanes;
        if (v.local) return {locals_.get() + group * v.offset, 0, size, row, 0, stride};
        return {base, size, 0, row, 0, stride};
    }
    if (v.kind == Kind::matrix) {
        const long length = row_length(v);
        if (v.form == Form::halves) return {base, 0, 0, length / 2, lanes / 2, length / 2};
        if (v.form == Form::pairs) return {base, 0, 0, length / 2, lanes, length};
        return {base, 0, 0, length, lanes, length};
    }
    return {base, 0, 0, 0, 0, 0};
}

template <class T> Address<T> Worker<T>::address(const Instruction& i, std::size_t k) const {
    const auto [number, view] = i.operands[k];
    if (view == View::scratch) return {scratch_.get() + long(k) * strip_rows * lanes, 0, 0, 0, 0, lanes};
    if (view == View::tile) return {nullptr, 0, 0, 0, 0, 0};
    const Address<T> at = home(number);
    switch (view) {
        case View::repeated: return {at.base, at.panel, at.in_group, 0, at.block, 0};
        case View::along_row: return {at.base, 0, 0, 1, 0, 1};
        case View::down_column: return {at.base, 0, 0, at.row, 0, at.stride};
        default: return at;
    }
}

template class Worker<float>;
template class Worker<double>;
