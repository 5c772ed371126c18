/*
 * small: a neural network compiled by edgec for cortex-m4.
 *
 * small_run needs an arena of SMALL_ARENA_BYTES bytes, aligned to
 * SMALL_ARENA_ALIGN: write the input, run, read the output. All state lives in the
 * arena, so several arenas may run at the same time. A run overwrites its input.
 */
#ifndef SMALL_H
#define SMALL_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SMALL_ARENA_BYTES 40u /* exact peak */
#define SMALL_ARENA_ALIGN 16u

/* 0, or a status of edgec/edgec.h. */
int small_run(void *arena);

/* x: f32 2x3 */
#define SMALL_INPUT_0_COUNT 6u
#define SMALL_INPUT_0_BYTES 24u
static inline float *small_input_0(void *arena)
{
    return (float *)(void *)((uint8_t *)arena + 0u);
}

/* y: s8 2x4 */
#define SMALL_OUTPUT_0_COUNT 8u
#define SMALL_OUTPUT_0_BYTES 8u
#define SMALL_OUTPUT_0_SCALE 0.0078125f /* real = (q - ZERO_POINT) * SCALE */
#define SMALL_OUTPUT_0_ZERO_POINT (-5)
static inline const int8_t *small_output_0(const void *arena)
{
    return (const int8_t *)(const void *)((const uint8_t *)arena + 32u);
}

#ifdef __cplusplus
}
#endif

#endif
