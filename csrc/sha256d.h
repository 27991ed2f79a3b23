/*
 * stampmill's kernel interface: search a nonce range of a Bitcoin block header for SHA-256d hashes
 * that meet a target.
 *
 * This is all that Python sees, and all that a kernel from elsewhere has to include. Such a kernel
 * is a shared object that exports
 *
 *     const sm_kernel *stampmill_kernel(void);
 *
 * and passes sm_selftest() before its first scan. Its scan() may run in many threads at once.
 */
#ifndef STAMPMILL_SHA256D_H
#define STAMPMILL_SHA256D_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* public part: the lines down to the end mark are also the declarations that Python reads */

/* Goes up whenever a struct below changes. */
#define SM_ABI_VERSION 1

/* The most versions in one scan; a kernel may take fewer. */
#define SM_MAX_VERSIONS 16

/* Why a scan returned. */
typedef enum {
    SM_DONE = 0,      /* the range is finished */
    SM_HIT = 1,       /* a batch held a hit: go on at next_nonce */
    SM_FULL = 2,      /* one more hit than fits: go on at next_nonce and next_version */
    SM_CANCELLED = 3, /* the cancel word was set: go on at next_nonce and next_version */
    SM_INVALID = 4    /* nothing was done: `reason` says why */
} sm_status;

/* A nonce, and the version (the number, not its index) under which it meets the target. */
typedef struct {
    uint32_t nonce;
    uint32_t version;
} sm_hit;

/*
 * One search. Order is by nonce, then by index of the version.
 *
 * scan() reports *every* pair from (first, first_version) on whose hash, read as a 256-bit
 * little-endian number, is not above the target: any target from 0 to 2^256 - 1. It
 *  - returns SM_HIT after the batch of nonces (at most `lanes`) that held a hit, so that a share is
 *    not kept waiting; SM_DONE instead if that batch was the last;
 *  - returns SM_FULL when a hit no longer fits, and never drops one: a scan from where it says
 *    reports that hit first;
 *  - looks at the cancel word before each batch, and at least every 100 microseconds;
 *  - reports nothing outside [first, end), which may have any length and end at 2^32.
 * Whatever it returns, hits[0 .. found) holds exactly the hits in front of (next_nonce,
 * next_version). Input is read only during the call; no pointer needs an alignment beyond its
 * type's.
 */
typedef struct {
    /* in */
    const uint8_t *header;           /* 76 bytes: a block header without its nonce */
    const uint8_t *target;           /* 32 bytes, little-endian */
    const uint32_t *versions;        /* each in turn replaces the header's first 4 bytes */
    const volatile uint32_t *cancel; /* nonzero means stop; NULL: never */
    sm_hit *hits;                    /* room for hit_capacity hits */
    uint64_t first;                  /* the nonces [first, end), end at most 2^32 */
    uint64_t end;
    uint32_t version_count; /* 1 .. the kernel's max_versions */
    uint32_t first_version; /* the index at which nonce `first` starts, to resume inside it */
    uint32_t hit_capacity;  /* at least 1 */
    /* out */
    uint32_t found;
    uint64_t next_nonce; /* `end` when done */
    uint32_t next_version;
    const char *reason; /* static text, set with SM_INVALID only */
} sm_scan;

/* One compiled scan loop. All of it is constant, static data. */
typedef struct {
    uint32_t abi_version;    /* SM_ABI_VERSION: checked before anything else is read */
    const char *name;        /* lower case, what STAMPMILL_KERNEL and reports call it */
    const char *description; /* one line for people */
    uint32_t lanes;          /* nonces per batch */
    uint32_t max_versions;   /* the most midstates in one call, 1 .. SM_MAX_VERSIONS */
    /* Nonzero if this CPU and its operating system can run scan(). Else 0, and *missing is the
       first feature that lacks ("avx512f"). Asked before every scan: keep the answer. */
    int (*supported)(const char **missing);
    sm_status (*scan)(sm_scan *scan);
} sm_kernel;

/* The kernels compiled in, fastest first; the last one, "generic", runs anywhere. */
uint32_t sm_kernel_count(void);
const sm_kernel *sm_kernel_at(uint32_t index); /* NULL past the end */

/* Check the arguments, then scan. Every call should come this way: kernels check nothing. */
sm_status sm_run(const sm_kernel *kernel, sm_scan *scan);

/* Try a supported kernel on headers whose hashes are known, at every alignment and around its
   number of lanes. NULL, or static text that says what went wrong. Takes some milliseconds. */
const char *sm_selftest(const sm_kernel *kernel);

/* Make that many additions, a multiple of 64, each of which waits for the one before it: a cycle
   each on any CPU. Benchmarks time it where nothing counts cycles. The sum is of no use. */
uint64_t sm_chain(uint64_t additions);

/* Make that many additions, a multiple of 128, each of which waits only for the eighth before it:
   as many in a cycle as the core lets this thread begin, fewer where another thread shares it. */
uint64_t sm_fill(uint64_t additions);

/* end of the public part */

#ifdef __cplusplus
}
#endif

#endif
