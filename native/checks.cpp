#include "checks.hpp"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <string>

#include "layout.hpp"

namespace {

constexpr long most_numbers = 1L << 40;  // in a matrix or a panel: sizes in bytes stay far below the largest long

class Checker {
public:
    explicit Checker(Tape& tape) : tape_(tape), tiles_of_(tape.values.size(), -1) {}

    void run() {
        require(tape_.levels >= 1 && tape_.levels <= 2 * long(tape_.instructions.size()) + 2, "the number of levels");
        for (const auto& v : tape_.values) value(v);
        for (const int v : tape_.scalar_inputs) require(is(v, Kind::scalar), "a scalar input");
        for (const auto& [v, numbers] : tape_.constants) constant(v, numbers.size());
        for (const int v : tape_.updated) require(is(v, Kind::matrix), "an updated matrix");
        for (const auto& [matrix, form] : tape_.mirrors) mirror(matrix, form);
        for (const auto& e : tape_.exchanges) exchange(e);
        require(tape_.watched == -1 || is(tape_.watched, Kind::scalar), "the watched scalar");
        for (std::size_t n = 0; n < tape_.instructions.size(); ++n) {
            const int partials = tape_.instructions[n].partials;
            if (partials == -1) continue;
            require(is(partials, Kind::partials) && tiles_of_[partials] < 0, "where the sums of tiles go");
            tiles_of_[partials] = long(n);
        }
        for (at_ = 0; at_ < long(tape_.instructions.size()); ++at_) instruction(tape_.instructions[at_]);
    }

private:
    void require(bool holds, const char* what) const {
        if (holds) return;
        const std::string where = at_ < 0 ? "" : " in instruction " + std::to_string(at_);
        throw std::invalid_argument("the tape is not well formed: " + std::string(what) + where);
    }

    // Values

    void value(const Value& v) const {
        require(v.kind >= Kind::matrix && v.kind <= Kind::scalar, "the kind of a value");
        require(v.form >= Form::numbers && v.form <= Form::pairs, "the form of a value");
        const bool rounded = v.form != Form::numbers;
        require(!rounded || v.kind <= (v.form == Form::halves ? Kind::panels : Kind::transposed), "the form of a value");
        const bool sized = v.rows >= 0 && v.columns >= 1 && v.rows < most_numbers && v.columns < most_numbers;
        require(sized && (v.rows + 1) < most_numbers / (2 * lanes + v.columns), "the size of a value");
        require(!v.local || (v.kind == Kind::panels && v.offset >= 0 && v.offset < most_numbers), "a local value");
    }

    bool is(long number, Kind kind, Form form = Form::numbers) const {
        if (number < 0 || number >= long(tape_.values.size())) return false;
        const Value& v = tape_.values[number];
        return v.kind == kind && v.form == form;
    }

    // a matrix of this shape
    bool is_matrix(long number, long rows, long columns, Form form = Form::numbers) const {
        return is(number, Kind::matrix, form) && tape_.values[number].rows == rows &&
               tape_.values[number].columns == columns;
    }

    // panels of so many features; -1: of some
    bool is_panels(long number, long features = -1, Form form = Form::numbers) const {
        if (!is(number, Kind::panels, form)) return false;
        const long rows = tape_.values[number].rows;
        return features < 0 ? rows >= 1 : rows == features && rows >= 1;
    }

    // panels that are there for the whole batch
    bool is_batch(long number, long features = -1, Form form = Form::numbers) const {
        return is_panels(number, features, form) && !tape_.values[number].local;
    }

    long rows(long number) const { return tape_.values[number].rows; }

    void mirror(int matrix, int form) const {
        require(is(matrix, Kind::matrix), "a matrix with a bfloat16 form");
        const Value& v = tape_.values[matrix];
        require(is_matrix(form, v.rows, v.columns, Form::halves) || is_matrix(form, v.rows, v.columns, Form::pairs),
                "the bfloat16 form of a matrix");
    }

    void constant(int v, std::size_t count) const {
        if (is(v, Kind::scalar)) return require(count == 1, "a constant");
        require(is(v, Kind::matrix), "a constant");
        const Value& matrix = tape_.values[std::size_t(v)];
        require(matrix.rows == 1 && count == std::size_t(matrix.columns), "a constant");
    }

    // Matrices that no other exchange has, back after they are sent: never at a level at which they are.
    void exchange(const Exchange& e) {
        require(!e.values.empty() && e.sent >= 0 && e.sent < e.wanted && e.wanted < tape_.levels, "an exchange");
        for (const auto& [sent, back] : e.values) {
            require(sent != back && is(sent, Kind::matrix), "the matrix of an exchange");
            const Value& v = tape_.values[std::size_t(sent)];
            require(is_matrix(back, v.rows, v.columns), "the matrix of an exchange");
            for (const int matrix : {sent, back}) require(exchanged_.insert(matrix).second, "the matrix of an exchange");
        }
    }

    // Instructions

    void instruction(const Instruction& i) {
        require(int(i.opcode) >= 0 && int(i.opcode) < int(std::size(opcodes)), "an unknown opcode");
        require(i.level >= 0 && i.level < tape_.levels, "the level");
        require(i.part >= 0 && i.part <= long(tape_.instructions.size()), "the part");
        require(i.out >= -1 && i.out < long(tape_.values.size()), "the value written");
        const int count = info(i).arguments;
        require(count < 0 || long(i.args.size()) == count, "the number of arguments");
        require(arguments(i), "the arguments");
        require((i.summed < 0) == (i.partials < 0) && (i.summed < 0 || has_tiles(i.opcode)), "the sum of tiles");
        require(i.summed < 0 || !i.steps.empty(), "the sum of tiles");
        if (runs_block(i.opcode))
            block(i);
        else
            require(i.steps.empty() && i.operands.empty(), "a block");
    }

    bool arguments(const Instruction& i) {
        const auto& a = i.args;
        switch (i.opcode) {
            case Opcode::scalar_block: return true;
            case Opcode::total:
                return is(i.out, Kind::scalar) && is(a[0], Kind::partials) && a[1] >= -1 && tiles_of_[a[0]] == a[1];
            case Opcode::column_total:
                return is(i.out, Kind::scalar) && a[1] >= 0 && column(a[0], a[1] + 1, false);
            case Opcode::pick: return is(i.out, Kind::scalar) && is(a[0], Kind::matrix) && rows(a[0]) >= 1;
            case Opcode::count: return is(i.out, Kind::scalar);
            case Opcode::load: {
                const long target = a[1] >= 0 ? a[1] : a[2];
                const bool there = is_panels(target) || (is(target, Kind::transposed) && rows(target) >= 1);
                return there && (a[1] == -1 || is_panels(a[1])) && (a[2] == -1 || is(a[2], Kind::transposed)) &&
                       (a[2] == -1 || rows(a[2]) == rows(target)) && column(a[0], rows(target), true);
            }
            case Opcode::store: return is_panels(a[1]) && width(tape_.stores, a[0], rows(a[1]), true);
            case Opcode::product: return product(i);
            case Opcode::block: return a[0] >= 1;
            case Opcode::partial: return is(i.out, Kind::partials) && tiles_of_[i.out] < 0 && is_panels(a[0]);
            case Opcode::transpose_panels:
                return i.out >= 0 && (is(i.out, Kind::transposed)
                                          ? is_panels(a[0], rows(i.out))
                                          : is(i.out, Kind::transposed, Form::pairs) &&
                                                is_panels(a[0], rows(i.out), Form::halves));
            case Opcode::softmax: return is_panels(i.out) && is_panels(a[0], rows(i.out));
            case Opcode::cross_entropy: return is_panels(i.out) && is_panels(a[0]) && is_panels(a[1]);
            case Opcode::one_hot: return is_panels(i.out) && is_panels(a[0]);
            case Opcode::keep_mask:
                return is_panels(i.out) && a[0] >= 0 && a[0] < 1L << 32 && i.setting >= 0 && i.setting <= 1 &&
                       (a[1] == -1 || is(a[1], Kind::scalar));
            case Opcode::take:
                return is_panels(i.out) && is(a[0], Kind::matrix) && rows(a[0]) >= 1 &&
                       tape_.values[a[0]].columns == rows(i.out) && is_panels(a[1]);
            case Opcode::copy_features: return copied(i);
            case Opcode::bin_places: return bin_places(i);
            case Opcode::bin_lookup: {
                if (a.size() < 3 || a.size() % 2 == 0 || !is_panels(i.out, a[0])) return false;
                for (std::size_t k = 1; k < a.size(); k += 2)
                    if (!is(a[k], Kind::matrix) || tape_.values[a[k]].columns != a[0] || rows(a[k]) < 2 || !is_places(a[k + 1]))
                        return false;
                return true;
            }
            case Opcode::bin_table: {
                if (a.size() < 4 || !shaped(i) || !written(i) || long(a.size()) != 4 + a[0]) return false;
                return a[2] != i.out && is(a[2], Kind::matrix) && rows(a[2]) == a[1] && are_columns(a, 4, a[0], tape_.values[a[2]].columns);
            }
            case Opcode::bin_sums:
                return a.size() == 4 && shaped(i) && written(i) && a[0] >= 2 && is_places(a[2]) &&
                       !tape_.values[a[2]].local && is(a[3], Kind::transposed) && rows(a[3]) == a[1];
            case Opcode::bin_gradient: return bin_gradient(i);
            case Opcode::sum_features: return is_panels(i.out) && is_panels(a[0]);
            case Opcode::contract: {
                const bool pairs = is(a[3], Kind::transposed, Form::pairs);
                return shaped(i) && (pairs || is(a[3], Kind::transposed)) && rows(a[3]) == a[1] &&
                       is_batch(a[2], a[0], pairs ? Form::halves : Form::numbers);
            }
            case Opcode::matrix_product:
                return shaped(i) && a[5] >= 1 && is_matrix(a[4], a[5], a[1]) &&
                       (a[3] ? is_matrix(a[2], a[5], a[0]) : is_matrix(a[2], a[0], a[5]));
            case Opcode::matrix_block: return shaped(i);
            case Opcode::sum_rows: return a[0] == 1 && shaped(i) && is_batch(a[2], a[1]);
            case Opcode::matrix_sum: {
                const long count = a[3] == 0 ? a[1] : a[3] == 1 ? a[0] : 1;
                return written(i) && is_matrix(a[2], a[0], a[1]) && a[3] >= 0 && a[3] <= 2 &&
                       (a[4] ? is_matrix(i.out, count, 1) : is_matrix(i.out, 1, count));
            }
            case Opcode::add_rows:
                return shaped(i) && written(i) && rows(i.out) >= 1 && is_batch(a[2], a[1]) && is_batch(a[3]);
            case Opcode::transpose: return shaped(i) && written(i) && is_matrix(a[2], a[1], a[0]);
        }
        return false;
    }

    // Instructions whose first arguments are the rows and columns of what they compute.
    bool shaped(const Instruction& i) const {
        return i.args[0] >= 1 && i.args[1] >= 1 && (i.out == -1 || is_matrix(i.out, i.args[0], i.args[1]));
    }

    bool written(const Instruction& i) const { return i.out >= 0; }

    bool product(const Instruction& i) const {
        const auto& a = i.args;
        const long outputs = a[4], matrix = a[0];
        if (outputs < 1 || (i.out != -1 && !is_panels(i.out, outputs))) return false;
        if (a[3] != -1 && !is_matrix(a[3], 1, outputs)) return false;
        if (a[5] != -1 && !is_panels(a[5], outputs)) return false;
        const Form rounded = a[1] ? Form::pairs : Form::halves;
        const Form form = is(matrix, Kind::matrix, rounded) ? rounded : Form::numbers;
        const Form in = form == Form::numbers ? Form::numbers : Form::pairs;
        if (!is_panels(a[2], -1, in) || !is(matrix, Kind::matrix, form)) return false;
        const Value& m = tape_.values[matrix];  // which can have more columns
        if (a[6] != -1) {
            if (form != Form::numbers || !is(a[6], Kind::matrix)) return false;
            const Value& turned = tape_.values[a[6]];
            if (turned.rows < rows(a[2]) || turned.columns < outputs) return false;
        }
        return a[1] ? m.rows == rows(a[2]) && m.columns >= outputs : m.rows == outputs && m.columns >= rows(a[2]);
    }

    bool is_places(long number) const { return is_panels(number) && rows(number) % 3 == 0; }

    // Columns of a matrix, or -1.
    static bool are_columns(const std::vector<long>& numbers, std::size_t first, long count, long columns) {
        const auto is_column = [&](long number) { return number >= -1 && number < columns; };
        return std::all_of(numbers.begin() + long(first), numbers.begin() + long(first) + count, is_column);
    }

    bool bin_places(const Instruction& i) const {
        const auto& a = i.args;
        if (a.size() < 7 || a.size() % 5 != 2 || !is_panels(i.out, 3 * (long(a.size()) - 2) / 5)) return false;
        if (!is(a[0], Kind::matrix) || rows(a[0]) != 1) return false;
        const long peaks = a[1] != 0, numbers = tape_.values[a[0]].columns;
        for (std::size_t k = 2; k < a.size(); k += 5) {
            const long panels = a[k], feature = a[k + 1], segments = a[k + 2], at = a[k + 3], row = a[k + 4];
            if (panels == i.out || !is_panels(panels) || feature < 0 || feature >= rows(panels)) return false;
            if (segments < 1 || segments > numbers || at < 0 || at > numbers - segments - 2 * (segments + peaks)) return false;
            if (row < 0 || row >= 1L << 22) return false;
        }
        return true;
    }

    bool bin_gradient(const Instruction& i) const {
        const auto& a = i.args;
        if (a.size() < 3 || !shaped(i) || !written(i) || !is(a[2], Kind::matrix) || a[2] == i.out) return false;
        if (rows(a[2]) != a[0] || tape_.values[a[2]].columns > a[1]) return false;
        for (std::size_t k = 3; k < a.size(); k += 2 + std::size_t(rows(a[k]))) {
            if (k + 2 > a.size() || !is(a[k], Kind::matrix) || a[k] == i.out || tape_.values[a[k]].columns != a[0]) return false;
            if (rows(a[k]) > long(a.size() - k) - 2 || !are_columns(a, k + 2, rows(a[k]), a[1])) return false;
        }
        return true;
    }

    bool copied(const Instruction& i) const {
        if (!is_panels(i.out, long(i.args.size()) / 2) || i.args.size() % 2) return false;
        for (std::size_t f = 0; f < i.args.size(); f += 2) {
            const long from = i.args[f], feature = i.args[f + 1];
            if (from != -1 && !(is_panels(from) && feature >= 0 && feature < rows(from))) return false;
        }
        return true;
    }

    // A column or store has this width, or at least this width.
    static bool width(std::vector<Width>& widths, long number, long width, bool exactly) {
        if (number < 0 || number > 1 << 20) return false;
        if (long(widths.size()) <= number) widths.resize(std::size_t(number) + 1);
        Width& known = widths[std::size_t(number)];
        if (exactly && known.exact >= 0 && known.exact != width) return false;
        if (exactly) known.exact = width;
        known.least = std::max(known.least, width);
        return known.exact < 0 || known.least <= known.exact;
    }

    bool column(long number, long needed, bool exactly) { return width(tape_.columns, number, needed, exactly); }

    // Blocks

    static bool computes_tile(Opcode o) {
        return o == Opcode::product || o == Opcode::contract || o == Opcode::matrix_product || o == Opcode::sum_rows;
    }

    static bool runs_block(Opcode o) {
        return computes_tile(o) || o == Opcode::scalar_block || o == Opcode::block || o == Opcode::matrix_block;
    }

    void block(const Instruction& i) const {
        for (const auto& operand : i.operands) require(seen(i, operand), "an operand");
        require(i.summed < long(i.operands.size()), "the sum of tiles");
        require(i.summed < 0 || !splat_only(i.operands[i.summed].view), "the sum of tiles");
        require(i.summed < 0 || form(i.operands[i.summed]) == Form::numbers, "the sum of tiles");
        for (std::size_t n = 0; n < i.steps.size(); ++n) step(i, n);
    }

    static bool splat_only(View view) { return view == View::along_row || view == View::down_column; }

    // Whether a block of the instruction finds an operand in each of its strips.
    bool seen(const Instruction& i, const Operand& operand) const {
        const auto [number, view] = operand;
        if (view == View::scratch) return true;
        if (view == View::tile) return computes_tile(i.opcode);
        if (view < View::strip || view > View::tile || number < 0 || number >= long(tape_.values.size())) return false;
        const Value& v = tape_.values[number];
        if (v.kind == Kind::scalar) return view == View::repeated;
        if (i.opcode == Opcode::scalar_block || v.rows < 1) return false;
        const bool panels = info(i).domain == Kind::panels;
        const long rows = i.opcode == Opcode::product ? i.args[4] : i.args[0], columns = panels ? lanes : i.args[1];
        if (v.kind == Kind::panels) return panels && (view == View::strip ? v.rows == rows : view == View::repeated);
        if (v.kind != Kind::matrix) return false;
        switch (view) {
            case View::strip: return !panels && v.rows == rows && v.columns == columns;
            case View::repeated: return panels || v.columns >= columns;
            case View::along_row: return v.columns >= rows;
            case View::down_column: return v.rows >= rows;
            default: return false;
        }
    }

    Form form(const Operand& operand) const {
        const bool value = operand.view != View::scratch && operand.view != View::tile;
        return value ? tape_.values[operand.value].form : Form::numbers;
    }

    void step(const Instruction& i, std::size_t n) const {
        const Step& s = i.steps[n];
        require(int(s.op) >= 0 && int(s.op) < int(std::size(ops)), "an unknown op of a block");
        const OpInfo& op = ops[int(s.op)];
        const int count = int(i.operands.size());
        const int sources[] = {s.a, s.b, s.c};
        for (int k = 0; k < 3; ++k) {  // those that an op does not read have an address too
            require(sources[k] >= 0 && sources[k] < count, "the operand of a step");
            if (k >= op.operands) continue;
            require(form(i.operands[sources[k]]) == Form::numbers, "the operand of a step");
            require(s.op == Op::splat || !splat_only(i.operands[sources[k]].view), "the operand of a step");
        }
        require(s.to >= 0 && s.to < count, "the result of a step");
        const Operand& to = i.operands[s.to];
        const bool writable = to.view == View::strip || to.view == View::scratch || to.view == View::tile;
        require(writable || (to.view == View::repeated && i.opcode == Opcode::scalar_block), "the result of a step");
        const Form written = s.op == Op::round         ? Form::halves
                             : s.op == Op::round_pairs ? Form::pairs
                                                       : Form::numbers;
        require(form(to) == written, "the result of a step");
        require(s.chained >= -1 && s.chained < op.operands, "a chained step");
        const bool follows = n > 0 && op.in_chains && ops[int(i.steps[n - 1].op)].in_chains;
        require(s.chained < 0 || follows, "a chained step");
    }

    Tape& tape_;
    std::vector<long> tiles_of_;  // the instruction whose tiles a value holds the sums of, or -1
    std::set<int> exchanged_;
    long at_ = -1;
};

}  // namespace

void check(Tape& tape) { Checker(tape).run(); }
