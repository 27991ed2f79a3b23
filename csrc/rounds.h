/* SHA-256 in scalar code (FIPS 180-4): what every kernel shares, and what its results are checked
   with. All of it is static inline, so that no file's copy is compiled with another file's
   instruction set. */
#ifndef STAMPMILL_ROUNDS_H
#define STAMPMILL_ROUNDS_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define SM_INLINE static inline __attribute__((always_inline))
#else
#define SM_INLINE static inline
#endif

/* Section 4.2.2: cube roots of the first 64 primes. */
static const uint32_t SM_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* Section 5.3.3: square roots of the first 8 primes. */
static const uint32_t SM_IV[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* Section 5.1.1: the padding's first word, and the bit lengths of a header and of a digest. */
#define SM_PADDING 0x80000000u
#define SM_HEADER_BITS 640u
#define SM_DIGEST_BITS 256u

SM_INLINE uint32_t sm_rotr(uint32_t x, int n) { return x >> n | x << (32 - n); }
SM_INLINE uint32_t sm_ch(uint32_t x, uint32_t y, uint32_t z) { return z ^ (x & (y ^ z)); }
SM_INLINE uint32_t sm_maj(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | (z & (x | y)); }
SM_INLINE uint32_t sm_big0(uint32_t x) { return sm_rotr(x, 2) ^ sm_rotr(x, 13) ^ sm_rotr(x, 22); }
SM_INLINE uint32_t sm_big1(uint32_t x) { return sm_rotr(x, 6) ^ sm_rotr(x, 11) ^ sm_rotr(x, 25); }
SM_INLINE uint32_t sm_small0(uint32_t x) { return sm_rotr(x, 7) ^ sm_rotr(x, 18) ^ x >> 3; }
SM_INLINE uint32_t sm_small1(uint32_t x) { return sm_rotr(x, 17) ^ sm_rotr(x, 19) ^ x >> 10; }

SM_INLINE uint32_t sm_read_be(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

SM_INLINE uint32_t sm_swap(uint32_t x) {
    return x << 24 | (x << 8 & 0xff0000) | (x >> 8 & 0xff00) | x >> 24;
}

/* One round on the state a..h; `kw` is the round's constant plus its schedule word. */
SM_INLINE void sm_round(uint32_t s[8], uint32_t kw) {
    uint32_t t1 = s[7] + sm_big1(s[4]) + sm_ch(s[4], s[5], s[6]) + kw;
    uint32_t t2 = sm_big0(s[0]) + sm_maj(s[0], s[1], s[2]);
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += t1;
    s[0] = t1 + t2;
}

/* Section 6.2.2: take one block into the state. */
SM_INLINE void sm_compress(uint32_t state[8], const uint32_t block[16]) {
    uint32_t w[64], s[8];
    memcpy(w, block, 16 * sizeof *w);
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + sm_small0(w[t - 15]) + w[t - 7] + sm_small1(w[t - 2]);
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; t++) sm_round(s, SM_K[t] + w[t]);
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

/* The double hash of a header, as eight big-endian words, from its midstate and last 16 bytes. */
SM_INLINE void sm_double_hash(const uint32_t midstate[8], const uint32_t tail[3], uint32_t nonce,
                              uint32_t digest[8]) {
    uint32_t first[16] = {tail[0], tail[1], tail[2], sm_swap(nonce), SM_PADDING};
    uint32_t second[16] = {0};
    first[15] = SM_HEADER_BITS;
    memcpy(second, midstate, 8 * sizeof *second);
    sm_compress(second, first);
    second[8] = SM_PADDING;
    second[15] = SM_DIGEST_BITS;
    memcpy(digest, SM_IV, sizeof SM_IV);
    sm_compress(digest, second);
}

#endif
