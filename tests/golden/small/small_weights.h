/* Constants of small. Private to small.c. */
#ifndef SMALL_WEIGHTS_H
#define SMALL_WEIGHTS_H

#include <stdbool.h>
#include <stdint.h>

extern const float small_w_fc_weight[12];
extern const float small_w_fc_bias[4];

#endif
