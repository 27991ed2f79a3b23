/* The kernels that a build may hold. Each instruction set is compiled in where the processor family
   has it, unless SM_NO_<SET> is defined: setup.py does so for a set that the compiler lacks. */
#ifndef STAMPMILL_KERNELS_H
#define STAMPMILL_KERNELS_H

#include "sha256d.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define SM_X86 1
#endif

#if defined(__GNUC__) && defined(__aarch64__)
#define SM_ARM64 1
#endif

#if defined(SM_X86) && !defined(SM_NO_AVX512)
#define SM_AVX512 1
extern const sm_kernel sm_kernel_avx512;
#endif

#if defined(SM_X86) && !defined(SM_NO_SHANI)
#define SM_SHANI 1
extern const sm_kernel sm_kernel_shani;
#endif

#if defined(SM_X86) && !defined(SM_NO_AVX2)
#define SM_AVX2 1
extern const sm_kernel sm_kernel_avx2;
#endif

#if defined(SM_X86) && !defined(SM_NO_SSE2)
#define SM_SSE2 1
extern const sm_kernel sm_kernel_sse2;
#endif

#if defined(SM_ARM64) && !defined(SM_NO_ARMV8)
#define SM_ARMV8 1
extern const sm_kernel sm_kernel_armv8;
#endif

#if defined(SM_ARM64) && !defined(SM_NO_NEON)
#define SM_NEON 1
extern const sm_kernel sm_kernel_neon;
#endif

extern const sm_kernel sm_kernel_generic;

/* Defined in cpu.c, apart from the kernels: a kernel's own file is compiled for its instruction
   set, and must not be entered before the answer is known. */
int sm_supports_generic(const char **missing);
int sm_supports_avx512(const char **missing);
int sm_supports_shani(const char **missing);
int sm_supports_avx2(const char **missing);
int sm_supports_sse2(const char **missing);
int sm_supports_armv8(const char **missing);
int sm_supports_neon(const char **missing);

#endif
