/*
 * SHA-NI: one instruction does two rounds, and the next two rounds wait for it, so that two nonces
 * are interleaved.
 *
 * The state is kept as the instructions want it: lanes F E B A and H G D C, lowest first. Schedule
 * words are four to a vector.
 */
#include "kernels.h"

#if defined(SM_SHANI)
#include "search.h"
#include <immintrin.h>

#define STREAMS 2
#define EACH _Pragma("GCC unroll 2") for (int i = 0; i < STREAMS; i++)
#define UNROLL _Pragma("GCC unroll 16")

typedef __m128i words;

typedef struct {
    words abef, cdgh;
} state;

static inline words set(uint32_t w0, uint32_t w1, uint32_t w2, uint32_t w3) {
    return _mm_setr_epi32((int)w0, (int)w1, (int)w2, (int)w3);
}

static inline words load(const uint32_t *w) { return _mm_loadu_si128((const words *)w); }

/* Lanes i, j of x, then k, l of y. */
#define PICK(x, i, j, y, k, l)                                                                     \
    _mm_castps_si128(                                                                              \
        _mm_shuffle_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(y), _MM_SHUFFLE(l, k, j, i)))

SM_INLINE state pack(words abcd, words efgh) {
    return (state){PICK(efgh, 1, 0, abcd, 1, 0), PICK(efgh, 3, 2, abcd, 3, 2)};
}
SM_INLINE words abcd(state s) { return PICK(s.abef, 3, 2, s.cdgh, 3, 2); }
SM_INLINE words efgh(state s) { return PICK(s.abef, 1, 0, s.cdgh, 1, 0); }

SM_INLINE void four_rounds(state *s, words kw) {
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, kw);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(kw, 0x0e));
}

/* Words 4q .. 4q + 3 of the schedule, from the 16 before them in the ring w. */
SM_INLINE words expand(const words w[4], int q) {
    words low = _mm_sha256msg1_epu32(w[q & 3], w[(q + 1) & 3]);
    words middle = _mm_alignr_epi8(w[(q + 3) & 3], w[(q + 2) & 3], 4);
    return _mm_sha256msg2_epu32(_mm_add_epi32(low, middle), w[(q + 3) & 3]);
}

SM_INLINE words add_k(words w, int q) { return _mm_add_epi32(w, load(SM_K + 4 * q)); }

/* The second block's schedule: words 16 to 19, then 4 to 15, which are padding. */
SM_INLINE void start_schedule(const sm_search *search, const uint32_t *nonce, words w[STREAMS][4]) {
    EACH {
        w[i][0] = set(search->w16, search->w17, search->w18 + sm_small0(nonce[i]),
                      search->w19 + nonce[i]);
        w[i][1] = set(SM_PADDING, 0, 0, 0);
        w[i][2] = set(0, 0, 0, 0);
        w[i][3] = set(0, 0, 0, SM_HEADER_BITS);
    }
}

/* The first hash: the digests, as words 0 to 7 of the ring w. A `fresh` kw, the constants plus
   schedule words of rounds 16 on, is made on the way; it is the same for every version. */
SM_INLINE void first_hash(const sm_search *search, const sm_start *start, const uint32_t *nonce,
                          words kw[16][STREAMS], int fresh, words w[STREAMS][4]) {
    state s[STREAMS];
    EACH {
        s[i] = pack(load(start->start), load(start->start + 4));
        s[i].abef = _mm_add_epi32(s[i].abef, set(0, nonce[i], 0, nonce[i]));
    }
    UNROLL for (int q = 1; q < 4; q++) EACH four_rounds(&s[i], load(search->kw + 4 * q));
    if (fresh) start_schedule(search, nonce, w);
    UNROLL for (int q = 4; q < 16; q++) {
        if (fresh && q > 4) EACH w[i][q & 3] = expand(w[i], q);
        if (fresh) EACH kw[q][i] = add_k(w[i][q & 3], q);
        EACH four_rounds(&s[i], kw[q][i]);
    }
    EACH w[i][0] = _mm_add_epi32(abcd(s[i]), load(start->midstate));
    EACH w[i][1] = _mm_add_epi32(efgh(s[i]), load(start->midstate + 4));
}

/* The second hash's last word: `e` of round 60 plus a constant. It is `f` of round 61, where the
   rounds stop. */
SM_INLINE void last_word(words w[STREAMS][4], uint32_t *last) {
    state s[STREAMS];
    EACH s[i] = pack(load(SM_IV), load(SM_IV + 4));
    EACH w[i][2] = set(SM_PADDING, 0, 0, 0);
    EACH w[i][3] = set(0, 0, 0, SM_DIGEST_BITS);
    UNROLL for (int q = 0; q < 4; q++) EACH four_rounds(&s[i], add_k(w[i][q], q));
    UNROLL for (int q = 4; q < 15; q++) {
        EACH w[i][q & 3] = expand(w[i], q);
        EACH four_rounds(&s[i], add_k(w[i][q & 3], q));
    }
    EACH w[i][3] = expand(w[i], 15);
    EACH s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, add_k(w[i][3], 15));
    EACH last[i] = (uint32_t)_mm_cvtsi128_si32(s[i].cdgh) + SM_IV[7];
}

SM_INLINE uint32_t candidates(const sm_search *search, words w[STREAMS][4]) {
    uint32_t last[STREAMS], mask = 0;
    last_word(w, last);
    EACH mask |= (uint32_t)(sm_swap(last[i]) <= search->target[7]) << i;
    return mask;
}

static uint32_t filter(const sm_search *search, uint32_t first, uint32_t *masks) {
    uint32_t nonce[STREAMS];
    words kw[16][STREAMS], w[STREAMS][4];
    EACH nonce[i] = sm_swap(first + (uint32_t)i);
    first_hash(search, &search->version[0], nonce, kw, 1, w);
    uint32_t any = masks[0] = candidates(search, w);
    for (uint32_t v = 1; v < search->version_count; v++) {
        first_hash(search, &search->version[v], nonce, kw, 0, w);
        any |= masks[v] = candidates(search, w);
    }
    return any;
}

static sm_status run(sm_scan *scan) { return sm_scan_range(scan, STREAMS, filter); }

const sm_kernel sm_kernel_shani = {
    .abi_version = SM_ABI_VERSION,
    .name = "shani",
    .description = "SHA-NI, two nonces interleaved",
    .lanes = STREAMS,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_shani,
    .scan = run,
};
#endif
