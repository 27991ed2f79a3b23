/*
 * The search under one version: each step does the first hash of one nonce beside the second hash
 * of others.
 *
 * The second half of either hash makes four schedule words for every four rounds, and on Intel's
 * cores sha256msg1, five operations, is delivered alone. So the two go half a hash apart: while one
 * makes words, the other does rounds only. All that goes from step to step stays in registers,
 * which a choice between versions would end: several versions have a way of their own.
 */
#ifndef STAMPMILL_SHANI_ALONE_H
#define STAMPMILL_SHANI_ALONE_H

#include "shani_words.h"

/* Nonces in a batch; in how many steps, from the one on that begins it, a hash ends; and which four
   rounds begin the second half of a second hash. */
enum { LANES = 16, AHEAD = 2, HALF = 7 };

/* Between two steps: a second hash after half of its rounds with the last four vectors of its
   schedule, and the digest of the hash behind it. */
typedef struct {
    state state;
    words w3, w4, w5, w6;
    digest digest;
} middle;

typedef struct {
    sm_search search; /* first: the filter is given its address */
    uint64_t begun;   /* the first nonce of the batch whose first AHEAD hashes were begun, */
    middle middle;    /* and how far these are */
} pipeline;

/* Rounds 4q to 4q + 3 of the first hash. */
SM_INLINE void first_rounds(const sm_search *search, uint32_t nonce, state *s, words w[16], int q) {
    if (q < 4)
        four_rounds_at(s, search->kw + 4 * q);
    else
        four_rounds(s, block_sums(search, nonce, w, q));
}

/* Does a first hash, ends the second hash that is half done, and does half of the one behind it.
   Returns the last word of the one that ended. */
SM_INLINE uint32_t step(const sm_search *search, uint32_t nonce, middle *m) {
    words block[16], w[QUADS] = {[3] = m->w3, m->w4, m->w5, m->w6};
    state first = first_state(search->version, nonce), second = m->state;
    UNROLL for (int q = HALF; q < QUADS; q++) {
        first_rounds(search, nonce, &first, block, q - HALF + 1);
        second_rounds(&second, w, q);
    }
    uint32_t last = last_of(second);
    second = after_first_round(m->digest.abcd);
    start_digest(m->digest, w);
    UNROLL for (int q = 0; q < HALF; q++) {
        first_rounds(search, nonce, &first, block, q + QUADS - HALF + 1);
        second_rounds(&second, w, q);
    }
    *m = (middle){second, w[3], w[4], w[5], w[6], first_digest(search->version, first)};
    return last;
}

static uint32_t filter_alone(const sm_search *search, uint32_t first, uint32_t *masks) {
    pipeline *p = (pipeline *)search;
    middle m = p->middle;
    uint32_t begun = p->begun == first ? AHEAD : 0, steps = LANES + AHEAD - begun;
    uint64_t low = 0;
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t last = step(search, sm_swap(first + begun + i), &m);
        low |= (uint64_t)(sm_swap(last) <= search->target[7]) << i;
    }
    p->middle = m;
    p->begun = (uint64_t)first + LANES;
    return masks[0] = (uint32_t)(low >> (AHEAD - begun));
}

static sm_status run_alone(sm_scan *scan) {
    pipeline p;
    sm_prepare(&p.search, scan);
    p.begun = UINT64_MAX;
    memset(&p.middle, 0, sizeof p.middle);
    return sm_walk(scan, &p.search, LANES, filter_alone);
}

#endif
