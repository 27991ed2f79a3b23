/* The kernels of this build, fastest first, and the checked way into one. */
#include "kernels.h"

#include <stddef.h>

/* One order is right for every family known, by the cycles a hash that their ports allow:
     AVX-512 before SHA-NI: 45 to 132 on Zen 5, 89 to 120 on Zen 4, 89 to 180 on Sapphire Rapids;
     SHA-NI before AVX2: 120 to 180 on Zen 3, 180 to 240 on Golden Cove and its like;
     ARMv8's instructions before NEON: 172 to 1,026 instructions a hash.
   Where it is not, `stampmill bench tune` finds out and remembers. */
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
#if defined(SM_SSE2)
    &sm_kernel_sse2,
#endif
#if defined(SM_ARMV8)
    &sm_kernel_armv8,
#endif
#if defined(SM_NEON)
    &sm_kernel_neon,
#endif
    &sm_kernel_generic,
};

#if defined(SM_KERNEL_FLAGS)
/* What each kernel was compiled with: `stampmill bench` reads it in the file. */
__attribute__((used)) static const char kernel_flags[] = "stampmill kernel flags: " SM_KERNEL_FLAGS;
#endif

uint32_t sm_kernel_count(void) { return sizeof kernels / sizeof *kernels; }

const sm_kernel *sm_kernel_at(uint32_t index) {
    return index < sm_kernel_count() ? kernels[index] : NULL;
}

static const char *why_not_kernel(const sm_kernel *kernel) {
    const char *missing;
    if (!kernel) return "the kernel is NULL";
    if (kernel->abi_version != SM_ABI_VERSION) return "the kernel has another ABI version";
    if (kernel->lanes < 1) return "the kernel has no lanes";
    if (kernel->max_versions < 1 || kernel->max_versions > SM_MAX_VERSIONS)
        return "the kernel's max_versions is not within 1 .. 16";
    if (!kernel->supported(&missing)) return "the CPU cannot run this kernel";
    return NULL;
}

static int of_words(const void *address) { return (uintptr_t)address % sizeof(uint32_t) == 0; }

static const char *why_not_scan(const sm_kernel *kernel, const sm_scan *scan) {
    if (!scan->header || !scan->target || !scan->versions || !scan->hits)
        return "the header, target, versions or hits are NULL";
    if (!of_words(scan->versions) || !of_words(scan->hits) || !of_words((void *)scan->cancel))
        return "the versions, hits or cancel word do not lie on a multiple of 4 bytes";
    if (scan->version_count < 1 || scan->version_count > kernel->max_versions)
        return "the number of versions is not within 1 .. the kernel's max_versions";
    if (scan->first_version >= scan->version_count)
        return "first_version is not below the number of versions";
    if (scan->first > scan->end || scan->end > UINT64_C(1) << 32)
        return "first .. end is no range of nonces";
    if (scan->hit_capacity < 1) return "hit_capacity is 0";
    return NULL;
}

sm_status sm_run(const sm_kernel *kernel, sm_scan *scan) {
    if (!scan) return SM_INVALID;
    scan->found = 0;
    scan->reason = why_not_kernel(kernel);
    if (!scan->reason) scan->reason = why_not_scan(kernel, scan);
    return scan->reason ? SM_INVALID : kernel->scan(scan);
}
