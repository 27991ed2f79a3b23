/*
 * The filter of every kernel that does one nonce per vector lane. A kernel's file defines, for its
 * instruction set, and then includes this:
 *
 *     V                  a vector of V_LANES 32-bit words
 *     V_SET(x)           the word x in every lane
 *     V_ADD(x, y)        sum
 *     V_SHR(x, n)        right shift by a constant
 *     V_ROTR(x, n)       right rotation by a constant
 *     V_XOR3(x, y, z)    exclusive or
 *     V_CH(x, y, z)      y where x is set, else z
 *     V_MAJ(x, y, z)     majority
 *     V_COUNT()          0, 1, 2 ... V_LANES - 1
 *     V_SWAP(x)          each word's bytes reversed
 *     V_NOT_ABOVE(x, y)  a bit mask of the lanes where x <= y, unsigned
 */
#ifndef STAMPMILL_SCAN_VECTOR_H
#define STAMPMILL_SCAN_VECTOR_H

#include "search.h"

#define V_BIG0(x) V_XOR3(V_ROTR(x, 2), V_ROTR(x, 13), V_ROTR(x, 22))
#define V_BIG1(x) V_XOR3(V_ROTR(x, 6), V_ROTR(x, 11), V_ROTR(x, 25))
#define V_SMALL0(x) V_XOR3(V_ROTR(x, 7), V_ROTR(x, 18), V_SHR(x, 3))
#define V_SMALL1(x) V_XOR3(V_ROTR(x, 17), V_ROTR(x, 19), V_SHR(x, 10))
#define V_ADD3(x, y, z) V_ADD(V_ADD(x, y), z)
#define V_ADD4(x, y, z, u) V_ADD(V_ADD(x, y), V_ADD(z, u))
#define V_UNROLL _Pragma("GCC unroll 64")

/* Round t on the state s, whose words stay in place: a is s[-t mod 8], and so on. */
#define V_WORD(s, t, i) (s)[((i) - (t)) & 7]
SM_INLINE void v_round(V s[8], int t, V kw) {
    V e = V_WORD(s, t, 4), a = V_WORD(s, t, 0);
    V t1 = V_ADD4(V_WORD(s, t, 7), kw, V_CH(e, V_WORD(s, t, 5), V_WORD(s, t, 6)), V_BIG1(e));
    V_WORD(s, t, 3) = V_ADD(V_WORD(s, t, 3), t1);
    V_WORD(s, t, 7) = V_ADD3(t1, V_MAJ(a, V_WORD(s, t, 1), V_WORD(s, t, 2)), V_BIG0(a));
}

/* Schedule word t from the 16 before it, which the ring w holds, where it has all four terms. */
SM_INLINE V v_expand(const V w[16], int t) {
    return V_ADD4(w[t & 15], V_SMALL0(w[(t + 1) & 15]), w[(t + 9) & 15],
                  V_SMALL1(w[(t + 14) & 15]));
}

/* Word t of the second block's schedule, from 18 on. Before 34 it lacks terms: they are zero
   padding, or words without the nonce, whose sum is part of the search. */
SM_INLINE V v_block_word(const sm_search *search, V nonce, const V w[16], int t) {
    V small1 = t < 20 ? nonce : V_SMALL1(w[(t + 14) & 15]);
    switch (t) {
    case 18:
        return V_ADD(V_SET(search->w18), V_SMALL0(nonce));
    case 19:
        return V_ADD(V_SET(search->w19), nonce);
    case 20:
        return V_ADD(V_SET(SM_PADDING), small1);
    case 21:
        return small1;
    case 22:
        return V_ADD(V_SET(SM_HEADER_BITS), small1);
    case 23:
        return V_ADD(V_SET(search->w16), small1);
    case 24:
        return V_ADD(V_SET(search->w17), small1);
    case 30:
        return V_ADD3(V_SET(sm_small0(SM_HEADER_BITS)), w[23 & 15], small1);
    case 31:
        return V_ADD3(V_SET(search->w31), w[24 & 15], small1);
    case 32:
        return V_ADD3(V_SET(search->w32), w[25 & 15], small1);
    case 33:
        return V_ADD4(V_SET(search->w17), V_SMALL0(w[18 & 15]), w[26 & 15], small1);
    default:
        return t < 30 ? V_ADD(w[(t + 9) & 15], small1) : v_expand(w, t);
    }
}

/* The second block's constants plus schedule words, from round 18 on: the same for every version.
   Apart from the rounds: a compiler that mixes the two runs out of registers. */
static void v_schedule(const sm_search *search, V nonce, V kw[64]) {
    V w[16];
    V_UNROLL for (int t = 18; t < 64; t++) {
        w[t & 15] = v_block_word(search, nonce, w, t);
        kw[t] = V_ADD(w[t & 15], V_SET(SM_K[t]));
    }
}

/* The first hash, as the state after the second block. */
SM_INLINE void v_first_hash(const sm_search *search, const sm_start *start, V nonce, const V kw[64],
                            V s[8]) {
    V_UNROLL for (int i = 0; i < 8; i++) V_WORD(s, 4, i) = V_SET(start->start[i]);
    V_WORD(s, 4, 0) = V_ADD(V_WORD(s, 4, 0), nonce);
    V_WORD(s, 4, 4) = V_ADD(V_WORD(s, 4, 4), nonce);
    V_UNROLL for (int t = 4; t < 18; t++) v_round(s, t, V_SET(search->kw[t]));
    V_UNROLL for (int t = 18; t < 64; t++) v_round(s, t, kw[t]);
    V_UNROLL for (int i = 0; i < 8; i++) s[i] = V_ADD(s[i], V_SET(start->midstate[i]));
}

/* Word t of the second hash's schedule, from 16 on, without the zero terms of padding. */
SM_INLINE V v_digest_word(const V w[16], int t) {
    V small0 = V_SMALL0(w[(t + 1) & 15]), small1 = V_SMALL1(w[(t + 14) & 15]);
    switch (t) {
    case 16:
        return V_ADD(w[0], small0);
    case 17:
        return V_ADD3(w[1], small0, V_SET(sm_small1(SM_DIGEST_BITS)));
    case 18:
    case 19:
    case 20:
    case 21:
        return V_ADD3(w[t & 15], small0, small1);
    case 22:
        return V_ADD4(w[6], small0, V_SET(SM_DIGEST_BITS), small1);
    case 23:
        return V_ADD4(w[7], V_SET(sm_small0(SM_PADDING)), w[16 & 15], small1);
    case 24:
        return V_ADD3(V_SET(SM_PADDING), w[17 & 15], small1);
    case 30:
        return V_ADD3(V_SET(sm_small0(SM_DIGEST_BITS)), w[23 & 15], small1);
    case 31:
        return V_ADD4(V_SET(SM_DIGEST_BITS), small0, w[24 & 15], small1);
    default:
        return t < 30 ? V_ADD(w[(t + 9) & 15], small1) : v_expand(w, t);
    }
}

/* The second hash's last word, which is `e` of round 60 plus a constant: the rest is never done.
   The digest is words 0 to 7 of the ring w. */
SM_INLINE V v_last_word(V w[16]) {
    V s[8];
    V_UNROLL for (int i = 0; i < 8; i++) s[i] = V_SET(SM_IV[i]);
    V_UNROLL for (int t = 9; t < 15; t++) w[t] = V_SET(0);
    w[8] = V_SET(SM_PADDING);
    w[15] = V_SET(SM_DIGEST_BITS);
    V_UNROLL for (int t = 0; t < 16; t++) v_round(s, t, V_ADD(w[t], V_SET(SM_K[t])));
    V_UNROLL for (int t = 16; t < 61; t++) {
        w[t & 15] = v_digest_word(w, t);
        v_round(s, t, V_ADD(w[t & 15], V_SET(SM_K[t])));
    }
    return V_ADD(V_WORD(s, 61, 4), V_SET(SM_IV[7]));
}

static uint32_t v_filter(const sm_search *search, uint32_t first, uint32_t *masks) {
    V kw[64], w[16], nonce = V_SWAP(V_ADD(V_SET(first), V_COUNT()));
    uint32_t any = 0;
    v_schedule(search, nonce, kw);
    for (uint32_t v = 0; v < search->version_count; v++) {
        v_first_hash(search, &search->version[v], nonce, kw, w);
        V last = v_last_word(w);
        masks[v] = V_NOT_ABOVE(V_SWAP(last), V_SET(search->target[7]));
        any |= masks[v];
    }
    return any;
}

#endif
