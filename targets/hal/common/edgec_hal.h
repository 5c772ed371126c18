/*
 * Everything that generated code asks of the compiler, the core and the memory map.
 *
 * A firmware project changes any of it without editing generated files: every macro below may be
 * defined first, on the command line or in a header forced in by -include.
 *
 * Each instruction primitive has its portable C definition here, named *_portable. The file
 * edgec_hal_arch.h beside this one defines the faster form of some of them for one architecture
 * and announces it by EDGEC_HAS_*; both forms give the same bits for all operands.
 */
#ifndef EDGEC_HAL_H
#define EDGEC_HAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- Compiler ---------------------------------------------------------------------------- */

#ifdef __has_attribute
#define EDGEC_HAS_ATTRIBUTE(x) __has_attribute(x)
#else
#define EDGEC_HAS_ATTRIBUTE(x) 0
#endif

/* One function per layer, kept apart so that a profiler and a debugger can tell layers apart. */
#ifndef EDGEC_LAYER
#if EDGEC_HAS_ATTRIBUTE(noclone) && EDGEC_HAS_ATTRIBUTE(no_icf)
#define EDGEC_LAYER static __attribute__((noinline, noclone, no_icf))
#elif EDGEC_HAS_ATTRIBUTE(noinline)
#define EDGEC_LAYER static __attribute__((noinline))
#else
#define EDGEC_LAYER static
#endif
#endif

/* Kernels are inlined with constant shapes, which is how they get specialised. */
#ifndef EDGEC_INLINE
#if EDGEC_HAS_ATTRIBUTE(always_inline)
#define EDGEC_INLINE static inline __attribute__((always_inline))
#else
#define EDGEC_INLINE static inline
#endif
#endif

/* Parts of kernels that are called: layers share one copy of their code. */
#ifndef EDGEC_SHARED
#if EDGEC_HAS_ATTRIBUTE(noinline) && EDGEC_HAS_ATTRIBUTE(unused)
#define EDGEC_SHARED static __attribute__((noinline, unused))
#else
#define EDGEC_SHARED static
#endif
#endif

/* The same where gcc would make copies for the constants of a caller. */
#ifndef EDGEC_CORE
#if EDGEC_HAS_ATTRIBUTE(noclone)
#define EDGEC_CORE EDGEC_SHARED __attribute__((noclone))
#else
#define EDGEC_CORE EDGEC_SHARED
#endif
#endif

/* The same where assembly needs every register, so that none is left for a frame pointer. */
#ifndef EDGEC_ASM_CORE
#if EDGEC_HAS_ATTRIBUTE(optimize)
#define EDGEC_ASM_CORE EDGEC_CORE __attribute__((optimize("omit-frame-pointer")))
#else
#define EDGEC_ASM_CORE EDGEC_CORE
#endif
#endif

/* A function that is assembly from its first to its last instruction. */
#ifndef EDGEC_NAKED
#define EDGEC_NAKED static __attribute__((naked, noinline, unused))
#endif

#ifndef EDGEC_ALIGN
#if EDGEC_HAS_ATTRIBUTE(aligned)
#define EDGEC_ALIGN(n) __attribute__((aligned(n)))
#else
#define EDGEC_ALIGN(n)
#endif
#endif

/* In front of a short loop over elements: its body is repeated where that saves instructions. Cores
   with vectors or with few registers and compilers that do not know the pragma do without. */
#ifndef EDGEC_UNROLL
#if !defined(__GNUC__) || defined(__clang__) || defined(__OPTIMIZE_SIZE__)
#define EDGEC_UNROLL
#elif defined(__ARM_FEATURE_MVE) || defined(__riscv_vector) || defined(__x86_64__)
#define EDGEC_UNROLL
#elif defined(__ARM_ARCH) && __ARM_ARCH < 7
#define EDGEC_UNROLL
#else
#define EDGEC_UNROLL _Pragma("GCC unroll 4")
#endif
#endif

/* ---- Memory ------------------------------------------------------------------------------ */

/* Weights. The section's name, which is no string here, matches the *(.rodata*) of any linker
   script, so nothing has to be done to have them in flash; name the section in a script to move
   them elsewhere, or define another one. */
#ifndef EDGEC_WEIGHTS_SECTION
#define EDGEC_WEIGHTS_SECTION .rodata.edgec_weights
#endif
#define EDGEC_STRING_OF(x) #x
#define EDGEC_STRING(x) EDGEC_STRING_OF(x)
#ifndef EDGEC_WEIGHTS
#if EDGEC_HAS_ATTRIBUTE(section) && !defined(__APPLE__)
#define EDGEC_WEIGHTS __attribute__((section(EDGEC_STRING(EDGEC_WEIGHTS_SECTION))))
#else
#define EDGEC_WEIGHTS
#endif
#endif

/* Small constant tables that are read often: define it to place them in fast memory. */
#ifndef EDGEC_CONST_DATA
#define EDGEC_CONST_DATA
#endif

/* Placement of the application's arena: define it to put the arena in TCM, for example. */
#ifndef EDGEC_ARENA
#define EDGEC_ARENA
#endif

/* Only needed where an accelerator or DMA reads or writes the arena behind a data cache. */
#ifndef EDGEC_CACHE_CLEAN
#define EDGEC_CACHE_CLEAN(address, bytes) ((void)0)
#endif
#ifndef EDGEC_CACHE_INVALIDATE
#define EDGEC_CACHE_INVALIDATE(address, bytes) ((void)0)
#endif

/* ---- Trace ------------------------------------------------------------------------------- */

/* After step `index` of a run its output, `bytes` bytes at `data`, is shown to the application. */
#ifndef EDGEC_TRACE
#ifdef EDGEC_ENABLE_TRACE
void edgec_trace(uint32_t index, const void *data, size_t bytes);
#define EDGEC_TRACE(index, data, bytes) edgec_trace((uint32_t)(index), (data), (size_t)(bytes))
#else
#define EDGEC_TRACE(index, data, bytes) ((void)0)
#endif
#endif

/* ---- Portable definitions ---------------------------------------------------------------- */

/* C leaves two things to the compiler on which all of this relies; both hold on every compiler
   for these targets: >> of a negative number copies the sign, and conversion to a signed type
   of the same width keeps the bits. A compiler where they do not hold stops here. */
typedef char edgec_check_arithmetic_shift[((-5) >> 1) == -3 ? 1 : -1];
typedef char edgec_check_arithmetic_shift64[(INT64_C(-5) >> 1) == -3 ? 1 : -1];
typedef char edgec_check_wrapping_cast[(int32_t)UINT32_C(0xffffffff) == -1 ? 1 : -1];

/* A word of memory that holds elements of another type. */
#if EDGEC_HAS_ATTRIBUTE(may_alias)
typedef uint32_t __attribute__((may_alias)) EdgecWord;
#else
typedef uint32_t EdgecWord;
#endif

/* Where row 0 of a tensor would be of which only later rows are in memory: `bytes` before the first
   of those, which is at p. Only the rows in memory may be accessed through it. */
EDGEC_INLINE uint8_t *edgec_row_zero(uint8_t *p, int32_t bytes)
{
    return (uint8_t *)((uintptr_t)p - (uintptr_t)bytes);
}

/* x * 2^-n rounded down, 0 <= n <= 31. */
EDGEC_INLINE int32_t edgec_asr_s32(int32_t x, uint32_t n)
{
    return x >> n;
}

/* x * 2^-n rounded down, 0 <= n <= 63. */
EDGEC_INLINE int64_t edgec_asr_s64(int64_t x, uint32_t n)
{
    return x >> n;
}

/* x limited to [low, high]. */
EDGEC_INLINE int32_t edgec_clamp_s32(int32_t x, int32_t low, int32_t high)
{
    const int32_t raised = x < low ? low : x;
    return raised > high ? high : raised;
}

/* a * b * 2^-32 rounded to nearest, halves up. */
EDGEC_INLINE int32_t edgec_mulhr_s32_portable(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 31)) >> 32);
}

/* c + a * b * 2^-32, the product rounded to nearest, halves up; modulo 2^32. */
EDGEC_INLINE int32_t edgec_mulhra_s32_portable(int32_t a, int32_t b, int32_t c)
{
    return (int32_t)((uint32_t)edgec_mulhr_s32_portable(a, b) + (uint32_t)c);
}

/* a * b * 2^-32 rounded down. */
EDGEC_INLINE int32_t edgec_mulh_s32_portable(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b) >> 32);
}

/* x saturated to int8, uint8 and int16. */
EDGEC_INLINE int32_t edgec_sat_s8_portable(int32_t x)
{
    return edgec_clamp_s32(x, -128, 127);
}

EDGEC_INLINE int32_t edgec_sat_u8_portable(int32_t x)
{
    return edgec_clamp_s32(x, 0, 255);
}

EDGEC_INLINE int32_t edgec_sat_s16_portable(int32_t x)
{
    return edgec_clamp_s32(x, -32768, 32767);
}

/* x * 2^-n rounded down, saturated to int8; 0 <= n <= 31. */
EDGEC_INLINE int32_t edgec_asr_sat_s8_portable(int32_t x, uint32_t n)
{
    return edgec_sat_s8_portable(edgec_asr_s32(x, n));
}

/* The low and the high half of x as int16. */
EDGEC_INLINE int32_t edgec_low_s16(uint32_t x)
{
    return (int16_t)(uint16_t)(x & 0xffffu);
}

EDGEC_INLINE int32_t edgec_high_s16(uint32_t x)
{
    return (int16_t)(uint16_t)(x >> 16);
}

/* Two int16 in one word, `low` in bits 0 to 15. */
EDGEC_INLINE uint32_t edgec_pack_s16(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xffffu) | ((uint32_t)high << 16);
}

/* acc + x.low * y.low + x.high * y.high, modulo 2^32. */
EDGEC_INLINE int32_t edgec_smlad_portable(uint32_t x, uint32_t y, int32_t acc)
{
    const int32_t low = edgec_low_s16(x) * edgec_low_s16(y);
    const int32_t high = edgec_high_s16(x) * edgec_high_s16(y);
    return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

/* acc + x.low * y.high + x.high * y.low, modulo 2^32. */
EDGEC_INLINE int32_t edgec_smladx_portable(uint32_t x, uint32_t y, int32_t acc)
{
    const int32_t low = edgec_low_s16(x) * edgec_high_s16(y);
    const int32_t high = edgec_high_s16(x) * edgec_low_s16(y);
    return (int32_t)((uint32_t)acc + (uint32_t)low + (uint32_t)high);
}

/* Bytes 0 and 2 of x, each extended from int8 to int16. */
EDGEC_INLINE uint32_t edgec_sxtb16_portable(uint32_t x)
{
    const int32_t low = (int8_t)(uint8_t)(x & 0xffu);
    const int32_t high = (int8_t)(uint8_t)((x >> 16) & 0xffu);
    return edgec_pack_s16(low, high);
}

/* Bytes 1 and 3 of x, each extended from int8 to int16. */
EDGEC_INLINE uint32_t edgec_sxtb16_odd_portable(uint32_t x)
{
    return edgec_sxtb16_portable(x >> 8);
}

/* Bytes 0 and 2 of x, each extended from uint8 to 16 bits. */
EDGEC_INLINE uint32_t edgec_uxtb16_portable(uint32_t x)
{
    return x & 0x00ff00ffu;
}

/* x + y in each half, modulo 2^16. */
EDGEC_INLINE uint32_t edgec_sadd16_portable(uint32_t x, uint32_t y)
{
    return ((x + y) & 0xffffu) | (((x >> 16) + (y >> 16)) << 16);
}

/* Bytes 0 and 2 of x, or 1 and 3, as int8 added to the halves of sum, modulo 2^16. */
EDGEC_INLINE uint32_t edgec_sxtab16_portable(uint32_t sum, uint32_t x)
{
    return edgec_sadd16_portable(sum, edgec_sxtb16_portable(x));
}

EDGEC_INLINE uint32_t edgec_sxtab16_odd_portable(uint32_t sum, uint32_t x)
{
    return edgec_sxtab16_portable(sum, x >> 8);
}

/* x - y in each half, modulo 2^16. */
EDGEC_INLINE uint32_t edgec_ssub16_portable(uint32_t x, uint32_t y)
{
    return ((x - y) & 0xffffu) | (((x >> 16) - (y >> 16)) << 16);
}

/* y.low above x.low, and x.high below y.high. */
EDGEC_INLINE uint32_t edgec_pkhbt(uint32_t x, uint32_t y)
{
    return (x & 0xffffu) | (y << 16);
}

EDGEC_INLINE uint32_t edgec_pkhtb(uint32_t x, uint32_t y)
{
    return (x >> 16) | (y & 0xffff0000u);
}

/* Four int8, two int16 or one word from any address: one load where the core allows it. */
EDGEC_INLINE uint32_t edgec_load_s8x4(const int8_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

EDGEC_INLINE uint32_t edgec_load_s16x2(const int16_t *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return x;
}

EDGEC_INLINE void edgec_store_s8x4(int8_t *p, uint32_t x)
{
    memcpy(p, &x, sizeof x);
}

EDGEC_INLINE void edgec_store_s16x2(int16_t *p, uint32_t x)
{
    memcpy(p, &x, sizeof x);
}

/* ---- The form to use: the architecture's where there is one ------------------------------- */

#include "edgec_hal_arch.h"

#ifndef EDGEC_HAS_MULHR_S32
#define edgec_mulhr_s32 edgec_mulhr_s32_portable
#endif
#ifndef EDGEC_HAS_MULHRA_S32
EDGEC_INLINE int32_t edgec_mulhra_s32(int32_t a, int32_t b, int32_t c)
{
    return (int32_t)((uint32_t)edgec_mulhr_s32(a, b) + (uint32_t)c);
}
#endif
#ifndef EDGEC_HAS_MULH_S32
#define edgec_mulh_s32 edgec_mulh_s32_portable
#endif
#ifndef EDGEC_HAS_SAT
#define edgec_sat_s8 edgec_sat_s8_portable
#define edgec_sat_u8 edgec_sat_u8_portable
#define edgec_sat_s16 edgec_sat_s16_portable
#endif
#ifndef EDGEC_HAS_ASR_SAT
#define edgec_asr_sat_s8 edgec_asr_sat_s8_portable
#endif
#ifndef EDGEC_HAS_SIMD16
#define edgec_smlad edgec_smlad_portable
#define edgec_smladx edgec_smladx_portable
#define edgec_sxtb16 edgec_sxtb16_portable
#define edgec_sxtb16_odd edgec_sxtb16_odd_portable
#define edgec_uxtb16 edgec_uxtb16_portable
#define edgec_sxtab16 edgec_sxtab16_portable
#define edgec_sxtab16_odd edgec_sxtab16_odd_portable
#define edgec_sadd16 edgec_sadd16_portable
#define edgec_ssub16 edgec_ssub16_portable
#endif

#endif
