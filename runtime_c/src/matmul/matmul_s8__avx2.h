/*
 * Product of two int8 matrices that are known at run time, for AVX2; see panel_s8.h.
 *
 * scratch: int16 [chunk * depth + 4 * depth], aligned to 4; depth is even and chunk a multiple of
 * 8. Four rows, or one, by eight columns at a time, 16 products per instruction. The panel is
 * [chunk / 8][depth / 2][8][2].
 * Cost: 0.22 instructions per MAC; 5 per element of b and (per chunk) of a that is not next to the
 * one before or has a table, else 0.5; 2 per output.
 */
#ifndef EDGEC_MATMUL_S8__AVX2_H
#define EDGEC_MATMUL_S8__AVX2_H

#include "gemm/scale_s8__avx2.h"
#include "matmul/panel_s8.h"

#define EDGEC_MATMUL_ROWS_AVX2 4

/* Row k and the next one of eight columns side by side, without the zero point. */
EDGEC_INLINE void edgec_matmul_pairs__avx2(const int8_t *from, int32_t row, int32_t zp, int16_t *to)
{
    const __m128i minus = _mm_set1_epi16((int16_t)zp);
    const __m128i u = _mm_loadl_epi64((const __m128i *)(const void *)from);
    const __m128i v = _mm_loadl_epi64((const __m128i *)(const void *)(from + row));
    const __m128i a = _mm_sub_epi16(_mm_cvtepi8_epi16(u), minus);
    const __m128i b = _mm_sub_epi16(_mm_cvtepi8_epi16(v), minus);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_unpacklo_epi16(a, b));
    _mm_storeu_si128((__m128i *)(void *)(to + 8), _mm_unpackhi_epi16(a, b));
}

/* Columns [begin, end) of b; where fewer than eight are left, the last one stands for the rest. */
EDGEC_INLINE void edgec_matmul_panel__avx2(const EdgecMatMulS8 *p, const int8_t *b,
                                           const int8_t *table, int32_t begin, int32_t end,
                                           int16_t *panel)
{
    for (int32_t n = begin; n < end; n += 8) {
        if (p->b.column == 1 && table == NULL && p->k % 2 == 0 && n + 8 <= end) {
            for (int32_t k = 0; k < p->k; k += 2) {
                edgec_matmul_pairs__avx2(b + n + k * p->b.row, p->b.row, p->b_zp, panel + 8 * k);
            }
        } else {
            for (int32_t c = 0; c < 8; c++) {
                const int32_t column = n + c < end ? n + c : end - 1;
                edgec_matmul_line(b + column * p->b.column, p->b.row, table, p->b_zp, p->k,
                                  p->depth, 2, 16, panel + 2 * c);
            }
        }
        panel += 8 * p->depth;
    }
}

/* A row of a. */
EDGEC_INLINE void edgec_matmul_left__avx2(const EdgecMatMulS8 *p, const int8_t *a,
                                          const int8_t *table, int16_t *x)
{
    int32_t k = 0;
    if (p->a.column == 1 && table == NULL) {
        for (; k + 8 <= p->k; k += 8) {
            const __m128i v = _mm_loadl_epi64((const __m128i *)(const void *)(a + k));
            const __m128i minus = _mm_set1_epi16((int16_t)p->a_zp);
            _mm_storeu_si128((__m128i *)(void *)(x + k),
                             _mm_sub_epi16(_mm_cvtepi8_epi16(v), minus));
        }
    }
    edgec_matmul_line(a + k * p->a.column, p->a.column, table, p->a_zp, p->k - k, p->depth - k, 1,
                      1, x + k);
}

/* Eight sums as bytes. */
EDGEC_INLINE __m128i edgec_matmul_scale__avx2(const EdgecMatMulS8 *p, __m256i acc)
{
    const EdgecQuant q = p->quant;
    const __m256i mult = _mm256_set1_epi32(p->mult);
    const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 31);
    if (q.shift > 0) {
        const int32_t top = INT32_MAX >> q.shift;
        acc = _mm256_min_epi32(acc, _mm256_set1_epi32(top));
        acc = _mm256_max_epi32(acc, _mm256_set1_epi32(-top - 1));
        acc = _mm256_slli_epi32(acc, q.shift);
    }
    __m256i even = _mm256_mul_epi32(acc, mult);
    __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(acc, 32), mult);
    even = _mm256_srli_epi64(_mm256_add_epi64(even, half), 32);
    odd = _mm256_add_epi64(odd, half);
    __m256i v = _mm256_blend_epi32(even, odd, 0xaa);
    v = _mm256_add_epi32(v, _mm256_set1_epi32(q.zp));
    v = _mm256_max_epi32(v, _mm256_set1_epi32(q.lo));
    v = _mm256_min_epi32(v, _mm256_set1_epi32(q.hi));
    const __m128i pair = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    return _mm_packs_epi16(pair, pair);
}

EDGEC_INLINE void edgec_matmul_put__avx2(const EdgecMatMulS8 *p, __m256i acc, int32_t columns,
                                         int8_t *y)
{
    const __m128i v = edgec_matmul_scale__avx2(p, acc);
    if (p->y.column == 1 && columns >= 8) {
        _mm_storel_epi64((__m128i *)(void *)y, v);
        return;
    }
    int8_t bytes[16];
    _mm_storeu_si128((__m128i *)(void *)bytes, v);
    for (int32_t c = 0; c < columns && c < 8; c++) {
        y[c * p->y.column] = bytes[c];
    }
}

/* acc + the products of two k of one row by eight columns. */
EDGEC_INLINE __m256i edgec_matmul_mac__avx2(__m256i acc, const int16_t *x, __m256i w)
{
    const __m256i two = _mm256_set1_epi32((int32_t)edgec_load_s16x2(x));
    return _mm256_add_epi32(acc, _mm256_madd_epi16(two, w));
}

EDGEC_INLINE void edgec_matmul_tile4__avx2(const EdgecMatMulS8 *p, const int16_t *x,
                                           const int16_t *w, int32_t columns, int8_t *y)
{
    __m256i s0 = _mm256_setzero_si256();
    __m256i s1 = _mm256_setzero_si256();
    __m256i s2 = _mm256_setzero_si256();
    __m256i s3 = _mm256_setzero_si256();
    for (int32_t k = 0; k < p->depth; k += 2) {
        const __m256i v = edgec_load__avx2(w + 8 * k);
        s0 = edgec_matmul_mac__avx2(s0, x + k, v);
        s1 = edgec_matmul_mac__avx2(s1, x + k + p->depth, v);
        s2 = edgec_matmul_mac__avx2(s2, x + k + 2 * p->depth, v);
        s3 = edgec_matmul_mac__avx2(s3, x + k + 3 * p->depth, v);
    }
    edgec_matmul_put__avx2(p, s0, columns, y);
    edgec_matmul_put__avx2(p, s1, columns, y + p->y.row);
    edgec_matmul_put__avx2(p, s2, columns, y + 2 * p->y.row);
    edgec_matmul_put__avx2(p, s3, columns, y + 3 * p->y.row);
}

EDGEC_INLINE void edgec_matmul_tile1__avx2(const EdgecMatMulS8 *p, const int16_t *x,
                                           const int16_t *w, int32_t columns, int8_t *y)
{
    __m256i sum = _mm256_setzero_si256();
    for (int32_t k = 0; k < p->depth; k += 2) {
        sum = edgec_matmul_mac__avx2(sum, x + k, edgec_load__avx2(w + 8 * k));
    }
    edgec_matmul_put__avx2(p, sum, columns, y);
}

/* Four rows, or one, by the columns [begin, end) that are in the panel. */
EDGEC_INLINE void edgec_matmul_rows__avx2(const EdgecMatMulS8 *p, const int8_t *a,
                                          const int8_t *table, int16_t *panel, int32_t begin,
                                          int32_t end, int32_t rows, int8_t *y)
{
    int16_t *x = panel + p->chunk * p->depth;
    for (int32_t r = 0; r < rows; r++) {
        edgec_matmul_left__avx2(p, a + r * p->a.row, table, x + r * p->depth);
    }
    const int16_t *w = panel;
    for (int32_t n = begin; n < end; n += 8) {
        if (rows == EDGEC_MATMUL_ROWS_AVX2) {
            edgec_matmul_tile4__avx2(p, x, w, end - n, y + n * p->y.column);
        } else {
            edgec_matmul_tile1__avx2(p, x, w, end - n, y + n * p->y.column);
        }
        w += 8 * p->depth;
    }
}

EDGEC_INLINE void edgec_matmul_pair__avx2(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                          const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                          int16_t *panel)
{
    for (int32_t begin = 0; begin < p->n; begin += p->chunk) {
        const int32_t end = begin + p->chunk < p->n ? begin + p->chunk : p->n;
        edgec_matmul_panel__avx2(p, b, b_table, begin, end, panel);
        int32_t m = 0;
        for (; m + EDGEC_MATMUL_ROWS_AVX2 <= p->rows; m += EDGEC_MATMUL_ROWS_AVX2) {
            edgec_matmul_rows__avx2(p, a + m * p->a.row, a_table, panel, begin, end,
                                    EDGEC_MATMUL_ROWS_AVX2, y + m * p->y.row);
        }
        for (; m < p->rows; m++) {
            edgec_matmul_rows__avx2(p, a + m * p->a.row, a_table, panel, begin, end, 1,
                                    y + m * p->y.row);
        }
    }
}

EDGEC_INLINE void edgec_matmul_s8__avx2(const EdgecMatMulS8 *p, const int8_t *a, const int8_t *b,
                                        const int8_t *a_table, const int8_t *b_table, int8_t *y,
                                        int8_t *scratch)
{
    int16_t *panel = (int16_t *)(void *)scratch;
    for (int32_t i = 0; i < p->batch0; i++) {
        for (int32_t j = 0; j < p->batch1; j++) {
            edgec_matmul_pair__avx2(p, a + edgec_matmul_start(p->a, i, j),
                                    b + edgec_matmul_start(p->b, i, j), a_table, b_table,
                                    y + edgec_matmul_start(p->y, i, j), panel);
        }
    }
}

#ifndef EDGEC_MATMUL_S8__AVX2
#define EDGEC_MATMUL_S8__AVX2 edgec_matmul_s8__avx2
#endif
#endif
