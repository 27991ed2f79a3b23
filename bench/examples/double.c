/* A kernel in portable C behind stampmill's interface: read bench/KERNELS.md first. */
#include "sha256d.h"

#include <stddef.h>
#include <string.h>

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
static const uint32_t START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

/* FIPS 180-4, section 6.2.2; w is 64 words, of which the first 16 are the block. */
static void compress(uint32_t state[8], uint32_t w[64]) {
    for (int t = 16; t < 64; t++) {
        uint32_t x = w[t - 15], y = w[t - 2];
        w[t] = w[t - 16] + (rotated(x, 7) ^ rotated(x, 18) ^ x >> 3) + w[t - 7] +
               (rotated(y, 17) ^ rotated(y, 19) ^ y >> 10);
    }
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) {
        uint32_t a = s[0], e = s[4];
        uint32_t t1 = s[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                      (s[6] ^ (e & (s[5] ^ s[6]))) + K[t] + w[t];
        uint32_t t2 = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) +
                      ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The state after the header's first 64 bytes, with another version in front. */
static void midstate(uint32_t state[8], const uint8_t *header, uint32_t version) {
    uint32_t w[64];
    for (int i = 1; i < 16; i++) w[i] = big_endian(header + 4 * i);
    w[0] = __builtin_bswap32(version);
    memcpy(state, START, sizeof START);
    compress(state, w);
}

/* The hash of a header, as eight big-endian words. */
static void hash(uint32_t digest[8], const uint32_t middle[8], const uint8_t *rest,
                 uint32_t nonce) {
    uint32_t w[64] = {big_endian(rest), big_endian(rest + 4), big_endian(rest + 8)};
    w[3] = __builtin_bswap32(nonce);
    w[4] = 0x80000000;
    w[15] = 80 * 8;
    uint32_t first[8];
    memcpy(first, middle, sizeof first);
    compress(first, w);

    uint32_t v[64] = {0};
    memcpy(v, first, sizeof first);
    v[8] = 0x80000000;
    v[15] = 32 * 8;
    memcpy(digest, START, sizeof START);
    compress(digest, v);
}

/* Is the hash, read as a little-endian number, at most the target? Its last word counts most. */
static int meets(const uint32_t digest[8], const uint8_t *target) {
    for (int i = 7; i >= 0; i--) {
        uint32_t word = __builtin_bswap32(digest[i]), bound;
        memcpy(&bound, target + 4 * i, 4); /* this machine is little-endian */
        if (word != bound) return word < bound;
    }
    return 1;
}

static sm_status stopped(sm_scan *scan, sm_status why, uint64_t nonce) {
    scan->next_nonce = nonce;
    scan->next_version = 0;
    return why;
}

static sm_status search(sm_scan *scan) {
    uint32_t middle[8], digest[8];
    midstate(middle, scan->header, scan->versions[0]);
    for (uint64_t nonce = scan->first; nonce < scan->end; nonce++) {
        if (scan->cancel && *scan->cancel) return stopped(scan, SM_CANCELLED, nonce);
        hash(digest, middle, scan->header + 64, (uint32_t)nonce);
        if (!meets(digest, scan->target)) continue;
        scan->hits[scan->found++] = (sm_hit){(uint32_t)nonce, scan->versions[0]};
        return stopped(scan, nonce + 1 < scan->end ? SM_HIT : SM_DONE, nonce + 1);
    }
    return stopped(scan, SM_DONE, scan->end);
}

static int anywhere(const char **missing) {
    *missing = NULL;
    return 1;
}

static const sm_kernel kernel = {
    .abi_version = SM_ABI_VERSION,
    .name = "double",
    .description = "SHA-256 twice, by the book",
    .lanes = 1,
    .max_versions = 1,
    .supported = anywhere,
    .scan = search,
};

const sm_kernel *stampmill_kernel(void);
const sm_kernel *stampmill_kernel(void) { return &kernel; }
