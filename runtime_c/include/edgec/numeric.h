/*
 * Arithmetic that generated loops use, with the meaning ONNX gives it and no undefined or
 * implementation-defined behaviour: integers wrap modulo 2^n, conversions from float
 * saturate, min and max pass NaN on.
 */
#ifndef EDGEC_NUMERIC_H
#define EDGEC_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- conversion of a bit pattern to a signed integer ---- */

static inline int8_t edgec_wrap_s8(uint32_t v)
{
    return (int8_t)((int32_t)((v & 0xffu) ^ 0x80u) - 128);
}

static inline int16_t edgec_wrap_s16(uint32_t v)
{
    return (int16_t)((int32_t)((v & 0xffffu) ^ 0x8000u) - 32768);
}

static inline int32_t edgec_wrap_s32(uint32_t v)
{
    return v <= (uint32_t)INT32_MAX ? (int32_t)v : -(int32_t)(~v) - 1;
}

static inline int64_t edgec_wrap_s64(uint64_t v)
{
    return v <= (uint64_t)INT64_MAX ? (int64_t)v : -(int64_t)(~v) - 1;
}

/* ---- wrapping arithmetic ---- */

static inline int8_t edgec_wadd_s8(int8_t a, int8_t b)
{
    return edgec_wrap_s8((uint32_t)a + (uint32_t)b);
}

static inline uint8_t edgec_wadd_u8(uint8_t a, uint8_t b)
{
    return (uint8_t)((uint32_t)a + (uint32_t)b);
}

static inline int16_t edgec_wadd_s16(int16_t a, int16_t b)
{
    return edgec_wrap_s16((uint32_t)a + (uint32_t)b);
}

static inline uint16_t edgec_wadd_u16(uint16_t a, uint16_t b)
{
    return (uint16_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t edgec_wadd_s32(int32_t a, int32_t b)
{
    return edgec_wrap_s32((uint32_t)a + (uint32_t)b);
}

static inline uint32_t edgec_wadd_u32(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint32_t)a + (uint32_t)b);
}

static inline int64_t edgec_wadd_s64(int64_t a, int64_t b)
{
    return edgec_wrap_s64((uint64_t)a + (uint64_t)b);
}

static inline uint64_t edgec_wadd_u64(uint64_t a, uint64_t b)
{
    return (uint64_t)((uint64_t)a + (uint64_t)b);
}

static inline int8_t edgec_wsub_s8(int8_t a, int8_t b)
{
    return edgec_wrap_s8((uint32_t)a - (uint32_t)b);
}

static inline uint8_t edgec_wsub_u8(uint8_t a, uint8_t b)
{
    return (uint8_t)((uint32_t)a - (uint32_t)b);
}

static inline int16_t edgec_wsub_s16(int16_t a, int16_t b)
{
    return edgec_wrap_s16((uint32_t)a - (uint32_t)b);
}

static inline uint16_t edgec_wsub_u16(uint16_t a, uint16_t b)
{
    return (uint16_t)((uint32_t)a - (uint32_t)b);
}

static inline int32_t edgec_wsub_s32(int32_t a, int32_t b)
{
    return edgec_wrap_s32((uint32_t)a - (uint32_t)b);
}

static inline uint32_t edgec_wsub_u32(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint32_t)a - (uint32_t)b);
}

static inline int64_t edgec_wsub_s64(int64_t a, int64_t b)
{
    return edgec_wrap_s64((uint64_t)a - (uint64_t)b);
}

static inline uint64_t edgec_wsub_u64(uint64_t a, uint64_t b)
{
    return (uint64_t)((uint64_t)a - (uint64_t)b);
}

static inline int8_t edgec_wmul_s8(int8_t a, int8_t b)
{
    return edgec_wrap_s8((uint32_t)a * (uint32_t)b);
}

static inline uint8_t edgec_wmul_u8(uint8_t a, uint8_t b)
{
    return (uint8_t)((uint32_t)a * (uint32_t)b);
}

static inline int16_t edgec_wmul_s16(int16_t a, int16_t b)
{
    return edgec_wrap_s16((uint32_t)a * (uint32_t)b);
}

static inline uint16_t edgec_wmul_u16(uint16_t a, uint16_t b)
{
    return (uint16_t)((uint32_t)a * (uint32_t)b);
}

static inline int32_t edgec_wmul_s32(int32_t a, int32_t b)
{
    return edgec_wrap_s32((uint32_t)a * (uint32_t)b);
}

static inline uint32_t edgec_wmul_u32(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint32_t)a * (uint32_t)b);
}

static inline int64_t edgec_wmul_s64(int64_t a, int64_t b)
{
    return edgec_wrap_s64((uint64_t)a * (uint64_t)b);
}

static inline uint64_t edgec_wmul_u64(uint64_t a, uint64_t b)
{
    return (uint64_t)((uint64_t)a * (uint64_t)b);
}

/* ---- division: truncates toward zero; x / 0 is 0, the smallest value / -1 wraps ---- */

static inline int8_t edgec_div_s8(int8_t a, int8_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? edgec_wsub_s8(0, a) : (int8_t)(a / b);
}

static inline uint8_t edgec_div_u8(uint8_t a, uint8_t b)
{
    return b == 0u ? (uint8_t)0 : (uint8_t)(a / b);
}

static inline int8_t edgec_mod_s8(int8_t a, int8_t b)
{
    return b == 0 || b == -1 ? (int8_t)0 : (int8_t)(a % b);
}

static inline uint8_t edgec_mod_u8(uint8_t a, uint8_t b)
{
    return b == 0u ? (uint8_t)0 : (uint8_t)(a % b);
}

static inline int16_t edgec_div_s16(int16_t a, int16_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? edgec_wsub_s16(0, a) : (int16_t)(a / b);
}

static inline uint16_t edgec_div_u16(uint16_t a, uint16_t b)
{
    return b == 0u ? (uint16_t)0 : (uint16_t)(a / b);
}

static inline int16_t edgec_mod_s16(int16_t a, int16_t b)
{
    return b == 0 || b == -1 ? (int16_t)0 : (int16_t)(a % b);
}

static inline uint16_t edgec_mod_u16(uint16_t a, uint16_t b)
{
    return b == 0u ? (uint16_t)0 : (uint16_t)(a % b);
}

static inline int32_t edgec_div_s32(int32_t a, int32_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? edgec_wsub_s32(0, a) : (int32_t)(a / b);
}

static inline uint32_t edgec_div_u32(uint32_t a, uint32_t b)
{
    return b == 0u ? (uint32_t)0 : (uint32_t)(a / b);
}

static inline int32_t edgec_mod_s32(int32_t a, int32_t b)
{
    return b == 0 || b == -1 ? (int32_t)0 : (int32_t)(a % b);
}

static inline uint32_t edgec_mod_u32(uint32_t a, uint32_t b)
{
    return b == 0u ? (uint32_t)0 : (uint32_t)(a % b);
}

static inline int64_t edgec_div_s64(int64_t a, int64_t b)
{
    if (b == 0) {
        return 0;
    }
    return b == -1 ? edgec_wsub_s64(0, a) : (int64_t)(a / b);
}

static inline uint64_t edgec_div_u64(uint64_t a, uint64_t b)
{
    return b == 0u ? (uint64_t)0 : (uint64_t)(a / b);
}

static inline int64_t edgec_mod_s64(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? (int64_t)0 : (int64_t)(a % b);
}

static inline uint64_t edgec_mod_u64(uint64_t a, uint64_t b)
{
    return b == 0u ? (uint64_t)0 : (uint64_t)(a % b);
}

/* ---- shifts of unsigned integers: a shift by the width or more gives 0 ---- */

static inline uint8_t edgec_shl_u8(uint8_t a, uint8_t b)
{
    return b >= 8u ? (uint8_t)0 : (uint8_t)((uint32_t)a << b);
}

static inline uint8_t edgec_shr_u8(uint8_t a, uint8_t b)
{
    return b >= 8u ? (uint8_t)0 : (uint8_t)(a >> b);
}

static inline uint16_t edgec_shl_u16(uint16_t a, uint16_t b)
{
    return b >= 16u ? (uint16_t)0 : (uint16_t)((uint32_t)a << b);
}

static inline uint16_t edgec_shr_u16(uint16_t a, uint16_t b)
{
    return b >= 16u ? (uint16_t)0 : (uint16_t)(a >> b);
}

static inline uint32_t edgec_shl_u32(uint32_t a, uint32_t b)
{
    return b >= 32u ? (uint32_t)0 : (uint32_t)((uint32_t)a << b);
}

static inline uint32_t edgec_shr_u32(uint32_t a, uint32_t b)
{
    return b >= 32u ? (uint32_t)0 : (uint32_t)(a >> b);
}

static inline uint64_t edgec_shl_u64(uint64_t a, uint64_t b)
{
    return b >= 64u ? (uint64_t)0 : (uint64_t)((uint64_t)a << b);
}

static inline uint64_t edgec_shr_u64(uint64_t a, uint64_t b)
{
    return b >= 64u ? (uint64_t)0 : (uint64_t)(a >> b);
}

/* ---- smaller and larger ---- */

static inline int8_t edgec_min_s8(int8_t a, int8_t b)
{
    return a < b ? a : b;
}

static inline int8_t edgec_max_s8(int8_t a, int8_t b)
{
    return a > b ? a : b;
}

static inline int16_t edgec_min_s16(int16_t a, int16_t b)
{
    return a < b ? a : b;
}

static inline int16_t edgec_max_s16(int16_t a, int16_t b)
{
    return a > b ? a : b;
}

static inline int32_t edgec_min_s32(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t edgec_max_s32(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int64_t edgec_min_s64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t edgec_max_s64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline uint8_t edgec_min_u8(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

static inline uint8_t edgec_max_u8(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

static inline uint16_t edgec_min_u16(uint16_t a, uint16_t b)
{
    return a < b ? a : b;
}

static inline uint16_t edgec_max_u16(uint16_t a, uint16_t b)
{
    return a > b ? a : b;
}

static inline uint32_t edgec_min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t edgec_max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static inline uint64_t edgec_min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t edgec_max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static inline float edgec_min_f32(float a, float b)
{
    return (a < b || a != a) ? a : b;
}

static inline float edgec_max_f32(float a, float b)
{
    return (a > b || a != a) ? a : b;
}

static inline double edgec_min_f64(double a, double b)
{
    return (a < b || a != a) ? a : b;
}

static inline double edgec_max_f64(double a, double b)
{
    return (a > b || a != a) ? a : b;
}

#endif
