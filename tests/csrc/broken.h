/* Kernels with one mistake each, that a self-test must notice. */
#ifndef STAMPMILL_BROKEN_H
#define STAMPMILL_BROKEN_H

#include "kernels.h"
#include "search.h"

#include <stddef.h>

enum { BROKEN_LANES = 4 };

/* Right, if slow: every pair is a candidate, to be judged by the exact check. */
static uint32_t pass_all(const sm_search *search, uint32_t nonce, uint32_t *masks) {
    (void)nonce;
    for (uint32_t v = 0; v < search->version_count; v++) masks[v] = (1u << BROKEN_LANES) - 1;
    return 1;
}

static uint32_t pass_first_version(const sm_search *search, uint32_t nonce, uint32_t *masks) {
    pass_all(search, nonce, masks);
    for (uint32_t v = 1; v < search->version_count; v++) masks[v] = 0;
    return 1;
}

static uint32_t miss_last_lane(const sm_search *search, uint32_t nonce, uint32_t *masks) {
    pass_all(search, nonce, masks);
    for (uint32_t v = 0; v < search->version_count; v++) masks[v] >>= 1;
    return 1;
}

static sm_status scan_right(sm_scan *scan) { return sm_scan_range(scan, BROKEN_LANES, pass_all); }

static sm_status scan_nothing(sm_scan *scan) {
    scan->found = 0;
    return sm_stop(scan, SM_DONE, scan->end, 0);
}

static sm_status scan_one_version(sm_scan *scan) {
    return sm_scan_range(scan, BROKEN_LANES, pass_first_version);
}

static sm_status scan_all_but_last_lane(sm_scan *scan) {
    return sm_scan_range(scan, BROKEN_LANES, miss_last_lane);
}

static sm_status scan_shifted_version(sm_scan *scan) {
    scan->first_version = 0;
    return scan_right(scan);
}

static sm_status scan_without_rest(sm_scan *scan) {
    uint64_t end = scan->end;
    scan->end -= (scan->end - scan->first) % BROKEN_LANES;
    sm_status status = scan_right(scan);
    scan->end = end;
    return status == SM_DONE ? sm_stop(scan, SM_DONE, end, 0) : status;
}

static sm_status scan_dropping_when_full(sm_scan *scan) {
    sm_status status = scan_right(scan);
    return status == SM_FULL ? sm_stop(scan, SM_HIT, scan->next_nonce + 1, 0) : status;
}

static sm_status scan_repeating(sm_scan *scan) {
    sm_status status = scan_right(scan);
    if (status == SM_HIT && scan->found < scan->hit_capacity) {
        scan->hits[scan->found] = scan->hits[scan->found - 1];
        scan->found++;
    }
    return status;
}

static sm_status scan_target_off_by_one(sm_scan *scan) {
    sm_status status = scan_right(scan);
    sm_search search;
    sm_prepare(&search, scan);
    for (uint32_t i = 0; i < scan->found; i++) {
        uint32_t digest[8], v = scan->hits[i].version == scan->versions[0] ? 0 : 1;
        sm_double_hash(search.version[v].midstate, search.tail, scan->hits[i].nonce, digest);
        if (sm_swap(digest[0]) == search.target[0]) scan->found = i;
    }
    return status;
}

static sm_status scan_only_difficulty_1(sm_scan *scan) {
    return scan->target[31] ? scan_nothing(scan) : scan_right(scan);
}

static sm_status scan_standing_still(sm_scan *scan) {
    scan->found = 0;
    return sm_stop(scan, SM_HIT, scan->first, scan->first_version);
}

#define BROKEN(function)                                                                           \
    {SM_ABI_VERSION,  #function,           "broken", BROKEN_LANES,                                 \
     SM_MAX_VERSIONS, sm_supports_generic, function}
static const sm_kernel broken_kernels[] = {
    BROKEN(scan_nothing),
    BROKEN(scan_one_version),
    BROKEN(scan_all_but_last_lane),
    BROKEN(scan_shifted_version),
    BROKEN(scan_without_rest),
    BROKEN(scan_dropping_when_full),
    BROKEN(scan_repeating),
    BROKEN(scan_target_off_by_one),
    BROKEN(scan_only_difficulty_1),
    BROKEN(scan_standing_still),
    {SM_ABI_VERSION + 1, "other_abi", "broken", 1, 1, sm_supports_generic, scan_right},
    {SM_ABI_VERSION, "no_lanes", "broken", 0, 1, sm_supports_generic, scan_right},
    {SM_ABI_VERSION, "too_many_versions", "broken", 1, 17, sm_supports_generic, scan_right},
};

#endif
