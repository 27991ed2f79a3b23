/*
 * SHA-NI's instructions at work on this search: what its two ways through it share.
 *
 * The state is kept as the instructions want it: lanes F E B A and H G D C, lowest first. Schedule
 * words are four to a vector. The second hash starts after its first round, which folds to two
 * additions: so its vectors hold words 1 to 4, 5 to 8 and so on, and the last one ends with round
 * 60, the last that is needed.
 */
#ifndef STAMPMILL_SHANI_WORDS_H
#define STAMPMILL_SHANI_WORDS_H

#include "search.h"
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 16")
/* Words 1 to 3 of x, then word 0 of y. */
#define NEXT(x, y) _mm_alignr_epi8(y, x, 4)
/* Words i, j of x, then k, l of y. */
#define PICK(x, i, j, y, k, l)                                                                     \
    _mm_castps_si128(                                                                              \
        _mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), _MM_SHUFFLE(l, k, j, i)))

/* Four rounds at a time: how often the rounds of either hash that are left come. */
enum { QUADS = 15 };

typedef __m128i words;

typedef struct {
    words abef, cdgh;
} state;

typedef struct {
    words abcd, efgh;
} digest;

static inline words set(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    return _mm_setr_epi32((int)w0, (int)w1, (int)w2, (int)w3);
}

SM_INLINE words load(const uint32_t *w) { return _mm_loadu_si128((const words *)w); }

SM_INLINE state pack(words abcd, words efgh) {
    return (state){PICK(efgh, 1, 0, abcd, 1, 0), PICK(efgh, 3, 2, abcd, 3, 2)};
}

SM_INLINE digest unpack(state s) {
    return (digest){PICK(s.abef, 3, 2, s.cdgh, 3, 2), PICK(s.abef, 1, 0, s.cdgh, 1, 0)};
}

SM_INLINE void four_rounds(state *s, words kw) {
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, kw);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(kw, 0x0e));
}

/* The same from memory, which needs no shuffle. */
SM_INLINE void four_rounds_at(state *s, const uint32_t *kw) {
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, load(kw));
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_loadl_epi64((const words *)(kw + 2)));
}

/* The next four words of a schedule from the 16 before them. */
SM_INLINE words expand(const words w[4]) {
    return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w[0], w[1]), NEXT(w[2], w[3])),
                                w[3]);
}

/* Words 16 to 19 of the second block's schedule. */
SM_INLINE words first_words(const sm_search *search, uint32_t nonce) {
    uint64_t two = (uint64_t)nonce << 32 | sm_small0(nonce);
    words changed = _mm_slli_si128(_mm_loadl_epi64((const words *)&two), 8);
    return _mm_add_epi32(set(search->w16, search->w17, search->w18, search->w19), changed);
}

/* Words 4q to 4q + 3 of the second block's schedule, from 20 on. Before 32 they lack terms: zero
   padding, or words without the nonce. */
SM_INLINE words block_words(const sm_search *search, const words w[4], int q) {
    switch (q) {
    case 5:
        return _mm_sha256msg2_epu32(set(SM_PADDING, 0, SM_HEADER_BITS, search->w16), w[3]);
    case 6:
        return _mm_sha256msg2_epu32(NEXT(w[2], w[3]), w[3]);
    case 7:
        return _mm_sha256msg2_epu32(
            _mm_add_epi32(NEXT(w[2], w[3]), set(0, 0, sm_small0(SM_HEADER_BITS), search->w31)),
            w[3]);
    default:
        return expand(w);
    }
}

/* Words 4q + 1 to 4q + 4 of the second hash's schedule, from 25 on. */
SM_INLINE words digest_words(const words w[4], int q) {
    return q == 6 ? _mm_sha256msg2_epu32(NEXT(w[2], w[3]), w[3]) : expand(w);
}

/* Words 4q to 4q + 3 of the second block's schedule, from 16 on, kept in `w`: with constants. */
SM_INLINE words block_sums(const sm_search *search, uint32_t nonce, words w[16], int q) {
    w[q] = q == 4 ? first_words(search, nonce) : block_words(search, w + q - 4, q);
    return _mm_add_epi32(w[q], load(SM_K + 4 * q));
}

/* The state four rounds into the second block. */
SM_INLINE state first_state(const sm_start *start, uint32_t nonce) {
    state s = pack(load(start->start), load(start->start + 4));
    s.abef = _mm_add_epi32(s.abef, set(0, nonce, 0, nonce));
    return s;
}

/* The digest, from the state after the second block's rounds. */
SM_INLINE digest first_digest(const sm_start *start, state s) {
    digest d = unpack(s);
    d.abcd = _mm_add_epi32(d.abcd, load(start->midstate));
    d.efgh = _mm_add_epi32(d.efgh, load(start->midstate + 4));
    return d;
}

/* The second hash's state after its first round, where schedule word 0 only adds to a and to e. */
SM_INLINE state after_first_round(words abcd) {
    const uint32_t *s = SM_IV;
    const uint32_t t1 = s[7] + sm_big1(s[4]) + sm_ch(s[4], s[5], s[6]) + SM_K[0];
    const uint32_t t2 = sm_big0(s[0]) + sm_maj(s[0], s[1], s[2]);
    const words first = set(0x80808080, 0x03020100, 0x80808080, 0x03020100);
    words abef = set(s[4], s[3] + t1, s[0], t1 + t2);
    return (state){_mm_add_epi32(abef, _mm_shuffle_epi8(abcd, first)), set(s[6], s[5], s[2], s[1])};
}

/* The second hash's schedule words 1 to 8 and 13 to 24; 9 to 12 are zero. */
SM_INLINE void start_digest(digest digest, words w[6]) {
    const words padding = set(SM_PADDING, 0, 0, 0);
    words low = _mm_sha256msg1_epu32(digest.abcd, digest.efgh),
          high = _mm_sha256msg1_epu32(digest.efgh, padding);
    w[0] = NEXT(digest.abcd, digest.efgh);
    w[1] = NEXT(digest.efgh, padding);
    w[3] = NEXT(set(0, 0, 0, SM_DIGEST_BITS), low);
    w[4] = _mm_sha256msg2_epu32(NEXT(low, high), w[3]);
    w[5] = _mm_sha256msg2_epu32(_mm_add_epi32(NEXT(high, padding), NEXT(w[3], w[4])), w[4]);
}

/* Rounds 4q + 1 to 4q + 4 of the second hash, whose schedule is kept in `w`. */
SM_INLINE void second_rounds(state *s, words w[15], int q) {
    if (q > 5) w[q] = digest_words(w + q - 4, q);
    if (q == 2)
        four_rounds_at(s, SM_K + 9);
    else
        four_rounds(s, _mm_add_epi32(w[q], load(SM_K + 4 * q + 1)));
}

/* The second hash's last word: `e` of round 60 plus a constant. */
SM_INLINE uint32_t last_of(state s) { return (uint32_t)_mm_extract_epi32(s.abef, 1) + SM_IV[7]; }

#endif
