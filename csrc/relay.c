/* The hand-over from one scan to the next. */
#define _POSIX_C_SOURCE 200809L
#include "relay.h"

#include <stddef.h>
#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
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

static void run_leg(const sm_kernel *kernel, sm_leg *leg) {
    __atomic_store_n(&leg->begun_at, now(), __ATOMIC_RELEASE);
    leg->status = sm_run(kernel, &leg->scan);
    leg->ended_at = now();
}

void sm_run_relay(const sm_kernel *kernel, sm_relay *relay, sm_leg *leg) {
    sm_leg *offered = leg; /* no longer on offer, if it was */
    __atomic_compare_exchange_n(&relay->next, &offered, NULL, 0, __ATOMIC_ACQUIRE,
                                __ATOMIC_RELAXED);
    do {
        run_leg(kernel, leg);
        if (leg->status != SM_CANCELLED || leg->scan.found) return;
        leg = __atomic_exchange_n(&relay->next, NULL, __ATOMIC_ACQUIRE);
    } while (leg);
}
