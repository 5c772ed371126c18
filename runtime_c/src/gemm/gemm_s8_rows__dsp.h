/*
 * int8 matrix product with requantization for the DSP extension, three rows at a time.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w: pairs of channels with bias and mult, see
 * lanes_s8__dsp.h. scratch: 6 bytes per k, with k rounded up to groups of four, and 4.
 * Cost on Cortex-M4: 0.73 instructions per MAC, 6.4 per output, 1.9 per input.
 */
#ifndef EDGEC_GEMM_S8_ROWS__DSP_H
#define EDGEC_GEMM_S8_ROWS__DSP_H

#include "gemm/lanes_s8__dsp.h"

EDGEC_INLINE void edgec_gemm_s8_rows__dsp(const EdgecGemmS8 *p, const int8_t *restrict x,
                                          const uint32_t *restrict w, int8_t *restrict y,
                                          int8_t *restrict scratch, int32_t row_begin,
                                          int32_t row_end)
{
    const int32_t rows = row_end - row_begin;
    int8_t *const out = y + row_begin * p->n;
    edgec_lanes_run_s8__dsp(x + row_begin * p->k, p->k, p->k, w, p->quant, p->n, out,
                            edgec_words(scratch), rows);
    edgec_limit_s8__dsp(out, rows * p->n, p->quant);
}

/* The same and what follows, with its operand. */
EDGEC_INLINE void edgec_gemm_s8_rows_then__dsp(const EdgecGemmThenS8 *p, const int8_t *operand,
                                               const int8_t *x, const uint32_t *restrict w,
                                               int8_t *y, int8_t *restrict scratch,
                                               int32_t row_begin, int32_t row_end)
{
    const EdgecGemmS8 *g = &p->layer;
    const int32_t rows = row_end - row_begin;
    const int32_t first = row_begin * g->n;
    edgec_lanes_run_then_s8__dsp(
        &p->then, p->then.kind == EDGEC_THEN_ADD ? operand + first : operand, x + row_begin * g->k,
        g->k, g->k, w, g->quant, g->n, y + first, edgec_words(scratch), rows);
    edgec_limit_s8__dsp(y + first, rows * g->n, g->quant);
}

#ifndef EDGEC_GEMM_S8_ROWS__DSP
#define EDGEC_GEMM_S8_ROWS__DSP edgec_gemm_s8_rows__dsp
#endif
#ifndef EDGEC_GEMM_S8_ROWS_THEN__DSP
#define EDGEC_GEMM_S8_ROWS_THEN__DSP edgec_gemm_s8_rows_then__dsp
#endif

#endif
