/*
 * SHA-NI: one instruction does two rounds, and the next two rounds wait for it, so that two hashes
 * are interleaved: under several versions two nonces here, under one as in shani_alone.h.
 */
#include "kernels.h"

#if defined(SM_SHANI)
#include "shani_alone.h"

#define STREAMS 2
#define EACH _Pragma("GCC unroll 2") for (int i = 0; i < STREAMS; i++)

/* Constants plus schedule words of the second block's rounds 16 on: the same for every version. */
typedef uint32_t schedule[STREAMS][64];

/* Rounds 16 on for the first version, which make the schedule on the way. */
SM_INLINE void fresh_rounds(const sm_search *search, const uint32_t *nonce, state *s, schedule kw) {
    words w[STREAMS][16];
    UNROLL for (int q = 4; q < 16; q++) EACH {
        words sum = block_sums(search, nonce[i], w[i], q);
        _mm_storeu_si128((words *)(kw[i] + 4 * q), sum);
        four_rounds(&s[i], sum);
    }
}

SM_INLINE void first_hash(const sm_search *search, uint32_t version, const uint32_t *nonce,
                          schedule kw, digest *digest) {
    const sm_start *start = &search->version[version];
    state s[STREAMS];
    EACH s[i] = first_state(start, nonce[i]);
    UNROLL for (int q = 1; q < 4; q++) EACH four_rounds_at(&s[i], search->kw + 4 * q);
    if (version == 0)
        fresh_rounds(search, nonce, s, kw);
    else
        UNROLL for (int q = 4; q < 16; q++) EACH four_rounds_at(&s[i], kw[i] + 4 * q);
    EACH digest[i] = first_digest(start, s[i]);
}

SM_INLINE void last_word(const digest *digest, uint32_t *last) {
    state s[STREAMS];
    words w[STREAMS][QUADS];
    EACH s[i] = after_first_round(digest[i].abcd);
    EACH start_digest(digest[i], w[i]);
    UNROLL for (int q = 0; q < QUADS; q++) EACH second_rounds(&s[i], w[i], q);
    EACH last[i] = last_of(s[i]);
}

#include "streams.h"

/* The same for LANES nonces. */
static uint32_t filter_all(const sm_search *search, uint32_t first, uint32_t *masks) {
    uint32_t any = 0, some[SM_MAX_VERSIONS];
    memset(masks, 0, search->version_count * sizeof *masks);
    for (uint32_t lane = 0; lane < LANES; lane += STREAMS) {
        if (!filter(search, first + lane, some)) continue;
        any = 1;
        for (uint32_t v = 0; v < search->version_count; v++) masks[v] |= some[v] << lane;
    }
    return any;
}

static sm_status run(sm_scan *scan) {
    return scan->version_count == 1 ? run_alone(scan) : sm_scan_range(scan, LANES, filter_all);
}

const sm_kernel sm_kernel_shani = {
    .abi_version = SM_ABI_VERSION,
    .name = "shani",
    .description = "SHA-NI, two hashes interleaved",
    .lanes = LANES,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_shani,
    .scan = run,
};
#endif
