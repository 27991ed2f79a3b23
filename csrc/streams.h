/*
 * The filter of the kernels that do a few nonces side by side in instructions made for SHA-256. A
 * kernel's file defines, and then includes this:
 *
 *     STREAMS     how many nonces
 *     EACH        what follows, for each of them: i
 *     schedule    what is kept of the second block's schedule for the versions behind the first
 *     digest      one nonce's first hash
 *     first_hash  makes STREAMS digests; under version 0 it makes the schedule too
 *     last_word   makes the last words of their second hashes
 */
#ifndef STAMPMILL_STREAMS_H
#define STAMPMILL_STREAMS_H

#include "search.h"

SM_INLINE uint32_t candidates(const sm_search *search, uint32_t version, const uint32_t *nonce,
                              schedule kw) {
    digest of[STREAMS];
    uint32_t last[STREAMS], mask = 0;
    first_hash(search, version, nonce, kw, of);
    last_word(of, last);
    EACH mask |= (uint32_t)(sm_swap(last[i]) <= search->target[7]) << i;
    return mask;
}

static uint32_t filter(const sm_search *search, uint32_t first, uint32_t *masks) {
    uint32_t nonce[STREAMS];
    schedule kw;
    EACH nonce[i] = sm_swap(first + (uint32_t)i);
    uint32_t any = masks[0] = candidates(search, 0, nonce, kw);
    for (uint32_t v = 1; v < search->version_count; v++)
        any |= masks[v] = candidates(search, v, nonce, kw);
    return any;
}

#endif
