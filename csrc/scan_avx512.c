/* AVX-512: 16 nonces at once; rotations, three-way logic and unsigned comparison are single
   instructions. */
#include "kernels.h"

#if defined(SM_AVX512)
#include <immintrin.h>

typedef __m512i V;
#define V_LANES 16
#define V_SET(x) _mm512_set1_epi32((int)(x))
#define V_ADD(x, y) _mm512_add_epi32(x, y)
#define V_SHR(x, n) _mm512_srli_epi32(x, n)
#define V_ROTR(x, n) _mm512_ror_epi32(x, n)
#define V_XOR3(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
#define V_CH(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xca)
#define V_MAJ(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0xe8)
#define V_COUNT() _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#define V_SWAP(x)                                                                                  \
    _mm512_shuffle_epi8(x, _mm512_set4_epi32(0x0c0d0e0f, 0x08090a0b, 0x04050607, 0x00010203))
#define V_NOT_ABOVE(x, y) _mm512_cmple_epu32_mask(x, y)
#include "scan_vector.h"

static sm_status run(sm_scan *scan) { return sm_scan_range(scan, V_LANES, v_filter); }

const sm_kernel sm_kernel_avx512 = {
    .abi_version = SM_ABI_VERSION,
    .name = "avx512",
    .description = "AVX-512, 16 nonces at once",
    .lanes = V_LANES,
    .max_versions = SM_MAX_VERSIONS,
    .supported = sm_supports_avx512,
    .scan = run,
};
#endif
