/* A kernel from elsewhere, a shared object of its own: the exact check of search.h does for a
   filter. The macros make it one that must be refused. */
#include "search.h"

#ifndef ABI_VERSION
#define ABI_VERSION SM_ABI_VERSION
#endif
#ifndef EXPORTED
#define EXPORTED &kernel
#endif

static int supported(const char **missing) {
#ifdef LACKS
    *missing = LACKS;
    return 0;
#else
    (void)missing;
    return 1;
#endif
}

static uint32_t filter(const sm_search *search, uint32_t nonce, uint32_t *masks) {
    uint32_t any = 0;
    for (uint32_t v = 0; v < search->version_count; v++) {
        masks[v] = (uint32_t)sm_meets_target(search, v, nonce);
        any |= masks[v];
    }
#ifdef WRONG
    any = 0;
#endif
    return any;
}

static sm_status scan(sm_scan *scan) { return sm_scan_range(scan, 1, filter); }

static const sm_kernel kernel = {ABI_VERSION, "foreign", "from elsewhere", 1, 2, supported, scan};

const sm_kernel *stampmill_kernel(void);
const sm_kernel *stampmill_kernel(void) { return EXPORTED; }
