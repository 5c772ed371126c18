/*
 * Windows: the rows of a tensor that are in memory, one after the other, while a model runs by
 * rows.
 *
 * `made` rows of the tensor have been made, the window begins with row `from`; `row` is the bytes
 * of a row. Between turns the last `keep` rows stay.
 */
#ifndef EDGEC_STREAM_H
#define EDGEC_STREAM_H

#include <stdint.h>
#include <string.h>

#include "edgec_hal.h"

/* Moves `bytes` bytes, word by word if that is possible; `to` is before `from` or far from it. */
EDGEC_INLINE void edgec_move_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    if ((((uintptr_t)to | (uintptr_t)from | bytes) & 3u) != 0u) {
        memmove(to, from, bytes);
        return;
    }
    EdgecWord *out = (EdgecWord *)(void *)to;
    const EdgecWord *in = (const EdgecWord *)(const void *)from;
    for (; bytes >= 16u; bytes -= 16u) {
        const uint32_t a = in[0];
        const uint32_t b = in[1];
        const uint32_t c = in[2];
        const uint32_t d = in[3];
        out[0] = a;
        out[1] = b;
        out[2] = c;
        out[3] = d;
        in += 4;
        out += 4;
    }
    for (; bytes != 0u; bytes -= 4u) {
        *out++ = *in++;
    }
}

EDGEC_INLINE int32_t edgec_rows_least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The first row that is kept. */
EDGEC_INLINE int32_t edgec_rows_from(int32_t made, int32_t keep)
{
    return made > keep ? made - keep : 0;
}

/* Kept rows move to the front of the window. */
EDGEC_INLINE void edgec_slide_rows(uint8_t *window, int32_t from, int32_t made, int32_t keep,
                                   uint32_t row)
{
    const int32_t first = edgec_rows_from(made, keep);
    if (first != from) {
        edgec_move_bytes(window, window + (uint32_t)(first - from) * row,
                         (uint32_t)(made - first) * row);
    }
}

/* Kept rows go to `hold`, which frees the window. */
EDGEC_INLINE void edgec_park_rows(uint8_t *hold, const uint8_t *window, int32_t from, int32_t made,
                                  int32_t keep, uint32_t row)
{
    const int32_t first = edgec_rows_from(made, keep);
    edgec_move_bytes(hold, window + (uint32_t)(first - from) * row, (uint32_t)(made - first) * row);
}

/* `rows` rows come back from `hold`. */
EDGEC_INLINE void edgec_unpark_rows(uint8_t *window, const uint8_t *hold, int32_t rows,
                                    uint32_t row)
{
    edgec_move_bytes(window, hold, (uint32_t)rows * row);
}

#endif
