/* Is a kernel right? Block headers whose hashes the chain knows, then a comparison with the scalar
   rounds, pair by pair. */
#include "search.h"

#include <stddef.h>

enum { HEADER = 80, HASH = 32, ALIGNMENTS = 4, ROOM = 3, SLACK = 64, MOST_LANES = 1024 };

static const uint64_t NONCES = UINT64_C(1) << 32;

/* In hex: a header, and its hash as SHA-256 emits it, which is the little-endian target it just
   meets. */
typedef struct {
    const char *header;
    const char *hash;
} known_block;

static const known_block blocks[] = {
    /* mainnet 0 */
    {"0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd"
     "7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c",
     "6fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000"},
    /* mainnet 800000, version rolled */
    {"00601d3455bb9fbd966b3ea2dc42d0c22722e4c0c1729fad17210100000000000000000055087fab"
     "0c8f3f89f8bcfd4df26c504d81b0a88e04907161838c0c53001af09135edbd64943805175e955e06",
     "54a02827d7a8b75601275a160279a3c5768de4c1c4a702000000000000000000"},
    /* mainnet 881423, version rolled, nonce close to 2^32 */
    {"0060592ee3c96a8a70ca15fe215e99f84ab64c43e1b5d2c43b540100000000000000000076f63a35"
     "f1b8b5016d3eb0cce2eebbdf58bf8fbea4e870c8f770346bdfcf622d69c19a678a9a021702fb05ff",
     "dd6ca99ae2d471d7905d09ab3a61251245ea242cd56902000000000000000000"},
};

static uint8_t hex_digit(char c) { return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10); }

static void from_hex(uint8_t *out, const char *hex) {
    for (; *hex; hex += 2) *out++ = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
}

/* The highest little-endian number below this one. */
static void decrement(uint8_t number[HASH]) {
    int i = 0;
    while (number[i] == 0) number[i++] = 0xff;
    number[i]--;
}

/* Are the hits of a call, and no other pair, between the position where it was to start and the one
   where it stopped? */
static const char *compare_call(const sm_search *search, const sm_scan *asked, const sm_scan *got) {
    uint64_t nonce = asked->first;
    uint32_t version = asked->first_version, hit = 0;
    while (nonce < got->next_nonce || (nonce == got->next_nonce && version < got->next_version)) {
        int reported = hit < got->found && got->hits[hit].nonce == nonce &&
                       got->hits[hit].version == asked->versions[version];
        if (reported != sm_meets_target(search, version, (uint32_t)nonce))
            return reported ? "it reports a hash above the target" : "it misses a hit";
        hit += (uint32_t)reported;
        if (++version == asked->version_count) nonce++, version = 0;
    }
    if (hit != got->found) return "it reports a hit twice or out of order";
    if (nonce == asked->first && version == asked->first_version && nonce < asked->end)
        return "it makes no progress";
    return NULL;
}

/* Scan the whole range with a small buffer, going on where each call stopped. */
static const char *compare_range(const sm_kernel *kernel, sm_scan scan) {
    const char *failure = NULL;
    sm_search search;
    sm_hit hits[ROOM + SLACK];
    sm_status status = SM_FULL;
    scan.hits = hits;
    scan.hit_capacity = ROOM;
    sm_prepare(&search, &scan);
    while (status != SM_DONE && !failure) {
        sm_scan call = scan;
        status = sm_run(kernel, &call);
        if (status > SM_FULL) return "a scan was refused or stopped";
        if (call.found > ROOM || call.next_nonce > scan.end) return "it leaves its bounds";
        failure = compare_call(&search, &scan, &call);
        scan.first = call.next_nonce;
        scan.first_version = call.next_version;
    }
    return failure || scan.first == scan.end ? failure : "it stops before the end of the range";
}

static uint64_t later(uint64_t nonce, uint64_t count) {
    return nonce + count < NONCES ? nonce + count : NONCES;
}

/* The block's nonce meets its own hash as target, and no smaller one, from any alignment. */
static const char *try_block(const sm_kernel *kernel, const known_block *block) {
    uint8_t header[HEADER], target[HASH], moved[HEADER + HASH + ALIGNMENTS];
    from_hex(header, block->header);
    from_hex(target, block->hash);
    uint32_t nonce = sm_swap(sm_read_be(header + 76)), version = sm_swap(sm_read_be(header));
    uint32_t versions[2] = {version, version ^ 1};
    sm_hit hit[ROOM];
    sm_scan scan = {.versions = versions, .hits = hit, .hit_capacity = ROOM};
    scan.version_count = kernel->max_versions < 2 ? 1 : 2;
    for (int tight = 0; tight < 2; tight++) {
        for (int shift = 0; shift < ALIGNMENTS; shift++) {
            scan.header = memcpy(moved + shift, header, HEADER);
            scan.target = memcpy(moved + shift + HEADER, target, HASH);
            scan.first = nonce - (uint32_t)shift;
            scan.end = later(nonce, UINT64_C(1) + kernel->lanes);
            sm_status status = sm_run(kernel, &scan);
            int found = scan.found == 1 && hit[0].nonce == nonce && hit[0].version == version;
            if (status > SM_HIT || found == tight || (tight && scan.found))
                return "it is wrong about a known block";
        }
        decrement(target);
    }
    return NULL;
}

/* Targets whose highest word is all, a part or nothing of 32 bits; half of them at the end of the
   nonces, half inside. */
static const char *try_length(const sm_kernel *kernel, uint32_t length, uint32_t version_count) {
    static const uint8_t highest[] = {0xff, 0x7f, 0x0f, 0x00};
    static const uint32_t versions[] = {0x20000000, 1, 0x3fffe000};
    uint8_t header[HEADER], target[HASH];
    sm_scan scan = {.header = header, .target = target, .versions = versions};
    const char *failure = NULL;
    from_hex(header, blocks[0].header);
    memset(target, 0xff, HASH);
    scan.version_count = version_count;
    for (uint32_t i = 0; i < sizeof highest && !failure; i++) {
        target[HASH - 1] = highest[i];
        scan.end = i % 2 ? NONCES : 0x12345 + length;
        scan.first = scan.end - length;
        scan.first_version = i % version_count;
        failure = compare_range(kernel, scan);
    }
    return failure;
}

/* Lengths around the number of lanes, for one version and for several. */
static const char *try_lengths(const sm_kernel *kernel) {
    uint32_t lanes = kernel->lanes < MOST_LANES ? kernel->lanes : MOST_LANES;
    uint32_t several = kernel->max_versions < 3 ? kernel->max_versions : 3;
    const uint32_t lengths[] = {0, 1, lanes - 1, lanes, lanes + 1, 2 * lanes + 1};
    const char *failure = NULL;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths && !failure; i++) {
        failure = try_length(kernel, lengths[i], 1);
        if (!failure) failure = try_length(kernel, lengths[i], several);
    }
    return failure;
}

const char *sm_selftest(const sm_kernel *kernel) {
    const char *failure = NULL;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && !failure; i++)
        failure = try_block(kernel, &blocks[i]);
    return failure ? failure : try_lengths(kernel);
}
