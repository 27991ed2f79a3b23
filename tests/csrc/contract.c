/* Compares every kernel with the portable one, for machines where Python's tests of kernels do not
   run: random headers and targets, every length from 1 to 70 (or to the first argument), up to the
   last nonce and elsewhere, any alignment, 1 to 16 versions, room for 1 to 5 hits. Prints the names
   of the kernels compared; exits with 1 and a line about the first difference. */
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 70, MOST_ROOM = 5, MOST_HITS = LONGEST * SM_MAX_VERSIONS };

typedef struct {
    sm_hit hits[MOST_HITS];
    uint32_t count;
} found;

static void fail(const sm_kernel *kernel, const char *what, const sm_scan *scan) {
    printf("kernel %s: not true: %s (nonces %llu to %llu, %u versions, room for %u)\n",
           kernel->name, what, (unsigned long long)scan->first, (unsigned long long)scan->end,
           scan->version_count, scan->hit_capacity);
    exit(1);
}

/* Marsaglia's xorshift with the triple 13, 17, 5 ("Xorshift RNGs", 2003). */
static uint32_t next_random(void) {
    static uint32_t x = 2463534242;
    x ^= x << 13;
    x ^= x >> 17;
    return x ^= x << 5;
}

static void fill(uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) bytes[i] = (uint8_t)(next_random() >> 24);
}

/* All hits, going on where each call stopped. */
static void walk(const sm_kernel *kernel, sm_scan scan, found *all) {
    const sm_scan asked = scan;
    sm_hit hits[MOST_ROOM];
    sm_status status;
    all->count = 0;
    scan.hits = hits;
    do {
        status = sm_run(kernel, &scan);
        if (status > SM_FULL) fail(kernel, "a scan goes on", &asked);
        if (all->count + scan.found > MOST_HITS) fail(kernel, "hits differ", &asked);
        memcpy(all->hits + all->count, hits, scan.found * sizeof *hits);
        all->count += scan.found;
        scan.first = scan.next_nonce;
        scan.first_version = scan.next_version;
    } while (status != SM_DONE);
}

static void compare(const sm_kernel *kernel, uint32_t length, int is_last) {
    static found ours, theirs;
    uint8_t bytes[16 + 76 + 32], *header = bytes + next_random() % 16, *target = header + 76;
    uint32_t versions[SM_MAX_VERSIONS];
    fill(bytes, sizeof bytes);
    fill((uint8_t *)versions, sizeof versions);
    target[31] >>= next_random() % 9; /* from nearly all hashes to none */
    sm_scan scan = {.header = header, .target = target, .versions = versions};
    scan.version_count = 1 + length % SM_MAX_VERSIONS;
    scan.first_version = next_random() % scan.version_count;
    scan.hit_capacity = 1 + length % MOST_ROOM;
    scan.end = is_last ? UINT64_C(1) << 32 : length + next_random() / 2;
    scan.first = scan.end - length;
    walk(kernel, scan, &ours);
    walk(&sm_kernel_generic, scan, &theirs);
    if (ours.count != theirs.count || memcmp(ours.hits, theirs.hits, ours.count * sizeof(sm_hit)))
        fail(kernel, "hits differ", &scan);
}

int main(int argc, char **argv) {
    const char *missing;
    uint32_t most = argc > 1 ? (uint32_t)atoi(argv[1]) : LONGEST;
    if (most < 1 || most > LONGEST) return 2;
    for (uint32_t i = 0; i + 1 < sm_kernel_count(); i++) {
        const sm_kernel *kernel = sm_kernel_at(i);
        if (!kernel->supported(&missing)) continue;
        for (uint32_t length = 1; length <= most; length++) {
            compare(kernel, length, 0);
            compare(kernel, length, 1);
        }
        printf("%s\n", kernel->name);
    }
    return 0;
}
