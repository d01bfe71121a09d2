// How much memory values take, and the tiles into which instructions on matrices are cut.
#pragma once

#include <algorithm>

#include "tape.hpp"

inline long up(long count, long size) { return (count + size - 1) / size; }

// Numbers from a row of a matrix to the next, padding included: rows that lie a multiple of 1 KiB apart would share
// few sets of the cache.
inline long row_length(const Value& v) {
    const long plain = up(v.columns, lanes) * lanes;
    return v.rows > 1 && plain % 256 == 0 ? plain + lanes : plain;
}

inline long matrix_size(const Value& v) {
    if (v.form == Form::halves) return v.rows * row_length(v) / 2;
    return (v.form == Form::pairs ? up(v.rows, 2) : v.rows) * row_length(v);
}

// Numbers of a value for each panel.
inline long panel_size(const Value& v) {
    if (v.form == Form::halves) return v.rows * lanes / 2;
    return (v.form == Form::pairs ? up(v.rows, 2) : v.rows) * lanes;
}

// Numbers of a transposed value for each panel: of a block of 32 features, and of all.
inline long square_size(Form form) { return (form == Form::pairs ? lanes / 2 : lanes) * lanes; }
inline long transposed_size(const Value& v) { return up(v.rows, lanes) * square_size(v.form); }

// Instructions whose tiles are some rows of 32 columns.
inline bool has_tiles(Opcode o) {
    return o == Opcode::contract || o == Opcode::matrix_product || o == Opcode::matrix_block;
}

// Instructions of which a tile is all rows of 32 columns; of the last 32 rows.
inline bool is_by_block(Opcode o) {
    return o == Opcode::sum_rows || o == Opcode::bin_table || o == Opcode::bin_sums || o == Opcode::bin_gradient;
}

// The rows of a tile, where products keep `product_rows` in registers.
inline long tile_height(Opcode o, long product_rows) { return o == Opcode::matrix_block ? strip_rows : product_rows; }

inline long tile_count(const Instruction& i, long product_rows) {
    const long blocks = up(i.opcode == Opcode::bin_gradient ? i.args[0] : i.args[1], lanes);
    if (has_tiles(i.opcode)) return up(i.args[0], tile_height(i.opcode, product_rows)) * blocks;
    return is_by_block(i.opcode) ? blocks : 1;
}

// Where the rows of tiles begin, and the end: an even number of rows in all but the last, as pairs of rows share words
// of bfloat16.
inline std::vector<long> tile_rows(const Instruction& i, long product_rows) {
    if (i.opcode != Opcode::product && !has_tiles(i.opcode)) return {};
    const long rows = i.opcode == Opcode::product ? i.args[4] : i.args[0];
    const long tiles = up(rows, tile_height(i.opcode, product_rows)), pairs = up(rows, 2);
    std::vector<long> starts;
    for (long t = 0; t <= tiles; ++t) starts.push_back(std::min(rows, pairs * t / tiles * 2));
    return starts;
}
