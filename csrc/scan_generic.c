/* The portable kernel: one nonce at a time, one schedule for all versions. */
#include "kernels.h"
#include "search.h"

/* The zero terms of padding fold away where the words' numbers are constants. */
#if defined(__GNUC__)
#define UNROLL _Pragma("GCC unroll 64")
#else
#define UNROLL
#endif

/* Eight rounds bring the names a..h back to where they were, so no state word ever moves. The
   majority of a, b, c is a round's b where `bc`, the bits in which b and c differ, or `ab` is
   clear; and its `ab` is the next one's `bc`. */
#define ROUND(a, b, c, d, e, f, g, h, kw)                                                          \
    do {                                                                                           \
        uint32_t t1 = h + (kw) + sm_big1(e) + sm_ch(e, f, g), ab = a ^ b;                          \
        d += t1;                                                                                   \
        h = t1 + sm_big0(a) + (b ^ (ab & bc));                                                     \
        bc = ab;                                                                                   \
    } while (0)
#define FOUR_ROUNDS(a, b, c, d, e, f, g, h, kw, t)                                                 \
    ROUND(a, b, c, d, e, f, g, h, kw(t));                                                          \
    ROUND(h, a, b, c, d, e, f, g, kw((t) + 1));                                                    \
    ROUND(g, h, a, b, c, d, e, f, kw((t) + 2));                                                    \
    ROUND(f, g, h, a, b, c, d, e, kw((t) + 3))

/* The second block's constants plus schedule words, from round 4 on. */
static void expand(const sm_search *search, uint32_t nonce_word, uint32_t kw[64]) {
    uint32_t w[64] = {0};
    w[4] = SM_PADDING;
    w[15] = SM_HEADER_BITS;
    w[16] = search->w16;
    w[17] = search->w17;
    w[18] = search->w18 + sm_small0(nonce_word);
    w[19] = search->w19 + nonce_word;
    UNROLL for (int t = 20; t < 64; t++) w[t] =
        w[t - 16] + sm_small0(w[t - 15]) + w[t - 7] + sm_small1(w[t - 2]);
    for (int t = 4; t < 64; t++) kw[t] = SM_K[t] + w[t];
}

/* The digest of the second block, from the state after its first four rounds. */
static void first_hash(const sm_start *start, uint32_t nonce_word, const uint32_t kw[64],
                       uint32_t digest[8]) {
    const uint32_t *s = start->start;
    uint32_t a = s[0] + nonce_word, b = s[1], c = s[2], d = s[3], bc = b ^ c;
    uint32_t e = s[4] + nonce_word, f = s[5], g = s[6], h = s[7];
#define KW(t) kw[t]
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, KW, 4);
    for (int t = 8; t < 64; t += 8) {
        FOUR_ROUNDS(e, f, g, h, a, b, c, d, KW, t);
        FOUR_ROUNDS(a, b, c, d, e, f, g, h, KW, t + 4);
    }
#undef KW
    uint32_t after[8] = {e, f, g, h, a, b, c, d};
    for (int i = 0; i < 8; i++) digest[i] = after[i] + start->midstate[i];
}

/* The last word of the digest's hash: it is `e` of round 60 plus a constant, so the rest of the
   rounds is never done. */
static uint32_t last_word(const uint32_t digest[8]) {
    uint32_t w[64] = {0};
    memcpy(w, digest, 8 * sizeof *w);
    w[8] = SM_PADDING;
    w[15] = SM_DIGEST_BITS;
    UNROLL for (int t = 16; t < 61; t++) w[t] =
        w[t - 16] + sm_small0(w[t - 15]) + w[t - 7] + sm_small1(w[t - 2]);
    uint32_t a = SM_IV[0], b = SM_IV[1], c = SM_IV[2], d = SM_IV[3], bc = b ^ c;
    uint32_t e = SM_IV[4], f = SM_IV[5], g = SM_IV[6], h = SM_IV[7];
#define KW(t) (SM_K[t] + w[t])
    for (int t = 0; t < 56; t += 8) {
        FOUR_ROUNDS(a, b, c, d, e, f, g, h, KW, t);
        FOUR_ROUNDS(e, f, g, h, a, b, c, d, KW, t + 4);
    }
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, KW, 56);
    ROUND(e, f, g, h, a, b, c, d, KW(60));
#undef KW
    return h + SM_IV[7];
}

static uint32_t filter(const sm_search *search, uint32_t nonce, uint32_t *masks) {
    uint32_t kw[64], digest[8], any = 0, nonce_word = sm_swap(nonce);
    expand(search, nonce_word, kw);
    for (uint32_t v = 0; v < search->version_count; v++) {
        first_hash(&search->version[v], nonce_word, kw, digest);
        masks[v] = sm_swap(last_word(digest)) <= search->target[7];
        any |= masks[v];
    }
    return any;
}

static sm_status run(sm_scan *scan) { return sm_scan_range(scan, 1, filter); }

const sm_kernel sm_kernel_generic = {
    .abi_version = SM_ABI_VERSION,
    .name = "generic",
    .description = "portable C, one nonce at a time",
    .lanes = 1,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_generic,
    .scan = run,
};
