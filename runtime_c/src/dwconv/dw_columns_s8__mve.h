/*
 * Columns of a depthwise convolution for Helium: rows of x, transposed so that the 32-bit word of
 * a channel and column holds that channel's bytes of four rows.
 *
 *   columns[i][c] = { x[row0][i][c], x[row1][i][c], x[row2][i][c], x[row3][i][c] }
 *
 * Then one gather of four words is a patch of 4 x 4 inputs of a channel, and one VMLADAV its dot
 * product with weights in the same order. Padding is written as columns and rows of x_zp.
 */
#ifndef EDGEC_DW_COLUMNS_S8__MVE_H
#define EDGEC_DW_COLUMNS_S8__MVE_H

#include "edgec/types.h"

/* What edgec_dw_columns_s8__mve reads. Rows that are padding have from = zp line, step 0. */
typedef struct {
    int8_t *to;
    int32_t to_step; /* bytes from column to column: 4 per channel, at most 64 */
    const int8_t *from[4];
    int32_t step[4]; /* 24: bytes from column to column of each row */
    int32_t bytes;   /* 40: channels, at most 16 */
    int32_t left;    /* 44: columns of padding before */
    int32_t middle;
    int32_t right; /* 52: columns of padding behind */
    int32_t zp;
} EdgecDwColumns;

typedef char edgec_check_dw_columns[sizeof(EdgecDwColumns) == 60 ? 1 : -1];

/* clang-format off */

#define EDGEC_DW_STORE \
    "vst40.8     {q0, q1, q2, q3}, [r1]\n" \
    "vst41.8     {q0, q1, q2, q3}, [r1]\n" \
    "vst42.8     {q0, q1, q2, q3}, [r1]\n" \
    "vst43.8     {q0, q1, q2, q3}, [r1]\n" \
    "add         r1, r1, r2\n"

#define EDGEC_DW_PADDING(count) \
    "ldr         r3, [r0, " count "]\n" \
    "ldr         r12, [r0, #56]\n" \
    "vdup.8      q0, r12\n" \
    "vmov        q1, q0\n" \
    "vmov        q2, q0\n" \
    "vmov        q3, q0\n" \
    "wls         lr, r3, 2f\n" \
    "1:\n" \
    EDGEC_DW_STORE \
    "le          lr, 1b\n" \
    "2:\n"

/* clang-format on */

/* Every column is stored as 64 bytes: those beyond the channels are overwritten by the next. */
EDGEC_NAKED void edgec_dw_columns_s8__mve(__attribute__((unused)) const EdgecDwColumns *c)
{
    /* clang-format off */
    __asm__ volatile(
        "push        {r4-r10, lr}\n"
        "ldrd        r1, r2, [r0]\n"
        EDGEC_DW_PADDING("#44")
        "ldr         r3, [r0, #40]\n"
        "vctp.8      r3\n"
        "add         r12, r0, #8\n"
        "ldm         r12, {r3-r10}\n"
        "ldr         r12, [r0, #48]\n"
        "wls         lr, r12, 4f\n"
        "3:\n"
        "vpstttt\n"
        "vldrbt.8    q0, [r3]\n"
        "vldrbt.8    q1, [r4]\n"
        "vldrbt.8    q2, [r5]\n"
        "vldrbt.8    q3, [r6]\n"
        "add         r3, r3, r7\n"
        "add         r4, r4, r8\n"
        "add         r5, r5, r9\n"
        "add         r6, r6, r10\n"
        EDGEC_DW_STORE
        "le          lr, 3b\n"
        "4:\n"
        EDGEC_DW_PADDING("#52")
        "pop         {r4-r10, pc}\n" ::: "memory");
    /* clang-format on */
}

/* Row iy of x as row `i` of the columns, from channel 0 of column ix on. */
EDGEC_INLINE void edgec_dw_row_s8__mve(EdgecDwColumns *c, const EdgecConvShape *s, const int8_t *x,
                                       int32_t i, int32_t iy, int32_t ix, const int8_t *zp_line)
{
    if (iy >= 0 && iy < s->in_h) {
        c->from[i] = x + (iy * s->in_w + ix) * s->in_c;
        c->step[i] = s->in_c;
    } else {
        c->from[i] = zp_line;
        c->step[i] = 0;
    }
}

#endif
