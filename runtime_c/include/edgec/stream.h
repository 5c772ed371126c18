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

/* Keeps the counters of rows in memory: as variables of their own each would take a register or a
   word of the stack. */
#if defined(__GNUC__)
#define EDGEC_IN_MEMORY(COUNTERS) __asm__ volatile("" : : "r"(COUNTERS) : "memory")
/* Addresses beside P are computed where they are used, not kept on the stack from turn to turn. */
#define EDGEC_AGAIN(P) __asm__ volatile("" : "+r"(P))
#else
#define EDGEC_IN_MEMORY(COUNTERS) ((void)(COUNTERS))
#define EDGEC_AGAIN(P) ((void)(P))
#endif

/* Words that are moved together. */
#if EDGEC_HAS_ATTRIBUTE(may_alias)
typedef struct __attribute__((may_alias)) {
#else
typedef struct {
#endif
    uint32_t words[8];
} EdgecBlock;

/* Moves `bytes` bytes, word by word if that is possible; `to` is before `from` or far from it. */
EDGEC_SHARED void edgec_move_bytes(uint8_t *to, const uint8_t *from, uint32_t bytes)
{
    if ((((uintptr_t)to | (uintptr_t)from | bytes) & 3u) != 0u) {
        memmove(to, from, bytes);
        return;
    }
    if ((uintptr_t)from - (uintptr_t)to >= sizeof(EdgecBlock)) {
        for (; bytes >= sizeof(EdgecBlock); bytes -= (uint32_t)sizeof(EdgecBlock)) {
            *(EdgecBlock *)(void *)to = *(const EdgecBlock *)(const void *)from;
            from += sizeof(EdgecBlock);
            to += sizeof(EdgecBlock);
        }
    }
    EdgecWord *out = (EdgecWord *)(void *)to;
    const EdgecWord *in = (const EdgecWord *)(const void *)from;
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
