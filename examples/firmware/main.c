/*
 * Classifies a few handwritten digits with the generated network and prints what it sees.
 *
 * This is all that a firmware does: fill the input inside the arena, run, read the output.
 */
#include "digits.h"
#include "images.h"
#include "semihost.h"

#define PIXELS 64
#define PIXEL_MAX 16.0f

static uint8_t arena[DIGITS_ARENA_BYTES] __attribute__((aligned(DIGITS_ARENA_ALIGN)));

/* A pixel of 0..16 as the network wants it: 0..1, in steps of its input scale. */
static int8_t quantize(uint8_t pixel)
{
    const float steps = (float)pixel / PIXEL_MAX / DIGITS_INPUT_0_SCALE;
    const int32_t q = (int32_t)(steps + 0.5f) + DIGITS_INPUT_0_ZERO_POINT;
    return (int8_t)(q > 127 ? 127 : q);
}

static unsigned best(const int8_t *scores)
{
    unsigned winner = 0u;
    for (unsigned i = 1u; i < DIGITS_OUTPUT_0_COUNT; i++) {
        if (scores[i] > scores[winner]) {
            winner = i;
        }
    }
    return winner;
}

static void show(const uint8_t *image, unsigned seen, unsigned label)
{
    static const char shades[] = " .:+#";
    char line[] = "        \n";
    for (unsigned i = 0u; i < PIXELS; i++) {
        line[i % 8u] = shades[image[i] / 4u];
        if (i % 8u == 7u) {
            semihost_write(line);
        }
    }
    char verdict[] = "the network sees 0, it is 0\n\n";
    verdict[17] = (char)('0' + seen);
    verdict[26] = (char)('0' + label);
    semihost_write(verdict);
}

int main(void)
{
    unsigned wrong = 0u;
    for (unsigned n = 0u; n < IMAGES_COUNT; n++) {
        int8_t *input = digits_input_0(arena);
        for (unsigned i = 0u; i < PIXELS; i++) {
            input[i] = quantize(images[n].pixels[i]);
        }
        if (digits_run(arena) != 0) {
            return 2;
        }
        const unsigned seen = best(digits_output_0(arena));
        show(images[n].pixels, seen, images[n].label);
        wrong += seen != images[n].label;
    }
    return wrong == 0u ? 0 : 1;
}
