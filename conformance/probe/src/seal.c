#include "seal.h"

#include <stdint.h>
#include <string.h>

#define BLOCK_BYTES 128
#define ROUNDS 12

static const uint64_t START[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const unsigned char ORDER[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* Which four words of the state each step mixes: columns, then diagonals. */
static const unsigned char MIXED[8][4] = {
    {0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
    {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
};

struct hash {
    uint64_t state[8];
    uint64_t total;
    unsigned char block[BLOCK_BYTES];
    size_t used;
};

static uint64_t turned(uint64_t word, int bits)
{
    return word >> bits | word << (64 - bits);
}

static void mix(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t x, uint64_t y)
{
    *a += *b + x;
    *d = turned(*d ^ *a, 32);
    *c += *d;
    *b = turned(*b ^ *c, 24);
    *a += *b + y;
    *d = turned(*d ^ *a, 16);
    *c += *d;
    *b = turned(*b ^ *c, 63);
}

/* This machine's words are little-endian, as those of BLAKE2b are. */
static void compress(struct hash *hash, int is_last)
{
    uint64_t words[16], v[16];
    memcpy(words, hash->block, sizeof words);
    memcpy(v, hash->state, sizeof hash->state);
    memcpy(v + 8, START, sizeof START);
    v[12] ^= hash->total;
    if (is_last)
        v[14] = ~v[14];
    for (int round = 0; round < ROUNDS; round++) {
        const unsigned char *order = ORDER[round % 10];
        for (int step = 0; step < 8; step++) {
            const unsigned char *at = MIXED[step];
            mix(v + at[0], v + at[1], v + at[2], v + at[3], words[order[2 * step]], words[order[2 * step + 1]]);
        }
    }
    for (int i = 0; i < 8; i++)
        hash->state[i] ^= v[i] ^ v[i + 8];
}

/* A full block is compressed only when more comes: the last one is told apart. */
static void feed(struct hash *hash, const void *bytes, size_t length)
{
    const unsigned char *rest = bytes;
    while (length) {
        if (hash->used == BLOCK_BYTES) {
            compress(hash, 0);
            hash->used = 0;
        }
        size_t taken = BLOCK_BYTES - hash->used < length ? BLOCK_BYTES - hash->used : length;
        memcpy(hash->block + hash->used, rest, taken);
        hash->used += taken;
        hash->total += taken;
        rest += taken;
        length -= taken;
    }
}

struct seal seal_of(const unsigned char key[KEY_BYTES], const struct seal *before, const char *line, size_t length)
{
    unsigned char first[BLOCK_BYTES] = {0};
    struct hash hash = {.used = 0};
    struct seal seal;
    memcpy(hash.state, START, sizeof START);
    hash.state[0] ^= 0x01010000 ^ KEY_BYTES << 8 ^ SEAL_BYTES;
    memcpy(first, key, KEY_BYTES);
    feed(&hash, first, sizeof first);
    feed(&hash, before->bytes, SEAL_BYTES);
    feed(&hash, line, length);
    memset(hash.block + hash.used, 0, BLOCK_BYTES - hash.used);
    compress(&hash, 1);
    memcpy(seal.bytes, hash.state, SEAL_BYTES);
    return seal;
}
