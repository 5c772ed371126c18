/*
 * int8 matrix product with requantization for Helium: fully connected layers and MatMul by
 * constants.
 *
 *   y[r][n] = requantize(bias[n] + sum over k of x[r][k] * w[n][k])
 *
 * x: [rows, k], y: [rows, n], row-major. w, quant: see tile_s8__mve.h.
 * scratch: k rounded up to 16 bytes, only if k is no multiple of 16.
 * Cost on Cortex-M55: 0.115 instructions per MAC in threes of rows, 0.156 for a single row; and
 * 2.5 or 4 per output.
 */
#ifndef EDGEC_GEMM_S8__MVE_H
#define EDGEC_GEMM_S8__MVE_H

#include "gemm/rows_s8__mve.h"
#include "gemm/tile_s8__mve.h"

/* One row, computed where it is asked for: that takes less stack. */
EDGEC_INLINE void edgec_gemm_single_s8__mve(const EdgecGemmS8 *p, const int8_t *x, const int8_t *w,
                                            const int32_t *quant, int8_t *y, int8_t *scratch)
{
    EdgecTile tile;
    edgec_tile_of_s8__mve(&tile, p->quant, w, quant, p->k, p->k, p->n);
    if (p->k % 16 != 0) {
        memcpy(scratch, x, (size_t)p->k);
        x = scratch;
    }
    tile.x = x;
    tile.y = y;
    tile.count = 1;
    if (p->n >= 4) {
        tile.quant_end = quant + p->n / 4 * 8;
        tile.lanes = 0xffffu;
        EDGEC_TILE_CALL(edgec_tile1_s8__mve, &tile, )
    }
    if (p->n % 4 != 0) {
        tile.x = x;
        tile.y = y + p->n / 4 * 4;
        tile.w = w + p->n / 4 * ((p->k + 15) / 16) * 64;
        tile.quant = quant + p->n / 4 * 8;
        tile.quant_end = tile.quant + 8;
        tile.lanes = (1u << (4 * (p->n % 4))) - 1u;
        tile.count = 1;
        EDGEC_TILE_CALL(edgec_tile1_s8__mve, &tile, )
    }
    if (p->quant.lo > -128 || p->quant.hi < 127) {
        edgec_limit_run_s8__mve(y, p->n, p->quant.lo, p->quant.hi);
    }
}

/* scratch may be NULL if k is a multiple of 16. */
EDGEC_INLINE void edgec_gemm_s8__mve(const EdgecGemmS8 *p, const int8_t *restrict x,
                                     const int8_t *restrict w, const int32_t *restrict quant,
                                     int8_t *restrict y, int8_t *restrict scratch,
                                     int32_t row_begin, int32_t row_end)
{
    EdgecTile tile;
    if (p->rows == 1) {
        edgec_gemm_single_s8__mve(p, x, w, quant, y, scratch);
        return;
    }
    edgec_tile_of_s8__mve(&tile, p->quant, w, quant, p->k, p->k, p->n);
    edgec_tile_direct_s8__mve(&tile, p->quant, p->k, p->k, x + row_begin * p->k, x + p->rows * p->k,
                              y + row_begin * p->n, p->n, row_end - row_begin, scratch);
}

#ifndef EDGEC_GEMM_S8__MVE
#define EDGEC_GEMM_S8__MVE edgec_gemm_s8__mve
#endif

/* The same with w as in rows_s8__mve.h, for k or n that would need padding. No scratch. */
EDGEC_INLINE void edgec_gemm_s8_compact__mve(const EdgecGemmS8 *p, const int8_t *restrict x,
                                             const int8_t *restrict w,
                                             const int32_t *restrict quant, int8_t *restrict y,
                                             int32_t row_begin, int32_t row_end)
{
    EdgecRows rows;
    edgec_rows_of_s8__mve(&rows, p->quant, w, quant, p->k, p->k, p->n);
    edgec_rows_pixels_s8__mve(&rows, x + row_begin * p->k, y + row_begin * p->n,
                              row_end - row_begin, p->quant);
}

#ifndef EDGEC_GEMM_S8_COMPACT__MVE
#define EDGEC_GEMM_S8_COMPACT__MVE edgec_gemm_s8_compact__mve
#endif

#endif
