/* What is the same in every kernel: the part of the work that no nonce changes, the exact check of
   a candidate, and the walk over the range. A kernel adds its filter. */
#ifndef STAMPMILL_SEARCH_H
#define STAMPMILL_SEARCH_H

#include "rounds.h"
#include "sha256d.h"

/* What depends on the version but not on the nonce. */
typedef struct {
    uint32_t midstate[8]; /* after the first 64 header bytes */
    uint32_t start[8];    /* a..h after four rounds of the second block, as if the nonce's word
                             were 0: that word only adds to a and to e */
} sm_start;

typedef struct {
    uint32_t tail[3];   /* header words 16 to 18 */
    uint32_t target[8]; /* lowest word first */
    uint32_t kw[18];    /* rounds 4 to 17 of the second block: constant plus schedule word */
    uint32_t w16, w17;  /* second block's schedule: whole words, */
    uint32_t w18, w19;  /* and the parts of words that the nonce does not change */
    uint32_t w31, w32;
    uint32_t version_count;
    sm_start version[SM_MAX_VERSIONS];
} sm_search;

/* A kernel's own part: for nonces [nonce, nonce + lanes), set bit l of masks[v] if lane l's hash
   under version v may meet the target, judged by its highest word. Returns all masks or-ed. */
typedef uint32_t sm_filter(const sm_search *search, uint32_t nonce, uint32_t *masks);

SM_INLINE void sm_prepare_schedule(sm_search *search) {
    const uint32_t *tail = search->tail;
    search->w16 = tail[0] + sm_small0(tail[1]);
    search->w17 = tail[1] + sm_small0(tail[2]) + sm_small1(SM_HEADER_BITS);
    search->w18 = tail[2] + sm_small1(search->w16);
    search->w19 = sm_small0(SM_PADDING) + sm_small1(search->w17);
    search->w31 = sm_small0(search->w16) + SM_HEADER_BITS;
    search->w32 = search->w16 + sm_small0(search->w17);
    memcpy(search->kw, SM_K, sizeof search->kw);
    search->kw[4] += SM_PADDING;
    search->kw[15] += SM_HEADER_BITS;
    search->kw[16] += search->w16;
    search->kw[17] += search->w17;
}

SM_INLINE void sm_prepare_version(sm_start *out, const uint8_t *header, uint32_t version,
                                  const uint32_t tail[3]) {
    uint32_t block[16];
    block[0] = sm_swap(version);
    for (int i = 1; i < 16; i++) block[i] = sm_read_be(header + 4 * i);
    memcpy(out->midstate, SM_IV, sizeof SM_IV);
    sm_compress(out->midstate, block);
    memcpy(out->start, out->midstate, sizeof out->start);
    for (int t = 0; t < 3; t++) sm_round(out->start, SM_K[t] + tail[t]);
    sm_round(out->start, SM_K[3]);
}

SM_INLINE void sm_prepare(sm_search *search, const sm_scan *scan) {
    for (int i = 0; i < 3; i++) search->tail[i] = sm_read_be(scan->header + 64 + 4 * i);
    for (int i = 0; i < 8; i++) search->target[i] = sm_swap(sm_read_be(scan->target + 4 * i));
    sm_prepare_schedule(search);
    search->version_count = scan->version_count;
    for (uint32_t v = 0; v < scan->version_count; v++)
        sm_prepare_version(&search->version[v], scan->header, scan->versions[v], search->tail);
}

/* The exact answer for one candidate. */
SM_INLINE int sm_meets_target(const sm_search *search, uint32_t version, uint32_t nonce) {
    uint32_t digest[8];
    sm_double_hash(search->version[version].midstate, search->tail, nonce, digest);
    for (int i = 7; i >= 0; i--) {
        uint32_t word = sm_swap(digest[i]);
        if (word != search->target[i]) return word < search->target[i];
    }
    return 1;
}

SM_INLINE sm_status sm_stop(sm_scan *scan, sm_status status, uint64_t nonce, uint32_t version) {
    scan->next_nonce = nonce;
    scan->next_version = version;
    return status;
}

SM_INLINE int sm_cancelled(const sm_scan *scan) { return scan->cancel && *scan->cancel; }

/* Report the hits among a batch's candidates from `version` of its first nonce on. Returns SM_DONE,
   or why it stopped on the way. */
SM_INLINE sm_status sm_collect(sm_scan *scan, const sm_search *search, uint64_t nonce,
                               uint32_t version, uint32_t lanes, const uint32_t *masks) {
    for (uint32_t lane = 0; lane < lanes && nonce + lane < scan->end; lane++, version = 0) {
        uint32_t n = (uint32_t)(nonce + lane);
        for (uint32_t v = version; v < search->version_count; v++) {
            if (!(masks[v] >> lane & 1)) continue;
            if (sm_cancelled(scan)) return sm_stop(scan, SM_CANCELLED, n, v);
            if (!sm_meets_target(search, v, n)) continue;
            if (scan->found == scan->hit_capacity) return sm_stop(scan, SM_FULL, n, v);
            scan->hits[scan->found++] = (sm_hit){n, scan->versions[v]};
        }
    }
    return SM_DONE;
}

/* The scan itself, for a kernel that filters `lanes` (at most 32) nonces at once. Filtering a batch
   takes microseconds, and so does checking a candidate: looking at the cancel word before each of
   them costs nothing, and is often enough. */
SM_INLINE sm_status sm_walk(sm_scan *scan, const sm_search *search, uint32_t lanes,
                            sm_filter *filter) {
    uint32_t masks[SM_MAX_VERSIONS], version = scan->first_version;
    scan->found = 0;
    for (uint64_t nonce = scan->first; nonce < scan->end; nonce += lanes, version = 0) {
        if (scan->found) return sm_stop(scan, SM_HIT, nonce, 0);
        if (sm_cancelled(scan)) return sm_stop(scan, SM_CANCELLED, nonce, version);
        if (!filter(search, (uint32_t)nonce, masks)) continue;
        sm_status status = sm_collect(scan, search, nonce, version, lanes, masks);
        if (status != SM_DONE) return status;
    }
    return sm_stop(scan, SM_DONE, scan->end, 0);
}

/* The same for a kernel whose filter needs no more than what every kernel shares. */
SM_INLINE sm_status sm_scan_range(sm_scan *scan, uint32_t lanes, sm_filter *filter) {
    sm_search search;
    sm_prepare(&search, scan);
    return sm_walk(scan, &search, lanes, filter);
}

#endif
