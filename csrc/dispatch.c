/* The kernels of this build, fastest first, and the checked way into one. */
#include "kernels.h"

#include <stddef.h>

static const sm_kernel *const kernels[] = {
#if defined(SM_AVX512)
    &sm_kernel_avx512,
#endif
#if defined(SM_SHANI)
    &sm_kernel_shani,
#endif
#if defined(SM_AVX2)
    &sm_kernel_avx2,
#endif
    &sm_kernel_generic,
};

uint32_t sm_kernel_count(void) { return sizeof kernels / sizeof *kernels; }

const sm_kernel *sm_kernel_at(uint32_t index) {
    return index < sm_kernel_count() ? kernels[index] : NULL;
}

static const char *why_not_kernel(const sm_kernel *kernel) {
    const char *missing;
    if (!kernel) return "no kernel";
    if (kernel->abi_version != SM_ABI_VERSION) return "the kernel has another ABI version";
    if (!kernel->supported(&missing)) return "the CPU cannot run this kernel";
    return NULL;
}

static const char *why_not_scan(const sm_kernel *kernel, const sm_scan *scan) {
    if (!scan->header || !scan->target || !scan->versions || !scan->hits)
        return "header, target, versions or hits is NULL";
    if (scan->version_count < 1 || scan->version_count > kernel->max_versions)
        return "the number of versions is not within 1 .. max_versions";
    if (scan->first_version >= scan->version_count) return "first_version is no version's index";
    if (scan->first > scan->end || scan->end > UINT64_C(1) << 32)
        return "the nonces are no range within 2^32";
    if (scan->hit_capacity < 1) return "hits has no room";
    return NULL;
}

sm_status sm_run(const sm_kernel *kernel, sm_scan *scan) {
    if (!scan) return SM_INVALID;
    scan->found = 0;
    scan->reason = why_not_kernel(kernel);
    if (!scan->reason) scan->reason = why_not_scan(kernel, scan);
    return scan->reason ? SM_INVALID : kernel->scan(scan);
}
