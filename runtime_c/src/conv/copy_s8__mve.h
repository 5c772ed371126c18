/*
 * Copies of bytes with Helium vectors: any length, nothing read or written beyond it.
 */
#ifndef EDGEC_COPY_S8__MVE_H
#define EDGEC_COPY_S8__MVE_H

#include "edgec/types.h"

/* n >= 0 bytes. 1 instruction, and 3 for every 16 bytes. */
EDGEC_INLINE void edgec_copy_s8__mve(int8_t *to, const int8_t *from, int32_t n)
{
    __asm__ volatile("wlstp.8     lr, %[n], 2f\n"
                     "1:\n"
                     "vldrb.8     q0, [%[from]], #16\n"
                     "vstrb.8     q0, [%[to]], #16\n"
                     "letp        lr, 1b\n"
                     "2:\n"
                     : [to] "+r"(to), [from] "+r"(from)
                     : [n] "r"(n)
                     : "q0", "lr", "memory");
}

/* n >= 0 bytes of one value. */
EDGEC_INLINE void edgec_fill_s8__mve(int8_t *to, int32_t value, int32_t n)
{
    __asm__ volatile("vdup.8      q0, %[value]\n"
                     "wlstp.8     lr, %[n], 2f\n"
                     "1:\n"
                     "vstrb.8     q0, [%[to]], #16\n"
                     "letp        lr, 1b\n"
                     "2:\n"
                     : [to] "+r"(to)
                     : [n] "r"(n), [value] "r"(value)
                     : "q0", "lr", "memory");
}

/* `count` >= 0 pieces of `bytes` (at most 16) from places from_step apart to places to_step apart.
   5 instructions for each, 6 if they are shorter than a vector. Changes the predicate P0, which no
   compiler keeps across it: functions that copy use no predicated intrinsics. */
EDGEC_INLINE void edgec_copy_pieces_s8__mve(int8_t *to, int32_t to_step, const int8_t *from,
                                            int32_t from_step, int32_t bytes, int32_t count)
{
    if (bytes == 16) {
        __asm__ volatile("wls         lr, %[n], 2f\n"
                         "1:\n"
                         "vldrb.8     q0, [%[from]]\n"
                         "add         %[from], %[from], %[from_step]\n"
                         "vstrb.8     q0, [%[to]]\n"
                         "add         %[to], %[to], %[to_step]\n"
                         "le          lr, 1b\n"
                         "2:\n"
                         : [to] "+r"(to), [from] "+r"(from)
                         : [n] "r"(count), [from_step] "r"(from_step), [to_step] "r"(to_step)
                         : "q0", "lr", "memory");
    } else {
        __asm__ volatile(
            "vctp.8      %[bytes]\n"
            "wls         lr, %[n], 2f\n"
            "1:\n"
            "vpstt\n"
            "vldrbt.8    q0, [%[from]]\n"
            "vstrbt.8    q0, [%[to]]\n"
            "add         %[from], %[from], %[from_step]\n"
            "add         %[to], %[to], %[to_step]\n"
            "le          lr, 1b\n"
            "2:\n"
            : [to] "+r"(to), [from] "+r"(from)
            : [n] "r"(count), [from_step] "r"(from_step), [to_step] "r"(to_step), [bytes] "r"(bytes)
            : "q0", "lr", "memory");
    }
}

#endif
