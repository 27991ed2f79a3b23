/*
 * The search of an emulated chip: in the order in which a chip does it, from midstates alone. A
 * chip's cores hash side by side, each counts through nonces of its own, and the nonce is counted
 * in the order of its bytes on the wire, so none of a kernel's ranges would fit.
 */
#ifndef STAMPMILL_SWEEP_H
#define STAMPMILL_SWEEP_H

#include <stdint.h>

/* public part: the lines down to the end mark are also the declarations that Python reads */

/* The most midstates in one sweep: the versions that the largest core hashes at once. */
#define SM_SWEEP_MIDSTATES 16

/* What a core found: at which step, under which midstate, and the double hash in header order. */
typedef struct {
    uint64_t step;
    uint32_t word; /* the nonce's four header bytes, read as a big-endian number */
    uint32_t slot; /* the midstate's index */
    uint8_t digest[32];
} sm_sweep_hit;

/*
 * Step i is core i % cores at its count i / cores; it hashes, under every midstate, the word
 * core << shift | ((start + count) & counter_mask). Order is by step, then by midstate.
 */
typedef struct {
    /* in */
    const uint32_t *midstates; /* 8 words each, a..h */
    const uint8_t *tail;       /* header bytes 64 to 75 */
    sm_sweep_hit *hits;        /* room for hit_capacity hits, at least midstate_count */
    uint64_t first;            /* the steps [first, end) */
    uint64_t end;
    uint32_t midstate_count; /* 1 to SM_SWEEP_MIDSTATES */
    uint32_t zero_bits; /* a hit has so many leading zero bits, as explorers print it; 0 to 32 */
    uint32_t cores;     /* at least 1 */
    uint32_t shift;     /* 0 to 31 */
    uint32_t start;
    uint32_t counter_mask;
    uint32_t hit_capacity;
    /* out */
    uint32_t found;
    uint64_t next; /* all hits in front of it are there: `end`, or where the buffer was full */
} sm_sweep;

void sm_run_sweep(sm_sweep *sweep);

/* The state a..h after a header's first 64 bytes. */
void sm_midstate(const uint8_t *block, uint32_t *state);

/* end of the public part */

#endif
