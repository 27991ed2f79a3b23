/* The hand-over from one scan to the next, and of what they find. */
#define _POSIX_C_SOURCE 200809L
#include "relay.h"

#include <stddef.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
#include <unistd.h>
#endif

/* The clocks that CPython's time.monotonic reads. */
static uint64_t now(void) {
#if defined(_WIN32)
    return GetTickCount64() * 1000000;
#else
#if defined(__APPLE__)
    const clockid_t clock = CLOCK_UPTIME_RAW;
#else
    const clockid_t clock = CLOCK_MONOTONIC;
#endif
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
#endif
}

/* Release and acquire: who takes a leg sees all that was written into it. */
void sm_offer(sm_relay *relay, sm_leg *leg) {
    __atomic_store_n(&relay->next, leg, __ATOMIC_RELEASE);
}

uint64_t sm_begun_at(const sm_leg *leg) {
    return __atomic_load_n(&leg->begun_at, __ATOMIC_ACQUIRE);
}

uint32_t sm_posted(const sm_leg *leg) { return __atomic_load_n(&leg->posted, __ATOMIC_ACQUIRE); }

/* A full counter refuses the write; whoever has not read it is woken anyway. */
static void ring(int bell) {
#if defined(_WIN32)
    (void)bell;
#else
    const uint64_t one = 1;
    if (bell >= 0 && write(bell, &one, sizeof one) < 0) return;
#endif
}

/* Let others see what the last scan found; the rest of the buffer is for the next one. */
static void post(sm_leg *leg, int bell) {
    sm_scan *scan = &leg->scan;
    uint32_t end = leg->posted + scan->found;
    if (!scan->found) return;
    for (uint32_t i = leg->posted; i < end; i++) leg->found_at[i] = leg->ended_at;
    scan->hits += scan->found;
    scan->hit_capacity -= scan->found;
    __atomic_store_n(&leg->posted, end, __ATOMIC_RELEASE);
    ring(bell);
}

static void run_leg(const sm_kernel *kernel, sm_leg *leg, int bell) {
    sm_scan *scan = &leg->scan;
    __atomic_store_n(&leg->begun_at, now(), __ATOMIC_RELEASE);
    for (;;) {
        leg->status = sm_run(kernel, scan);
        leg->ended_at = now();
        post(leg, bell);
        if (leg->status != SM_HIT || bell < 0) return;
        if (!scan->hit_capacity) break;
        scan->first = scan->next_nonce;
        scan->first_version = scan->next_version;
    }
    leg->status = SM_FULL;
}

void sm_run_relay(const sm_kernel *kernel, sm_relay *relay, sm_leg *leg) {
    sm_leg *offered = leg; /* no longer on offer, if it was */
    __atomic_compare_exchange_n(&relay->next, &offered, NULL, 0, __ATOMIC_ACQUIRE,
                                __ATOMIC_RELAXED);
    for (int legs = 1; leg; legs++) {
        run_leg(kernel, leg, relay->bell);
        if (leg->status != SM_CANCELLED || (leg->posted && relay->bell < 0)) return;
        if (legs == SM_RELAY_LEGS) return;
        leg = __atomic_exchange_n(&relay->next, NULL, __ATOMIC_ACQUIRE);
    }
}
