/* AVX2: 8 nonces at once. */
#include "kernels.h"

#if defined(SM_AVX2)
#include <immintrin.h>

typedef __m256i V;
#define V_LANES 8
#define V_SET(x) _mm256_set1_epi32((int)(x))
#define V_ADD(x, y) _mm256_add_epi32(x, y)
#define V_AND(x, y) _mm256_and_si256(x, y)
#define V_XOR(x, y) _mm256_xor_si256(x, y)
#define V_SHR(x, n) _mm256_srli_epi32(x, n)
#define V_ROTR(x, n) V_XOR(_mm256_srli_epi32(x, n), _mm256_slli_epi32(x, 32 - (n)))
#define V_XOR3(x, y, z) V_XOR(V_XOR(x, y), z)
#define V_CH(x, y, z) V_XOR(z, V_AND(x, V_XOR(y, z)))
#define V_MAJ(x, y, z) V_XOR(y, V_AND(V_XOR(x, y), V_XOR(y, z)))
#define V_COUNT() _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)
#define V_SWAP(x)                                                                                  \
    _mm256_shuffle_epi8(x, _mm256_setr_epi32(0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f,       \
                                             0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f))
#define V_NOT_ABOVE(x, y) v_not_above(x, y)

static inline uint32_t v_not_above(V x, V y) {
    V mask = _mm256_cmpeq_epi32(_mm256_min_epu32(x, y), x);
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(mask));
}

#include "scan_vector.h"

static sm_status run(sm_scan *scan) { return sm_scan_range(scan, V_LANES, v_filter); }

const sm_kernel sm_kernel_avx2 = {
    .abi_version = SM_ABI_VERSION,
    .name = "avx2",
    .description = "AVX2, 8 nonces at once",
    .lanes = V_LANES,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_avx2,
    .scan = run,
};
#endif
