/*
 * int8 matrix product with requantization for the DSP extension, row by row: fully connected
 * layers. gemm_s8_rows__dsp.h is for many rows.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: channels with bias and mult, see row_s8__dsp.h.
 * scratch: k rounded up to four bytes, only if k is no multiple of four.
 * Cost on Cortex-M4: 0.98 instructions per MAC, 6 per output.
 */
#ifndef EDGEC_GEMM_S8__DSP_H
#define EDGEC_GEMM_S8__DSP_H

#include "gemm/row_s8__dsp.h"

/* scratch may be NULL if k is a multiple of four. */
EDGEC_INLINE void edgec_gemm_each_s8__dsp(const EdgecGemmS8 *p, const int8_t *table,
                                          const int8_t *restrict x, const uint32_t *restrict w,
                                          int8_t *restrict y, int8_t *restrict scratch,
                                          int32_t row_begin, int32_t row_end)
{
    const int32_t groups = (p->k + 3) / 4;
    for (int32_t r = row_begin; r < row_end; r++) {
        const int8_t *row = x + r * p->k;
        if (p->k % 4 != 0) {
            memset(scratch + 4 * groups - 4, 0, 4);
            memcpy(scratch, row, (size_t)p->k);
            row = scratch;
        }
        edgec_row_channels_s8__dsp(row, groups, p->quant, w, y + r * p->n, p->n, table);
    }
    edgec_limit_s8__dsp(y + row_begin * p->n, (row_end - row_begin) * p->n, p->quant);
}

EDGEC_INLINE void edgec_gemm_s8__dsp(const EdgecGemmS8 *p, const int8_t *restrict x,
                                     const uint32_t *restrict w, int8_t *restrict y,
                                     int8_t *restrict scratch, int32_t row_begin, int32_t row_end)
{
    edgec_gemm_each_s8__dsp(p, NULL, x, w, y, scratch, row_begin, row_end);
}

/* The same without shift, and a table behind it. */
EDGEC_INLINE void edgec_gemm_s8_then__dsp(const EdgecGemmThenS8 *p, const int8_t *table,
                                          const int8_t *restrict x, const uint32_t *restrict w,
                                          int8_t *restrict y, int8_t *restrict scratch,
                                          int32_t row_begin, int32_t row_end)
{
    edgec_gemm_each_s8__dsp(&p->layer, table, x, w, y, scratch, row_begin, row_end);
}

#ifndef EDGEC_GEMM_S8_THEN__DSP
#define EDGEC_GEMM_S8_THEN__DSP edgec_gemm_s8_then__dsp
#endif
#ifndef EDGEC_GEMM_S8__DSP
#define EDGEC_GEMM_S8__DSP edgec_gemm_s8__dsp
#endif

#endif
