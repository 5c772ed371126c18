/*
 * Arm Cortex-M. The compiler's own feature macros choose: nothing here needs a configuration.
 *
 *   Armv6-M (M0, M0+)          32-bit high multiply from 16-bit products: there is no SMULL
 *   Armv7-M, Armv8-M main      SSAT, USAT
 *   DSP extension              SMMULR, SMLAD and the other 16-bit pairs
 */
#ifndef EDGEC_HAL_ARCH_H
#define EDGEC_HAL_ARCH_H

#if defined(__GNUC__) && defined(__ARM_ARCH) && __ARM_ARCH >= 7
#define EDGEC_ARM_SAT 1
#endif
#if defined(__GNUC__) && defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define EDGEC_ARM_DSP 1
#endif

/* ---- High multiply ----------------------------------------------------------------------- */

#ifdef EDGEC_ARM_DSP
#define EDGEC_HAS_MULHR_S32 1
EDGEC_INLINE int32_t edgec_mulhr_s32(int32_t a, int32_t b)
{
    int32_t result;
    __asm__("smmulr %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
    return result;
}

#define EDGEC_HAS_MULHRA_S32 1
EDGEC_INLINE int32_t edgec_mulhra_s32(int32_t a, int32_t b, int32_t c)
{
    int32_t result;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(c));
    return result;
}
#elif defined(EDGEC_ARM_SAT)
/* Adding 2^31 carries into the upper word if the lower one has its top bit set. */
#define EDGEC_HAS_MULHR_S32 1
EDGEC_INLINE int32_t edgec_mulhr_s32(int32_t a, int32_t b)
{
    const int64_t product = (int64_t)a * b;
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
}
#elif defined(__ARM_ARCH) && __ARM_ARCH < 7
/* a and b are split as high * 2^16 + low, high signed and low unsigned. The low product's own
   low half cannot reach the result. Adding the rounding constant (2^31, here 2^15 at weight 2^16)
   to `middle` is what keeps every sum within 32 bits: 32767 * 65535 + 65534 + 32768 = 2^31 - 1. */
EDGEC_INLINE int32_t edgec_mulh_parts(int32_t a, int32_t b, int32_t rounding)
{
    const uint32_t a_low = (uint32_t)a & 0xffffu;
    const uint32_t b_low = (uint32_t)b & 0xffffu;
    const int32_t a_high = a >> 16;
    const int32_t b_high = b >> 16;
    const int32_t low = (int32_t)((a_low * b_low) >> 16);
    const int32_t middle = a_high * (int32_t)b_low + low + rounding;
    const int32_t cross = (int32_t)a_low * b_high + (int32_t)((uint32_t)middle & 0xffffu);
    return a_high * b_high + (middle >> 16) + (cross >> 16);
}

#define EDGEC_HAS_MULHR_S32 1
EDGEC_INLINE int32_t edgec_mulhr_s32(int32_t a, int32_t b)
{
    return edgec_mulh_parts(a, b, 0x8000);
}

#define EDGEC_HAS_MULH_S32 1
EDGEC_INLINE int32_t edgec_mulh_s32(int32_t a, int32_t b)
{
    return edgec_mulh_parts(a, b, 0);
}
#endif

/* ---- Saturation -------------------------------------------------------------------------- */

#ifdef EDGEC_ARM_SAT
#define EDGEC_HAS_SAT 1
EDGEC_INLINE int32_t edgec_sat_s8(int32_t x)
{
    int32_t result;
    __asm__("ssat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

EDGEC_INLINE int32_t edgec_sat_u8(int32_t x)
{
    int32_t result;
    __asm__("usat %0, #8, %1" : "=r"(result) : "r"(x));
    return result;
}

EDGEC_INLINE int32_t edgec_sat_s16(int32_t x)
{
    int32_t result;
    __asm__("ssat %0, #16, %1" : "=r"(result) : "r"(x));
    return result;
}
#elif defined(__ARM_ARCH) && __ARM_ARCH < 7
/* One comparison finds the rare values that do not fit; the sign says to which end they go. */
#define EDGEC_HAS_SAT 1
EDGEC_INLINE int32_t edgec_sat_s8(int32_t x)
{
    return (int8_t)x == x ? x : (x >> 31) ^ 0x7f;
}

EDGEC_INLINE int32_t edgec_sat_u8(int32_t x)
{
    return (uint8_t)x == x ? x : ~(x >> 31) & 0xff;
}

EDGEC_INLINE int32_t edgec_sat_s16(int32_t x)
{
    return (int16_t)x == x ? x : (x >> 31) ^ 0x7fff;
}
#endif

/* One instruction where n is a constant, which only an optimizing compiler can tell. */
#ifdef EDGEC_ARM_SAT
#define EDGEC_HAS_ASR_SAT 1
EDGEC_INLINE int32_t edgec_asr_sat_s8(int32_t x, uint32_t n)
{
#ifdef __OPTIMIZE__
    if (__builtin_constant_p(n) && n >= 1u && n <= 31u) {
        int32_t result;
        __asm__("ssat %0, #8, %1, asr %2" : "=r"(result) : "r"(x), "i"(n));
        return result;
    }
#endif
    return edgec_sat_s8(edgec_asr_s32(x, n));
}
#endif

/* ---- Pairs of int16 in a word ------------------------------------------------------------ */

#ifdef EDGEC_ARM_DSP
#define EDGEC_HAS_SIMD16 1
EDGEC_INLINE int32_t edgec_smlad(uint32_t x, uint32_t y, int32_t acc)
{
    int32_t result;
    __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(x), "r"(y), "r"(acc));
    return result;
}

EDGEC_INLINE int32_t edgec_smladx(uint32_t x, uint32_t y, int32_t acc)
{
    int32_t result;
    __asm__("smladx %0, %1, %2, %3" : "=r"(result) : "r"(x), "r"(y), "r"(acc));
    return result;
}

EDGEC_INLINE uint32_t edgec_sxtb16(uint32_t x)
{
    uint32_t result;
    __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(x));
    return result;
}

EDGEC_INLINE uint32_t edgec_sxtb16_odd(uint32_t x)
{
    uint32_t result;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(x));
    return result;
}

EDGEC_INLINE uint32_t edgec_uxtb16(uint32_t x)
{
    uint32_t result;
    __asm__("uxtb16 %0, %1" : "=r"(result) : "r"(x));
    return result;
}

EDGEC_INLINE uint32_t edgec_sxtab16(uint32_t sum, uint32_t x)
{
    __asm__("sxtab16 %0, %0, %1" : "+r"(sum) : "r"(x));
    return sum;
}

EDGEC_INLINE uint32_t edgec_sxtab16_odd(uint32_t sum, uint32_t x)
{
    __asm__("sxtab16 %0, %0, %1, ror #8" : "+r"(sum) : "r"(x));
    return sum;
}

EDGEC_INLINE uint32_t edgec_sadd16(uint32_t x, uint32_t y)
{
    uint32_t result;
    __asm__("sadd16 %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
    return result;
}

EDGEC_INLINE uint32_t edgec_ssub16(uint32_t x, uint32_t y)
{
    uint32_t result;
    __asm__("ssub16 %0, %1, %2" : "=r"(result) : "r"(x), "r"(y));
    return result;
}
#endif

/* ---- Cycle counter: the DWT of Armv7-M and Armv8-M main ----------------------------------- */

#ifdef EDGEC_ARM_SAT
/* Addresses from the Armv7-M Architecture Reference Manual, C1.6 and C1.8. */
EDGEC_INLINE void edgec_cycles_enable(void)
{
    *(volatile uint32_t *)0xe000edfcu |= 1u << 24; /* DEMCR.TRCENA */
    *(volatile uint32_t *)0xe0001000u |= 1u;       /* DWT_CTRL.CYCCNTENA */
}

EDGEC_INLINE uint32_t edgec_cycles(void)
{
    return *(volatile uint32_t *)0xe0001004u;
}
#else
EDGEC_INLINE void edgec_cycles_enable(void)
{
}

EDGEC_INLINE uint32_t edgec_cycles(void)
{
    return 0u;
}
#endif

#endif
