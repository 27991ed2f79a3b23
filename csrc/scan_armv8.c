/*
 * ARMv8's SHA-2 instructions: two of them do four rounds, and the next four rounds wait for them,
 * so that two nonces are interleaved.
 *
 * Schedule words are four to a vector. The second hash starts after its first round, which folds to
 * two additions: so its vectors hold words 1 to 4, 5 to 8 and so on, and the last one ends with
 * round 60, the last that is needed.
 */
#include "kernels.h"

#if defined(SM_ARMV8)
#include "search.h"
#include <arm_neon.h>

#define STREAMS 2
#define EACH _Pragma("GCC unroll 2") for (int i = 0; i < STREAMS; i++)
#define UNROLL _Pragma("GCC unroll 16")
/* Words 1 to 3 of x, then word 0 of y. */
#define NEXT(x, y) vextq_u32(x, y, 1)

typedef uint32x4_t words;

typedef struct {
    words abcd, efgh;
} state;

SM_INLINE words set(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    return (words){w0, w1, w2, w3};
}

/* A table's address, to be loaded from one register on: a compiler that knows what is there makes
   two instructions of each load. */
SM_INLINE const uint32_t *hide(const uint32_t *table) {
    __asm__("" : "+r"(table));
    return table;
}

/* Four rounds of each stream; kw[i] is stream i's constants plus schedule words. */
SM_INLINE void four_rounds(state s[STREAMS], const words kw[STREAMS]) {
    EACH {
        words abcd = s[i].abcd;
        s[i].abcd = vsha256hq_u32(abcd, s[i].efgh, kw[i]);
        s[i].efgh = vsha256h2q_u32(s[i].efgh, abcd, kw[i]);
    }
}

SM_INLINE void four_rounds_alike(state s[STREAMS], const uint32_t *kw) {
    words all[STREAMS];
    EACH all[i] = vld1q_u32(kw);
    four_rounds(s, all);
}

/* The next four words of a schedule from the 16 before them. */
SM_INLINE words expand(const words w[4]) {
    return vsha256su1q_u32(vsha256su0q_u32(w[0], w[1]), w[2], w[3]);
}

/* Words 16 to 19 of the second block's schedule. */
SM_INLINE words first_words(const sm_search *search, uint32_t nonce) {
    return set(search->w16, search->w17, search->w18 + sm_small0(nonce), search->w19 + nonce);
}

/* Words 4q to 4q + 3 of the second block's schedule, from 20 on. Before 32 they lack terms: zero
   padding, or words without the nonce. */
SM_INLINE words block_words(const sm_search *search, const words w[4], int q) {
    switch (q) {
    case 5:
        return vsha256su1q_u32(set(SM_PADDING, 0, 0, 0), set(0, 0, 0, SM_HEADER_BITS), w[3]);
    case 6:
        return vsha256su1q_u32(set(0, 0, 0, 0), w[2], w[3]);
    case 7:
        return vsha256su1q_u32(set(0, 0, sm_small0(SM_HEADER_BITS), search->w31), w[2], w[3]);
    default:
        return expand(w);
    }
}

/* Words 4q + 1 to 4q + 4 of the second hash's schedule, from 25 on. */
SM_INLINE words digest_words(const words w[4], int q) {
    return q == 6 ? vsha256su1q_u32(set(0, 0, 0, 0), w[2], w[3]) : expand(w);
}

/* Constants plus schedule words of the second block's rounds 16 on: the same for every version. */
typedef words schedule[16][STREAMS];

/* Rounds 16 on for the first version, which make the schedule on the way. */
SM_INLINE void fresh_rounds(const sm_search *search, const uint32_t *nonce, state *s, schedule kw) {
    const uint32_t *k = hide(SM_K);
    words w[STREAMS][16];
    UNROLL for (int q = 4; q < 16; q++) {
        EACH w[i][q] =
            q == 4 ? first_words(search, nonce[i]) : block_words(search, w[i] + q - 4, q);
        EACH kw[q][i] = vaddq_u32(w[i][q], vld1q_u32(k + 4 * q));
        four_rounds(s, kw[q]);
    }
}

SM_INLINE void first_hash(const sm_search *search, uint32_t version, const uint32_t *nonce,
                          schedule kw, state s[STREAMS]) {
    const sm_start *start = &search->version[version];
    EACH {
        words changed = set(nonce[i], 0, 0, 0);
        s[i].abcd = vaddq_u32(vld1q_u32(start->start), changed);
        s[i].efgh = vaddq_u32(vld1q_u32(start->start + 4), changed);
    }
    UNROLL for (int q = 1; q < 4; q++) four_rounds_alike(s, search->kw + 4 * q);
    if (version == 0)
        fresh_rounds(search, nonce, s, kw);
    else
        UNROLL for (int q = 4; q < 16; q++) four_rounds(s, kw[q]);
    EACH s[i].abcd = vaddq_u32(s[i].abcd, vld1q_u32(start->midstate));
    EACH s[i].efgh = vaddq_u32(s[i].efgh, vld1q_u32(start->midstate + 4));
}

/* The second hash's state after its first round, where schedule word 0 only adds to a and to e. */
SM_INLINE state after_first_round(words abcd) {
    const uint32_t *s = SM_IV;
    const uint32_t t1 = s[7] + sm_big1(s[4]) + sm_ch(s[4], s[5], s[6]) + SM_K[0];
    const uint32_t t2 = sm_big0(s[0]) + sm_maj(s[0], s[1], s[2]);
    words first = vandq_u32(abcd, set(UINT32_MAX, 0, 0, 0));
    return (state){vaddq_u32(first, set(t1 + t2, s[0], s[1], s[2])),
                   vaddq_u32(first, set(s[3] + t1, s[4], s[5], s[6]))};
}

/* The second hash's schedule words 1 to 8 and 13 to 24; 9 to 12 are zero. */
SM_INLINE void start_digest(state digest, words w[6]) {
    const words padding = set(SM_PADDING, 0, 0, 0);
    words low = vsha256su0q_u32(digest.abcd, digest.efgh);
    words high = vsha256su0q_u32(digest.efgh, padding);
    w[0] = NEXT(digest.abcd, digest.efgh);
    w[1] = NEXT(digest.efgh, padding);
    w[3] = NEXT(set(0, 0, 0, SM_DIGEST_BITS), low);
    w[4] = vsha256su1q_u32(NEXT(low, high), set(0, 0, 0, 0), w[3]);
    w[5] = vsha256su1q_u32(NEXT(high, padding), w[3], w[4]);
}

/* The second hash's last word: `e` of round 60 plus a constant. The digests' place becomes the
   second hashes' states. */
SM_INLINE void last_word(state s[STREAMS], uint32_t *last) {
    const uint32_t *k = hide(SM_K);
    words w[STREAMS][15], kw[STREAMS];
    EACH start_digest(s[i], w[i]);
    EACH s[i] = after_first_round(s[i].abcd);
    UNROLL for (int q = 0; q < 14; q++) {
        if (q > 5) EACH w[i][q] = digest_words(w[i] + q - 4, q);
        if (q != 2) EACH kw[i] = vaddq_u32(w[i][q], vld1q_u32(k + 4 * q + 1));
        if (q != 2)
            four_rounds(s, kw);
        else
            four_rounds_alike(s, k + 9);
    }
    EACH kw[i] = vaddq_u32(digest_words(w[i] + 10, 14), vld1q_u32(k + 57));
    EACH s[i].efgh = vsha256h2q_u32(s[i].efgh, s[i].abcd, kw[i]);
    EACH last[i] = vgetq_lane_u32(s[i].efgh, 0) + SM_IV[7];
}

typedef state digest;
#include "streams.h"

static sm_status run(sm_scan *scan) { return sm_scan_range(scan, STREAMS, filter); }

const sm_kernel sm_kernel_armv8 = {
    .abi_version = SM_ABI_VERSION,
    .name = "armv8",
    .description = "ARMv8 SHA-2 instructions, two nonces interleaved",
    .lanes = STREAMS,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_armv8,
    .scan = run,
};
#endif
