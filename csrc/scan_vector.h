/*
 * The frame of every kernel that does one nonce per vector lane. A generated file
 * (kernels/c/code.py) defines, and then includes this:
 *
 *     V, V_LANES          a vector of 32-bit words, and how many
 *     V_UNIFORM           what one word for all lanes is kept as: a word, or a vector
 *     V_WORK_WORDS, V_VERSION_WORDS, V_KW_WORDS   the lengths of arrays
 *     v_prepare_work      fills `work`, what is the same for all nonces and versions
 *     v_prepare_version   fills `version`, what is the same for all nonces
 *     v_schedule          makes the schedule of a batch of nonces
 *     v_step              does the first hash of one batch under one version, and the second hash
 *                         of the digest that the step before left; returns the lanes, as bits, that
 *                         may hold a hit
 *
 * The two hashes of a step wait for each other nowhere, so a CPU does them side by side.
 */
#ifndef STAMPMILL_SCAN_VECTOR_H
#define STAMPMILL_SCAN_VECTOR_H

#include "search.h"

typedef struct {
    sm_search search; /* first: a filter is given its address */
    uint64_t begun;   /* the first nonce of the batch whose digest under version 0 is in `digest` */
    V nonce;          /* of this batch */
    V digest[8];
    V kw[V_KW_WORDS]; /* of this batch */
    V_UNIFORM work[V_WORK_WORDS];
    V_UNIFORM version[SM_MAX_VERSIONS][V_VERSION_WORDS];
} v_search;

static void v_begin(v_search *v, uint32_t first) {
    uint32_t nonces[V_LANES];
    for (uint32_t i = 0; i < V_LANES; i++) nonces[i] = sm_swap(first + i);
    memcpy(&v->nonce, nonces, sizeof v->nonce);
    v_schedule(v->work, v->nonce, v->kw);
    v->begun = first;
}

static uint32_t v_next(v_search *v, uint32_t version) {
    return v_step(v->work, v->version[version], v->nonce, v->kw, v->digest);
}

/* Steps go through the versions of one batch after the other, so the last one of a batch begins the
   batch behind it. */
static uint32_t v_filter(const sm_search *search, uint32_t first, uint32_t *masks) {
    v_search *v = (v_search *)search;
    uint32_t any = 0, last = search->version_count - 1;
    if (v->begun != first) {
        v_begin(v, first);
        v_next(v, 0);
    }
    for (uint32_t i = 0; i < last; i++) any |= masks[i] = v_next(v, i + 1);
    v_begin(v, first + V_LANES);
    return any | (masks[last] = v_next(v, 0));
}

/* The highest word of a hit has no one where the target's has its leading zeros. */
static uint32_t v_mask(uint32_t highest) {
    uint32_t mask = UINT32_MAX;
    while (mask & highest) mask <<= 1;
    return sm_swap(mask);
}

static void v_prepare(v_search *v, const sm_scan *scan) {
    const sm_search *search = &v->search;
    sm_prepare(&v->search, scan);
    uint32_t mask = v_mask(search->target[7]);
    v_prepare_work(search->tail, &mask, v->work);
    for (uint32_t i = 0; i < search->version_count; i++)
        v_prepare_version(search->tail, search->version[i].midstate, v->version[i]);
    v->begun = UINT64_MAX;
    memset(v->digest, 0, sizeof v->digest);
}

static sm_status v_scan(sm_scan *scan) {
    v_search v;
    v_prepare(&v, scan);
    return sm_walk(scan, &v.search, V_LANES, v_filter);
}

#define V_KERNEL(set, text)                                                                        \
    const sm_kernel sm_kernel_##set = {                                                            \
        .abi_version = SM_ABI_VERSION,                                                             \
        .name = #set,                                                                              \
        .description = text,                                                                       \
        .lanes = V_LANES,                                                                          \
        .max_versions = SM_MAX_VERSIONS,                                                           \
        .supported = sm_supports_##set,                                                            \
        .scan = v_scan,                                                                            \
    };

#endif
