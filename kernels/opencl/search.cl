/* The frame of an OpenCL search kernel. What it includes, and the words in capitals that it does
   not define, stampmill.kernels.opencl.code puts in.

   One launch tries the nonces from `first` to `last`, both included, less than 2^31 of them, under
   VERSIONS versions. A work-item takes WIDTH nonces side by side and goes on by a whole launch's
   width, `rounds` times; what this is beyond `last` is computed in vain, and not reported.

   `found` holds a counter, zero at first, and SLOTS pairs of a nonce and a version's number. The
   counter goes on when all slots are taken: then the range has to be searched in smaller pieces. */

#if WIDTH == 1
typedef uint LANES;
#define EACH_LANE 0u
#define ANY(condition) (condition)
#elif WIDTH == 2
typedef uint2 LANES;
#define EACH_LANE (LANES)(0, 1)
#elif WIDTH == 4
typedef uint4 LANES;
#define EACH_LANE (LANES)(0, 1, 2, 3)
#elif WIDTH == 8
typedef uint8 LANES;
#define EACH_LANE (LANES)(0, 1, 2, 3, 4, 5, 6, 7)
#elif WIDTH == 16
typedef uint16 LANES;
#define EACH_LANE (LANES)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#endif
#if WIDTH > 1
#define ANY(condition) any(condition)
#endif

#define ALL(word) ((LANES)(word))
#define ROTR(x, count) rotate(x, ALL(32u - count))
/* The bits of y where x has ones, else of z. Compilers make one instruction of either: of the first
   for GPUs; for AVX-512 PoCL's takes three there, and spoils the additions around. */
#if WIDTH == 1
#define CHOOSE(x, y, z) bitselect(z, y, x)
#else
#define CHOOSE(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#endif
/* The majority of a, b and c, where `difference` is a ^ b. Clang has AVX-512's one instruction for
   it, which PoCL's does not find by itself. */
#if WIDTH == 16 && defined(__AVX512F__)
#define MAJORITY(difference, a, b, c)                                                              \
    as_uint16(__builtin_ia32_pternlogd512_mask(as_int16(a), as_int16(b), as_int16(c), 0xe8, 0xffff))
#else
#define MAJORITY(difference, a, b, c) CHOOSE(difference, c, b)
#endif
/* AMD's chips take two instructions for a majority, its difference being one. Every second one can
   do with the difference of the one before, which is b ^ c. Clang spoils this, and keeps twice the
   words in registers, unless it is kept from knowing what a held word is made of. The gfx950 has
   one instruction for any function of three words. */
#if WIDTH == 1 && defined(__AMDGCN__) && !defined(__gfx950__)
static LANES held(LANES word) {
    __asm__("" : "+v"(word));
    return word;
}
#define HELD(word) held(word)
#define MAJORITY_AGAIN(before, difference, a, b, c) CHOOSE(before, a, b)
#else
#define HELD(word) (word)
#define MAJORITY_AGAIN(before, difference, a, b, c) MAJORITY(difference, a, b, c)
#endif
#define SWAP(x) bitselect(rotate(x, ALL(24u)), rotate(x, ALL(8u)), ALL(0x00ff00ffu))

/* NVIDIA's multiply-add has lanes of its own beside those of logic and shifts. A factor that the
   compiler cannot know to be 1 keeps it from making an addition of it. */
#ifdef MULTIPLY_TO_ADD
static LANES multiply_add(LANES x, LANES factor, LANES y) {
    LANES sum;
    __asm__("mad.lo.u32 %0, %1, %2, %3;" : "=r"(sum) : "r"(x), "r"(factor), "r"(y));
    return sum;
}
#define ADD(x, y) multiply_add(x, one, y)
/* PoCL's compiler puts sums in an order of its own, which a CPU waits for. */
#elif WIDTH == 16 && defined(__AVX512F__)
static LANES add(LANES x, LANES y) {
    LANES sum;
    __asm__("vpaddd %2, %1, %0" : "=v"(sum) : "v"(x), "v"(y));
    return sum;
}
#define ADD(x, y) add(x, y)
#else
#define ADD(x, y) ((x) + (y))
#endif
/* AMD's GFX9 has no instruction to xor three words, but one to xor two and add: where y is such a
   xor, and x is summed up first, it takes one instruction less. */
#ifdef __GFX9__
#define ADD_XOR(x, y) ADD(HELD(x), y)
#else
#define ADD_XOR(x, y) ADD(x, y)
#endif

/* Whether a hash whose last word has none of the mask's bits is among these. Almost always all of
   them are asked for, and a comparison with zero is enough: AMD's chips do the rest beside it. */
#if WIDTH > 1 || defined(MULTIPLY_TO_ADD)
#define MAY_HIT(last_word, mask) ANY(((last_word) & (mask)) == ALL(0u))
#else
#define MAY_HIT(last_word, mask) (((last_word) == 0u) | is_easy)
#endif

typedef struct {
    uint work[WORK_WORDS];
    uint version[VERSIONS][VERSION_WORDS];
} Uniform;

static void report(__global volatile uint *found, uint nonce, uint version) {
    uint slot = atomic_inc(found);
    if (slot < SLOTS) {
        found[1 + 2 * slot] = nonce;
        found[2 + 2 * slot] = version;
    }
}

/* `zero` is one that the compiler cannot know: else it prepares this rare comparison with the range
   in every round, for three instructions. */
static void report_lanes(__global volatile uint *found, LANES nonces, LANES rests, uint version,
                         uint first, uint last, uint zero) {
    union {
        LANES all;
        uint lane[WIDTH];
    } nonce, rest;
    nonce.all = nonces ^ ALL(zero);
    rest.all = rests;
    for (uint i = 0; i < WIDTH; i++)
        if (rest.lane[i] == 0 && nonce.lane[i] - first <= last - first)
            report(found, nonce.lane[i], version);
}

/* One by one, a step does the first hash of a version and the second one of the step before. The last
   digest takes one step beyond all rounds, and the first step has nothing to report. */
#ifdef ONE_BY_ONE
#define STEPS_BEYOND 1u
#define TURNS (n < rounds ? turns : STEPS_BEYOND)
#else
#define STEPS_BEYOND 0u
#define TURNS turns
#endif

/* AMD's CDNA: so many waves are all that there is room for, and clang's 64 registers for each are
   enough; without being told it takes more scalar ones than leave room. */
#if VERSIONS <= 4 && (defined(__gfx90a__) || defined(__gfx942__))
#define WAVES __attribute__((amdgpu_waves_per_eu(8)))
#else
#define WAVES
#endif

/* NVIDIA's assembler heeds a limit of registers where no size of work-groups is stated. */
#ifdef MAX_REGISTERS
#define OF_SIZE
#else
#define OF_SIZE __attribute__((reqd_work_group_size(GROUP, 1, 1)))
#endif

__kernel WAVES OF_SIZE
void search(const Uniform uniform, const uint first, const uint last, const uint rounds,
            const uint first_version, const uint turns, const uint one,
            __global volatile uint *found) {
    const uint step = WIDTH * (uint)get_global_size(0);
    const int is_easy = uniform.work[MASK_WORD] != 0xffffffffu;
    LANES nonce = ALL(first + WIDTH * (uint)get_global_id(0)) + EACH_LANE;
#include "digests"
#include "unroll"
    for (uint n = 0; n < rounds + STEPS_BEYOND; n++, nonce += ALL(step)) {
        const LANES nonce_0 = SWAP(nonce);
#include "first hashes"
#if VERSIONS > COPIES
        for (uint turn = 0; turn < TURNS; turn++) {
#else
        {
            const uint turn = 0;
#endif
#include "second hashes"
        }
    }
}
