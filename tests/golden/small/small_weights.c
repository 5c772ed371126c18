/* Constants of small. */
#include "small_weights.h"

#include <math.h>

#include "edgec_hal.h"

EDGEC_WEIGHTS EDGEC_ALIGN(4)
const float small_w_fc_weight[12] = {
    -1.00000000f, -0.818181813f, -0.636363626f, -0.454545468f, -0.272727281f,
    -0.0909090936f, 0.0909090936f, 0.272727281f, 0.454545468f, 0.636363626f,
    0.818181813f, 1.00000000f,
};

EDGEC_WEIGHTS EDGEC_ALIGN(4)
const float small_w_fc_bias[4] = {
    0.500000000f, -0.250000000f, INFINITY, 1.00000000f,
};
