#include "check.hpp"

// Every size around that of a register, and parts of rows gathered one below the other; nothing else is written.
template <class T> void test(const Kernels<T>& kernels, const char* set) {
    for (long rows : {1, 2, 3, 4, 8, 15, 16, 17, 32})
        for (long columns : {1, 2, 3, 4, 8, 16, 20, 32}) {
            const long in_row = 40, out_row = 36;
            const auto in = numbers<T>(std::size_t(rows * in_row));
            std::vector<T> out(std::size_t(columns * out_row), T(7));
            kernels.transpose(in.data(), in_row, rows, columns, out.data(), out_row);
            for (long j = 0; j < columns; ++j)
                for (long i = 0; i < out_row; ++i)
                    close(out[j * out_row + i], i < rows ? in[i * in_row + j] : T(7), 0, "transposed", set);
        }
    const auto table = numbers<T>(100 * 50);
    const T* rows[lanes];
    for (int l = 0; l < lanes; ++l) rows[l] = table.data() + (l * 37 % 100) * 50;
    for (long count : {1, 5, 16, 20, 32}) {
        std::vector<T> out(lanes * lanes, T(7));
        kernels.gather(rows, 18, count, out.data());
        for (int l = 0; l < lanes; ++l)
            for (long c = 0; c < lanes; ++c)
                close(out[l * lanes + c], c < count ? rows[l][18 + c] : T(7), 0, "gathered", set);
    }
}

FOR_EVERY_SET(test)
