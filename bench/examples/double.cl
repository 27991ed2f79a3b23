/* A kernel in OpenCL C: read bench/KERNELS.md first. */
__constant uint K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
__constant uint START[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

#define ROTR(x, n) rotate(x, 32u - n)
#define SWAP(x) as_uint(as_uchar4(x).wzyx)

/* FIPS 180-4, section 6.2.2, with the last 16 words of the schedule at hand. */
static void compress(uint *state, uint *w) {
    uint s[8];
    for (int i = 0; i < 8; i++) s[i] = state[i];
    for (int t = 0; t < 64; t++) {
        if (t >= 16) {
            uint x = w[(t + 1) % 16], y = w[(t + 14) % 16];
            w[t % 16] += (ROTR(x, 7) ^ ROTR(x, 18) ^ x >> 3) + w[(t + 9) % 16] +
                         (ROTR(y, 17) ^ ROTR(y, 19) ^ y >> 10);
        }
        uint t1 = s[7] + (ROTR(s[4], 6) ^ ROTR(s[4], 11) ^ ROTR(s[4], 25)) +
                  bitselect(s[6], s[5], s[4]) + K[t] + w[t % 16];
        uint t2 = (ROTR(s[0], 2) ^ ROTR(s[0], 13) ^ ROTR(s[0], 22)) +
                  bitselect(s[0], s[1], s[0] ^ s[2]);
        for (int i = 7; i > 0; i--) s[i] = s[i - 1];
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

__kernel void search(__constant uint *work, uint first, uint count, __global volatile uint *found) {
    for (uint i = get_global_id(0); i < count; i += get_global_size(0)) {
        uint nonce = first + i, state[8], digest[8];
        uint w[16] = {work[8], work[9], work[10], SWAP(nonce), 0x80000000};
        w[15] = 80 * 8;
        for (int j = 0; j < 8; j++) state[j] = work[j];
        compress(state, w);

        for (int j = 0; j < 8; j++) w[j] = state[j], w[j + 8] = 0, digest[j] = START[j];
        w[8] = 0x80000000;
        w[15] = 32 * 8;
        compress(digest, w);
        if ((digest[7] & work[11]) == 0) {
            uint slot = atomic_inc(found);
            if (slot < SLOTS) found[1 + slot] = nonce;
        }
    }
}
