/*
 * One thread's scans, run after each other. The next one is laid down while the one before it still
 * runs; that one's cancel is then the sign to go over to it, without a return to the caller: a
 * Python thread would first have to wait for the interpreter. For the same reason hits are posted
 * where another thread finds them, a bell wakes it, and the scan goes on.
 */
#ifndef STAMPMILL_RELAY_H
#define STAMPMILL_RELAY_H

#include "sha256d.h"

/* public part: the lines down to the end mark are also the declarations that Python reads */

/* A scan, and what became of it. Times are nanoseconds on the clock of Python's time.monotonic. */
typedef struct {
    sm_scan scan;      /* its range, hits and hit_capacity move on with what is posted */
    sm_status status;  /* once it has ended; all its hits are posted by then */
    uint64_t begun_at; /* 0: not begun; while the leg is on offer, to be read by sm_begun_at() */
    uint64_t ended_at;
    uint64_t *found_at; /* beside the hits, and with room for as many */
    uint32_t posted;    /* hits from the first on that are there; to be read by sm_posted() */
} sm_leg;

/* Where one thread's next leg waits. */
typedef struct {
    sm_leg *next; /* NULL at first; sm_offer() and sm_run_relay() alone touch it */
    int bell;     /* an eventfd to add 1 to when hits are posted, or -1: come back instead */
} sm_relay;

/* The most legs of one call: the caller keeps them all until it comes back. */
#define SM_RELAY_LEGS 32

/* Lay a leg down, in place of one that still waits. It stays alive until it has ended, or until
   another has been laid down and the thread is not in sm_run_relay(). From any thread. */
void sm_offer(sm_relay *relay, sm_leg *leg);

/* Run a leg, on offer or not, until it is done, cancelled, or SM_FULL; each time one is cancelled,
   go over to the one that waits, if any, SM_RELAY_LEGS in all. Without a bell, come back after a
   batch with a hit. */
void sm_run_relay(const sm_kernel *kernel, sm_relay *relay, sm_leg *leg);

/* When a leg began, or 0. From any thread. */
uint64_t sm_begun_at(const sm_leg *leg);

/* How many hits have been posted; they and their times stay as they are. From any thread. */
uint32_t sm_posted(const sm_leg *leg);

/* end of the public part */

#endif
