/* What this CPU and its operating system can run. */
#include "kernels.h"

#include <stddef.h>

int sm_supports_generic(const char **missing) {
    *missing = NULL;
    return 1;
}

/* A register is added to itself: an addition of a constant may be done before it gets to a port
   (Golden Cove). The empty statement hides what is in the register. */
#if defined(__GNUC__)
#define ADDITION(x) x += x, __extension__({ __asm__ volatile("" : "+r"(x)); })
#else
#define ADDITION(x) x += x
#endif
#define FOUR(what) what, what, what, what

uint64_t sm_chain(uint64_t additions) {
    uint64_t x = additions;
    for (uint64_t done = 0; done < additions; done += 64) FOUR(FOUR(FOUR(ADDITION(x))));
    return x;
}

/* Eight registers: more than any core has units that add. */
uint64_t sm_fill(uint64_t additions) {
    uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
    for (uint64_t done = 0; done < additions; done += 128)
        FOUR(FOUR((ADDITION(a), ADDITION(b), ADDITION(c), ADDITION(d), ADDITION(e), ADDITION(f),
                   ADDITION(g), ADDITION(h))));
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

#if defined(SM_X86)
#include <cpuid.h>

enum {
    ASKED = 1,
    SSSE3 = 2,
    SSE41 = 4,
    SHA = 8,
    AVX2 = 16,
    AVX512F = 32,
    AVX512BW = 64,
    SSE2 = 128
};

static const struct {
    unsigned feature;
    const char *name;
} names[] = {{SSE2, "sse2"}, {SSSE3, "ssse3"},     {SSE41, "sse4.1"},     {SHA, "sha_ni"},
             {AVX2, "avx2"}, {AVX512F, "avx512f"}, {AVX512BW, "avx512bw"}};

/* Intel SDM volume 1, 13.3: XCR0 has a bit for each kind of register that the operating system
   saves on a task switch: 6 for YMM, e6 for ZMM and the mask registers. */
static unsigned saved_registers(void) {
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

/* SDM volume 2A, CPUID: leaf 1 edx and ecx, and leaf 7 ebx. */
static unsigned ask_cpu(void) {
    unsigned eax, ebx, ecx, edx, saved = 0, found = ASKED;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return found;
    if (edx >> 26 & 1) found |= SSE2;
    if (ecx >> 9 & 1) found |= SSSE3;
    if (ecx >> 19 & 1) found |= SSE41;
    if (ecx >> 27 & 1) saved = saved_registers(); /* OSXSAVE: xgetbv is there */
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return found;
    if (ebx >> 29 & 1) found |= SHA;
    if (ebx >> 5 & 1 && (saved & 0x06) == 0x06) found |= AVX2;
    if (ebx >> 16 & 1 && (saved & 0xe6) == 0xe6) found |= AVX512F;
    if (ebx >> 30 & 1 && (saved & 0xe6) == 0xe6) found |= AVX512BW;
    return found;
}

/* The CPU is asked once: under a hypervisor each cpuid costs microseconds. Threads that race here
   all store the same answer. */
static unsigned features(void) {
    static unsigned answer;
    unsigned known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
    if (!known) __atomic_store_n(&answer, known = ask_cpu(), __ATOMIC_RELAXED);
    return known;
}

static int has_all(unsigned wanted, const char **missing) {
    unsigned absent = wanted & ~features();
    *missing = NULL;
    for (unsigned i = 0; absent && i < sizeof names / sizeof *names; i++)
        if (absent & names[i].feature) {
            *missing = names[i].name;
            return 0;
        }
    return 1;
}

int sm_supports_shani(const char **missing) { return has_all(SSSE3 | SSE41 | SHA, missing); }
int sm_supports_avx2(const char **missing) { return has_all(AVX2, missing); }
int sm_supports_sse2(const char **missing) { return has_all(SSE2, missing); }
int sm_supports_avx512(const char **missing) { return has_all(AVX512F | AVX512BW, missing); }
#endif

#if defined(SM_ARM64)
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

/* Arm's documentation for Linux, "ARM64 ELF hwcaps": the kernel says what the CPU has. */
int sm_supports_armv8(const char **missing) {
    *missing = getauxval(AT_HWCAP) & HWCAP_SHA2 ? NULL : "sha2";
    return !*missing;
}
#else
/* Every 64-bit Mac has it, and Apple's compiler says so; elsewhere only a build for this CPU can.
 */
int sm_supports_armv8(const char **missing) {
#if defined(__APPLE__) || defined(__ARM_FEATURE_SHA2)
    *missing = NULL;
#else
    *missing = "sha2, as far as can be known on this system";
#endif
    return !*missing;
}
#endif

/* Part of the architecture (Arm ARM, A1.5): there is no 64-bit Linux or macOS without. */
int sm_supports_neon(const char **missing) {
    *missing = NULL;
    return 1;
}
#endif
