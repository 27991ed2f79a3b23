/* An emulated chip's search, as vectors that the compiler fits to what the processor has. */
#include "sweep.h"

#include "rounds.h"

#if defined(__GNUC__)
#define LANES 16
typedef uint32_t vector __attribute__((vector_size(4 * LANES)));
#define ANY(x, i) ((x)[i])
#else
#define LANES 1
typedef uint32_t vector;
#define ANY(x, i) (x)
#endif

/* gcc on Linux makes a copy for each set and takes the best one when the library is loaded. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define EACH_SET __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define EACH_SET
#endif

/* No vector is passed between files, so how the sets would pass one does not matter. */
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define SMALL0(x) (ROTR(x, 7) ^ ROTR(x, 18) ^ (x) >> 3)
#define SMALL1(x) (ROTR(x, 17) ^ ROTR(x, 19) ^ (x) >> 10)
#define BIG0(x) (ROTR(x, 2) ^ ROTR(x, 13) ^ ROTR(x, 22))
#define BIG1(x) (ROTR(x, 6) ^ ROTR(x, 11) ^ ROTR(x, 25))

/* The loops stay loops: written out they are a fifth faster, and take 15 s to compile. */
SM_INLINE void expand(vector w[64]) {
    for (int t = 16; t < 64; t++)
        w[t] = w[t - 16] + SMALL0(w[t - 15]) + w[t - 7] + SMALL1(w[t - 2]);
}

/* Take an expanded block into a state that is one word for all lanes. */
SM_INLINE void compress(const uint32_t state[8], const vector w[64], vector out[8]) {
    vector zero = {0}, s[8] = {{0}}; /* gcc 12 does not see that all are set below */
    for (int i = 0; i < 8; i++) s[i] = zero + state[i];
    for (int t = 0; t < 64; t++) {
        vector t1 = s[7] + BIG1(s[4]) + (s[6] ^ (s[4] & (s[5] ^ s[6]))) + SM_K[t] + w[t];
        vector t2 = BIG0(s[0]) + ((s[0] & s[1]) | (s[2] & (s[0] | s[1])));
        for (int i = 7; i > 0; i--) s[i] = s[i - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) out[i] = s[i] + state[i];
}

/* The last word of each lane's hash, which holds its leading zeros. */
SM_INLINE vector last_words(const uint32_t midstate[8], const vector schedule[64]) {
    vector zero = {0}, w[64], digest[8];
    compress(midstate, schedule, w);
    for (int i = 8; i < 16; i++) w[i] = zero;
    w[8] += SM_PADDING;
    w[15] += SM_DIGEST_BITS;
    expand(w);
    compress(SM_IV, w, digest);
    return digest[7];
}

typedef struct {
    uint32_t tail[3];
    uint32_t mask; /* of a hash's last word: the leading bits that have to be zero */
    uint32_t core;
    uint32_t count;
} place;

static place place_of(const sm_sweep *sweep) {
    place at = {{0}, 0, (uint32_t)(sweep->first % sweep->cores), 0};
    for (int i = 0; i < 3; i++) at.tail[i] = sm_read_be(sweep->tail + 4 * i);
    at.count = (uint32_t)(sweep->first / sweep->cores);
    if (sweep->zero_bits) at.mask = sm_swap(UINT32_MAX << (32 - sweep->zero_bits));
    return at;
}

/* Return the word of the next step. */
static uint32_t step_on(const sm_sweep *sweep, place *at) {
    uint32_t word = at->core << sweep->shift | ((sweep->start + at->count) & sweep->counter_mask);
    if (++at->core == sweep->cores) {
        at->core = 0;
        at->count++;
    }
    return word;
}

static void add_hit(sm_sweep *sweep, const place *at, uint64_t step, uint32_t word, uint32_t slot) {
    uint32_t digest[8];
    sm_sweep_hit *hit = &sweep->hits[sweep->found++];
    hit->step = step;
    hit->word = word;
    hit->slot = slot;
    sm_double_hash(sweep->midstates + 8 * slot, at->tail, sm_swap(word), digest);
    for (int i = 0; i < 32; i++) hit->digest[i] = (uint8_t)(digest[i / 4] >> (24 - i % 4 * 8));
}

/* Report a batch's hits, or return 0 in front of the step whose hits do not fit. */
static int collect(sm_sweep *sweep, const place *at, const uint32_t *words, const uint32_t *hits) {
    for (uint32_t lane = 0; lane < LANES && sweep->next < sweep->end; lane++, sweep->next++) {
        uint32_t before = sweep->found;
        for (uint32_t slot = 0; slot < sweep->midstate_count; slot++) {
            if (!(hits[slot] >> lane & 1)) continue;
            if (sweep->found == sweep->hit_capacity) {
                sweep->found = before;
                return 0;
            }
            add_hit(sweep, at, sweep->next, words[lane], slot);
        }
    }
    return 1;
}

EACH_SET void sm_run_sweep(sm_sweep *sweep) {
    place at = place_of(sweep);
    sweep->found = 0;
    sweep->next = sweep->first;
    while (sweep->next < sweep->end) {
        uint32_t words[LANES], hits[SM_SWEEP_MIDSTATES] = {0}, any = 0;
        vector zero = {0}, schedule[64];
        for (int lane = 0; lane < LANES; lane++) words[lane] = step_on(sweep, &at);
        for (int i = 0; i < 16; i++) schedule[i] = zero;
        for (int i = 0; i < 3; i++) schedule[i] += at.tail[i];
        memcpy(&schedule[3], words, sizeof words);
        schedule[4] += SM_PADDING;
        schedule[15] += SM_HEADER_BITS;
        expand(schedule);
        for (uint32_t slot = 0; slot < sweep->midstate_count; slot++) {
            vector last = last_words(sweep->midstates + 8 * slot, schedule) & at.mask;
            for (int i = 0; i < LANES; i++) hits[slot] |= (uint32_t)(ANY(last, i) == 0) << i;
            any |= hits[slot];
        }
        if (!any) {
            sweep->next += LANES;
            if (sweep->next > sweep->end) sweep->next = sweep->end;
        } else if (!collect(sweep, &at, words, hits)) {
            return;
        }
    }
}

void sm_midstate(const uint8_t *block, uint32_t *state) {
    uint32_t words[16];
    for (int i = 0; i < 16; i++) words[i] = sm_read_be(block + 4 * i);
    memcpy(state, SM_IV, sizeof SM_IV);
    sm_compress(state, words);
}
