/* Runs every kernel under the sanitizers: exact heap buffers at every alignment, refused arguments,
   how soon a cancel is seen, and whether the self-test notices a broken kernel. Prints the names of
   the kernels tried; exits with 1 and a line about the first failure. */
#define _POSIX_C_SOURCE 200809L
#include "broken.h"
#include "kernels.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#define CHECK(condition, kernel)                                                                   \
    do {                                                                                           \
        if (!(condition)) fail(#condition, (kernel)->name, __LINE__);                              \
    } while (0)

static void fail(const char *what, const char *kernel, int line) {
    printf("driver.c:%d: kernel %s: not true: %s\n", line, kernel, what);
    exit(1);
}

static const uint32_t versions[SM_MAX_VERSIONS] = {0x20000000, 0x20002000, 0x20004000, 1};

/* A scan of nonces 5 to 99 that hits about every second pair. */
static sm_scan easy_scan(const uint8_t header[76], const uint8_t target[32], sm_hit *hits) {
    return (sm_scan){.header = header,
                     .target = target,
                     .versions = versions,
                     .hits = hits,
                     .first = 5,
                     .end = 99,
                     .version_count = 2,
                     .hit_capacity = 64};
}

/* Bytes that the header's buffer is too short by: the test of this test. */
static size_t short_by = 0;

/* The sanitizer sees a read or write one byte off any of the three buffers. */
static void try_exact_buffers(const sm_kernel *kernel) {
    for (size_t shift = 0; shift < 16; shift++) {
        uint8_t *header = malloc(shift + 76 - short_by), *target = malloc(shift + 32);
        uint32_t capacity = 1 + (uint32_t)shift % 5;
        sm_hit *hits = malloc(capacity * sizeof *hits);
        memset(header, 0x5a, shift + 76 - short_by);
        memset(target, 0x7f, shift + 32);
        sm_scan scan = easy_scan(header + shift, target + shift, hits);
        scan.hit_capacity = capacity;
        uint32_t total = 0, calls = 0;
        sm_status status;
        do {
            status = sm_run(kernel, &scan);
            CHECK(status <= SM_FULL && scan.found <= capacity, kernel);
            CHECK(status != SM_FULL || scan.found == capacity, kernel);
            CHECK(++calls <= 2 * 94, kernel);
            total += scan.found;
            scan.first = scan.next_nonce;
            scan.first_version = scan.next_version;
        } while (status != SM_DONE);
        CHECK(total == 89, kernel); /* counted with hashlib */
        free(header), free(target), free(hits);
    }
}

#define REFUSED(change)                                                                            \
    do {                                                                                           \
        sm_scan scan = easy_scan(header, target, hits);                                            \
        change;                                                                                    \
        CHECK(sm_run(kernel, &scan) == SM_INVALID, kernel);                                        \
        CHECK(scan.found == 0 && scan.reason && *scan.reason, kernel);                             \
    } while (0)

static void try_bad_arguments(const sm_kernel *kernel) {
    uint8_t header[76] = {0}, target[32] = {0};
    sm_hit hits[64];
    uintptr_t odd = (uintptr_t)hits + 1;
    REFUSED(scan.header = NULL);
    REFUSED(scan.target = NULL);
    REFUSED(scan.versions = NULL);
    REFUSED(scan.hits = NULL);
    REFUSED(scan.versions = (const uint32_t *)odd);
    REFUSED(scan.hits = (sm_hit *)odd);
    REFUSED(scan.cancel = (const uint32_t *)odd);
    REFUSED(scan.hit_capacity = 0);
    REFUSED(scan.version_count = 0);
    REFUSED(scan.version_count = SM_MAX_VERSIONS + 1);
    REFUSED(scan.first_version = 2);
    REFUSED(scan.first = 100);
    REFUSED(scan.end = (UINT64_C(1) << 32) + 1);
    sm_scan empty = easy_scan(header, target, hits);
    CHECK(sm_run(NULL, &empty) == SM_INVALID && empty.reason, kernel);
    CHECK(sm_run(kernel, NULL) == SM_INVALID, kernel);
    empty.first = empty.end = UINT64_C(1) << 32;
    CHECK(sm_run(kernel, &empty) == SM_DONE && !empty.found && !empty.reason, kernel);
}

static volatile uint32_t cancel_word;
static struct timespec cancelled_at;

static void on_alarm(int signal) {
    (void)signal;
    clock_gettime(CLOCK_MONOTONIC, &cancelled_at);
    cancel_word = 1;
}

/* Microseconds from the cancel, by a timer's signal in the middle of a scan, to the return. */
static double cancel_latency(const sm_kernel *kernel) {
    uint8_t header[76] = {1}, target[32] = {0};
    sm_hit hits[1];
    struct timespec now;
    const struct itimerval soon = {.it_value = {.tv_usec = 2000}};
    sm_scan scan = easy_scan(header, target, hits);
    scan.first = 0;
    scan.end = UINT64_C(1) << 32;
    scan.version_count = SM_MAX_VERSIONS;
    scan.cancel = &cancel_word;
    cancel_word = 0;
    setitimer(ITIMER_REAL, &soon, NULL);
    sm_status status = sm_run(kernel, &scan);
    clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK(status == SM_CANCELLED && scan.found == 0 && scan.next_version == 0, kernel);
    CHECK(scan.next_nonce % kernel->lanes == 0, kernel);
    if (scan.next_nonce == 0) return 1e9; /* a busy machine: the timer came before the scan */
    return (double)(now.tv_sec - cancelled_at.tv_sec) * 1e6 +
           (double)(now.tv_nsec - cancelled_at.tv_nsec) * 1e-3;
}

/* The best of many, as the machine may be busy. */
static void try_cancel(const sm_kernel *kernel, double limit) {
    double best = 1e9;
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
    for (int i = 0; i < 20 && best > limit; i++) {
        double latency = cancel_latency(kernel);
        if (latency < best) best = latency;
    }
    CHECK(best <= limit, kernel);
    cancel_word = 1;
    uint8_t header[76] = {0}, target[32] = {0};
    sm_hit hits[64];
    sm_scan scan = easy_scan(header, target, hits);
    scan.first_version = 1;
    scan.cancel = &cancel_word;
    CHECK(sm_run(kernel, &scan) == SM_CANCELLED, kernel);
    CHECK(scan.next_nonce == 5 && scan.next_version == 1 && scan.found == 0, kernel);
}

int main(int argc, char **argv) {
    double limit = argc > 1 ? atof(argv[1]) : 100;
    if (argc > 2) short_by = (size_t)atoi(argv[2]);
    const char *missing;
    for (uint32_t i = 0; i < sm_kernel_count(); i++) {
        const sm_kernel *kernel = sm_kernel_at(i);
        if (!kernel->supported(&missing)) {
            printf("%s lacks %s\n", kernel->name, missing);
            continue;
        }
        CHECK(sm_selftest(kernel) == NULL, kernel);
        try_exact_buffers(kernel);
        try_bad_arguments(kernel);
        try_cancel(kernel, limit);
        printf("%s\n", kernel->name);
    }
    if (sm_kernel_at(sm_kernel_count())) fail("NULL past the end", "table", __LINE__);
    for (size_t i = 0; i < sizeof broken_kernels / sizeof *broken_kernels; i++)
        CHECK(sm_selftest(&broken_kernels[i]) != NULL, &broken_kernels[i]);
    return 0;
}
