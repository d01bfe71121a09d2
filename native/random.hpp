// Dropout masks and the order of rows from Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random
// numbers: as easy as 1, 2, 3", 2011). Word i of a stream is a function of (seed, stream, step, i) alone.
#pragma once

#include <cstdint>

#include "program.hpp"

namespace {

struct Words {
    std::uint32_t word[4][lanes];
};

// Ten rounds on 32 counters at once.
inline void philox(Words& c, std::uint32_t key0, std::uint32_t key1) {
    for (int round = 0; round < 10; ++round) {
        for (int l = 0; l < lanes; ++l) {
            const std::uint64_t p0 = std::uint64_t(0xD2511F53u) * c.word[0][l];
            const std::uint64_t p1 = std::uint64_t(0xCD9E8D57u) * c.word[2][l];
            const std::uint32_t next0 = std::uint32_t(p1 >> 32) ^ c.word[1][l] ^ key0;
            const std::uint32_t next2 = std::uint32_t(p0 >> 32) ^ c.word[3][l] ^ key1;
            c.word[1][l] = std::uint32_t(p1);
            c.word[3][l] = std::uint32_t(p0);
            c.word[0][l] = next0;
            c.word[2][l] = next2;
        }
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
}

// 32 blocks of four words of a stream, from a block on.
inline void blocks_from(std::uint64_t first, std::uint64_t seed, std::uint32_t stream, std::uint64_t step, Words& c) {
    for (int l = 0; l < lanes; ++l) {
        c.word[0][l] = std::uint32_t(first + std::uint64_t(l));
        c.word[1][l] = stream;
        c.word[2][l] = std::uint32_t(step);
        c.word[3][l] = std::uint32_t(step >> 32);
    }
    philox(c, std::uint32_t(seed), std::uint32_t(seed >> 32));
}

// The numbers below `count` in random order (Fisher and Yates 1938; Durstenfeld 1964). Draw t is made of the words
// 2t and 2t + 1 of the stream, 64 bits, of which the product with the size of the range gives the place (Lemire
// 2019): no place is more likely than another by more than count / 2^64.
inline void shuffle(std::int64_t* out, long count, std::uint64_t seed, std::uint32_t stream, std::uint64_t step) {
    __extension__ typedef unsigned __int128 Wide;
    for (long i = 0; i < count; ++i) out[i] = i;
    Words c;
    constexpr long draws = 2 * lanes;
    for (long i = count - 1, t = 0; i > 0; --i, ++t) {
        if (t % draws == 0) blocks_from(std::uint64_t(t / 2), seed, stream, step, c);
        const long block = t % draws / 2, word = t % 2 * 2;
        const std::uint64_t drawn = std::uint64_t(c.word[word + 1][block]) << 32 | c.word[word][block];
        const long place = long(Wide(drawn) * Wide(i + 1) >> 64), kept = out[i];
        out[i] = out[place];
        out[place] = kept;
    }
}

// `kept` with probability 1 - rate, else 0, for 32 rows of the batch. Each row takes whole blocks of four words: element
// (row, f) is word f % 4 of block row * ceil(features / 4) + f / 4.
template <class T>
void keep_mask(T* out, long features, const std::int64_t* rows, unsigned long seed, unsigned stream, unsigned long step,
               double rate, T kept) {
    const auto limit = std::uint64_t(rate * 4294967296.0);
    const std::uint64_t blocks = std::uint64_t(features + 3) / 4;
    for (std::uint64_t block = 0; block < blocks; ++block) {
        Words c;
        for (int l = 0; l < lanes; ++l) {
            const std::uint64_t number = std::uint64_t(rows[l]) * blocks + block;
            c.word[0][l] = std::uint32_t(number);
            c.word[1][l] = stream;
            c.word[2][l] = std::uint32_t(step);
            c.word[3][l] = std::uint32_t(step >> 32);
        }
        philox(c, std::uint32_t(seed), std::uint32_t(seed >> 32));
        for (int w = 0; w < 4 && long(block) * 4 + w < features; ++w)
            for (int l = 0; l < lanes; ++l)
                out[(long(block) * 4 + w) * lanes + l] = c.word[w][l] >= limit ? kept : T(0);
    }
}

}  // namespace
